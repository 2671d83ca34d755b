/**
 * Calibration: whether 8 of 10 films with the probability 0.8 have TB.
 * @module
 */
import * as z from "zod";
import { COUNT, NUMBER } from "@/common/json.ts";

/** The films whose probabilities of TB lie in one bin, `[low, high)`; the last bin is closed. */
export const RELIABILITY_BIN = z.object({
  low: z.number(),
  high: z.number(),
  films: COUNT,
  /** Mean probability of TB of its films; NaN for an empty bin. */
  meanProbability: NUMBER,
  /** Share of its films that have TB; NaN for an empty bin. */
  shareTb: NUMBER,
});
type ReliabilityBin = z.infer<typeof RELIABILITY_BIN>;

/** Bins of a reliability figure, of equal width. */
const BINS = 10;

/**
 * Sorts the films into ten bins of equal width by their probability of TB.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { reliability } from "@/statistics/calibration.ts";
 * const bin = { low: 0.2, high: 0.3, films: 2, meanProbability: 0.25, shareTb: 0.5 };
 * assertEquals(reliability([1, 0], [0.25, 0.25])[2], bin);
 * ```
 */
export function reliability(
  truth: ArrayLike<number>,
  probabilities: ArrayLike<number>,
): ReliabilityBin[] {
  const bins = Array.from({ length: BINS }, () => ({ films: 0, sum: 0, tb: 0 }));
  for (let i = 0; i < truth.length; i++) {
    const bin = bins[Math.min(Math.floor(probabilities[i]! * BINS), BINS - 1)]!;
    bin.films++;
    bin.sum += probabilities[i]!;
    bin.tb += truth[i]!;
  }
  return bins.map(({ films, sum, tb }, place) => ({
    ...{ low: place / BINS, high: (place + 1) / BINS },
    ...{ films, meanProbability: sum / films, shareTb: tb / films },
  }));
}

/**
 * Computes the expected calibration error (Naeini et al., AAAI 2015): the mean over the films of
 * the distance between a bin's mean probability and its share of TB; in [0, 1], 0 is best.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { expectedCalibrationError, reliability } from "@/statistics/calibration.ts";
 * assertEquals(expectedCalibrationError(reliability([1, 0], [0.75, 0.75])), 0.25);
 * ```
 */
export function expectedCalibrationError(bins: readonly ReliabilityBin[]): number {
  const filled = bins.filter(({ films }) => films > 0);
  const films = filled.reduce((sum, bin) => sum + bin.films, 0);
  return filled.reduce(
    (sum, bin) => sum + (bin.films / films) * Math.abs(bin.meanProbability - bin.shareTb),
    0,
  );
}

/**
 * Computes the Brier score (1950): the mean squared difference of probability and class, in [0, 1];
 * 0 is best.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { brierScore } from "@/statistics/calibration.ts";
 * assertEquals(brierScore([1, 0], [0.75, 0.25]), 0.0625);
 * ```
 */
export function brierScore(truth: ArrayLike<number>, probabilities: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < truth.length; i++) sum += (probabilities[i]! - truth[i]!) ** 2;
  return sum / truth.length;
}

/**
 * Fits the temperature (Guo et al., ICML 2017): the T that minimizes the cross-entropy of
 * `sigmoid(logit / T)`. Above 1, the network was too sure.
 *
 * @param truth Class of each film, 0 or 1; of films that neither train nor test the network.
 * @param probabilities Probability of TB of each, a float32.
 * @returns In [0.01, 100]; an end of it if the films do not bound it (all are right, say).
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { fitTemperature } from "@/statistics/calibration.ts";
 * // Two of three have TB: logit(0.8) = ln 4, logit(2/3) = ln 2.
 * assertAlmostEquals(fitTemperature([1, 1, 0], [0.8, 0.8, 0.8]), 2, 1e-9);
 * ```
 */
export function fitTemperature(truth: ArrayLike<number>, probabilities: ArrayLike<number>): number {
  const logits = Float64Array.from(probabilities, logit);
  // The cross-entropy is convex in 1/T; its slope, which grows with 1/T, is 0 at the minimum.
  const slope = (inverse: number) =>
    logits.reduce((sum, x, i) => sum + x * (sigmoid(inverse * x) - truth[i]!), 0);
  let [low, high] = [0.01, 100];
  while (high / low > 1 + 1e-12) {
    const middle = Math.sqrt(low * high);
    if (slope(1 / middle) > 0) low = middle;
    else high = middle;
  }
  return Math.sqrt(low * high);
}

/**
 * Divides a probability's logit by a temperature.
 *
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { atTemperature } from "@/statistics/calibration.ts";
 * assertAlmostEquals(atTemperature(0.8, 2), 2 / 3);
 * ```
 */
export function atTemperature(probability: number, temperature: number): number {
  return sigmoid(logit(probability) / temperature);
}

/**
 * Computes `1 / (1 + exp(-x))`.
 *
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { sigmoid } from "@/statistics/calibration.ts";
 * assertAlmostEquals(sigmoid(Math.log(4)), 0.8);
 * ```
 */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** Computes a float32's logit; 0 and 1 are taken as the nearest float32 that has one. */
export function logit(probability: number): number {
  const p = Math.min(Math.max(probability, 2 ** -149), 1 - 2 ** -24);
  return Math.log(p) - Math.log1p(-p);
}
