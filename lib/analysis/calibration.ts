/**
 * Whether a network's probabilities can be taken as such, and what one number fitted on other films mends.
 * @module
 */
import { columns } from "@/analysis/scores.ts";
import type { Prediction } from "@/results.ts";
import {
  atTemperature,
  brierScore,
  expectedCalibrationError,
  fitTemperature,
  reliability,
  type ReliabilityBin,
} from "@/statistics/calibration.ts";

/** How far probabilities are from shares. */
export interface Calibration {
  /** Expected calibration error over ten bins of equal width, in [0, 1]. */
  expectedError: number;
  /** In [0, 1]. */
  brier: number;
  bins: ReliabilityBin[];
}

/** Calibration as the network has it, and after its logits are divided by a temperature. */
export interface CalibrationReport {
  raw: Calibration;
  /** Null without a validation set: fitted on the test set it would say nothing. */
  scaled: (Calibration & { temperature: number }) | null;
}

/** Describes how calibrated test probabilities are, with a temperature fitted on validation films if there are any. */
export function describeCalibration(
  test: readonly Prediction[],
  { validation }: { validation: readonly Prediction[] | null },
): CalibrationReport {
  const { truth, probabilities } = columns(test);
  const raw = calibrationOf(truth, probabilities);
  if (validation === null) return { raw, scaled: null };
  const held = columns(validation);
  const temperature = fitTemperature(held.truth, held.probabilities);
  const scaled = probabilities.map((probability) => atTemperature(probability, temperature));
  return { raw, scaled: { temperature, ...calibrationOf(truth, scaled) } };
}

function calibrationOf(truth: readonly number[], probabilities: readonly number[]): Calibration {
  const bins = reliability(truth, probabilities);
  return {
    expectedError: expectedCalibrationError(bins),
    brier: brierScore(truth, probabilities),
    bins,
  };
}
