/**
 * The ROC and the precision-recall curve, and points on them that a use of the network would choose.
 *
 * A film is called TB when its score is at least the threshold.
 * @module
 */
import { type Confusion, sensitivity, specificity } from "@/metrics.ts";
import { type Estimate, wilson } from "@/statistics/intervals.ts";

/** What a threshold gives. */
export interface Threshold extends Confusion {
  /** The lowest score that is called TB; Infinity where no film is. */
  threshold: number;
}

/**
 * Counts the films at every threshold that changes a decision, from "none is TB" downwards.
 *
 * @param truth Class of each film, 0 or 1.
 * @param scores Any number that grows with the evidence for TB.
 * @returns From `tp = fp = 0` to `tn = fn = 0`; one entry for each different score, and the first.
 */
export function thresholds(truth: ArrayLike<number>, scores: ArrayLike<number>): Threshold[] {
  const order = Array.from(truth, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  const tb = order.filter((i) => truth[i] === 1).length;
  const counts = { tn: order.length - tb, fp: 0, fn: tb, tp: 0 };
  const found: Threshold[] = [{ threshold: Infinity, ...counts }];
  order.forEach((i, place) => {
    if (truth[i] === 1) {
      counts.tp++;
      counts.fn--;
    } else {
      counts.fp++;
      counts.tn--;
    }
    const next = order[place + 1];
    // Films of one score are called TB together.
    if (next === undefined || scores[next] !== scores[i]) {
      found.push({ threshold: scores[i]!, ...counts });
    }
  });
  return found;
}

/** A point of a curve. */
export interface Point {
  x: number;
  y: number;
}

/** The ROC curve: x is 1 - specificity, y is sensitivity; from (0, 0) to (1, 1). */
export function rocCurve(counts: readonly Threshold[]): Point[] {
  return counts.map((at) => ({ x: 1 - specificity(at), y: sensitivity(at) }));
}

/** The precision-recall curve: x is recall (sensitivity), y is precision; the threshold above all films has none. */
export function precisionRecallCurve(counts: readonly Threshold[]): Point[] {
  return counts.slice(1).map((at) => ({ x: sensitivity(at), y: at.tp / (at.tp + at.fp) }));
}

/** Area under the precision-recall curve by steps: the mean precision over the TB films, as scikit-learn has it. */
export function averagePrecision(counts: readonly Threshold[]): number {
  const points = precisionRecallCurve(counts);
  return points.reduce((area, { x, y }, i) => area + (x - (points[i - 1]?.x ?? 0)) * y, 0);
}

/** What a threshold gives, with Wilson intervals. */
export interface OperatingPoint {
  threshold: number;
  sensitivity: Estimate;
  specificity: Estimate;
}

/** The threshold with the highest sensitivity among those with at least this specificity. */
export function atSpecificity(counts: readonly Threshold[], wanted: number): OperatingPoint {
  const { tp } = counts.findLast((at) => specificity(at) >= wanted)!;
  // Of those that find as many, the one with the fewest false alarms.
  return operatingPoint(counts.find((at) => at.tp === tp)!);
}

/** The threshold with the highest specificity among those with at least this sensitivity. */
export function atSensitivity(counts: readonly Threshold[], wanted: number): OperatingPoint {
  const { fp } = counts.find((at) => sensitivity(at) >= wanted)!;
  return operatingPoint(counts.findLast((at) => at.fp === fp)!);
}

/** What a threshold that was chosen elsewhere gives on these films. */
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
