/**
 * The area under the ROC curve with its interval, and the difference of two networks' areas, by
 * DeLong, DeLong and Clarke-Pearson (Biometrics 44, 1988), computed by ranks as Sun and Xu do (IEEE
 * Signal Processing Letters 21, 2014).
 * @module
 */
import type * as z from "zod";
import { NUMBER } from "@/common/json.ts";
import { auc, midRanks } from "@/statistics/classification.ts";
import { twoSidedNormal } from "@/statistics/distributions.ts";
import { ESTIMATE, type Estimate, Z } from "@/statistics/intervals.ts";

/** A difference of two areas, with the two-sided p-value of equal areas. */
export const AUC_DIFFERENCE = ESTIMATE.extend({ p: NUMBER });

/**
 * Computes the area under the ROC curve and its 95% interval, cut at 0 and 1.
 *
 * At an area of 1 DeLong's variance is 0. The interval then has no width and says nothing about
 * other films.
 *
 * @param truth Class of each film, 0 or 1; at least two of each.
 * @param scores Any number that grows with the evidence for TB.
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { delongAuc } from "@/statistics/delong.ts";
 * const { value, low } = delongAuc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]);
 * // Each class's placements are 1/2 and 1, of the variance 1/8: the area's is 1/16 + 1/16.
 * assertAlmostEquals(low, value - 1.96 * Math.sqrt(1 / 8), 1e-4);
 * ```
 */
export function delongAuc(truth: ArrayLike<number>, scores: ArrayLike<number>): Estimate {
  const value = auc(truth, scores);
  const placed = placements(truth, scores);
  const reach = Z * Math.sqrt(covariance(placed, placed));
  return { value, low: Math.max(0, value - reach), high: Math.min(1, value + reach) };
}

/**
 * Computes the area of one network minus that of another on the same films.
 *
 * @param truth Class of each film, 0 or 1; at least two of each.
 * @param scores Those of the one and of the other network.
 * @returns p is 1 where the two order the films alike, so that no variance is left.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { delongDifference } from "@/statistics/delong.ts";
 * const scores = [0.1, 0.4, 0.35, 0.8];
 * const none = { value: 0, low: 0, high: 0, p: 1 };
 * assertEquals(delongDifference([0, 0, 1, 1], [scores, scores]), none);
 * ```
 */
export function delongDifference(
  truth: ArrayLike<number>,
  [one, other]: readonly [ArrayLike<number>, ArrayLike<number>],
): z.infer<typeof AUC_DIFFERENCE> {
  const value = auc(truth, one) - auc(truth, other);
  const a = placements(truth, one);
  const b = placements(truth, other);
  // Rounding may leave -1e-20 where the two are the same.
  const error = Math.sqrt(Math.max(0, covariance(a, a) + covariance(b, b) - 2 * covariance(a, b)));
  const reach = Z * error;
  const p = value === 0 ? 1 : twoSidedNormal(value / error);
  return { value, low: value - reach, high: value + reach, p };
}

/** Classes and scores of a set of films. */
interface ScoredFilms {
  /** Class of each film, 0 or 1; at least two of each. */
  truth: ArrayLike<number>;
  scores: ArrayLike<number>;
}

/**
 * Computes by how much the area falls from one set of films to another. The sets have no film in
 * common, so their variances add up. The 95% interval is cut at -1 and 1.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { delongDrop } from "@/statistics/delong.ts";
 * const ranked = { truth: [0, 0, 1, 1], scores: [1, 2, 3, 4] };
 * const reversed = { truth: [1, 1, 0, 0], scores: [1, 2, 3, 4] };
 * assertEquals(delongDrop(ranked, reversed).value, 1);
 * ```
 */
export function delongDrop(from: ScoredFilms, to: ScoredFilms): Estimate {
  const [first, second] = [from, to].map(({ truth, scores }) => {
    const placed = placements(truth, scores);
    return { area: auc(truth, scores), variance: covariance(placed, placed) };
  });
  const value = first!.area - second!.area;
  const reach = Z * Math.sqrt(first!.variance + second!.variance);
  return { value, low: Math.max(-1, value - reach), high: Math.min(1, value + reach) };
}

/** The place of each film among those of the other class. */
interface Placements {
  /** For each TB film, the share of healthy films with a lower score. */
  positive: Float64Array;
  /** For each healthy film, the share of TB films with a higher score. */
  negative: Float64Array;
}

function placements(truth: ArrayLike<number>, scores: ArrayLike<number>): Placements {
  const of = (label: number) => Float64Array.from(scores).filter((_, i) => truth[i] === label);
  const [negatives, positives] = [of(0), of(1)];
  // A film's rank among all films less its rank in its own class counts the films of the other
  // class below it.
  const all = midRanks([...positives, ...negatives]);
  const ownPositive = midRanks(positives);
  const ownNegative = midRanks(negatives);
  const [m, n] = [positives.length, negatives.length];
  return {
    positive: positives.map((_, i) => (all[i]! - ownPositive[i]!) / n),
    negative: negatives.map((_, j) => 1 - (all[m + j]! - ownNegative[j]!) / m),
  };
}

/** Computes the covariance of two areas. */
function covariance(a: Placements, b: Placements): number {
  return sampleCovariance(a.positive, b.positive) / a.positive.length +
    sampleCovariance(a.negative, b.negative) / a.negative.length;
}

function sampleCovariance(a: Float64Array, b: Float64Array): number {
  const mean = (values: Float64Array) => values.reduce((sum, x) => sum + x, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  return a.reduce((sum, x, i) => sum + (x - meanA) * (b[i]! - meanB), 0) / (a.length - 1);
}
