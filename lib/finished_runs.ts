/**
 * The runs that are done, by their results: notebooks read those, and train only what is not done.
 * @module
 */
import { join } from "node:path";
import { type Experiment, EXPERIMENTS } from "@/experiments.ts";
import type { ExperimentRows } from "@/figures/curves.ts";
import { exists } from "@/files.ts";
import { PROJECT_ROOT } from "@/paths.ts";
import { readConfig, readEpochs, runFolders } from "@/results.ts";

/**
 * The epochs of the experiments that have results, in the assignment's order.
 *
 * @param options.root Folder that holds `results/`. Default: the project's.
 * @throws {Error} If no experiment has any, saying how to get them.
 */
export async function readFinishedRuns(
  { root = PROJECT_ROOT }: { root?: string } = {},
): Promise<Required<ExperimentRows>[]> {
  const runs = await Promise.all(EXPERIMENTS.map(async ({ name }) => {
    const { results } = runFolders(name, { root });
    if (!await exists(join(results, "metrics.csv"))) return [];
    const { classes } = await readConfig(results);
    return [{ experiment: name, rows: await readEpochs(results), classes }];
  }));
  const found = runs.flat().filter(({ rows }) => rows.length > 0);
  if (found.length > 0) return found;
  throw new Error(
    `Cannot show results: there are none in ${
      join(root, "results")
    }. Train first: deno task train all`,
  );
}

/**
 * The experiment with the number of epochs that its run was begun with, and the rows if all of them are done; null
 * if there is something left to train.
 *
 * @param options.epochs Of a run that is not begun yet.
 */
export async function planRun(
  experiment: Experiment,
  { epochs, root = PROJECT_ROOT }: { epochs: number; root?: string },
): Promise<{ experiment: Experiment; finished: ExperimentRows | null }> {
  const { results } = runFolders(experiment.name, { root });
  if (!await exists(join(results, "config.json"))) {
    return { experiment: { ...experiment, epochs }, finished: null };
  }
  const { experiment: begun, classes } = await readConfig(results);
  const rows = await exists(join(results, "metrics.csv")) ? await readEpochs(results) : [];
  const done = rows.length >= begun.epochs;
  return { experiment: begun, finished: done ? { experiment: begun.name, rows, classes } : null };
}
