/**
 * The ROC and the precision-recall curve, points on them for a purpose, and what a decision there
 * is worth where TB is rarer. A film is called TB when its score is at least the threshold.
 * @module
 */
import * as z from "zod";
import { NUMBER } from "@/common/json.ts";
import { type Confusion, sensitivity, specificity } from "@/statistics/classification.ts";
import { ESTIMATE, type Estimate, wilson } from "@/statistics/intervals.ts";

/** The counts at a threshold. */
interface Threshold extends Confusion {
  /** The lowest score that is called TB; Infinity where no film is. */
  threshold: number;
}

/**
 * Counts the films at every threshold that changes a decision, from "none is TB" downwards.
 *
 * @param truth Class of each film, 0 or 1.
 * @param scores Any number that grows with the evidence for TB.
 * @returns From `tp = fp = 0` to `tn = fn = 0`: an entry for Infinity and for each different score.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { thresholds } from "@/statistics/curves.ts";
 * const [none, first] = thresholds([0, 1, 1], [0.2, 0.5, 0.9]);
 * assertEquals(none, { threshold: Infinity, tn: 1, fp: 0, fn: 2, tp: 0 });
 * assertEquals(first, { threshold: 0.9, tn: 1, fp: 0, fn: 1, tp: 1 });
 * ```
 */
