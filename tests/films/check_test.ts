import { assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { fromRoot } from "@/common/paths.ts";
import { createPrng } from "@/common/random.ts";
import { type CheckedFilm, checkFilms } from "@/films/check.ts";
import { parseClasses } from "@/films/classes.ts";
import { writeSplit } from "@/split/files.ts";
import { inFolder } from "../in_folder.ts";

/** Draws a film of coarse noise, another for each key. */
async function drawFilm(key: string, { size = 96, blue = 0 } = {}): Promise<Uint8Array> {
  const prng = createPrng(key);
  const coarse = Uint8Array.from({ length: 24 * 24 }, () => 20 + prng.integer(200));
  const raw = { width: 24, height: 24, channels: 1 } as const;
  const pixels = await sharp(coarse, { raw }).resize(size).toColourspace("b-w").raw().toBuffer();
  const rgb = Uint8Array.from({ length: 3 * pixels.length }, (_, i) => {
    // Colour in the upper tenth.
    const isBlue = i % 3 === 2 && i < pixels.length * 0.3;
    return pixels[Math.floor(i / 3)]! + (isBlue ? blue : 0);
  });
  return new Uint8Array(
    await sharp(rgb, { raw: { width: size, height: size, channels: 3 } }).png().toBuffer(),
  );
}

/** Draws a film of some grey values, in bars. */
async function greyBars(count: number): Promise<Uint8Array> {
  const pixels = Uint8Array.from({ length: 64 * 64 }, (_, i) => 10 * (i % count));
  const raw = { width: 64, height: 64, channels: 1 } as const;
  return new Uint8Array(await sharp(pixels, { raw }).toColourspace("b-w").png().toBuffer());
}

/** Makes a DICOM film whose window, 9 values wide, leaves 10 grey values. */
async function dimFilm(): Promise<Uint8Array> {
  const bytes = await Deno.readFile(fromRoot("tests/reference/dicom/window.dcm"));
  // The element's tag, its type and the length of its value.
  const at = bytes.findIndex((_, i) => bytes[i] === 0x28 && bytes[i + 2] === 0x51);
  bytes.set([0x39, 0x20, 0x20, 0x20, 0x20, 0x20], at + 8);
  return bytes;
}

async function write(root: string, films: Record<string, Uint8Array>): Promise<void> {
  for (const [place, bytes] of Object.entries(films)) {
    await Deno.mkdir(dirname(join(root, place)), { recursive: true });
    await Deno.writeFile(join(root, place), bytes);
  }
}

/** Lists the kinds of the findings, with their films. */
async function found(root: string, places: Record<string, string | null>): Promise<string[]> {
  const films = Object.entries(places).map(([place, set]): CheckedFilm => ({
    path: join(root, place),
    filename: place,
    label: place.startsWith("tb") ? 1 : 0,
    set,
  }));
  const { findings } = await checkFilms(films);
  return findings.map(({ kind, severity, films }) =>
    `${severity}: ${kind}: ${films.map(({ filename }) => filename).join(" ")}`
  );
}

Deno.test("checkFilms() finds no fault in good films", () =>
  inFolder(async (root) => {
    await write(root, {
      "h/1.png": await drawFilm("one"),
      "h/2.png": await drawFilm("two", { size: 64 }),
      // A tint of 8 grey values does not count.
      "tb/1.png": await drawFilm("three", { blue: 8 }),
    });
    assertEquals(
      await found(root, { "h/1.png": "test", "h/2.png": "train", "tb/1.png": null }),
      [],
    );
  }));

Deno.test("checkFilms() names the faults of each film", () =>
  inFolder(async (root) => {
    const good = await drawFilm("good");
    const block = sharp({ create: { width: 40, height: 12, channels: 3, background: "white" } });
    await write(root, {
      "empty.png": new Uint8Array(),
      "text.png": new TextEncoder().encode("no film"),
      "cut.png": good.slice(0, good.length / 2),
      "small.png": await drawFilm("small", { size: 63 }),
      "blue.png": await drawFilm("blue", { blue: 9 }),
      "flat.png": await greyBars(15),
      "flat.jpg": new Uint8Array(
        await sharp({ create: { width: 64, height: 64, channels: 3, background: "#444" } })
          .jpeg().toBuffer(),
      ),
      "bars.png": await greyBars(16),
      "dim.dcm": await dimFilm(),
      "block.png": new Uint8Array(
        await sharp(good).composite([{ input: await block.png().toBuffer(), left: 5, top: 7 }])
          .png().toBuffer(),
      ),
    });
    const pngs = ["empty", "text", "cut", "none", "small", "blue", "flat", "bars", "block"];
    const places = [...pngs.map((name) => `${name}.png`), "flat.jpg", "dim.dcm"];
    const sets = Object.fromEntries(places.map((name) => [name, null]));
    assertEquals(await found(root, sets), [
      "error: zero bytes: empty.png",
      "error: not an image: text.png",
      "error: truncated: cut.png",
      "error: unreadable: none.png",
      "warning: under 64 pixels: small.png",
      "warning: colour: blue.png",
      "warning: under 16 grey values: flat.png",
      "warning: white blocks: block.png",
      "warning: under 16 grey values: flat.jpg",
      "warning: under 64 pixels: dim.dcm",
      "warning: under 16 grey values: dim.dcm",
    ]);
  }));

Deno.test("checkFilms() finds duplicates, and names the worst fault of each", () =>
  inFolder(async (root) => {
    const [a, b, c, d] = await Promise.all(["a", "b", "c", "d"].map((key) => drawFilm(key)));
    const again = async (film: Uint8Array) =>
      new Uint8Array(await sharp(film).jpeg({ quality: 80 }).toBuffer());
    await write(root, {
      "h/a.png": a!,
      "tb/a.png": a!,
      "h/b1.png": b!,
      // The same pixels in another file.
      "h/b2.png": new Uint8Array(await sharp(b!).png({ compressionLevel: 1 }).toBuffer()),
      "h/c1.png": c!,
      "h/c2.png": c!,
      "tb/d1.png": d!,
      "tb/d2.jpg": await again(d!),
      "tb/c3.jpg": await again(c!),
      "h/b3.jpg": await again(b!),
    });
    const sets = {
      "h/a.png": "train",
      "tb/a.png": "test",
      "h/b1.png": "train",
      "h/b2.png": "test",
      "h/c1.png": "train",
      "h/c2.png": null,
      "tb/d1.png": "train",
      "tb/d2.jpg": "validation",
      "tb/c3.jpg": "train",
      "h/b3.jpg": "train",
    };
    assertEquals(await found(root, sets), [
      "error: under two labels: h/a.png tb/a.png",
      "error: identical across sets: h/b1.png h/b2.png",
      "warning: identical: h/c1.png h/c2.png",
      "warning: near-identical: h/b1.png h/b3.jpg",
      "warning: near-identical across labels: h/c1.png tb/c3.jpg",
      "warning: near-identical across sets: tb/d1.png tb/d2.jpg",
    ]);
  }));

/** Runs `deno task check-data`. */
async function checkData(...args: string[]): Promise<{ code: number; stdout: string }> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", fromRoot("lib/tasks/check_data.ts"), ...args],
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout) };
}

