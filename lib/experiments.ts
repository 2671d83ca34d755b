/**
 * The five experiments as data: one baseline and, for each of the others, the one thing it changes.
 * A custom experiment needs one more object.
 *
 * The settings are the assignment's: Adam with learning rate 1e-4 and weight decay 1e-4, batches of
 * 4, 20 epochs, cross-entropy.
 * @module
 */

/**
 * A random change of a training film at its full size, before it is resized. Test films are never
 * changed.
 */
export type Augmentation =
  /** With this probability the film is sharpened by `factor` (1 leaves it as it is). */
  | { readonly kind: "sharpness"; readonly factor: number; readonly probability: number }
  /** Each film's contrast is multiplied by a number drawn evenly from `[low, high]`. */
  | { readonly kind: "contrast"; readonly low: number; readonly high: number };

/** Pixels a side of the films that the network is given, unless a run says otherwise. */
export const IMAGE_SIZE = 224;

/** Everything that tells one experiment from another. */
export interface Experiment {
  /**
   * Names the folders `results/<name>/` and `model/<name>/`: lower-case letters, digits, `-` and
   * `_`, first a letter.
   */
  readonly name: string;
  /** For a run with a custom name: the experiment that it changes. */
  readonly base?: string;
  /** Passes over the training set. */
  readonly epochs: number;
  /** Films a step; the last batch of an epoch may be shorter. */
  readonly batchSize: number;
  /** Adam's learning rate, the same throughout. */
  readonly learningRate: number;
  /** Adds `weightDecay * w` to the gradient of every parameter `w`, as PyTorch's Adam does. */
  readonly weightDecay: number;
  /** Adds `0.5 * l2Penalty * sum of w^2` over all parameters to the loss. */
  readonly l2Penalty: number;
  /** Probability of dropping a feature before the linear layer, in `[0, 1)`. */
  readonly dropout: number;
  /** A random change of training films. */
  readonly augmentation: Augmentation | null;
}

/** The experiment that the others are compared with. */
export const BASELINE = {
  name: "baseline",
  epochs: 20,
  batchSize: 4,
  learningRate: 1e-4,
  weightDecay: 1e-4,
  l2Penalty: 0,
  dropout: 0,
  augmentation: null,
} as const satisfies Experiment;

/** The assignment's experiments, in its order. */
export const EXPERIMENTS: readonly Experiment[] = [
  BASELINE,
  { ...BASELINE, name: "l2", l2Penalty: 1e-3 },
  { ...BASELINE, name: "dropout", dropout: 0.5 },
  {
    ...BASELINE,
    name: "sharpness",
    augmentation: { kind: "sharpness", factor: 1.2, probability: 0.2 },
  },
  { ...BASELINE, name: "contrast", augmentation: { kind: "contrast", low: 0.8, high: 1.2 } },
];

/** Reserved names: folders in `results/` and words of the command line. */
const TAKEN_NAMES = ["all", "analysis", "beside_pytorch", "folds", "notebooks", "seeds", "stop"];

/** Names that a run may have: they are names of folders. */
const NAME = /^[a-z][a-z0-9_-]{0,59}$/;

/** Tells whether no experiment has this name, so that its run is a custom one. */
export function isOwnName(name: string): boolean {
  return EXPERIMENTS.every((experiment) => experiment.name !== name);
}

/**
 * Finds an experiment by its name.
 *
 * @throws {RangeError} If no experiment has the name. The message lists them.
 */
export function experimentNamed(name: string): Experiment {
  const found = EXPERIMENTS.find((experiment) => experiment.name === name);
  if (found === undefined) {
    const names = EXPERIMENTS.map((experiment) => experiment.name).join(", ");
    throw new RangeError(`Cannot find the experiment "${name}": the experiments are ${names}`);
  }
  return found;
}

/**
 * Checks the values of an experiment, so that a slip in a custom one is found before anything is
 * written.
 *
 * @throws {RangeError} Naming the first value that is out of its range.
 */
export function checkExperiment(experiment: Experiment): void {
  const { name, epochs, batchSize, learningRate, weightDecay, l2Penalty, dropout, augmentation } =
    experiment;
  const isCount = (value: number) => Number.isInteger(value) && value > 0;
  const within = (value: number, low: number, high: number) => value >= low && value <= high;
  const letters = "at most 60 lower-case letters, digits, - and _, the first of them a letter";
  const checks: [holds: boolean, field: string, value: unknown, wanted: string][] = [
    [NAME.test(name), "name", name, letters],
    [!TAKEN_NAMES.includes(name), "name", name, "another, as the project uses it itself"],
    [isCount(epochs), "epochs", epochs, "a whole number from 1"],
    [isCount(batchSize), "batchSize", batchSize, "a whole number from 1"],
    [within(learningRate, Number.MIN_VALUE, 1), "learningRate", learningRate, "in (0, 1]"],
    [within(weightDecay, 0, 1), "weightDecay", weightDecay, "in [0, 1]"],
    [within(l2Penalty, 0, 1), "l2Penalty", l2Penalty, "in [0, 1]"],
    [dropout >= 0 && dropout < 1, "dropout", dropout, "in [0, 1)"],
  ];
  if (augmentation?.kind === "sharpness") {
    const { factor, probability } = augmentation;
    checks.push(
      [within(factor, 0, 100), "sharpness factor", factor, "in [0, 100]"],
      [within(probability, 0, 1), "sharpness probability", probability, "in [0, 1]"],
    );
  }
  if (augmentation?.kind === "contrast") {
    const { low, high } = augmentation;
    const holds = within(low, 0, high) && within(high, low, 100);
    checks.push([holds, "contrast range", [low, high], "0 <= low <= high <= 100"]);
  }
  const failed = checks.find(([holds]) => !holds);
  if (failed === undefined) return;
  const [, field, value, wanted] = failed;
  throw new RangeError(
    `Cannot run the experiment "${name}": its ${field} is ${
      JSON.stringify(value)
    }, and must be ${wanted}`,
  );
}
