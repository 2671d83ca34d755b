/**
 * A network in use: thresholds for a purpose, and the worth of its decisions where TB is rare.
 * @module
 */
import * as z from "zod";
import { percent, percentInterval } from "@/analysis/format.ts";
import { columns } from "@/analysis/scores.ts";
import type { Prediction } from "@/films/film.ts";
import {
  atSensitivity,
  atSpecificity,
  atThreshold,
  averagePrecision,
  OPERATING_POINT,
  type OperatingPoint,
  precisionRecallCurve,
  PREDICTIVE_VALUES,
  predictiveValues,
  rocCurve,
  thresholds,
} from "@/statistics/curves.ts";

/**
 * The least that the WHO asks of a triage test for tuberculosis: 90% sensitivity at 70% specificity
 * (High-priority target product profiles for new tuberculosis diagnostics, WHO/HTM/TB/2014.18).
 */
const WHO_TRIAGE = { sensitivity: 0.9, specificity: 0.7 };

/** Shares of people with TB for which predictive values are given. */
const PREVALENCES = [0.01, 0.1];

/** The float32 above one half: the first probability that is called TB. */
const NEXT_AFTER_HALF = 0.5 + 2 ** -24;

/** A threshold for a purpose. */
export const CHOSEN_POINT = OPERATING_POINT.extend({
  purpose: z.enum(["probability one half", "90% specificity", "95% specificity", "WHO triage"]),
  /** The set whose curve the threshold was chosen on; null if it is fixed. */
  chosenOn: z.enum(["test", "validation"]).nullable(),
  predictiveValues: z.array(PREDICTIVE_VALUES),
});

/**
 * Describes a network in use.
 *
 * @param options.validation Chooses the thresholds. Without it the test set does, which is a little
 * optimistic.
 */
export function describeOperation(
  test: readonly Prediction[],
  { validation }: { validation: readonly Prediction[] | null },
) {
  const countsOf = (predictions: readonly Prediction[]) => {
    const { truth, probabilities } = columns(predictions);
    return thresholds(truth, probabilities);
  };
  const counts = countsOf(test);
  const chosenOn = validation === null ? "test" : "validation";
  const chooseOn = countsOf(validation ?? test);
  const apply = ({ threshold }: OperatingPoint) => atThreshold(counts, threshold);
  const points = [
    { ...atThreshold(counts, NEXT_AFTER_HALF), purpose: "probability one half", chosenOn: null },
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

function triageInWords({ sensitivity, specificity, threshold }: OperatingPoint): string {
  const meets = (end: "value" | "low") =>
    sensitivity[end] >= WHO_TRIAGE.sensitivity && specificity[end] >= WHO_TRIAGE.specificity;
  const verdict = meets("low")
    ? "is met on these films, the intervals' lower ends included"
    : meets("value")
    ? "is met on these films, but an interval reaches below it"
    : "is not met on these films";
  return `The WHO's target for a triage test (${percent(WHO_TRIAGE.sensitivity)} sensitivity at ` +
    `${percent(WHO_TRIAGE.specificity)} specificity) ${verdict}: at the threshold ` +
    `${threshold.toPrecision(3)} sensitivity is ${percentInterval(sensitivity)}, ` +
    `specificity ${percentInterval(specificity)}.`;
}
