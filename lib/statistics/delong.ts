/**
 * The area under the ROC curve with its interval, and the difference of two networks' areas on the same films, by
 * DeLong, DeLong and Clarke-Pearson (Biometrics 44, 1988), computed by ranks as Sun and Xu (IEEE Signal Processing
 * Letters 21, 2014) have it.
 * @module
 */
import { auc, midRanks } from "@/metrics.ts";
import { twoSidedNormal } from "@/statistics/distributions.ts";
import { CONFIDENCE, type Estimate, zOf } from "@/statistics/intervals.ts";

/** A difference of two areas. */
export interface AucDifference extends Estimate {
  /** Two-sided, of the hypothesis that the areas are the same. */
  p: number;
}

/**
 * The area under the ROC curve with its interval, cut at 0 and 1.
 *
 * Where the classes are fully separated (an area of 1) the variance that DeLong estimates is 0 and the interval has
 * no width: it then says nothing about other films.
 *
 * @param truth Class of each film, 0 or 1; at least two of each.
 * @param scores Any number that grows with the evidence for TB.
 */
export function delongAuc(
  truth: ArrayLike<number>,
  { scores, confidence = CONFIDENCE }: { scores: ArrayLike<number>; confidence?: number },
): Estimate {
  const value = auc(truth, scores);
  const placed = placements(truth, scores);
  const reach = zOf(confidence) * Math.sqrt(covariance(placed, placed));
  return { value, low: Math.max(0, value - reach), high: Math.min(1, value + reach) };
}

/**
 * The area of one network minus that of another on the same films.
 *
 * @param truth Class of each film, 0 or 1; at least two of each.
 * @param options.scores Of the one and of the other network.
 * @returns p is 1 where the two order the films alike, so that no variance is left.
 */
export function delongDifference(
  truth: ArrayLike<number>,
  { scores: [one, other], confidence = CONFIDENCE }: {
    scores: readonly [ArrayLike<number>, ArrayLike<number>];
    confidence?: number;
  },
): AucDifference {
  const value = auc(truth, one) - auc(truth, other);
  const a = placements(truth, one);
  const b = placements(truth, other);
  // Rounding may leave -1e-20 where the two are the same.
  const variance = Math.max(0, covariance(a, a) + covariance(b, b) - 2 * covariance(a, b));
  const error = Math.sqrt(variance);
  const reach = zOf(confidence) * error;
  return {
    value,
    low: value - reach,
    high: value + reach,
    p: value === 0 ? 1 : twoSidedNormal(value / error),
  };
}

/** Where each film stands among those of the other class. */
interface Placements {
  /** For each TB film, the share of healthy films with a lower score. */
  positive: Float64Array;
  /** For each healthy film, the share of TB films with a higher score. */
  negative: Float64Array;
}

function placements(truth: ArrayLike<number>, scores: ArrayLike<number>): Placements {
  const of = (label: number) => Float64Array.from(scores).filter((_, i) => truth[i] === label);
  const [negatives, positives] = [of(0), of(1)];
  // A film's rank among all films less its rank in its own class counts the films of the other class below it.
  const all = midRanks([...positives, ...negatives]);
  const ownPositive = midRanks(positives);
  const ownNegative = midRanks(negatives);
  const m = positives.length;
  const n = negatives.length;
  return {
    positive: positives.map((_, i) => (all[i]! - ownPositive[i]!) / n),
    negative: negatives.map((_, j) => 1 - (all[m + j]! - ownNegative[j]!) / m),
  };
}

/** Covariance of two areas. */
function covariance(a: Placements, b: Placements): number {
  return sampleCovariance(a.positive, b.positive) / a.positive.length +
    sampleCovariance(a.negative, b.negative) / a.negative.length;
}

function sampleCovariance(a: Float64Array, b: Float64Array): number {
  const mean = (values: Float64Array) => values.reduce((sum, x) => sum + x, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  return a.reduce((sum, x, i) => sum + (x - meanA) * (b[i]! - meanB), 0) / (a.length - 1);
}
