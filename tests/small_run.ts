/**
 * A run that is small enough for tests: 20 drawn training films and 10 test films of 32 x 32
 * pixels, and ResNet50's blocks in two narrow stages. As a program (`small_run.ts FOLDER EPOCHS`)
 * it trains in that folder and prints a line per batch, so that a test can kill it at any batch.
 * @module
 */
import { join } from "node:path";
import sharp from "sharp";
import { createPrng } from "@/common/random.ts";
import { BASELINE, type Experiment } from "@/experiments.ts";
import { openFilmCache } from "@/films/cache.ts";
import type { LabelledFilm } from "@/films/film.ts";
import { runFolders } from "@/runs/files.ts";
import type { RunFilms } from "@/runs/settings.ts";
import { train, type TrainOptions } from "@/runs/train.ts";
import { runTask, stopSignal } from "@/tasks/task.ts";

/** The width and height of a film, in pixels. */
const SIZE = 32;

/** An experiment with dropout, so that tests for equal results include its random numbers. */
export const SMALL_EXPERIMENT: Experiment = {
  ...BASELINE,
  name: "small",
  epochs: 3,
  learningRate: 1e-3,
  dropout: 0.5,
};

/** Draws films of noise. Those of TB have a bright upper half. */
export async function drawFilms(folder: string): Promise<RunFilms> {
  const films: LabelledFilm[] = [];
  for (let i = 0; i < 30; i++) {
    const label = i % 3 === 0 ? 1 : 0;
    const filename = `film${String(i).padStart(2, "0")}.png`;
    const path = join(folder, filename);
    const { integer } = createPrng(filename);
    const pixels = Uint8Array.from(
      { length: SIZE * SIZE },
      (_, at) => integer(160) + (label === 1 && at < SIZE * SIZE / 2 ? 80 : 0),
    );
    await sharp(pixels, { raw: { width: SIZE, height: SIZE, channels: 1 } }).png().toFile(path);
    films.push({ path, filename, label });
  }
  return { train: films.slice(0, 20), test: films.slice(20), validation: null };
}

/** Draws the same films into class folders, and gives their data folder. */
export async function drawDataFolder(folder: string): Promise<string> {
  const { train, test } = await drawFilms(folder);
  const data = join(folder, "imgs");
  for (const name of ["health", "tb"]) await Deno.mkdir(join(data, name), { recursive: true });
  for (const { path, filename, label } of [...train, ...test]) {
    await Deno.rename(path, join(data, label === 1 ? "tb" : "health", filename));
  }
  return data;
}

/** ResNet50's blocks in two narrow stages. */
export const SMALL_NETWORK = { stages: [[8, 1, 1], [8, 1, 2]], imageSize: SIZE };

/** Makes the options of {@linkcode train} for such a run in a folder. */
export function smallRun(folder: string, films: RunFilms): TrainOptions {
  return {
    films,
    folders: runFolders(SMALL_EXPERIMENT.name, { root: folder }),
    cache: openFilmCache({ folder: join(folder, "cache") }),
    precision: "fp32",
    network: SMALL_NETWORK,
  };
}

async function main(): Promise<void> {
  const [folder = "", epochs = ""] = Deno.args;
  const films = await drawFilms(folder);
  const experiment = { ...SMALL_EXPERIMENT, epochs: Number(epochs) };
  const onProgress: TrainOptions["onProgress"] = ({ epoch, phase, films }) =>
    console.log(`${epoch} ${phase} ${films}`);
  const options = { ...smallRun(folder, films), onProgress, signal: stopSignal() };
  for await (const row of train(experiment, options)) console.log(`${row.epoch} done`);
}

if (import.meta.main) await runTask(main);
