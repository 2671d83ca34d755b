/**
 * The tables of how networks would do in use: operating points and calibration.
 * @module
 */
import type { Summary } from "@/analysis/summary.ts";
import { type AnalysisTable, spread } from "@/analysis/table_files.ts";
import { percentInterval } from "@/analysis/words.ts";

/** Thresholds for a purpose, with predictive values. */
export function operatingPointsTable(
  { experiments, classes: [, positiveName] }: Summary,
): AnalysisTable {
  const points = experiments.flatMap(({ experiment, operatingPoints }) =>
    operatingPoints.map((point) => ({ experiment, ...point }))
  );
  return {
    name: "operating_points",
    title: "Operating points and predictive values",
    csv: points.map(({ experiment, purpose, chosenOn, threshold, predictiveValues, ...point }) => ({
      experiment,
      purpose,
      threshold_chosen_on: chosenOn,
      threshold,
      ...spread("sensitivity", point.sensitivity),
      ...spread("specificity", point.specificity),
      ...Object.assign(
        {},
        ...predictiveValues.map(({ prevalence, positive, negative }) => ({
          ...spread(`ppv_at_${100 * prevalence}_percent`, positive),
          ...spread(`npv_at_${100 * prevalence}_percent`, negative),
        })),
      ),
    })),
    markdown: points.map(({ experiment, purpose, predictiveValues, ...point }) => ({
      "Experiment": experiment,
      "Purpose": purpose,
      "Threshold": Number.isFinite(point.threshold) ? point.threshold.toPrecision(3) : "above all",
      "Sensitivity": percentInterval(point.sensitivity),
      "Specificity": percentInterval(point.specificity),
      ...Object.fromEntries(
        predictiveValues.map(({ prevalence, positive }) => [
          `${positiveName} of those called ${positiveName}, at ${100 * prevalence}% prevalence`,
          percentInterval(positive),
        ]),
      ),
    })),
  };
}

/** Calibration, before and after scaling. */
export function calibrationTable({ experiments }: Summary): AnalysisTable {
  const rows = experiments.flatMap(({ experiment, calibration: { raw, scaled } }) => [
    { experiment, temperature: 1, ...raw },
    ...(scaled === null ? [] : [{ experiment, ...scaled }]),
  ]);
  return {
    name: "calibration",
    title: "Calibration",
    csv: rows.flatMap(({ experiment, temperature, expectedError, brier, bins }) =>
      bins.map((bin) => ({
        experiment,
        temperature,
        expected_error: expectedError,
        brier,
        bin_low: bin.low,
        bin_high: bin.high,
        films: bin.films,
        mean_probability: bin.meanProbability,
        share_tb: bin.shareTb,
      }))
    ),
    markdown: rows.map(({ experiment, temperature, expectedError, brier }) => ({
      "Experiment": experiment,
      "Temperature": temperature.toFixed(3),
      "Expected calibration error": expectedError.toFixed(4),
      "Brier score": brier.toFixed(4),
    })),
  };
}
