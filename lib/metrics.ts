/**
 * What is read off the predictions of a test set: the confusion matrix, accuracy, F1, sensitivity, specificity
 * and the area under the ROC curve; and {@linkcode EpochRow}, all the numbers of one epoch.
 *
 * The positive class is 1, TB. Every share is a fraction in [0, 1]. A number that the data does not define
 * (the sensitivity of a set without TB) is NaN.
 * @module
 */

/** A film's class: 0 Healthy, 1 TB. */
export type Label = 0 | 1;

/** The classes' names, by label: what is called negative, then what is called positive. */
export type ClassNames = readonly [negative: string, positive: string];

/** TBX11K's classes, which are meant where nothing else is said. */
export const CLASS_NAMES: ClassNames = ["Healthy", "TB"];

/** Counts of films by truth and decision: true negatives, false positives, false negatives, true positives. */
export interface Confusion {
  /** Healthy films called Healthy. */
  tn: number;
  /** Healthy films called TB. */
  fp: number;
  /** TB films called Healthy. */
  fn: number;
  /** TB films called TB. */
  tp: number;
}

/** What one evaluation of a set gives. */
export interface Score extends Confusion {
  /** Mean over the films of what training minimizes: the cross-entropy and, where there is one, the L2 penalty. */
  loss: number;
  /** Mean cross-entropy over the films, in nats. */
  crossEntropy: number;
  accuracy: number;
  /** F1 of TB. */
  f1: number;
  /** Area under the ROC curve of the probability of TB. */
  auc: number;
  sensitivity: number;
  specificity: number;
}

type Prefixed<Prefix extends string, Fields> = {
  [Field in keyof Fields & string as `${Prefix}${Capitalize<Field>}`]: Fields[Field];
};

/**
 * The numbers of one epoch. The test set's are `testLoss`, `testF1`, `testTn` ...; the validation set's
 * (`validationLoss` ...) are null when there is none.
 */
export type EpochRow =
  & {
    /** Counted from 0. */
    epoch: number;
    learningRate: number;
    /** Mean over the epoch's films, each at the time of its step, of what training minimizes. */
    trainLoss: number;
    /** The same without the L2 penalty, in nats. */
    trainCrossEntropy: number;
    /** Over the epoch's films, each at the time of its step. */
    trainAccuracy: number;
    /** Time of the training steps, films being read included, in seconds. */
    trainSeconds: number;
    /** Time of the evaluation on the test set, in seconds. */
    testSeconds: number;
    /** Training films a second. */
    imagesPerSecond: number;
  }
  & Prefixed<"test", Score>
  & Prefixed<"validation", { [Field in keyof Score]: number | null }>;

/** Calls a film TB when its probability of TB is above one half, as the larger of two logits does. */
export function isPositive(probability: number): boolean {
  return probability > 0.5;
}

/**
 * Counts the confusion matrix.
 *
 * @param truth Class of each film, 0 or 1.
 * @param probabilities Probability of TB of each film, in [0, 1].
 * @throws {RangeError} If the two differ in length, or a class is neither 0 nor 1.
 */
export function countConfusion(
  truth: ArrayLike<number>,
  probabilities: ArrayLike<number>,
): Confusion {
  checkPairs(truth, probabilities);
  const counts = { tn: 0, fp: 0, fn: 0, tp: 0 };
  for (let i = 0; i < truth.length; i++) {
    const positive = isPositive(probabilities[i]!);
    if (truth[i] === 1) counts[positive ? "tp" : "fn"]++;
    else counts[positive ? "fp" : "tn"]++;
  }
  return counts;
}

/** Share of the films that are called right. */
export function accuracy({ tn, fp, fn, tp }: Confusion): number {
  return (tn + tp) / (tn + fp + fn + tp);
}

/** F1 of TB: the harmonic mean of precision and sensitivity, `2 tp / (2 tp + fp + fn)`. */
export function f1({ fp, fn, tp }: Confusion): number {
  return (2 * tp) / (2 * tp + fp + fn);
}

/** Share of the TB films that are called TB (recall). */
export function sensitivity({ fn, tp }: Confusion): number {
  return tp / (tp + fn);
}

/** Share of the healthy films that are called Healthy. */
export function specificity({ tn, fp }: Confusion): number {
  return tn / (tn + fp);
}

