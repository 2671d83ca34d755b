/**
 * The scores of predictions. The positive class is 1, TB. Every share is a fraction in [0, 1]. A
 * number that the data does not define (the sensitivity of a set without TB) is NaN.
 * @module
 */
import * as z from "zod";
import { COUNT } from "@/common/json.ts";

/** Counts of films by truth and decision. */
export const CONFUSION = z.object({
  /** Healthy films called Healthy. */
  tn: COUNT,
  /** Healthy films called TB. */
  fp: COUNT,
  /** TB films called Healthy. */
  fn: COUNT,
  /** TB films called TB. */
  tp: COUNT,
});
export type Confusion = z.infer<typeof CONFUSION>;

/** The scores of a set of films; `auc` is the area under the ROC curve. */
export interface ClassificationScore
  extends Confusion, Record<"accuracy" | "f1" | "auc" | "sensitivity" | "specificity", number> {}

/**
 * Tells whether a film is called TB: above one half, as by the larger of two logits.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isPositive } from "@/statistics/classification.ts";
 * assertEquals([0.5, 0.51].map(isPositive), [false, true]);
 * ```
 */
export function isPositive(probability: number): boolean {
  return probability > 0.5;
}

/**
 * Counts the confusion matrix.
 *
 * @param truth Class of each film, 0 or 1.
 * @param probabilities Probability of TB of each film, in [0, 1].
 * @throws {RangeError} If the two differ in length, or a class is neither 0 nor 1.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { countConfusion } from "@/statistics/classification.ts";
 * assertEquals(countConfusion([0, 0, 1], [0.1, 0.9, 0.8]), { tn: 1, fp: 1, fn: 0, tp: 1 });
 * ```
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

/**
 * Computes the share of the films that are called right.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { accuracy } from "@/statistics/classification.ts";
 * assertEquals(accuracy({ tn: 756, fp: 4, fn: 6, tp: 154 }), 910 / 920);
 * ```
 */
export function accuracy({ tn, fp, fn, tp }: Confusion): number {
  return (tn + tp) / (tn + fp + fn + tp);
}

/**
 * Computes F1 of TB, the harmonic mean of precision and sensitivity: `2 tp / (2 tp + fp + fn)`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { f1 } from "@/statistics/classification.ts";
 * assertEquals(f1({ tn: 756, fp: 4, fn: 6, tp: 154 }), 308 / 318);
 * ```
 */
export function f1({ fp, fn, tp }: Confusion): number {
  return (2 * tp) / (2 * tp + fp + fn);
}

/**
 * Computes the share of the TB films that are called TB (recall).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sensitivity } from "@/statistics/classification.ts";
 * assertEquals(sensitivity({ tn: 756, fp: 4, fn: 6, tp: 154 }), 154 / 160);
 * ```
 */
export function sensitivity({ fn, tp }: Confusion): number {
  return tp / (tp + fn);
}

/**
 * Computes the share of the healthy films that are called Healthy.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { specificity } from "@/statistics/classification.ts";
 * assertEquals(specificity({ tn: 756, fp: 4, fn: 6, tp: 154 }), 756 / 760);
 * ```
 */
export function specificity({ tn, fp }: Confusion): number {
  return tn / (tn + fp);
}

/**
 * Computes the area under the ROC curve: the share of pairs of a TB and a healthy film in which the
 * TB film has the higher score, a tie counting one half (Mann-Whitney U by mean ranks).
 *
 * @param truth Class of each film, 0 or 1.
 * @param scores Any number that grows with the evidence for TB.
 * @returns NaN if one of the classes is missing or a score is NaN.
 * @throws {RangeError} If the two differ in length, or a class is neither 0 nor 1.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { auc } from "@/statistics/classification.ts";
 * assertEquals(auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 0.75); // scikit-learn's example
 * ```
 */
export function auc(truth: ArrayLike<number>, scores: ArrayLike<number>): number {
  checkPairs(truth, scores);
  const ranks = midRanks(scores);
  const positiveRanks = ranks.filter((_, i) => truth[i] === 1);
  const positives = positiveRanks.length;
  const sum = positiveRanks.reduce((total, rank) => total + rank, 0);
  return (sum - (positives * (positives + 1)) / 2) / (positives * (ranks.length - positives));
}

/**
 * Ranks values from 1; equal values share the mean of their places. A NaN makes all ranks NaN.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { midRanks } from "@/statistics/classification.ts";
 * assertEquals([...midRanks([0.5, 0.1, 0.5])], [2.5, 1, 2.5]);
 * ```
 */
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
 * Computes all scores of a set of films.
 *
 * @param truth Class of each film, 0 or 1.
 * @param probabilities Probability of TB of each film, in [0, 1].
 * @throws {RangeError} If the two differ in length, or a class is neither 0 nor 1.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { score } from "@/statistics/classification.ts";
 * const { tp, fn, f1 } = score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]);
 * assertEquals({ tp, fn, f1 }, { tp: 1, fn: 1, f1: 2 / 3 });
 * ```
 */
export function score(
  truth: ArrayLike<number>,
  probabilities: ArrayLike<number>,
): ClassificationScore {
  const counts = countConfusion(truth, probabilities);
  return {
    ...{ accuracy: accuracy(counts), f1: f1(counts), auc: auc(truth, probabilities) },
    ...{ sensitivity: sensitivity(counts), specificity: specificity(counts) },
    ...counts,
  };
}

/**
 * Checks that each film has a class, 0 or 1, and a value.
 *
 * @throws {RangeError} If the two differ in length, or a class is neither 0 nor 1.
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { checkPairs } from "@/statistics/classification.ts";
 * assertThrows(() => checkPairs([0, 2], [0.1, 0.9]), RangeError);
 * ```
 */
export function checkPairs(truth: ArrayLike<number>, values: ArrayLike<number>): void {
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
