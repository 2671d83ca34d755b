/**
 * The finished runs, by their results. Notebooks read these, and train only the others.
 * @module
 */
import { join } from "node:path";
import { exists } from "@/common/files.ts";
import { type Experiment, IMAGE_SIZE } from "@/experiments.ts";
import { isPhantom } from "@/films/folder.ts";
import type { ShownRun } from "@/notebooks/shown.ts";
import { readConfig, type RunConfig } from "@/runs/config.ts";
import type { ExperimentRows } from "@/runs/epochs.ts";
import { readEpochs, runFolders } from "@/runs/files.ts";
import { chooseData, PHANTOM_EPOCHS } from "@/runs/films.ts";
import { findRuns } from "@/runs/find.ts";
import { describeOwn, isComparable, splitComparable } from "@/runs/own.ts";

/** A run that has results. */
export interface FinishedRun extends Required<ExperimentRows> {
  config: RunConfig;
}

/**
 * Reads the experiments that have results, in the assignment's order, then the custom runs that
 * were tested on the same films.
 *
 * @param options.root Folder that holds `results/`.
 * @throws {Error} If there are no results.
 */
export async function readFinishedRuns({ root }: { root: string }): Promise<FinishedRun[]> {
  const found = await readRuns(root);
  if (found.length > 0) return found;
  const folder = join(root, "results");
  throw new Error(
    `Cannot show results: there are none in ${folder}. Train first: deno task train all`,
  );
}

async function readRuns(root: string): Promise<FinishedRun[]> {
  const places = (await findRuns(root)).filter(({ seed }) => seed === 0);
  const runs = await Promise.all(places.map(async ({ experiment, folders: { results } }) => {
    const [config, rows] = [await readConfig(results), await readEpochs(results)];
    const own = describeOwn(experiment, config);
    return { experiment, rows, classes: config.classes, own, config };
  }));
  return splitComparable(runs.filter(({ rows }) => rows.length > 0)).comparable;
}

/**
 * Reads the custom runs that have results.
 *
 * @param options.root Folder that holds `results/`.
 */
export async function readOwnRuns({ root }: { root: string }): Promise<FinishedRun[]> {
  return (await readRuns(root)).filter(({ own }) => own !== null);
}

/** Lists the networks' film sizes, in pixels a side: the assignment's, then the custom runs'. */
export function imageSizes(own: readonly FinishedRun[]): number[] {
  return [...new Set([IMAGE_SIZE, ...own.map(({ config }) => config.network.imageSize)])];
}

/**
 * Lists the experiments that a notebook shows or trains, with the settings that their runs were
 * started with, then the custom runs.
 *
 * A kept run lists finished experiments alone, for nothing is trained there. If there are custom
 * runs, new experiments are omitted. Otherwise a new one gets the experiment's epochs, on phantom
 * films {@linkcode PHANTOM_EPOCHS}.
 */
export async function listRuns(
  experiments: readonly Experiment[],
  { root, isKept, data }: ShownRun,
): Promise<ListedRun[]> {
  const own = await readOwnRuns({ root });
  const epochs = isPhantom(await chooseData(data)) ? { epochs: PHANTOM_EPOCHS } : {};
  const listed = await Promise.all(
    experiments.map((each) => listRun({ ...each, ...epochs }, root)),
  );
  const first = listed.find(({ config }) => config !== null)?.config;
  // A finished run on other films is not shown: training it fails, and says that it must restart.
  const isShown = ({ finished, config }: ListedRun) =>
    finished !== null && isComparable(config!, first!);
  const trains = ({ config }: ListedRun) => !isKept && (config !== null || own.length === 0);
  return [
    ...listed.map((run) => isShown(run) ? run : { ...run, finished: null })
      .filter((run) => run.finished !== null || trains(run)),
    ...own.map((run) => ({ ...run, experiment: run.config.experiment, finished: run })),
  ];
}

/** A run that a notebook shows, after training it if needed. */
interface ListedRun {
  experiment: Experiment;
  /** The run's config; null if it is new. */
  config: RunConfig | null;
  /** The run's results; null if it is not finished. */
  finished: ExperimentRows | null;
}

async function listRun(experiment: Experiment, root: string): Promise<ListedRun> {
  const { results } = runFolders(experiment.name, { root });
  const isNew = !await exists(join(results, "config.json"));
  if (isNew) return { experiment, config: null, finished: null };
  const config = await readConfig(results);
  const { experiment: begun, classes } = config;
  const rows = await exists(join(results, "metrics.csv")) ? await readEpochs(results) : [];
  const done = rows.length >= begun.epochs;
  const finished = done ? { experiment: begun.name, rows, classes } : null;
  return { experiment: begun, config, finished };
}

/** Reads the configs of runs. */
export async function readConfigs(
  runs: readonly Pick<ExperimentRows, "experiment">[],
  { root }: { root: string },
): Promise<RunConfig[]> {
  return await Promise.all(
    runs.map(({ experiment }) => readConfig(runFolders(experiment, { root }).results)),
  );
}
