/**
 * The calibration of a network's probabilities, with and without a temperature.
 * @module
 */
import * as z from "zod";
import { columns } from "@/analysis/scores.ts";
import { NUMBER } from "@/common/json.ts";
import type { Prediction } from "@/films/film.ts";
import {
  atTemperature,
  brierScore,
  expectedCalibrationError,
  fitTemperature,
  reliability,
  RELIABILITY_BIN,
} from "@/statistics/calibration.ts";

/** The distance of probabilities from shares. */
const CALIBRATION = z.object({
  /** Expected calibration error over ten bins of equal width, in [0, 1]. */
  expectedError: NUMBER,
  /** Brier score, in [0, 1]. */
  brier: NUMBER,
  bins: z.array(RELIABILITY_BIN),
});

/** Calibration of the network, and after its logits are divided by a temperature. */
export const CALIBRATION_REPORT = z.object({
  raw: CALIBRATION,
  /** Null without a validation set: fitted on the test set it would say nothing. */
  scaled: z.object({ temperature: NUMBER, ...CALIBRATION.shape }).nullable(),
});

/** Describes the calibration of test probabilities. Validation films fit the temperature. */
export function describeCalibration(
  test: readonly Prediction[],
  { validation }: { validation: readonly Prediction[] | null },
): z.infer<typeof CALIBRATION_REPORT> {
  const { truth, probabilities } = columns(test);
  const raw = calibrationOf(truth, probabilities);
  if (validation === null) return { raw, scaled: null };
  const held = columns(validation);
  const temperature = fitTemperature(held.truth, held.probabilities);
  const scaled = probabilities.map((probability) => atTemperature(probability, temperature));
  return { raw, scaled: { temperature, ...calibrationOf(truth, scaled) } };
}

/** Describes the calibration of probabilities as they are. */
export function calibrationOf(
  truth: readonly number[],
  probabilities: readonly number[],
): z.infer<typeof CALIBRATION> {
  const bins = reliability(truth, probabilities);
  const expectedError = expectedCalibrationError(bins);
  return { expectedError, brier: brierScore(truth, probabilities), bins };
}
