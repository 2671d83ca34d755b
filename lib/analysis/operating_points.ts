/**
 * What a network would do in use: thresholds for a purpose, and what its decisions are worth where TB is rare.
 * @module
 */
import { columns } from "@/analysis/scores.ts";
import { percent, percentInterval } from "@/analysis/words.ts";
import type { Prediction } from "@/results.ts";
import {
  atSensitivity,
  atSpecificity,
  atThreshold,
  averagePrecision,
  type OperatingPoint,
  type Point,
  precisionRecallCurve,
  rocCurve,
  type Threshold,
  thresholds,
} from "@/statistics/curves.ts";
import { type PredictiveValues, predictiveValues } from "@/statistics/predictive_values.ts";

/**
 * The least that the WHO asks of a triage test for tuberculosis: 90% sensitivity at 70% specificity (High-priority
 * target product profiles for new tuberculosis diagnostics, WHO/HTM/TB/2014.18).
 */
export const WHO_TRIAGE = { sensitivity: 0.9, specificity: 0.7 };

/** Shares of people with TB for which predictive values are given. */
const PREVALENCES = [0.01, 0.1];

/** A threshold for a purpose. */
export interface ChosenPoint extends OperatingPoint {
  purpose: "probability one half" | "90% specificity" | "95% specificity" | "WHO triage";
  /** The set whose curve the threshold was read off; null if it was not. */
  chosenOn: "test" | "validation" | null;
  predictiveValues: PredictiveValues[];
}

/** A network in use. */
export interface Operation {
  roc: Point[];
  precisionRecall: Point[];
  averagePrecision: number;
  points: ChosenPoint[];
  /** Whether the WHO's target for triage is met, in a sentence. */
  triage: string;
}

/**
 * Describes a network in use.
 *
 * @param options.validation Chooses the thresholds if there is one. Otherwise they are read off the test set's own
 * curve, which is a little optimistic.
 */
export function describeOperation(
  test: readonly Prediction[],
  { validation }: { validation: readonly Prediction[] | null },
): Operation {
  const counts = countsOf(test);
  const chosenOn = validation === null ? "test" : "validation";
  const chooseOn = validation === null ? counts : countsOf(validation);
  const apply = ({ threshold }: OperatingPoint) => atThreshold(counts, threshold);
  const points = [
    // A film is TB above one half, as in all of the tables.
    { ...atThreshold(counts, nextAfterHalf), purpose: "probability one half", chosenOn: null },
    { ...apply(atSpecificity(chooseOn, 0.9)), purpose: "90% specificity", chosenOn },
    { ...apply(atSpecificity(chooseOn, 0.95)), purpose: "95% specificity", chosenOn },
    { ...apply(atSensitivity(chooseOn, WHO_TRIAGE.sensitivity)), purpose: "WHO triage", chosenOn },
  ] as const;
  return {
    roc: rocCurve(counts),
    precisionRecall: precisionRecallCurve(counts),
    averagePrecision: averagePrecision(counts),
    points: points.map((point) => ({
      ...point,
      predictiveValues: PREVALENCES.map((prevalence) => predictiveValues(prevalence, point)),
    })),
    triage: triageInWords(points[3]),
  };
}

/** The float32 above one half: the first probability that {@linkcode isPositive} calls TB. */
const nextAfterHalf = 0.5 + 2 ** -24;

function countsOf(predictions: readonly Prediction[]): Threshold[] {
  const { truth, probabilities } = columns(predictions);
  return thresholds(truth, probabilities);
}

function triageInWords({ sensitivity, specificity, threshold }: OperatingPoint): string {
  const met = sensitivity.value >= WHO_TRIAGE.sensitivity &&
    specificity.value >= WHO_TRIAGE.specificity;
  const surely = sensitivity.low >= WHO_TRIAGE.sensitivity &&
    specificity.low >= WHO_TRIAGE.specificity;
  const verdict = surely
    ? "is met on these films, the intervals' lower ends included"
    : met
    ? "is met on these films, but an interval reaches below it"
    : "is not met on these films";
  return `The WHO's target for a triage test (${percent(WHO_TRIAGE.sensitivity)} sensitivity at ` +
    `${percent(WHO_TRIAGE.specificity)} specificity) ${verdict}: at the threshold ${
      threshold.toPrecision(3)
    } sensitivity is ${percentInterval(sensitivity)}, specificity ${percentInterval(specificity)}.`;
}
