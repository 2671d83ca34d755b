import { join } from "node:path";
import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import { pixelBatches } from "@/films/batches.ts";
import { openFilmCache } from "@/films/cache.ts";
import type { LabelledFilm } from "@/films/film.ts";
import {
  epochBatches,
  epochOrder,
  filmBatches,
  filmDataset,
  normalize,
} from "@/network/dataset.ts";
import { tf } from "@/tensorflow/backend.ts";
import { inFolder } from "../in_folder.ts";

const REFERENCE = new URL("../reference/transforms/", import.meta.url).pathname;
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

/** Adds up the pixels of each film of a dataset, by which the films differ. */
async function sumsOf(dataset: ReturnType<typeof filmDataset>): Promise<number[]> {
  const sums: number[] = [];
  await dataset.forEachAsync(({ xs, ys }) => {
    const ofFilms = tf.tidy(() => tf.sum(xs, [1, 2, 3]));
    sums.push(...ofFilms.dataSync());
    tf.dispose([xs, ys, ofFilms]);
  });
  return sums;
}

Deno.test("filmDataset() gives an epoch's films, the same ones whenever it is iterated", () =>
  inFolder(async (folder) => {
    const cache = openFilmCache({ folder });
    const dataset = (epoch: number, seed = 7) =>
      filmDataset(FILMS, { batchSize: 4, cache, seed, epoch });
    const first = dataset(0);
    const sums = await sumsOf(first);
    assertEquals(await sumsOf(first), sums);
    assertEquals(await sumsOf(dataset(0)), sums);
    for (const other of [dataset(1), dataset(0, 8)]) {
      const others = await sumsOf(other);
      assertNotEquals(others, sums);
      assertEquals(others.toSorted(), sums.toSorted());
    }
  }));

Deno.test("filmDataset() enters an epoch anywhere, with the films and the augmentations of the rest", () =>
  inFolder(async (folder) => {
    const augmentation = { kind: "contrast", low: 0.5, high: 1.5 } as const;
    const options = { batchSize: 2, augmentation, cache: openFilmCache({ folder }), seed: 1 };
    const whole = await sumsOf(filmDataset(FILMS, { ...options, epoch: 3 }));
    assertEquals(
      await sumsOf(filmDataset(FILMS, { ...options, epoch: 3, from: 2 })),
      whole.slice(2),
    );
    assertEquals(
      await sumsOf(filmDataset(FILMS, { ...options, epoch: 3, from: FILMS.length })),
      [],
    );
  }));

Deno.test("filmDataset() gives the bytes of epochBatches(), which trains", () =>
  inFolder(async (folder) => {
    const augmentation = { kind: "sharpness", factor: 3, probability: 0.5 } as const;
    const cache = openFilmCache({ folder });
    const options = { batchSize: 4, augmentation, cache, seed: 5, epoch: 2 };
    const given = await filmDataset(FILMS, options).toArray();
    let i = 0;
    for await (const { xs, ys, films } of epochBatches(FILMS, options)) {
      const { xs: pixels, ys: labels } = given[i++]!;
      assertEquals(pixels.dataSync(), xs.dataSync());
      assertEquals([...labels.dataSync()], films.map(({ label }) => label));
      tf.dispose([xs, ys, pixels, labels]);
    }
    assertEquals(i, given.length);
  }));

Deno.test("filmDataset() left early leaves no tensor and no error of a film that was not asked for", () =>
  inFolder(async (folder) => {
    const missing = {
      path: join(folder, "missing.png"),
      filename: "missing.png",
      label: 0 as const,
    };
    const films = [...FILMS, ...FILMS.map((film) => ({ ...film, ...missing }))];
    const order = epochOrder(films, { seed: 3, epoch: 0 });
    const from = order.findIndex((film, i) => film !== order[i + 1] && FILMS.includes(film));
    const cache = openFilmCache({ folder });
    const before = tf.memory().numTensors;
    const dataset = filmDataset(films, { batchSize: 1, cache, seed: 3, epoch: 0, from });
    const iterator = await dataset.iterator();
    const { value: { xs, ys } } = await iterator.next();
    assertEquals(ys.dataSync()[0], order[from]!.label);
    tf.dispose([xs, ys]);
    // What is read ahead fails meanwhile, as an unhandled rejection would fail this test.
    await new Promise((resolve) => setTimeout(resolve, 200));
    assertEquals(tf.memory().numTensors, before);
  }));

Deno.test("filmDataset() is a tf.data.Dataset: take, skip and map work on it", () =>
  inFolder(async (folder) => {
    const options = { batchSize: 2, cache: openFilmCache({ folder }), seed: 0, epoch: 0 };
    const dataset = filmDataset(FILMS, options);
    assert(dataset instanceof tf.data.Dataset);
    const shapes = async (some: typeof dataset) =>
      (await some.map(({ xs }) => xs).toArray()).map(({ shape }) => shape);
    assertEquals(await shapes(dataset.take(1)), [[2, 224, 224, 3]]);
    assertEquals((await shapes(dataset.skip(1))).length, 2);
  }));

Deno.test("normalize() takes the mean of ImageNet away and divides by its deviation, per channel", () => {
  const pixels = tf.tensor4d([0, 0, 0, 255, 255, 255, 128, 51, 102], [1, 1, 3, 3], "int32");
  const values = tf.tidy(() => normalize(pixels).dataSync());
  // Worked by hand: (1 - 0.485) / 0.229 = 2.24890829..., (51/255 - 0.456) / 0.224 = -1.14285714...
  const expected = [-2.11790393, -2.03571429, -1.80444444, 2.2489083, 2.42857143, 2.64];
  expected.push(0.07406456, -1.14285714, -0.02666667);
  expected.forEach((value, i) => assertAlmostEquals(values[i]!, value, 1e-6));
  pixels.dispose();
});
