/**
 * Tests of whether two networks' decisions on the same films differ by more than chance.
 * @module
 */
import * as z from "zod";
import { COUNT, NUMBER } from "@/common/json.ts";
import { fairBinomialCdf } from "@/statistics/distributions.ts";

/** Films on which two networks disagree, and the test's result. */
export const MCNEMAR = z.object({
  /** Films that only the one has right. */
  onlyFirst: COUNT,
  /** Films that only the other has right. */
  onlySecond: COUNT,
  /** Two-sided, exact, of the hypothesis that either is right equally often where they disagree. */
  p: NUMBER,
});
type McNemar = z.infer<typeof MCNEMAR>;

/**
 * Runs McNemar's test (Psychometrika 12, 1947), exact: by the binomial distribution of the films on
 * which only one is right.
 *
 * @param first For each film, true if the one is right.
 * @param second The same for the other, in the same order.
 * @throws {RangeError} If they differ in length.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { mcnemar } from "@/statistics/mcnemar.ts";
 * const found = mcnemar([true, true, true], [false, false, false]);
 * assertEquals(found, { onlyFirst: 3, onlySecond: 0, p: 2 / 8 });
 * ```
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
 * Corrects p-values for their number (Holm, Scandinavian Journal of Statistics 6, 1979). If each is
 * compared with 0.05, the probability of any false finding stays below 0.05.
 *
 * @returns In the order given.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { holm } from "@/statistics/mcnemar.ts";
 * assertEquals(holm([0.01, 0.04, 0.03]), [0.03, 0.06, 0.06]);
 * ```
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
