import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import sharp from "sharp";
import { type Label, TBX11K_CLASSES } from "@/films/film.ts";
import { adjustedFilms, readCaptioned } from "@/notebooks/examples.ts";
import { inFolder } from "../in_folder.ts";

const film = (filename: string, label: Label, folder = "/films") => ({
  ...{ path: join(folder, filename), filename, label },
});

Deno.test("readCaptioned() names each film and its class", () =>
  inFolder(async (folder) => {
    const raw = { width: 2, height: 1, channels: 1 } as const;
    await sharp(Uint8Array.of(9, 200), { raw }).toColourspace("b-w").png()
      .toFile(join(folder, "tb1.png"));
    const [read] = await readCaptioned([film("tb1.png", 1, folder)], TBX11K_CLASSES);
    assertEquals(read!.caption, "tb1.png: TB");
    assertEquals([read!.label, read!.image.width, [...read!.image.pixels]], [1, 2, [9, 200]]);
    await assertRejects(
      () => readCaptioned([film("h1.png", 0, folder)], TBX11K_CLASSES),
      Error,
      "h1.png",
    );
  }));

Deno.test("adjustedFilms() gives a film, the adjusted film, and their difference", () => {
  const image = {
    ...{ width: 2, height: 1, channels: 1 as const },
    pixels: Uint8Array.of(100, 110),
  };
  const films = adjustedFilms(image, [
    { kind: "contrast", factor: 0.8 },
    { kind: "contrast", factor: 1 },
  ]);
  assertEquals(films.map(({ caption }) => caption), [
    ...["before", "contrast x 0.8", "difference x 8"],
    ...["before", "contrast x 1", "difference x 8"],
  ]);
  // Towards the mean of 105 by a fifth of the distance; eight times that from mid-grey.
  const pixels = films.map(({ image }) => [...image.pixels]);
  assertEquals(pixels.slice(0, 3), [[100, 110], [101, 109], [136, 120]]);
  assertEquals(pixels[5], [128, 128]);
});
