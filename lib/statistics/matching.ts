/**
 * Matched pairs: films of the two classes that a nuisance cannot tell apart, to compare the classes
 * without it (Rosenbaum and Rubin, Biometrika 70, 1983, doi:10.1093/biomet/70.1.41).
 * @module
 */
import { type Prng, shuffle } from "@/common/random.ts";
import { percentileInterval, resample } from "@/statistics/bootstrap.ts";
import { auc, checkPairs } from "@/statistics/classification.ts";
import { type Estimate, mean, momentsOf } from "@/statistics/intervals.ts";

/** The places of a film of class 0 and of one of class 1. */
export type Pair = readonly [negative: number, positive: number];

/** The largest distance of a pair, in standard deviations of the propensity's logit. */
const CALIPER = 0.2;

/** Share of a mean below which a difference of two means is rounding. */
const ROUNDING = 1e-12;

/** The films to be matched, and the order of it. */
export interface Matching {
  /** Class of each film, 0 or 1; at least two of each. */
  truth: ArrayLike<number>;
  /** The propensity of each film, the probability of class 1 by the nuisance, as a logit. */
  logits: ArrayLike<number>;
  /** Fold of each film. Logits of different folds come from different models. */
  folds: ArrayLike<number>;
  /** The same stream gives the same pairs. */
  prng: Prng;
}

/**
 * Pairs films of class 1 with films of class 0 of the same fold, the nearest pairs first, within
 * 0.2 standard deviations of the logit, those of the classes pooled (Austin, Pharmaceutical
 * Statistics 10:150, 2011, doi:10.1002/pst.433). Of equally near pairs, a drawn order decides.
 *
 * @returns Each film is in one pair at most.
 * @throws {RangeError} If the lists differ in length, a class is neither 0 nor 1 or has fewer than
 * two films, or a logit is not finite.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createPrng } from "@/common/random.ts";
 * import { matchPairs } from "@/statistics/matching.ts";
 * const films = { truth: [0, 0, 1, 1], logits: [-1, 1, 1.2, 3], folds: [0, 0, 0, 0] };
 * // Each class has the variance 2, so 0.28 is near enough.
 * assertEquals(matchPairs({ ...films, prng: createPrng(0) }), [[1, 2]]);
 * ```
 */
export function matchPairs({ truth, logits, folds, prng }: Matching): Pair[] {
  checkPairs(truth, logits);
  if (folds.length !== truth.length) {
    throw new RangeError(
      `Cannot match ${truth.length} films by ${folds.length} folds: they differ in number`,
    );
  }
  const infinite = Array.from(logits).findIndex((logit) => !Number.isFinite(logit));
  if (infinite !== -1) {
    throw new RangeError(`Cannot match film ${infinite} by the logit ${logits[infinite]}`);
  }
  const [negatives, positives] = [0, 1].map((label) =>
    Array.from(truth, (_, i) => i).filter((i) => truth[i] === label)
  ) as [number[], number[]];
  const logitsOf = (films: readonly number[]) => films.map((i) => logits[i]!);
  const caliper = CALIPER * pooledDeviation(logitsOf(negatives), logitsOf(positives));
  const candidates = shuffle(positives, prng).flatMap((positive) =>
    negatives.filter((negative) => folds[negative] === folds[positive])
      .map((negative) => (
        { negative, positive, distance: Math.abs(logits[negative]! - logits[positive]!) }
      ))
      .filter(({ distance }) => distance <= caliper)
  );
  const used = new Set<number>();
  // The sort is stable, so that of equal pairs the first in the drawn order is taken.
  return candidates.toSorted((a, b) => a.distance - b.distance)
    .flatMap(({ negative, positive }): Pair[] => {
      if (used.has(negative) || used.has(positive)) return [];
      used.add(negative).add(positive);
      return [[negative, positive]];
    });
}

/**
 * Computes the standardized difference of the means of two groups, without its sign: below 0.1 they
 * count as balanced (Austin, Statistics in Medicine 28, 2009, doi:10.1002/sim.3697).
 *
 * @returns 0 of equal constants, and Infinity of different ones.
 * @throws {RangeError} If a group has fewer than two values.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { standardizedDifference } from "@/statistics/matching.ts";
 * assertEquals(standardizedDifference([1, 3, 5], [2, 4, 6]), 0.5);
 * ```
 */
export function standardizedDifference(a: readonly number[], b: readonly number[]): number {
  const deviation = pooledDeviation(a, b);
  const difference = Math.abs(mean(a) - mean(b));
  // Constants such as 0.1 leave a difference and a deviation of 1e-17 each.
  return difference <= ROUNDING * Math.abs(mean(a)) ? 0 : difference / deviation;
}

/** Computes the root of the mean of two groups' sample variances. */
function pooledDeviation(a: readonly number[], b: readonly number[]): number {
  if (a.length < 2 || b.length < 2) {
    throw new RangeError(
      `Cannot pool the variances of groups of ${a.length} and ${b.length}: each needs two values`,
    );
  }
  return Math.sqrt((momentsOf(a).deviation ** 2 + momentsOf(b).deviation ** 2) / 2);
}

/**
 * Computes the share of pairs in which the film of class 1 has the higher score, a tie counting one
 * half, with a percentile interval over pairs. Over all pairs of two classes this share is the AUC.
 *
 * At a share of 1 the interval has no width and says nothing about other pairs.
 *
 * @param scores Any number for each film that grows with the evidence for class 1.
 * @param prng The same stream gives the same interval.
 * @returns NaN without a pair.
 * @throws {RangeError} If a film of a pair has no score.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createPrng } from "@/common/random.ts";
 * import { rankedRightly } from "@/statistics/matching.ts";
 * const scores = [0.1, 0.5, 0.7, 0.5];
 * assertEquals(rankedRightly([[0, 2], [1, 3]], scores, createPrng(0)).value, 0.75);
 * ```
 */
export function rankedRightly(
  pairs: readonly Pair[],
  scores: ArrayLike<number>,
  prng: Prng,
): Estimate {
  const right = pairs.map(([negative, positive]) => {
    const [low, high] = [scores[negative], scores[positive]];
    if (low !== undefined && high !== undefined) return auc([0, 1], [low, high]);
    throw new RangeError(
      `Cannot rank the films ${negative} and ${positive} by ${scores.length} scores`,
    );
  });
  return percentileInterval(mean(right), () => mean(resample(right, prng)));
}
