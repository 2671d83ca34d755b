/**
 * The runs that are done, by their results: notebooks read those, and train only what is not done.
 * @module
 */
import { join } from "node:path";
import { type Experiment, EXPERIMENTS } from "@/experiments.ts";
import type { ExperimentRows } from "@/figures/curves.ts";
import { exists } from "@/files.ts";
import { readConfig, readEpochs, type RunConfig, runFolders } from "@/results.ts";
import { inShownRun, isKept } from "@/shown_run.ts";

/**
 * The epochs of the experiments that have results, in the assignment's order.
 *
 * @param options.root Folder that holds `results/`. Default: that of the run that is shown.
 * @throws {Error} If no experiment has any, saying how to get them.
 */
export async function readFinishedRuns(
  { root = inShownRun() }: { root?: string } = {},
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
 * The experiments with the number of epochs that their runs were begun with, and the rows of those that are done. Of a
 * kept run only those that are done, as nothing is trained there.
 *
 * @param options.epochs Of a run that is not begun yet.
 */
export async function planRuns(
  experiments: readonly Experiment[],
  { epochs, root = inShownRun() }: { epochs: number; root?: string },
): Promise<Plan[]> {
  const plans = await Promise.all(experiments.map((each) => planRun(each, { epochs, root })));
  return plans.filter(({ finished }) => finished !== null || !isKept());
}

/** An experiment as it is to be run. */
export interface Plan {
  experiment: Experiment;
  /** Null if there is something left to train. */
  finished: ExperimentRows | null;
}

async function planRun(
  experiment: Experiment,
  { epochs, root }: { epochs: number; root: string },
): Promise<Plan> {
  const { results } = runFolders(experiment.name, { root });
  if (!await exists(join(results, "config.json"))) {
    return { experiment: { ...experiment, epochs }, finished: null };
  }
  const { experiment: begun, classes } = await readConfig(results);
  const rows = await exists(join(results, "metrics.csv")) ? await readEpochs(results) : [];
  const done = rows.length >= begun.epochs;
  return { experiment: begun, finished: done ? { experiment: begun.name, rows, classes } : null };
}

/** What runs used. */
export async function readConfigs(
  runs: readonly Pick<ExperimentRows, "experiment">[],
  { root = inShownRun() }: { root?: string } = {},
): Promise<RunConfig[]> {
  return await Promise.all(
    runs.map(({ experiment }) => readConfig(runFolders(experiment, { root }).results)),
  );
}
