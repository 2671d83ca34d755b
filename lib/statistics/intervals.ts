/**
 * Confidence intervals: what else than the measured value the films would be compatible with.
 * @module
 */
import { normalQuantile, studentQuantile } from "@/statistics/distributions.ts";

/** The confidence of every interval of this project. */
export const CONFIDENCE = 0.95;

/** From `low` to `high`, both included. */
export interface Interval {
  low: number;
  high: number;
}

/** A measured value and its interval. */
export interface Estimate extends Interval {
  value: number;
}

/** By how many standard errors an interval reaches to either side: 1.96 for 95%. */
export function zOf(confidence: number): number {
  return normalQuantile((1 + confidence) / 2);
}

/**
 * A share and its Wilson score interval (Wilson, 1927), which stays in [0, 1] and keeps its promise also for shares
 * near 0 and 1, where the usual `p +- 1.96 se` does not.
 *
 * @param successes At most `trials`.
 * @returns NaN for value and interval if there is no trial.
 * @throws {RangeError} If the counts are no counts.
 */
export function wilson(
  successes: number,
  { trials, confidence = CONFIDENCE }: { trials: number; confidence?: number },
): Estimate {
  const isCount = (count: number) => Number.isInteger(count) && count >= 0;
  if (!isCount(successes) || !isCount(trials) || successes > trials) {
    throw new RangeError(`Cannot take ${successes} of ${trials} as a share: they are no counts`);
  }
  if (trials === 0) return { value: NaN, low: NaN, high: NaN };
  const z2 = zOf(confidence) ** 2;
  const value = successes / trials;
  const centre = (successes + z2 / 2) / (trials + z2);
  const spread = Math.sqrt(z2 * (successes * (1 - value) + z2 / 4)) / (trials + z2);
  return {
    value,
    // At the ends rounding would leave 1e-17 where the formula gives 0.
    low: successes === 0 ? 0 : centre - spread,
    high: successes === trials ? 1 : centre + spread,
  };
}

/**
 * The mean of measurements and Student's interval of it.
 *
 * @param values At least two.
 */
export function meanOf(values: readonly number[]): Estimate {
  const { mean, deviation } = momentsOf(values);
  const t = studentQuantile((1 + CONFIDENCE) / 2, values.length - 1);
  const reach = (t * deviation) / Math.sqrt(values.length);
  return { value: mean, low: mean - reach, high: mean + reach };
}

/** Mean and standard deviation of a sample; the latter is NaN of a single value. */
export function momentsOf(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}
