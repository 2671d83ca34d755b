/**
 * Whether two networks' decisions on the same films differ by more than chance.
 * @module
 */
import { fairBinomialCdf } from "@/statistics/distributions.ts";

/** Films on which two networks disagree, and what follows. */
export interface McNemar {
  /** Films that only the one has right. */
  onlyFirst: number;
  /** Films that only the other has right. */
  onlySecond: number;
  /** Two-sided, exact, of the hypothesis that either is right equally often where they disagree. */
  p: number;
}

/**
 * McNemar's test (Psychometrika 12, 1947), exact: by the binomial distribution of the films on which only one is right.
 *
 * @param first Whether the one is right, film by film.
 * @param second Whether the other is right, the same films in the same order.
 * @throws {RangeError} If they differ in length.
 */
export function mcnemar(first: readonly boolean[], second: readonly boolean[]): McNemar {
  if (first.length !== second.length) {
    throw new RangeError(
      `Cannot compare decisions on ${first.length} films with decisions on ${second.length}`,
    );
  }
  const onlyFirst = first.filter((right, i) => right && !second[i]).length;
  const onlySecond = second.filter((right, i) => right && !first[i]).length;
  const smaller = fairBinomialCdf(Math.min(onlyFirst, onlySecond), onlyFirst + onlySecond);
  return { onlyFirst, onlySecond, p: Math.min(1, 2 * smaller) };
}

/**
 * p-values corrected for their number (Holm, Scandinavian Journal of Statistics 6, 1979): if each is compared with
 * 0.05, the probability of any false finding among all of them stays below 0.05.
 *
 * @returns In the order given.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[a]! - pValues[b]!);
  const corrected = new Array<number>(pValues.length);
  let highest = 0;
  order.forEach((i, smaller) => {
    highest = Math.max(highest, Math.min(1, pValues[i]! * (pValues.length - smaller)));
    corrected[i] = highest;
  });
  return corrected;
}
