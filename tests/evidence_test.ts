import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { deletionInWords, findEvidence, testDeletion } from "@/analysis/evidence.ts";
import { border, cellsRegion, cover, outside } from "@/analysis/pixels.ts";
import {
  findWeights,
  openNetwork,
  predictFilms,
  type TrainedNetwork,
} from "@/analysis/trained_network.ts";
import { openFilmCache } from "@/film_cache.ts";
import { CLASS_NAMES } from "@/metrics.ts";
import { createPrng } from "@/random.ts";
import { readConfig, readPredictions } from "@/results.ts";
import { train } from "@/train.ts";
import { readWeights } from "@/weights.ts";
import { inFolder } from "./in_folder.ts";
import { drawFilms, SMALL_EXPERIMENT, smallRun } from "./small_run.ts";

/** A film of 4 x 4 pixels from the grey of each. */
function grey(values: readonly number[]): Uint8Array {
  return Uint8Array.from(values.flatMap((value) => [value, value, value]));
}

const greyOf = (pixels: Uint8Array) => [...pixels].filter((_, i) => i % 3 === 0);

Deno.test("cover() fills a region with the mean of the rest", () => {
  const pixels = grey([
    ...[0, 0, 0, 0],
    ...[0, 10, 20, 0],
    ...[0, 30, 42, 0],
    ...[0, 0, 0, 99],
  ]);
  const region = border({ size: 4, share: 0.25 });
  const blanked = pixels.slice();
  cover(blanked, { size: 4, region });
  // (10 + 20 + 30 + 42) / 4 = 25.5
  const around = Array(16).fill(26);
  [10, 20, 30, 42].forEach((value, i) => around[[5, 6, 9, 10][i]!] = value);
  assertEquals(greyOf(blanked), around);

  const only = pixels.slice();
  cover(only, { size: 4, region: outside(region) });
  // 99 / 12 = 8.25
  assertEquals(greyOf(only), [0, 0, 0, 0, 0, 8, 8, 0, 0, 8, 8, 0, 0, 0, 0, 99]);
});

Deno.test("cover() keeps colours apart and leaves black where nothing is left", () => {
  const pixels = Uint8Array.of(1, 2, 3, 5, 6, 7, 100, 100, 100, 3, 4, 5);
  cover(pixels, { size: 2, region: (x, y) => x === 0 && y === 1 });
  assertEquals([...pixels.subarray(6, 9)], [3, 4, 5]);
  cover(pixels, { size: 2, region: () => true });
  assertEquals([...pixels], Array(12).fill(0));
});

Deno.test("cellsRegion() numbers the cells row by row", () => {
  const region = cellsRegion(new Set([1, 2]), { size: 4, cells: 2 });
  const rows = [0, 1, 2, 3].map((y) => [0, 1, 2, 3].map((x) => Number(region(x, y))).join(""));
  assertEquals(rows, ["0011", "0011", "1100", "1100"]);
});

/**
 * A network whose log-odds are the grey of the upper left cell of a 4 x 4 grid, less 100.
 *
 * @param corner What its Grad-CAM says of that cell; 0 of all others.
 */
function cornerNetwork(corner: number): TrainedNetwork {
  return {
    imageSize: 8,
    classes: CLASS_NAMES,
    logOdds: (films: readonly Uint8Array[]) =>
      Promise.resolve(Float64Array.from(films, (film) => film[0]! - 100)),
    gradCam: () => ({
      cells: 4,
      values: Array.from({ length: 16 }, (_, cell) => cell === 0 ? corner : 0),
    }),
  } as unknown as TrainedNetwork;
}

/** A film of 8 x 8 pixels with a bright upper left cell. */
const cornerFilm = grey(
  Array.from({ length: 64 }, (_, i) => i % 8 < 2 && i < 16 ? 200 : i % 2 === 0 ? 60 : 40),
);

Deno.test("findEvidence() gives the loss of log-odds when a cell is covered", async () => {
  const { occlusion } = await findEvidence(cornerNetwork(1), cornerFilm);
  // Covered with the mean of the other 60 pixels, 50.
  assertEquals(occlusion.values, [150, ...Array(15).fill(0)]);
  assertEquals(occlusion.cells, 4);
});

