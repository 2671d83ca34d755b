/**
 * Calibration on films of another source, in three numbers (Van Calster et al., BMC Medicine
 * 17:230, 2019, doi:10.1186/s12916-019-1466-7).
 * @module
 */
import * as z from "zod";
import { logit, sigmoid } from "@/statistics/calibration.ts";
import { ESTIMATE, type Estimate, Z } from "@/statistics/intervals.ts";
import { fitLogisticRegression, logisticScores } from "@/statistics/logistic_regression.ts";

/** The distance of probabilities from the films' classes; each number is NaN where undefined. */
export const RECALIBRATION = z.object({
  /** Calibration in the large: 0 is best, below 0 the probabilities are too high on the whole. */
  intercept: ESTIMATE,
  /** 1 is best; below 1 the probabilities are too extreme. */
  slope: ESTIMATE,
  /** Films with TB over the sum of the probabilities: 1 is best. */
  observedOverExpected: ESTIMATE,
});

/** An inverse penalty that leaves a fit as it would be without one, to nine digits. */
const NO_PENALTY = 1e9;

const UNDEFINED: Estimate = { value: NaN, low: NaN, high: NaN };

/**
 * Computes the calibration intercept (of a logistic regression whose slope is 1), the calibration
 * slope, both with Wald's interval, and observed over expected, with an interval on the log scale
 * (Debray et al., BMJ 356:i6460, 2017, appendix).
 *
 * @param truth Class of each film, 0 or 1. With one class alone, all numbers are NaN.
 * @param probabilities Probability of TB of each, a float32. The slope is NaN if a threshold
 * separates the classes.
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { recalibrate } from "@/statistics/recalibration.ts";
 * // Two of four films have TB, and one is expected.
 * const { intercept, observedOverExpected } = recalibrate([0, 1, 0, 1], [0.25, 0.25, 0.25, 0.25]);
 * assertAlmostEquals(intercept.value, Math.log(3));
 * assertAlmostEquals(observedOverExpected.value, 2);
 * ```
 */
export function recalibrate(
  truth: readonly number[],
  probabilities: readonly number[],
): z.infer<typeof RECALIBRATION> {
  const logits = probabilities.map(logit);
  const tb = truth.filter((label) => label === 1).length;
  const hasBoth = tb > 0 && tb < truth.length;
  const expected = probabilities.reduce((sum, p) => sum + p, 0);
  return {
    intercept: hasBoth ? interceptOf(tb, logits) : UNDEFINED,
    slope: hasBoth && overlap(truth, logits) ? slopeOf(truth, logits) : UNDEFINED,
    observedOverExpected: hasBoth
      ? ratioOf({ observed: tb, expected, films: truth.length })
      : UNDEFINED,
  };
}

/** Finds the number that, added to all logits, makes the expected films with TB the observed. */
function interceptOf(tb: number, logits: readonly number[]): Estimate {
  const moved = (by: number) => logits.map((x) => sigmoid(x + by));
  const excess = (by: number) => moved(by).reduce((sum, p) => sum + p, -tb);
  // Beyond these ends all probabilities are 0 or 1.
  let [low, high] = [-Math.max(...logits) - 40, 40 - Math.min(...logits)];
  while (high - low > 1e-12) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (excess(middle) > 0) high = middle;
    else low = middle;
  }
  const value = (low + high) / 2;
  const information = moved(value).reduce((sum, p) => sum + p * (1 - p), 0);
  return around(value, 1 / Math.sqrt(information));
}

/** Fits `P(TB) = sigmoid(intercept + slope * logit)`. */
function slopeOf(truth: readonly number[], logits: readonly number[]): Estimate {
  const rows = logits.map((x) => [x]);
  const model = fitLogisticRegression(rows, { labels: truth, c: NO_PENALTY });
  const weights = Array.from(logisticScores(model, rows), (score) => {
    const p = sigmoid(score);
    return p * (1 - p);
  });
  const sum = (of: (x: number) => number) =>
    weights.reduce((total, weight, i) => total + weight * of(logits[i]!), 0);
  const [ones, centre] = [sum(() => 1), sum((x) => x) / sum(() => 1)];
  const information = ones === 0 ? 0 : sum((x) => (x - centre) ** 2);
  return around(model.weights[0]! / model.deviations[0]!, 1 / Math.sqrt(information));
}

/** Tells whether no threshold separates the classes, so that the best slope is finite. */
function overlap(truth: readonly number[], logits: readonly number[]): boolean {
  const of = (label: number) => logits.filter((_, i) => truth[i] === label);
  const [healthy, tb] = [of(0), of(1)];
  return Math.max(...healthy) > Math.min(...tb) && Math.max(...tb) > Math.min(...healthy);
}

function ratioOf(
  { observed, expected, films }: { observed: number; expected: number; films: number },
): Estimate {
  const value = observed / expected;
  const reach = Math.exp(Z * Math.sqrt((1 - observed / films) / observed));
  return { value, low: value / reach, high: value * reach };
}

function around(value: number, error: number): Estimate {
  return { value, low: value - Z * error, high: value + Z * error };
}