Deno.test("deno task check-data fails for errors alone, and knows the sets", () =>
  inFolder(async (folder) => {
    const data = join(folder, "imgs");
    const films: Record<string, Uint8Array> = {};
    for (let i = 1; i <= 5; i++) {
      films[`health/h${i}.png`] = await drawFilm(`h${i}`);
      films[`tb/t${i}.png`] = await drawFilm(`t${i}`);
    }
    films["tb/t5.png"] = films["tb/t4.png"]!;
    await write(data, films);
    const args = [data, "--dataset", join(folder, "none")];
    const warned = await checkData(...args);
    assertEquals(warned.code, 0);
    assertStringIncludes(warned.stdout, "identical\n  tb/t4.png (train) = tb/t5.png (train)\n");
    assertStringIncludes(warned.stdout, "10 films, 0 errors, 1 warnings");
    // In a split of these films, the first one would be a test film.
    await write(data, { "tb/t1.png": films["tb/t2.png"]! });
    const failed = await checkData(...args);
    assertEquals(failed.code, 1);
    assertStringIncludes(
      failed.stdout,
      "identical across sets\n  tb/t1.png (test) = tb/t2.png (train)\n",
    );
    assertStringIncludes(failed.stdout, "error     identical across sets      1      2\n");
  }));

Deno.test("deno task check-data uses the classes of a split of the folder", () =>
  inFolder(async (folder) => {
    const data = join(folder, "imgs");
    const dataset = join(folder, "dataset");
    await write(data, { "NORMAL/n.png": await drawFilm("n"), "OTHER/o.png": await drawFilm("o") });
    const classes = parseClasses("NORMAL,OTHER");
    const test = [{ filename: "n.png", label: "NORMAL" }];
    const train = [{ filename: "o.png", label: "OTHER" }];
    await writeSplit(dataset, { train, test, validation: null, classes, data });
    const { code, stdout } = await checkData(data, "--dataset", dataset);
    assertEquals(code, 0);
    assertStringIncludes(stdout, "Nothing is wrong\n");
    await Deno.symlink(join(folder, "nowhere.png"), join(data, "OTHER", "link.png"));
    const more = await checkData(data, "--dataset", dataset);
    assertStringIncludes(more.stdout, "1 film of the class folders is not in the split\n");
    assertEquals(more.code, 0);
    await Deno.rename(join(data, "OTHER", "link.png"), join(data, "OTHER", "o.png"));
    const linked = await checkData(data, "--dataset", dataset);
    assertEquals(linked.code, 1);
    assertStringIncludes(linked.stdout, "unreadable\n  OTHER/o.png (train): No such file");
  }));

Deno.test("deno task check-data counts other files, and finds DICOM films of any name", () =>
  inFolder(async (folder) => {
    const data = join(folder, "imgs");
    const dicom = await Deno.readFile(fromRoot("tests/reference/dicom/window.dcm"));
    const films: Record<string, Uint8Array> = {};
    for (const label of ["health", "tb"]) {
      films[`${label}/a.png`] = await drawFilm(label);
      for (const name of ["b.dicom", "IM000001", "1.2.840.5"]) films[`${label}/${name}`] = dicom;
      for (const name of ["a.bmp", "b.BMP", "c.tif", "README", "more/d.png", ".x.bmp"]) {
        films[`${label}/${name}`] = new TextEncoder().encode("no film");
      }
    }
    await write(data, films);
    const { stdout } = await checkData(data, "--dataset", join(folder, "none"));
    assertStringIncludes(
      stdout,
      `Left out as no films: 2 .tif, 2 folders, 2 without an ending, 4 .bmp\n${data}: 8 films, `,
    );
  }));
