/**
 * The runs that there are to analyse.
 * @module
 */
import { join } from "node:path";
import { honestEpoch } from "@/analysis/selection.ts";
import { exists } from "@/files.ts";
import { EXPERIMENTS } from "@/experiments.ts";
import type { ChosenEpoch, EpochRow } from "@/metrics.ts";
import {
  type Prediction,
  readConfig,
  readEpochs,
  readPredictions,
  type RunConfig,
  type RunFolders,
  runFolders,
} from "@/results.ts";

/** A run with what it predicted at the epoch that the test set had no say in. */
export interface AnalysedRun {
  experiment: string;
  folders: RunFolders;
  config: RunConfig;
  rows: readonly EpochRow[];
  epoch: number;
  chosenBy: ChosenEpoch["reason"];
  test: readonly Prediction[];
  /** Null if the run had no validation set. */
  validation: readonly Prediction[] | null;
}

/** A run's place. */
export interface RunPlace {
  experiment: string;
  seed: number;
  folders: RunFolders;
}

/**
 * Finds the runs with at least one epoch, the assignment's experiments first.
 *
 * @param root Folder that holds `results/`.
 */
export async function findRuns(root: string): Promise<RunPlace[]> {
  const results = join(root, "results");
  const seeds = await subfolders(join(results, "seeds"));
  const places = [
    ...(await subfolders(results)).map((experiment) => ({ experiment, seed: 0 })),
    ...(await Promise.all(seeds.map(async (seed) =>
      (await subfolders(join(results, "seeds", seed)))
        .map((experiment) => ({ experiment, seed: Number(seed) }))
    ))).flat(),
  ].map((place) => ({ ...place, folders: runFolders(place.experiment, { ...place, root }) }));
  const found = await Promise.all(
    places.map(({ folders }) => exists(join(folders.results, "metrics.csv"))),
  );
  const order = EXPERIMENTS.map(({ name }) => name);
  const rank = ({ experiment }: RunPlace) =>
    order.includes(experiment) ? order.indexOf(experiment) : order.length;
  return places.filter((_, i) => found[i]).sort((a, b) =>
    a.seed - b.seed || rank(a) - rank(b) || (a.experiment < b.experiment ? -1 : 1)
  );
}

/**
 * Reads a run.
 *
 * @throws {Error} If it has no epoch or files are missing.
 * @throws {SyntaxError} If a file is damaged.
 */
export async function readRun({ experiment, folders }: RunPlace): Promise<AnalysedRun> {
  const rows = await readEpochs(folders.results);
  if (rows.length === 0) throw new Error(`Cannot analyse ${folders.results}: it has no epoch yet`);
  const { row: { epoch }, reason: chosenBy } = honestEpoch(rows);
  const config = await readConfig(folders.results);
  const { classes } = config;
  return {
    experiment,
    folders,
    config,
    rows,
    epoch,
    chosenBy,
    test: await readPredictions(folders.results, { epoch, classes }),
    validation: config.data.validation &&
      await readPredictions(folders.results, { epoch, set: "validation", classes }),
  };
}

async function subfolders(folder: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(folder));
    return entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
