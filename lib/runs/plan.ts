/**
 * The runs that a command line asks for: those of the experiments, and custom ones, which `--name`
 * makes once and their names find later.
 * @module
 */
import { suggest } from "@/common/closest.ts";
import {
  BASELINE,
  type Experiment,
  experimentNamed,
  EXPERIMENTS,
  isOwnName,
} from "@/experiments.ts";
import { readConfig, type RunConfig } from "@/runs/config.ts";
import { findFolds, findRuns, type RunPlace } from "@/runs/find.ts";
import { changeExperiments, type Changes, requireUnchanged } from "@/runs/own.ts";
import { differences } from "@/runs/settings.ts";

/** A command line's request. */
export interface TrainRequest {
  /** The name of an experiment or of a custom run; `all`: the experiments. */
  experiment: string;
  /** The new run's name; with `all`, the prefix of the runs' names. */
  name?: string;
  changes: Changes;
  epochs?: number;
  seeds: readonly number[];
}

/** A run to train. */
export interface PlannedRun {
  experiment: Experiment;
  /** The config of the custom run of that name. */
  like?: RunConfig;
}

/**
 * Gives the experiments that are asked for, as they are changed, as far as files need not be read
 * for it.
 *
 * @returns Null if only an existing custom run can be meant.
 * @throws {RangeError} If changed experiments have no new name, or an invalid one.
 */
export function requestedExperiments(
  { experiment, name, changes }: TrainRequest,
): Experiment[] | null {
  if (experiment !== "all" && isOwnName(experiment)) return null;
  const experiments = experiment === "all" ? EXPERIMENTS : [experimentNamed(experiment)];
  return changeExperiments(experiments, { changes, name });
}

/**
 * Plans the runs that are asked for.
 *
 * @param options.root Holds `results/`.
 * @param options.restart Whether the runs' files will be removed.
 * @throws {RangeError} If there is no such experiment or run, or a changed one has no new name.
 * @throws {Error} If the name is that of a run with other settings.
 */
export async function planTraining(
  request: TrainRequest,
  { root, restart = false }: { root: string; restart?: boolean },
): Promise<PlannedRun[]> {
  const { name, epochs, changes, seeds } = request;
  const lengthen = (experiment: Experiment) =>
    epochs === undefined ? experiment : { ...experiment, epochs };
  const experiments = requestedExperiments(request);
  if (experiments === null) {
    const like = await findOwnRun(request, root);
    return [{ experiment: lengthen(like.experiment), like }];
  }
  return await Promise.all(experiments.map(async (asked): Promise<PlannedRun> => {
    const experiment = lengthen(asked);
    if (name === undefined) return { experiment };
    const places = await runsNamed(experiment.name, root);
    const staying = places.filter(({ seed }) => !(restart && seeds.includes(seed)));
    const configs = await Promise.all(staying.map(readPlace));
    for (const [i, config] of configs.entries()) {
      requireSameSettings(config, { experiment, ...changes, folder: staying[i]!.folders.results });
    }
    return { experiment, ...configs[0] && { like: configs[0] } };
  }));
}

/** Finds a custom run by its name, and reads its config. */
async function findOwnRun(
  { experiment, name, changes, seeds }: TrainRequest,
  root: string,
): Promise<RunConfig> {
  const places = await runsNamed(experiment, root);
  const place = places.find(({ seed }) => seeds.includes(seed)) ?? places[0];
  if (place === undefined) {
    const found = (await findAll(root)).map((run) => run.experiment);
    const words = [...EXPERIMENTS.map((each) => each.name), ...new Set(found.filter(isOwnName))];
    const rest = suggest(experiment, { words, rest: `the experiments are ${words.join(", ")}` });
    throw new RangeError(`Cannot find the experiment "${experiment}": ${rest}`);
  }
  const config = await readPlace(place);
  const { experiment: begun, network: { imageSize } } = config;
  if (name !== undefined) {
    throw new RangeError(
      `Cannot make ${name} of ${experiment}, which is a run of your own: make it of ` +
        `${begun.base ?? BASELINE.name}, with all its settings`,
    );
  }
  requireUnchanged(begun, { changes, imageSize });
  return config;
}

/** Lists the runs of a name, with any seed and of any fold, that have a config. */
async function runsNamed(name: string, root: string): Promise<RunPlace[]> {
  return (await findAll(root)).filter(({ experiment }) => experiment === name);
}

async function findAll(root: string): Promise<RunPlace[]> {
  const folds = await findFolds(root);
  const found = folds.map((fold) => findRuns(root, { file: "config.json", fold }));
  return (await Promise.all(found)).flat();
}

/** Reads a run's config. */
async function readPlace({ experiment, folders: { results } }: RunPlace): Promise<RunConfig> {
  const config = await readConfig(results);
  const { name } = config.experiment;
  if (name === experiment) return config;
  throw new Error(
    `Cannot use ${results}: its config.json is that of the run ${name}. Give the folder its name back`,
  );
}

function requireSameSettings(
  begun: RunConfig,
  { experiment, imageSize = begun.network.imageSize, folder }: {
    experiment: Experiment;
    imageSize?: number;
    folder: string;
  },
): void {
  const network = { ...begun.network, imageSize };
  const found = differences(begun, { ...begun, experiment, network });
  if (found.length === 0) return;
  throw new Error(
    `Cannot train ${experiment.name}: ${folder} began with other settings.\n` +
      found.map((difference) => `  ${difference}\n`).join("") +
      "Train as it began, take another --name, or restart it with --restart, which removes its results",
  );
}
