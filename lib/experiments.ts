/**
 * The five experiments as data: one baseline and, for each of the others, the one thing it changes. An
 * experiment of one's own is one object more.
 *
 * The settings are the assignment's: Adam with learning rate 1e-4 and weight decay 1e-4, batches of 4,
 * 20 epochs, cross-entropy.
 * @module
 */

/** A random change of a training film at its full size, before it is resized. Test films are never changed. */
export type Augmentation =
  /** With this probability the film is sharpened by `factor` (1 leaves it as it is). */
  | { readonly kind: "sharpness"; readonly factor: number; readonly probability: number }
  /** Each film's contrast is multiplied by a number drawn evenly from `[low, high]`. */
  | { readonly kind: "contrast"; readonly low: number; readonly high: number };

/** Everything that tells one experiment from another. */
export interface Experiment {
  /** Names the folders `results/<name>/` and `model/<name>/`: lower-case letters, digits, `-` and `_`. */
  readonly name: string;
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
  /** What is done to training films, if anything. */
  readonly augmentation: Augmentation | null;
}

/** What the other experiments are compared with. */
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

/**
 * Finds an experiment by its name.
 *
 * @throws {RangeError} If there is none of that name; the message lists those there are.
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
 * Checks the values of an experiment, so that a slip in one of one's own is found before anything is written.
 *
 * @throws {RangeError} Naming the first value that is out of its range.
 */
export function checkExperiment(experiment: Experiment): void {
  const { name, epochs, batchSize, learningRate, weightDecay, l2Penalty, dropout, augmentation } =
    experiment;
  const require = (holds: boolean, what: string, value: unknown, range: string) => {
    if (holds) return;
    const subject = `Cannot run the experiment "${name}"`;
    throw new RangeError(`${subject}: its ${what} is ${JSON.stringify(value)}, not ${range}`);
  };
  const within = (value: number, low: number, high: number) => value >= low && value <= high;

  require(/^[a-z0-9][a-z0-9_-]*$/.test(name), "name", name, "lower-case letters, digits, - and _");
  require(name !== "seeds", "name", name, "free: results/seeds/ holds the runs of further seeds");
  require(Number.isInteger(epochs) && epochs > 0, "epochs", epochs, "a whole number from 1");
  require(
    Number.isInteger(batchSize) && batchSize > 0,
    "batchSize",
    batchSize,
    "a whole number from 1",
  );
  require(within(learningRate, Number.MIN_VALUE, 1), "learningRate", learningRate, "in (0, 1]");
  require(within(weightDecay, 0, 1), "weightDecay", weightDecay, "in [0, 1]");
  require(within(l2Penalty, 0, 1), "l2Penalty", l2Penalty, "in [0, 1]");
  require(dropout >= 0 && dropout < 1, "dropout", dropout, "in [0, 1)");
  if (augmentation?.kind === "sharpness") {
    const { factor, probability } = augmentation;
    require(within(factor, 0, 100), "sharpness factor", factor, "in [0, 100]");
    require(within(probability, 0, 1), "sharpness probability", probability, "in [0, 1]");
  }
  if (augmentation?.kind === "contrast") {
    const { low, high } = augmentation;
    require(within(low, 0, high), "contrast range", [low, high], "0 <= low <= high");
    require(within(high, low, 100), "contrast range", [low, high], "at most 100");
  }
}
