import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { deletionInWords, findEvidence, testDeletion } from "@/analysis/evidence.ts";
import { border, cellsRegion, cover } from "@/analysis/regions.ts";
import {
  findWeights,
  openNetwork,
  predictFilms,
  type TrainedNetwork,
} from "@/analysis/trained_network.ts";
import { createPrng } from "@/common/random.ts";
import { openFilmCache } from "@/films/cache.ts";
import { CLASS_NAMES } from "@/films/film.ts";
import { readWeights } from "@/network/weights.ts";
import { readConfig } from "@/runs/config.ts";
import { readPredictions } from "@/runs/files.ts";
import { train } from "@/runs/train.ts";
import { inFolder } from "../in_folder.ts";
import { drawFilms, SMALL_EXPERIMENT, smallRun } from "../small_run.ts";

/** Makes a film from the grey of each pixel. */
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
  cover(only, { size: 4, region: (x, y) => !region(x, y) });
  // 99 / 12 = 8.25
  assertEquals(greyOf(only), [0, 0, 0, 0, 0, 8, 8, 0, 0, 8, 8, 0, 0, 0, 0, 99]);
});

Deno.test("cover() keeps colours apart, and fills a film that is covered whole with black", () => {
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
 * Makes a network whose log-odds are the grey of the upper left pixel, less 100.
 *
 * @param corner Values of its Grad-CAM in the upper left corner, row by row; all others are 0.
 * @param cells Cells along each side of its Grad-CAM.
 */
function cornerNetwork(corner: number | number[][], cells = 4): TrainedNetwork {
  const rows = typeof corner === "number" ? [[corner]] : corner;
  return {
    imageSize: 8,
    classes: CLASS_NAMES,
    logOdds: (films: readonly Uint8Array[]) =>
      Promise.resolve(Float64Array.from(films, (film) => film[0]! - 100)),
    gradCam: () => ({
      cells,
      values: Array.from(
        { length: cells ** 2 },
        (_, cell) => rows[Math.floor(cell / cells)]?.[cell % cells] ?? 0,
      ),
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

Deno.test("findEvidence() sums a Grad-CAM of more than 14 cells a side into 14, and leaves one of 14", async () => {
  const corner = async (rows: number[][], cells: number) => {
    const { "Grad-CAM": map, occlusion } = await findEvidence(
      cornerNetwork(rows, cells),
      cornerFilm,
    );
    assertEquals([map.cells, map.values.length, occlusion.cells], [14, 14 * 14, 14]);
    const others = map.values.filter((_, cell) => cell % 14 > 1 || cell > 15);
    assertEquals(new Set(others), new Set([0]));
    return [0, 1, 14, 15].map((cell) => map.values[cell]!);
  };
  assertEquals(await corner([[1, 2], [3, 4]], 14), [1, 2, 3, 4]);
  const quarters = [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11], [12, 13, 14, 15]];
  assertEquals(await corner(quarters, 28), [
    ...[0 + 1 + 4 + 5, 2 + 3 + 6 + 7, 8 + 9 + 12 + 13, 10 + 11 + 14 + 15],
  ]);
  // By hand: a coarse cell holds a whole fine one, half of two others and a quarter of the middle
  // one.
  assertEquals(await corner([[4, 0, 0], [0, 8, 0], [0, 2, 0]], 21), [4 + 2, 2, 2 + 1, 2 + 1]);
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
  // At random the corner is covered with a probability that grows with the share: the mean is near
  // one half.
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

Deno.test("deletionInWords() says lower or higher instead of writing a sign", () => {
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

Deno.test("openNetwork() gives the run's predictions, and Grad-CAM's cells add up to the log-odds", () =>
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

Deno.test("findWeights() takes the last state if the epoch's weights were not kept", () =>
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