Deno.test("testDeletion() tells a map that marks what the network uses from one that does not", async () => {
  const films = Array.from({ length: 12 }, (_, i) => ({
    filename: `film${i}.png`,
    pixels: cornerFilm,
  }));
  const [right] = await testDeletion(cornerNetwork(1), films);
  assertEquals(right!.method, "Grad-CAM");
  assertAlmostEquals(right!.byMap[0]!, 1, 1e-12);
  assertEquals(right!.byMap.slice(1).map((p) => p < 1e-9), Array(6).fill(true));
  // At random the corner is covered with a probability that grows with the share: the mean is near one half.
  assert(right!.difference.low > 0.2 && right!.difference.high < 0.8);
  assert(right!.words.endsWith("Grad-CAM marks what the network uses."));
  assertEquals(right!.shares.map((share) => Math.round(7 * share)), [0, 1, 2, 3, 4, 5, 6]);

  const [wrong, occlusion] = await testDeletion(cornerNetwork(-1), films);
  assertEquals(wrong!.byMap.every((p) => p > 0.99), true);
  assert(wrong!.difference.high < -0.2);
  assert(wrong!.words.endsWith("Grad-CAM marks what the network does not use."));
  assertEquals([wrong!.films, occlusion!.method], [12, "occlusion"]);
  assertEquals(occlusion!.byMap, right!.byMap);
});

Deno.test("deletionInWords() says by how much the probability is lower, or higher, with no sign to be read", () => {
  const wordsOf = (value: number, low: number, high: number) =>
    deletionInWords({ method: "Grad-CAM", difference: { value, low, high } }, "TB");
  const start =
    "With the cells covered that Grad-CAM marks most, the probability of TB is on average ";
  assertEquals(
    wordsOf(0.285, 0.156, 0.413),
    `${start}0.285 [0.156, 0.413] lower than with as many random cells covered: Grad-CAM marks what the network uses.`,
  );
  assertEquals(
    wordsOf(-0.024, -0.069, 0.022),
    `${start}0.024 [-0.022, 0.069] higher than with as many random cells covered: it is not shown that Grad-CAM ` +
      "marks what the network uses.",
  );
  assert(wordsOf(-0.2, -0.3, -0.1).includes("0.200 [0.100, 0.300] higher"));
});

Deno.test("openNetwork() predicts as the run did, and Grad-CAM's cells add up to the log-odds", () =>
  inFolder(async (folder) => {
    const films = await drawFilms(folder);
    const { folders, ...options } = smallRun(folder, films);
    await Array.fromAsync(train({ ...SMALL_EXPERIMENT, epochs: 1 }, { folders, ...options }));
    const config = await readConfig(folders.results);
    using network = await openNetwork(await findWeights(folders, 0), config);

    const cache = openFilmCache({ folder: join(folder, "cache") });
    const found = await predictFilms(network, { films: films.test, cache });
    const saved = await readPredictions(folders.results, { epoch: 0 });
    assertEquals(found.map(({ filename }) => filename), saved.map(({ filename }) => filename));
    found.forEach(({ probability }, i) => {
      assertAlmostEquals(probability, saved[i]!.probability, 1e-6);
    });

    const { integer } = createPrng("film");
    const pixels = Uint8Array.from({ length: 32 * 32 * 3 }, () => integer(256));
    const { cells, values } = network.gradCam(pixels);
    // 32 pixels, halved by the stem, the pool and the second stage.
    assertEquals([cells, values.length], [4, 16]);
    const bias = readWeights(network.network).get("fc.bias")!.values;
    const [logOdds] = await network.logOdds([pixels]);
    const sum = values.reduce((total, value) => total + value, 0);
    assertAlmostEquals(sum + bias[1]! - bias[0]!, logOdds!, 1e-5);

    const dark = await predictFilms(network, {
      films: films.test,
      cache,
      edit: (pixels) => pixels.fill(0),
    });
    assertEquals(new Set(dark.map(({ probability }) => probability)).size, 1);
  }));

Deno.test("findWeights() takes the last state where the epoch's own weights were not kept", () =>
  inFolder(async (folder) => {
    const films = await drawFilms(folder);
    const { folders, ...options } = smallRun(folder, films);
    const experiment = { ...SMALL_EXPERIMENT, epochs: 2 };
    await Array.fromAsync(train(experiment, { folders, ...options, keep: "last" }));
    assertEquals(await findWeights(folders, 1), join(folders.model, "last.safetensors"));
    await assertRejects(
      () => findWeights(folders, 0),
      Error,
      "Cannot find the weights of epoch 0",
    );
  }));
