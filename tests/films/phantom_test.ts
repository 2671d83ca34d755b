import { assertEquals, assertLess } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { greyStatistics } from "@/analysis/shortcuts.ts";
import { decodeImage } from "@/films/decode.ts";
import { drawPhantom, PHANTOM_SIZE } from "@/films/phantom.ts";
import { writePhantoms } from "@/films/phantom_files.ts";
import { auc } from "@/statistics/classification.ts";
import { fitLogisticRegression, logisticScores } from "@/statistics/logistic_regression.ts";
import { inFolder } from "../in_folder.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const nameOf = (prefix: string, i: number) => `${prefix}${String(i + 1).padStart(4, "0")}`;

Deno.test("drawPhantom() draws the same pixels on every machine", () => {
  assertEquals(
    sha256(drawPhantom("h0001", { tb: false })),
    "ad550be571032182e60579ce2ddffbddc1153ef3b3092c1d5046f79e7a44535c",
  );
  assertEquals(
    sha256(drawPhantom("tb0001", { tb: true })),
    "7c1c9a99c795569b37e782aaf24dc915b04e51a0f10a0087a1ad1aab54c3bca8",
  );
});

Deno.test("drawPhantom() shows tuberculosis in the upper lungs alone", () => {
  const [healthy, tb] = [false, true].map((tb) => drawPhantom("same", { tb }));
  const brighter = (from: number, to: number) => {
    let sum = 0;
    for (let i = from * PHANTOM_SIZE; i < to * PHANTOM_SIZE; i++) sum += tb![i]! - healthy![i]!;
    return sum / ((to - from) * PHANTOM_SIZE);
  };
  // Exposure and grain are drawn after the disease and differ too, in the lower third alone.
  assertLess(10, brighter(90, 250) - brighter(340, 512));
});

Deno.test("writePhantoms() writes 180 healthy and 60 TB films that six grey statistics cannot tell apart", () =>
  inFolder(async (root) => {
    await Deno.mkdir(join(root, "health"));
    await Deno.writeTextFile(join(root, "health/h0002.png"), "kept");
    assertEquals(await writePhantoms(root), 239);
    assertEquals(await writePhantoms(root), 0);
    assertEquals(await Deno.readTextFile(join(root, "health/h0002.png")), "kept");
    await Deno.remove(join(root, "health/h0002.png"));
    assertEquals(await writePhantoms(root), 1);

    const films = ([["health", "h", 180], ["tb", "tb", 60]] as const).flatMap((
      [folder, prefix, count],
      label,
    ) =>
      Array.from({ length: count }, (_, i) => ({
        path: join(root, folder, `${nameOf(prefix, i)}.png`),
        label,
      }))
    );
    const features = await Promise.all(films.map(async ({ path }) => {
      const image = await decodeImage(await Deno.readFile(path), path);
      assertEquals([image.width, image.height], [PHANTOM_SIZE, PHANTOM_SIZE]);
      return greyStatistics(image);
    }));
    const labels = films.map(({ label }) => label);
    // A model of the other films scores each fifth of the films.
    const scores = new Float64Array(films.length);
    for (let fold = 0; fold < 5; fold++) {
      const fits = (_: unknown, i: number) => i % 5 !== fold;
      const model = fitLogisticRegression(features.filter(fits), { labels: labels.filter(fits) });
      logisticScores(model, features).forEach((score, i) => {
        if (i % 5 === fold) scores[i] = score;
      });
    }
    assertLess(auc(labels, scores), 0.65);
  }));

Deno.test("writePhantoms() draws a second hospital with films of its own, black borders and coarser grain", () =>
  inFolder(async (root) => {
    assertEquals(await writePhantoms(root, "other"), 60);
    const read = async (place: string) =>
      await decodeImage(await Deno.readFile(join(root, place)), place);
    const film = await read("health/h0001.png");
    assertEquals(
      sha256(film.pixels),
      "6faa65d078b263c38bd002f480d2f0324faa51e02976b6d245ffcdbaa9bddb31",
    );
    const bordered = await Promise.all(Array.from({ length: 12 }, async (_, i) => {
      const { pixels } = await read(`tb/${nameOf("tb", i)}.png`);
      return pixels.subarray(0, PHANTOM_SIZE).every((value) => value === 0);
    }));
    assertEquals(bordered.includes(true), true);
    // The mean step between neighbours, in the middle of the film.
    const roughness = (pixels: Uint8Array) => {
      const [from, to] = [200 * PHANTOM_SIZE, 300 * PHANTOM_SIZE];
      let sum = 0;
      for (let i = from; i < to; i++) sum += Math.abs(pixels[i]! - pixels[i + 1]!);
      return sum / (to - from);
    };
    assertLess(1.5 * roughness(drawPhantom("h0001", { tb: false })), roughness(film.pixels));
  }));