export function thresholds(truth: ArrayLike<number>, scores: ArrayLike<number>): Threshold[] {
  const order = Array.from(truth, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  const tb = order.filter((i) => truth[i] === 1).length;
  const counts = { tn: order.length - tb, fp: 0, fn: tb, tp: 0 };
  const found: Threshold[] = [{ threshold: Infinity, ...counts }];
  order.forEach((i, place) => {
    counts[truth[i] === 1 ? "tp" : "fp"]++;
    counts[truth[i] === 1 ? "fn" : "tn"]--;
    const next = order[place + 1];
    // Films of one score are called TB together.
    if (next === undefined || scores[next] !== scores[i]) {
      found.push({ threshold: scores[i]!, ...counts });
    }
  });
  return found;
}

/** A point of a curve. */
export const POINT = z.object({ x: NUMBER, y: NUMBER });
export type Point = z.infer<typeof POINT>;

/**
 * Computes the ROC curve: x is 1 - specificity, y is sensitivity; from (0, 0) to (1, 1).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { rocCurve, thresholds } from "@/statistics/curves.ts";
 * const roc = rocCurve(thresholds([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]));
 * assertEquals(roc.map(({ x }) => x), [0, 0, 0.5, 0.5, 1]); // scikit-learn's example
 * assertEquals(roc.map(({ y }) => y), [0, 0.5, 0.5, 1, 1]);
 * ```
 */
export function rocCurve(counts: readonly Threshold[]): Point[] {
  return counts.map((at) => ({ x: 1 - specificity(at), y: sensitivity(at) }));
}

/**
 * Computes the precision-recall curve: x is recall (sensitivity), y is precision. The threshold
 * above all films has no point.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { precisionRecallCurve, thresholds } from "@/statistics/curves.ts";
 * const points = precisionRecallCurve(thresholds([0, 1], [0.9, 0.5]));
 * assertEquals(points, [{ x: 0, y: 0 }, { x: 1, y: 0.5 }]);
 * ```
 */
export function precisionRecallCurve(counts: readonly Threshold[]): Point[] {
  return counts.slice(1).map((at) => ({ x: sensitivity(at), y: at.tp / (at.tp + at.fp) }));
}

/**
 * Computes the area under the precision-recall curve by steps, as scikit-learn does: the mean
 * precision over the TB films.
 *
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { averagePrecision, thresholds } from "@/statistics/curves.ts";
 * const counts = thresholds([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]); // scikit-learn's example
 * assertAlmostEquals(averagePrecision(counts), (1 + 2 / 3) / 2);
 * ```
 */
export function averagePrecision(counts: readonly Threshold[]): number {
  const points = precisionRecallCurve(counts);
  return points.reduce((area, { x, y }, i) => area + (x - (points[i - 1]?.x ?? 0)) * y, 0);
}

/** A threshold and its scores, with Wilson intervals. */
export const OPERATING_POINT = z.object({
  /** NaN when read from a file, if it is above all films. */
  threshold: NUMBER,
  sensitivity: ESTIMATE,
  specificity: ESTIMATE,
});
export type OperatingPoint = z.infer<typeof OPERATING_POINT>;

/**
 * Finds the threshold with the highest sensitivity among those with at least this specificity.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { atSpecificity, thresholds } from "@/statistics/curves.ts";
 * const counts = thresholds([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]);
 * assertEquals(atSpecificity(counts, 0.9).threshold, 0.8);
 * ```
 */
export function atSpecificity(counts: readonly Threshold[], wanted: number): OperatingPoint {
  const { tp } = counts.findLast((at) => specificity(at) >= wanted)!;
  // Of those that find as many, the one with the fewest false alarms.
  return operatingPoint(counts.find((at) => at.tp === tp)!);
}

/**
 * Finds the threshold with the highest specificity among those with at least this sensitivity.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { atSensitivity, thresholds } from "@/statistics/curves.ts";
 * const counts = thresholds([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]);
 * assertEquals(atSensitivity(counts, 0.9).threshold, 0.35);
 * ```
 */
export function atSensitivity(counts: readonly Threshold[], wanted: number): OperatingPoint {
  const { fp } = counts.find((at) => sensitivity(at) >= wanted)!;
  return operatingPoint(counts.findLast((at) => at.fp === fp)!);
}

/**
 * Applies a threshold that was chosen on other films.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { atThreshold, thresholds } from "@/statistics/curves.ts";
 * const { sensitivity } = atThreshold(thresholds([0, 1, 1], [0.2, 0.4, 0.8]), 0.5);
 * assertEquals(sensitivity.value, 0.5);
 * ```
 */
export function atThreshold(counts: readonly Threshold[], threshold: number): OperatingPoint {
  return { ...operatingPoint(counts.findLast((at) => at.threshold >= threshold)!), threshold };
}

function operatingPoint({ threshold, tn, fp, fn, tp }: Threshold): OperatingPoint {
  return {
    threshold,
    sensitivity: wilson(tp, { trials: tp + fn }),
    specificity: wilson(tn, { trials: tn + fp }),
  };
}

/** Predictive values where a share of the people have TB. */
export const PREDICTIVE_VALUES = z.object({
  /** Share of people with TB, in (0, 1). */
  prevalence: z.number(),
  /** Share with TB of those whose film is called TB. */
  positive: ESTIMATE,
  /** Share without TB of those whose film is called Healthy. */
  negative: ESTIMATE,
});

/**
 * Computes predictive values by Bayes' rule. Their ranges join the lower ends of the intervals of
 * sensitivity and specificity, and the upper ends: wider than 95% intervals, never narrower.
 *
 * @param prevalence Share of people with TB, in (0, 1).
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { predictiveValues } from "@/statistics/curves.ts";
 * const share = (value: number) => ({ value, low: 0, high: 1 });
 * const scores = { sensitivity: share(0.9), specificity: share(0.7) };
 * const { positive } = predictiveValues(0.01, scores);
 * // Of 1,000 people 10 have TB: 9 of them and 297 others are called TB.
 * assertAlmostEquals(positive.value, 9 / (9 + 297));
 * ```
 */
export function predictiveValues(
  prevalence: number,
  { sensitivity, specificity }: { sensitivity: Estimate; specificity: Estimate },
): z.infer<typeof PREDICTIVE_VALUES> {
  const positive = (end: keyof Estimate) => {
    const right = sensitivity[end] * prevalence;
    return right / (right + (1 - specificity[end]) * (1 - prevalence));
  };
  const negative = (end: keyof Estimate) => {
    const right = specificity[end] * (1 - prevalence);
    return right / (right + (1 - sensitivity[end]) * prevalence);
  };
  const atEnds = (of: (end: keyof Estimate) => number) => (
    { value: of("value"), low: of("low"), high: of("high") }
  );
  return { prevalence, positive: atEnds(positive), negative: atEnds(negative) };
}
