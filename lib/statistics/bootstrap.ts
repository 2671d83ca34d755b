/**
 * The bootstrap: how much a number would vary with other films of the same kind.
 * @module
 */
import type { Prng } from "@/common/random.ts";
import { auc } from "@/statistics/classification.ts";
import { CONFIDENCE, type Estimate, mean } from "@/statistics/intervals.ts";
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
  const strata = [0, 1].map((label) => [...values].filter((_, i) => classes[i] === label));
  return percentileInterval(statistic(classes, values), () => {
    const drawn = Float64Array.from(strata.flatMap((stratum) => resample(stratum, prng)));
    return statistic(drawnClasses, drawn);
  });
}

/** A film of one fold of a cross-validation. */
export interface FoldFilm {
  /** Class, 0 or 1. */
  truth: number;
  /** Any number that grows with the evidence for TB; comparable within a fold alone. */
  score: number;
  /** The patient, whose films are drawn together. */
  group: string;
}

/**
 * Computes the mean of the folds' areas under the ROC curve, and its percentile interval. Scores of
 * different folds come from different networks, so they never meet in one area: pooled ones are
 * biased (Parker et al., BMC Bioinformatics 8:326, 2007, doi:10.1186/1471-2105-8-326; Airola et
 * al., Computational Statistics & Data Analysis 55, 2011, doi:10.1016/j.csda.2010.11.018).
 *
 * The patients of each class are drawn with replacement within each fold. The interval is for these
 * networks and other patients; how much other training films would change is not in it.
 *
 * @param folds The test films of each fold.
 * @param prng The same stream gives the same interval.
 * @throws {RangeError} If a fold has fewer than two patients of a class, a patient has films of
 * both classes, or a class is neither 0 nor 1.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createPrng } from "@/common/random.ts";
 * import { meanOverFolds } from "@/statistics/bootstrap.ts";
 * const fold = (...scores: number[]) =>
 *   scores.map((score, i) => ({ truth: i % 2, score, group: String(i) }));
 * // All films are ranked rightly in the first fold, and three of four pairs in the second.
 * const folds = [fold(0.1, 0.8, 0.2, 0.9), fold(5, 6, 7, 8)];
 * assertEquals(meanOverFolds(folds, createPrng(0)).value, (1 + 3 / 4) / 2);
 * ```
 */
export function meanOverFolds(folds: readonly (readonly FoldFilm[])[], prng: Prng): Estimate {
  const patients = folds.map(patientsOf);
  const meanArea = (drawn: readonly (readonly FoldFilm[])[]) =>
    mean(drawn.map((films) => (
      auc(films.map(({ truth }) => truth), films.map(({ score }) => score))
    )));
  return percentileInterval(
    meanArea(folds),
    () =>
      meanArea(patients.map((ofClass) => ofClass.flatMap((each) => resample(each, prng).flat()))),
  );
}

/** Lists a fold's patients of class 0 and of class 1, each as the films of that patient. */
function patientsOf(films: readonly FoldFilm[], fold: number): FoldFilm[][][] {
  const patients = [...Map.groupBy(films, ({ group }) => group).values()];
  const mixed = patients.find((own) => own.some(({ truth }) => truth !== own[0]!.truth));
  if (mixed !== undefined) {
    throw new RangeError(
      `Cannot draw the patients of fold ${fold} by class: "${mixed[0]!.group}" has films of both`,
    );
  }
  return [0, 1].map((label) => {
    const ofClass = patients.filter((own) => own[0]!.truth === label);
    if (ofClass.length >= 2) return ofClass;
    throw new RangeError(
      `Cannot draw the patients of fold ${fold}: it has ${ofClass.length} of class ${label}, not 2 at least`,
    );
  });
}

/**
 * Computes the percentile interval of a number.
 *
 * @param draw Computes the number on films that it draws again. NaN is left out.
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { percentileInterval } from "@/statistics/bootstrap.ts";
 * let draws = 0;
 * const { low } = percentileInterval(1000, () => draws++); // of the numbers 0 to 1999
 * assertAlmostEquals(low, 0.025 * 1999);
 * ```
 */
export function percentileInterval(value: number, draw: () => number): Estimate {
  const replicates = Array.from({ length: RESAMPLES }, draw);
  const sorted = Float64Array.from(replicates.filter((each) => !Number.isNaN(each))).sort();
  return {
    value,
    low: quantileSorted(sorted, (1 - CONFIDENCE) / 2),
    high: quantileSorted(sorted, (1 + CONFIDENCE) / 2),
  };
}

/**
 * Draws as many items as there are, with replacement.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createPrng } from "@/common/random.ts";
 * import { resample } from "@/statistics/bootstrap.ts";
 * assertEquals(resample(["a", "a"], createPrng(0)), ["a", "a"]);
 * ```
 */
export function resample<T>(items: readonly T[], prng: Prng): T[] {
  return items.map(() => items[prng.integer(items.length)]!);
}
