import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { openFilmCache } from "@/films/cache.ts";
import { ImageError, readImage } from "@/films/decode.ts";
import { resize } from "@/films/transforms.ts";
import { inFolder } from "../in_folder.ts";

const REFERENCE = new URL("../reference/transforms/", import.meta.url).pathname;
const SIZE = 40;

/** Runs a test with a film and a folder for the cache. */
async function inFilmFolder(
  test: (at: { film: string; folder: string }) => Promise<void>,
): Promise<void> {
  await inFolder(async (root) => {
    const film = join(root, "film.png");
    await Deno.copyFile(`${REFERENCE}noise_grey.png`, film);
    await test({ film, folder: join(root, "cache") });
  });
}

const small = async (path: string) => resize(await readImage(path), { width: SIZE, height: SIZE });
const other = `${REFERENCE}noise_colour.png`;

/** Lists the files of a cache. */
async function entries(folder: string): Promise<string[]> {
  const found = await Array.fromAsync(Deno.readDir(folder));
  return found.map(({ name }) => join(folder, name)).sort();
}

Deno.test("openFilmCache() gives the same film from its file and from the cache, in grey and in colour", async () => {
  await inFilmFolder(async ({ film, folder }) => {
    for (const path of [film, other]) {
      const expected = await small(path);
      assertEquals(await openFilmCache({ folder }).resized(path, SIZE), expected);
      assertEquals(await openFilmCache({ folder }).resized(path, SIZE), expected);
    }
    assertEquals((await entries(folder)).length, 2);
  });
});

Deno.test("openFilmCache() reads its own file, and keeps sizes apart", async () => {
  await inFilmFolder(async ({ film, folder }) => {
    await openFilmCache({ folder }).resized(film, SIZE);
    const [entry] = await entries(folder);
    await openFilmCache({ folder }).resized(other, SIZE);
    const foreign = (await entries(folder)).find((path) => path !== entry);
    await Deno.copyFile(foreign!, entry!);
    assertEquals(await openFilmCache({ folder }).resized(film, SIZE), await small(other));
    const halved = { width: SIZE / 2, height: SIZE / 2 };
    const half = await openFilmCache({ folder }).resized(film, SIZE / 2);
    assertEquals(half, resize(await readImage(film), halved));
  });
});

Deno.test("openFilmCache() detects a damaged cache file, and writes it again", async () => {
  await inFilmFolder(async ({ film, folder }) => {
    const expected = await openFilmCache({ folder }).resized(film, SIZE);
    const [entry] = await entries(folder);
    const whole = await Deno.readFile(entry!);
    const flipped = whole.slice();
    flipped[500]! ^= 1;
    for (const damaged of [flipped, whole.slice(0, 900), new Uint8Array(), whole.slice(0, 14)]) {
      await Deno.writeFile(entry!, damaged);
      assertEquals(await openFilmCache({ folder }).resized(film, SIZE), expected);
      assertEquals(await Deno.readFile(entry!), whole);
    }
  });
});

Deno.test("openFilmCache() leaves only whole files when several caches write the same film", async () => {
  await inFilmFolder(async ({ film, folder }) => {
    const expected = await small(film);
    const read = () => openFilmCache({ folder }).resized(film, SIZE);
    const images = await Promise.all(Array.from({ length: 8 }, read));
    for (const image of images) assertEquals(image, expected);
    const [entry, ...rest] = await entries(folder);
    assertEquals(rest, []);
    assert(entry!.endsWith(".film"));
  });
});

Deno.test("openFilmCache() reads a changed film again in the next run, and never mixes both in one run", async () => {
  await inFilmFolder(async ({ film, folder }) => {
    const cache = openFilmCache({ folder, memory: 0 });
    const first = await cache.resized(film, SIZE);
    await Deno.copyFile(other, film);
    assertEquals(await cache.resized(film, SIZE), first);
    assertNotEquals(await openFilmCache({ folder }).resized(film, SIZE), first);
    await assertRejects(() => cache.full(film), Error, `${film}: its file has changed`);
  });
});

Deno.test("openFilmCache() keeps films of full size in memory as far as it lasts", async () => {
  await inFilmFolder(async ({ film, folder }) => {
    const expected = await readImage(film);
    const cache = openFilmCache({ folder, memory: expected.pixels.length });
    const copy = `${film}.copy.png`;
    await Deno.copyFile(film, copy);
    assertEquals(await cache.full(film), expected);
    assertEquals(await cache.full(copy), expected);
    await Deno.remove(film);
    await Deno.remove(copy);
    assertEquals(await cache.full(film), expected);
    await assertRejects(() => cache.full(copy), ImageError, "cannot be opened");
  });
});

Deno.test("openFilmCache() works without files where it cannot write, and warns once", async () => {
  await inFilmFolder(async ({ film }) => {
    const warnings: unknown[] = [];
    const warn = console.warn;
    console.warn = (message) => warnings.push(message);
    try {
      // A file where the folder should be.
      const cache = openFilmCache({ folder: film });
      const images = await Promise.all([film, other].map((path) => cache.resized(path, SIZE)));
      assertEquals(images, [await small(film), await small(other)]);
      assertEquals(warnings.length, 1);
    } finally {
      console.warn = warn;
    }
  });
});
