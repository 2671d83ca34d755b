import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { createPrng } from "@/common/random.ts";
import { findUnreadable, pixelBatches } from "@/films/batches.ts";
import { openFilmCache } from "@/films/cache.ts";
import { ImageError, readImage } from "@/films/decode.ts";
import type { Image, LabelledFilm } from "@/films/film.ts";
import { adjustContrast, adjustSharpness, resize, toRgb } from "@/films/transforms.ts";
import { inFolder } from "../in_folder.ts";

const REFERENCE = new URL("../reference/transforms/", import.meta.url).pathname;
const NAMES = ["noise_grey", "noise_colour", "narrow", "three_by_three", "dark_colour"];
const FILMS: LabelledFilm[] = NAMES.map((name, i) => (
  { path: `${REFERENCE}${name}.png`, filename: `${name}.png`, label: i % 2 as 0 | 1 }
));
const SIZE = 24;

/** Gives the pixels of each film by its name. */
async function pixelsByName(
  films: readonly LabelledFilm[],
  options: Omit<Parameters<typeof pixelBatches>[1], "size">,
): Promise<Record<string, Uint8Array>> {
  const found: Record<string, Uint8Array> = {};
  const each = SIZE * SIZE * 3;
  for await (const batch of pixelBatches(films, { ...options, size: SIZE })) {
    assertEquals(batch.pixels.length, batch.films.length * each);
    batch.films.forEach(({ filename }, i) => {
      found[filename] = batch.pixels.slice(i * each, (i + 1) * each);
    });
  }
  return found;
}

const small = (image: Image) => toRgb(resize(image, { width: SIZE, height: SIZE }));

Deno.test("pixelBatches() yields every film once, in order, with a short last batch", async () => {
  await inFolder(async (folder) => {
    const cache = openFilmCache({ folder });
    const batches = await Array.fromAsync(pixelBatches(FILMS, { batchSize: 2, size: SIZE, cache }));
    assertEquals(batches.map(({ films }) => films), [
      FILMS.slice(0, 2),
      FILMS.slice(2, 4),
      FILMS.slice(4),
    ]);
    const pixels = await pixelsByName(FILMS, { batchSize: 3, cache });
    for (const { path, filename } of FILMS) {
      assertEquals(pixels[filename], small(await readImage(path)));
    }
  });
});

Deno.test("pixelBatches() draws a film's augmentation from its key and name alone", async () => {
  await inFolder(async (folder) => {
    const cache = openFilmCache({ folder });
    const augmentation = { kind: "contrast", low: 0.2, high: 3 } as const;
    const options = { augmentation, key: "0/3", cache };
    const pixels = await pixelsByName(FILMS, { ...options, batchSize: 2 });
    for (const { path, filename } of FILMS) {
      const factor = 0.2 + 2.8 * createPrng(`0/3/${filename}`).uniform();
      assertEquals(pixels[filename], small(adjustContrast(await readImage(path), factor)));
    }
    const reversed = FILMS.toReversed();
    const withoutMemory = openFilmCache({ folder, memory: 0 });
    assertEquals(
      Object.entries(
        await pixelsByName(reversed, { ...options, batchSize: 5, cache: withoutMemory }),
      )
        .reverse(),
      Object.entries(pixels),
    );
    assertNotEquals(await pixelsByName(FILMS, { ...options, batchSize: 2, key: "0/4" }), pixels);
  });
});

Deno.test("pixelBatches() sharpens the films that are drawn", async () => {
  await inFolder(async (folder) => {
    const augmentation = { kind: "sharpness", factor: 4, probability: 0.5 } as const;
    const options = { batchSize: 5, augmentation, key: "1/0", cache: openFilmCache({ folder }) };
    const pixels = await pixelsByName(FILMS, options);
    const sharpened = FILMS.map(({ filename }) => createPrng(`1/0/${filename}`).uniform() < 0.5);
    assertEquals(new Set(sharpened).size, 2);
    for (const [i, { path, filename }] of FILMS.entries()) {
      const image = await readImage(path);
      assertEquals(pixels[filename], small(sharpened[i] ? adjustSharpness(image, 4) : image));
    }
  });
});

/** Gives films, an empty and a truncated one among them. */
async function withBadFilms(folder: string): Promise<LabelledFilm[]> {
  const empty = join(folder, "empty.png");
  const half = join(folder, "half.png");
  await Deno.writeFile(empty, new Uint8Array());
  await Deno.writeFile(half, (await Deno.readFile(FILMS[0]!.path)).slice(0, 30_000));
  return [
    FILMS[0]!,
    { path: empty, filename: "empty.png", label: 0 },
    FILMS[1]!,
    { path: half, filename: "half.png", label: 1 },
  ];
}

Deno.test("pixelBatches() throws at an unreadable film, and names it", async () => {
  await inFolder(async (folder) => {
    const films = await withBadFilms(folder);
    const cache = openFilmCache({ folder: join(folder, "cache") });
    const batches = pixelBatches(films, { batchSize: 1, size: SIZE, cache });
    assertEquals((await batches.next()).value?.films, [FILMS[0]!]);
    await assertRejects(() => batches.next(), ImageError, "empty.png: the file is empty");
  });
});

Deno.test("findUnreadable() finds every unreadable film", async () => {
  await inFolder(async (folder) => {
    const films = await withBadFilms(folder);
    let told = 0;
    const cache = openFilmCache({ folder: join(folder, "cache") });
    const found = await findUnreadable(films, { size: SIZE, cache, onFilm: () => told++ });
    assertEquals(found.map(({ film, error }) => [film.filename, error.flaw]), [
      ["empty.png", "zero bytes"],
      ["half.png", "truncated"],
    ]);
    assertEquals(told, 4);
    assertEquals(await findUnreadable(FILMS, { size: SIZE, cache }), []);
  });
});

Deno.test("findUnreadable() keeps films that will be augmented in memory at full size", async () => {
  await inFolder(async (folder) => {
    const copies = await Promise.all(FILMS.map(async (film) => {
      const path = join(folder, film.filename);
      await Deno.copyFile(film.path, path);
      return { ...film, path };
    }));
    const cache = openFilmCache({ folder: join(folder, "cache") });
    assertEquals(await findUnreadable(copies, { size: SIZE, cache, augmented: true }), []);
    for (const { path } of copies) await Deno.remove(path);
    for (const [i, { path }] of FILMS.entries()) {
      assertEquals(await cache.full(copies[i]!.path), await readImage(path));
    }
  });
});
