/**
 * The bootstrap: how much a number would vary with other films of the same kind.
 * @module
 */
import type { Prng } from "@/common/random.ts";
import { CONFIDENCE, type Estimate } from "@/statistics/intervals.ts";
import { quantileSorted } from "@/statistics/quantiles.ts";

/** A number computed from the films' classes and probabilities of TB. */
export type Statistic = (truth: Uint8Array, probabilities: Float64Array) => number;

/** Resamples behind an interval. */
const RESAMPLES = 2000;

/**
 * Computes a number and its percentile interval (Efron, 1979). The films of each class are drawn
 * with replacement, so that every resample has the same balance of classes.
 *
 * @param truth Class of each film, 0 or 1.
 * @param options.prng The same stream gives the same interval.
 * @returns Resamples in which the number is NaN are left out.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createPrng } from "@/common/random.ts";
 * import { stratifiedBootstrap } from "@/statistics/bootstrap.ts";
 * const shareOfTb = (truth: Uint8Array) => truth.filter((label) => label === 1).length / 4;
 * const options = { probabilities: [0, 0, 0, 1], statistic: shareOfTb, prng: createPrng(0) };
 * assertEquals(stratifiedBootstrap([0, 0, 0, 1], options).low, 0.25);
 * ```
 */
export function stratifiedBootstrap(
  truth: ArrayLike<number>,
  { probabilities, statistic, prng }: {
    probabilities: ArrayLike<number>;
    statistic: Statistic;
    prng: Prng;
  },
): Estimate {
  const classes = Uint8Array.from(truth);
  const values = Float64Array.from(probabilities);
  const drawnClasses = classes.toSorted();
  const drawn = new Float64Array(values.length);
  const strata = [0, 1].map((label) => values.filter((_, i) => classes[i] === label));
  const replicates = Array.from({ length: RESAMPLES }, () => {
    let next = 0;
    for (const stratum of strata) {
      for (let n = 0; n < stratum.length; n++) {
        drawn[next++] = stratum[prng.integer(stratum.length)]!;
      }
    }
    return statistic(drawnClasses, drawn);
  });
  const sorted = Float64Array.from(replicates.filter((value) => !Number.isNaN(value))).sort();
  return {
    value: statistic(classes, values),
    low: quantileSorted(sorted, (1 - CONFIDENCE) / 2),
    high: quantileSorted(sorted, (1 + CONFIDENCE) / 2),
  };
}
