import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { pixelBatches } from "@/batches.ts";
import { filmBatches, filmDataset } from "@/dataset.ts";
import { openFilmCache } from "@/film_cache.ts";
import type { LabelledFilm } from "@/split.ts";
import { tf } from "@/tensorflow/backend.ts";
import { inFolder } from "./in_folder.ts";

const REFERENCE = new URL("reference/transforms/", import.meta.url).pathname;
const NAMES = ["noise_grey", "noise_colour", "narrow", "three_by_three", "dark_colour", "smallest"];
const FILMS: LabelledFilm[] = NAMES.map((name, i) => (
  { path: `${REFERENCE}${name}.png`, filename: `${name}.png`, label: i % 2 as 0 | 1 }
));

Deno.test("filmBatches() gives the pixels as int32 [B,224,224,3] and the labels as int32 [B]", async () => {
  await inFolder(async (folder) => {
    const options = { batchSize: 4, cache: openFilmCache({ folder }) };
    const pixels = await Array.fromAsync(pixelBatches(FILMS, options));
    const before = tf.memory().numTensors;
    const batches = await Array.fromAsync(filmBatches(FILMS, options));
    assertEquals(batches.map(({ xs }) => xs.shape), [[4, 224, 224, 3], [2, 224, 224, 3]]);
    assertEquals(batches.map(({ ys }) => [...ys.dataSync()]), [[0, 1, 0, 1], [0, 1]]);
    assertEquals(batches.map(({ films }) => films), [FILMS.slice(0, 4), FILMS.slice(4)]);
    for (const [i, { xs, ys }] of batches.entries()) {
      assertEquals([xs.dtype, ys.dtype], ["int32", "int32"]);
      assertEquals(Uint8Array.from(xs.dataSync()), pixels[i]!.pixels);
      tf.dispose([xs, ys]);
    }
    assertEquals(tf.memory().numTensors, before);
  });
});

/** The first pixel of each film of an epoch, by which the films differ. */
async function epoch(dataset: ReturnType<typeof filmDataset>): Promise<number[]> {
  const order: number[] = [];
  await dataset.forEachAsync(({ xs, ys }) => {
    const sums = tf.tidy(() => tf.sum(xs, [1, 2, 3]));
    order.push(...sums.dataSync());
    tf.dispose([xs, ys, sums]);
  });
  return order;
}

Deno.test("filmDataset() gives another order every epoch, the same ones for the same seed", async () => {
  await inFolder(async (folder) => {
    const cache = openFilmCache({ folder });
    const dataset = (seed?: number) =>
      filmDataset(FILMS, { batchSize: 4, cache, ...(seed !== undefined && { seed }) });
    const ordered = await epoch(dataset());
    const [a, b] = [dataset(7), dataset(7)];
    const first = await epoch(a);
    const second = await epoch(a);
    assertEquals([await epoch(b), await epoch(b)], [first, second]);
    assertNotEquals(first, second);
    for (const order of [first, second]) assertEquals(order.toSorted(), ordered.toSorted());
    const unshuffled = dataset();
    assertEquals([await epoch(unshuffled), await epoch(unshuffled)], [ordered, ordered]);
  });
});

Deno.test("filmDataset() is a tf.data.Dataset: take, skip, map and iterators work on it", async () => {
  await inFolder(async (folder) => {
    const dataset = filmDataset(FILMS, { batchSize: 2, cache: openFilmCache({ folder }) });
    assert(dataset instanceof tf.data.Dataset);
    const labels = dataset.map(({ ys }) => ys);
    const read = async (some: tf.data.Dataset<tf.Tensor>) =>
      (await some.toArray()).map((ys) => [...ys.dataSync()]);
    assertEquals(await read(labels.take(2)), [[0, 1], [0, 1]]);
    assertEquals((await read(labels.skip(2))).length, 1);
    const iterator = await dataset.iterator();
    const { value, done } = await iterator.next();
    assertEquals([value.xs.shape, done], [[2, 224, 224, 3], false]);
    tf.dispose(value);
  });
});
