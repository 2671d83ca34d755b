/**
 * Custom runs: an experiment with other settings, under a name of its own. The run that has the
 * experiment's name keeps the experiment's settings, so others can be compared with it.
 * @module
 */
import { basename } from "node:path";
import {
  type Augmentation,
  BASELINE,
  checkExperiment,
  type Experiment,
  experimentNamed,
  EXPERIMENTS,
  IMAGE_SIZE,
  isOwnName,
} from "@/experiments.ts";
import type { RunConfig } from "@/runs/config.ts";

/** Settings that a custom run may change of its experiment; one that is undefined stays. */
export interface Changes {
  batchSize?: number;
  learningRate?: number;
  /** Pixels a side of the films, a multiple of 32. */
  imageSize?: number;
}

/** A custom run in words. */
export interface OwnRun {
  /** The experiment that it changes. */
  base: string;
  /** The settings that differ, with their values: `films a batch: 8; pixels a side: 448`. */
  changes: string;
}

/** Lists an experiment's settings as tables show them, by their names. */
export function settingsOf(
  { epochs, batchSize, learningRate, weightDecay, l2Penalty, dropout, augmentation }: Experiment,
): Record<string, string> {
  return {
    "Epochs": String(epochs),
    "Films a batch": String(batchSize),
    "Adam's learning rate": learningRate.toExponential(),
    "Adam's weight decay": weightDecay.toExponential(),
    "L2 penalty in the loss": l2Penalty === 0 ? "none" : `${l2Penalty} / 2 x sum of squares`,
    "Dropout before the linear layer": dropout === 0 ? "none" : String(dropout),
    "Augmentation": describeAugmentation(augmentation),
  };
}

function describeAugmentation(augmentation: Augmentation | null): string {
  if (augmentation === null) return "none";
  if (augmentation.kind === "contrast") {
    return `contrast x ${augmentation.low} to ${augmentation.high}`;
  }
  return `sharpness x ${augmentation.factor}, probability ${augmentation.probability}`;
}

/** Lists the settings but the epochs that differ from another experiment's, with their values. */
function changedSettings(experiment: Experiment, from: Experiment): string[] {
  const before = settingsOf(from);
  return Object.entries(settingsOf(experiment))
    .filter(([name, value]) => name !== "Epochs" && before[name] !== value)
    .map(([name, value]) => `${name.replace(/^Films/, "films")}: ${value}`);
}

function changedSize(imageSize: number, from = IMAGE_SIZE): string[] {
  return imageSize === from ? [] : [`pixels a side: ${imageSize}`];
}

/**
 * Describes a custom run.
 *
 * @param name The name of its folder.
 * @returns Null for a run of one of the experiments.
 */
export function describeOwn(
  name: string,
  { experiment, network: { imageSize, strideOn, init } }: Pick<RunConfig, "experiment" | "network">,
): OwnRun | null {
  if (!isOwnName(name)) return null;
  const base = experimentNamed(experiment.base ?? BASELINE.name);
  const changes = [
    ...changedSettings(experiment, base),
    ...changedSize(imageSize),
    ...strideOn === "1x1" ? [] : [`stride on: ${strideOn}`],
    ...init === null ? [] : [`first weights: ${basename(init.file)}`],
  ];
  return { base: base.name, changes: changes.join("; ") || "no setting" };
}

/** Gives a run's name in a table: `batch8 (baseline; films a batch: 8)`. */
export function titleOf(name: string, own: OwnRun | null = null): string {
  return own === null ? name : `${name} (${own.base}; ${own.changes})`;
}

/**
 * Makes sure that changes leave an experiment, or a custom run, as it is.
 *
 * @param options.imageSize Pixels a side without the changes.
 * @param options.several Whether several experiments are to change alike.
 * @throws {RangeError} If they do not, saying how to train with them.
 */
export function requireUnchanged(
  experiment: Experiment,
  { changes: { imageSize: size, ...settings }, imageSize = IMAGE_SIZE, several = false }: {
    changes: Changes;
    imageSize?: number;
    several?: boolean;
  },
): void {
  const found = [
    ...changedSettings({ ...experiment, ...settings }, experiment),
    ...changedSize(size ?? imageSize, imageSize),
  ];
  if (found.length === 0) return;
  const { name, base } = experiment;
  const advice = base !== undefined
    ? `Make another run of ${base}, with all its settings and a name of its own: --name NEW`
    : several
    ? "Give the runs names of their own: --name NEW trains NEW-baseline and so on"
    : "Give the run a name of its own: --name NEW";
  throw new RangeError(
    `Cannot train ${name} with other settings than its own (${found.join("; ")}): ` +
      `results/${name} stays what other runs can be compared with. ${advice}`,
  );
}

/**
 * Gives experiments other settings, and the runs names of their own.
 *
 * @param options.name The run's name; of several experiments, the prefix of their runs' names,
 * before a hyphen.
 * @throws {RangeError} If a changed experiment has no new name, the name is an experiment's or no
 * valid one, or a value is out of its range.
 */
export function changeExperiments(
  experiments: readonly Experiment[],
  { changes, name }: { changes: Changes; name: string | undefined },
): Experiment[] {
  const several = experiments.length > 1;
  const { imageSize: _, ...settings } = changes;
  return experiments.map((experiment) => {
    if (name === undefined) {
      requireUnchanged(experiment, { changes, several });
      return experiment;
    }
    const base = experiment.name;
    const own = { ...experiment, ...settings, name: several ? `${name}-${base}` : name, base };
    if (!isOwnName(own.name)) {
      const names = EXPERIMENTS.map(({ name }) => name).join(", ");
      throw new RangeError(
        `Cannot take --name ${name}: ${names} are the experiments' own names. Take another`,
      );
    }
    checkExperiment(own);
    return own;
  });
}

/** Tells whether two runs were tested on the same films. */
export function isComparable(run: RunConfig, other: RunConfig): boolean {
  return run.data.test.fingerprint === other.data.test.fingerprint;
}

/** Sorts runs by whether they were tested on the films of the first one. */
export function splitComparable<Run extends { config: RunConfig }>(
  runs: readonly Run[],
): { comparable: Run[]; others: Run[] } {
  const { comparable = [], others = [] } = Object.groupBy(
    runs,
    ({ config }) => isComparable(config, runs[0]!.config) ? "comparable" : "others",
  );
  return { comparable, others };
}
