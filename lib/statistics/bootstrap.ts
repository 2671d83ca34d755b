/**
 * The bootstrap: how much a number would vary with other films of the same kind.
 * @module
 */
import type { Prng } from "@/random.ts";
import { CONFIDENCE, type Estimate } from "@/statistics/intervals.ts";

/** A number read off the films' classes and probabilities of TB. */
export type Statistic = (truth: Uint8Array, probabilities: Float64Array) => number;

/** Resamples behind an interval. */
export const RESAMPLES = 2000;

/**
 * A number with its percentile interval (Efron, 1979). The films of each class are drawn with replacement, as many as
 * there are, so that every resample has the same balance of classes.
 *
 * @param truth Class of each film, 0 or 1.
 * @param options.prng The same stream, the same interval.
 * @returns Value and interval; a resample in which the number is not defined (NaN) is left out.
 */
export function stratifiedBootstrap(
  truth: ArrayLike<number>,
  { probabilities, statistic, prng, resamples = RESAMPLES, confidence = CONFIDENCE }: {
    probabilities: ArrayLike<number>;
    statistic: Statistic;
    prng: Prng;
    resamples?: number;
    confidence?: number;
  },
): Estimate {
  const classes = Uint8Array.from(truth);
  const values = Float64Array.from(probabilities);
  const drawnClasses = classes.toSorted();
  const drawn = new Float64Array(values.length);
  const strata = [0, 1].map((label) => values.filter((_, i) => classes[i] === label));
  const replicates = Array.from({ length: resamples }, () => {
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
    low: quantileSorted(sorted, (1 - confidence) / 2),
    high: quantileSorted(sorted, (1 + confidence) / 2),
  };
}

/**
 * A quantile of ascending numbers, drawn straight between neighbours (NumPy's default, Hyndman and Fan's type 7).
 *
 * @param p In [0, 1].
 * @returns NaN of no numbers.
 */
export function quantileSorted(sorted: ArrayLike<number>, p: number): number {
  const place = p * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] ?? NaN;
  const high = sorted[below + 1] ?? low;
  return low + (place - below) * (high - low);
}
