/**
 * The runs in `results/`.
 * @module
 */
import { join } from "node:path";
import { exists } from "@/common/files.ts";
import { EXPERIMENTS } from "@/experiments.ts";
import { type RunFolders, runFolders } from "@/runs/files.ts";

/** A run's place. */
export interface RunPlace {
  experiment: string;
  seed: number;
  fold: number;
  folders: RunFolders;
}

/**
 * Finds the runs of a fold with at least one epoch, the assignment's experiments first.
 *
 * @param root Folder that holds `results/`.
 * @param options.file The file that a run must have: `config.json` finds runs without an epoch too.
 * @param options.fold Default: 0, the fold of runs on an ordinary split.
 */
export async function findRuns(
  root: string,
  { file = "metrics.csv", fold = 0 }: { file?: string; fold?: number } = {},
): Promise<RunPlace[]> {
  const results = join(root, "results", ...fold === 0 ? [] : ["folds", String(fold)]);
  const seeds = await subfolders(join(results, "seeds"));
  const places = [
    ...(await subfolders(results)).map((experiment) => ({ experiment, seed: 0 })),
    ...(await Promise.all(seeds.map(async (seed) =>
      (await subfolders(join(results, "seeds", seed)))
        .map((experiment) => ({ experiment, seed: Number(seed) }))
    ))).flat(),
  ].map((place) => ({
    ...{ ...place, fold },
    folders: runFolders(place.experiment, { ...place, fold, root }),
  }));
  const found = await Promise.all(places.map(({ folders }) => exists(join(folders.results, file))));
  const order = EXPERIMENTS.map(({ name }) => name);
  const rank = ({ experiment }: RunPlace) =>
    order.includes(experiment) ? order.indexOf(experiment) : order.length;
  return places.filter((_, i) => found[i]).sort((a, b) =>
    a.seed - b.seed || rank(a) - rank(b) || (a.experiment < b.experiment ? -1 : 1)
  );
}

/** Finds the folds of which there are runs, in order; fold 0 always. */
export async function findFolds(root: string): Promise<number[]> {
  const folds = (await subfolders(join(root, "results", "folds"))).map(Number);
  return [0, ...folds.filter((fold) => fold > 0).sort((a, b) => a - b)];
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
