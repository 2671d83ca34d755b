/**
 * Confidence intervals: the values that the films are compatible with.
 * @module
 */
import * as z from "zod";
import { NUMBER } from "@/common/json.ts";
import { normalQuantile, studentQuantile } from "@/statistics/distributions.ts";

/** The confidence of every interval of this project. */
export const CONFIDENCE = 0.95;

/** Half of an interval's width in standard errors: 1.96. */
export const Z = normalQuantile((1 + CONFIDENCE) / 2);

/** A measured value and its interval, both ends included. */
export const ESTIMATE = z.object({ value: NUMBER, low: NUMBER, high: NUMBER });
export type Estimate = z.infer<typeof ESTIMATE>;

/**
 * Computes a share and its Wilson score interval (Wilson, 1927), which stays in [0, 1] and holds
 * near 0 and 1 too, where `p +- 1.96 se` does not.
 *
 * @param successes At most `trials`.
 * @returns NaN for value and interval without a trial.
 * @throws {RangeError} If a count is not a whole number from 0, or `successes` is too high.
 * @example
 * ```ts
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 * import { wilson } from "@/statistics/intervals.ts";
 * const { low, high } = wilson(0, { trials: 10 });
 * assertEquals(low, 0);
 * assertAlmostEquals(high, 1.96 ** 2 / (10 + 1.96 ** 2), 1e-4);
 * ```
 */
export function wilson(successes: number, { trials }: { trials: number }): Estimate {
  const isCount = (count: number) => Number.isInteger(count) && count >= 0;
  if (!isCount(successes) || !isCount(trials) || successes > trials) {
    throw new RangeError(`Cannot take ${successes} of ${trials} as a share: they are no counts`);
  }
  if (trials === 0) return { value: NaN, low: NaN, high: NaN };
  const z2 = Z ** 2;
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
 * Computes the mean of measurements and Student's interval of it.
 *
 * @param values At least two.
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { meanOf } from "@/statistics/intervals.ts";
 * // The standard error is 1, and Student's t of one degree of freedom 12.706.
 * assertAlmostEquals(meanOf([0, 2]).high, 1 + 12.706, 1e-3);
 * ```
 */
export function meanOf(values: readonly number[]): Estimate {
  const { mean, deviation } = momentsOf(values);
  const t = studentQuantile((1 + CONFIDENCE) / 2, values.length - 1);
  const reach = (t * deviation) / Math.sqrt(values.length);
  return { value: mean, low: mean - reach, high: mean + reach };
}

/**
 * Computes mean and standard deviation of a sample; the latter is NaN of a single value.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { momentsOf } from "@/statistics/intervals.ts";
 * assertEquals(momentsOf([1, 3, 5]), { mean: 3, deviation: 2 });
 * ```
 */
export function momentsOf(values: readonly number[]): { mean: number; deviation: number } {
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return { mean: centre, deviation: Math.sqrt(squares / (values.length - 1)) };
}

/** Computes the arithmetic mean; NaN of no values. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