/**
 * Area under the ROC curve: the share of pairs of a TB and a healthy film in which the TB film has the higher
 * score, a tie counting one half (the Mann-Whitney U statistic by mean ranks, so it takes n log n steps).
 *
 * @param truth Class of each film, 0 or 1.
 * @param scores Any number that grows with the evidence for TB.
 * @returns NaN if one of the classes is missing or a score is NaN.
 * @throws {RangeError} If the two differ in length, or a class is neither 0 nor 1.
 */
export function auc(truth: ArrayLike<number>, scores: ArrayLike<number>): number {
  checkPairs(truth, scores);
  const ranks = midRanks(scores);
  const positiveRanks = ranks.filter((_, i) => truth[i] === 1);
  const positives = positiveRanks.length;
  const sum = positiveRanks.reduce((total, rank) => total + rank, 0);
  return (sum - (positives * (positives + 1)) / 2) / (positives * (ranks.length - positives));
}

/** The place of each value among all, from 1; equal values share the mean of their places. NaN if a value is NaN. */
export function midRanks(values: ArrayLike<number>): Float64Array {
  const order = Array.from(values, (_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  if (Array.from(values).some(Number.isNaN)) return ranks.fill(NaN);
  for (let start = 0, end = 0; start < order.length; start = end) {
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (const i of order.slice(start, end)) ranks[i] = (start + 1 + end) / 2;
  }
  return ranks;
}

/**
 * Everything that follows from truth and probabilities.
 *
 * @param truth Class of each film, 0 or 1.
 * @param probabilities Probability of TB of each film, in [0, 1].
 */
export function score(
  truth: ArrayLike<number>,
  probabilities: ArrayLike<number>,
): Omit<Score, "loss" | "crossEntropy"> {
  const counts = countConfusion(truth, probabilities);
  return {
    accuracy: accuracy(counts),
    f1: f1(counts),
    auc: auc(truth, probabilities),
    sensitivity: sensitivity(counts),
    specificity: specificity(counts),
    ...counts,
  };
}

/** Names the fields of a score after its set: `testLoss`, `validationF1` ... */
export function prefixed<Prefix extends string, Fields extends object>(
  prefix: Prefix,
  fields: Fields,
): Prefixed<Prefix, Fields> {
  const entries = Object.entries(fields)
    .map(([field, value]) => [`${prefix}${field[0]!.toUpperCase()}${field.slice(1)}`, value]);
  return Object.fromEntries(entries);
}

/**
 * The row with the highest value of a field, the earliest of equals.
 *
 * @throws {RangeError} If no row has a value there.
 */
export function bestEpoch(rows: readonly EpochRow[], by: keyof EpochRow): EpochRow {
  const valued = rows.filter((row) => row[by] !== null && !Number.isNaN(row[by]));
  if (valued.length === 0) {
    throw new RangeError(`Cannot choose the best of ${rows.length} epochs by ${by}: none has one`);
  }
  return valued.reduce((best, row) => row[by]! > best[by]! ? row : best);
}

/** An epoch that is looked at, and why it is: a row of the report's tables. */
export interface ChosenEpoch {
  reason: "highest test F1" | "last epoch" | "highest validation F1";
  row: EpochRow;
}

/**
 * The epochs that a report shows. The one with the highest test F1 is the assignment's "best": it is chosen on the
 * very films that it is scored on, so its score is optimistic. The last epoch, and the one chosen on a validation
 * set if there is one, are not chosen so.
 *
 * @throws {RangeError} If there is no row.
 */
export function chosenEpochs(rows: readonly EpochRow[]): ChosenEpoch[] {
  const best: ChosenEpoch = { reason: "highest test F1", row: bestEpoch(rows, "testF1") };
  const last: ChosenEpoch = { reason: "last epoch", row: rows.at(-1)! };
  if (rows.every((row) => row.validationF1 === null)) return [best, last];
  return [best, last, { reason: "highest validation F1", row: bestEpoch(rows, "validationF1") }];
}

function checkPairs(truth: ArrayLike<number>, values: ArrayLike<number>): void {
  if (truth.length !== values.length) {
    throw new RangeError(
      `Cannot compare ${truth.length} classes with ${values.length} predictions: they differ in number`,
    );
  }
  for (let i = 0; i < truth.length; i++) {
    if (truth[i] !== 0 && truth[i] !== 1) {
      throw new RangeError(`Cannot take ${truth[i]} as the class of film ${i}: a class is 0 or 1`);
    }
  }
}
