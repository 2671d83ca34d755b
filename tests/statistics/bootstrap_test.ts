import { assertAlmostEquals, assertEquals, assertGreater, assertThrows } from "@std/assert";
import { createPrng } from "@/common/random.ts";
import { type FoldFilm, meanOverFolds } from "@/statistics/bootstrap.ts";
import { auc } from "@/statistics/classification.ts";
import reference from "../reference/matching.json" with { type: "json" };

/** Makes a fold's films of class 0 and of class 1, each of a patient of its own. */
function foldOf(...classes: number[][]): FoldFilm[] {
  return classes.flatMap((scores, truth) =>
    scores.map((score, i) => ({ truth, score, group: `${truth}/${i}` }))
  );
}

Deno.test("meanOverFolds() agrees with scikit-learn, and comes near SciPy's percentile interval", () => {
  const { films, value, low, high } = reference.folds;
  const found = meanOverFolds(films, createPrng("test"));
  assertAlmostEquals(found.value, value, 1e-12);
  // 2,000 resamples leave about 0.005 of chance at the ends.
  assertAlmostEquals(found.low, low, 0.015);
  assertAlmostEquals(found.high, high, 0.015);
  assertEquals(meanOverFolds(films, createPrng("test")), found);
});

Deno.test("meanOverFolds() does not compare scores of different folds", () => {
  const folds = [foldOf([0, 1], [2, 3]), foldOf([100, 101], [102, 103])];
  assertEquals(meanOverFolds(folds, createPrng(0)), { value: 1, low: 1, high: 1 });
  const pooled = folds.flat();
  assertEquals(auc(pooled.map(({ truth }) => truth), pooled.map(({ score }) => score)), 0.75);
});

Deno.test("meanOverFolds() draws a patient's films together, so that copies tell nothing new", () => {
  const fold = foldOf([0, 2, 4, 6, 8, 10], [3, 5, 7, 9, 11, 13]);
  const copies = fold.flatMap((film) => Array<FoldFilm>(4).fill(film));
  const found = meanOverFolds([fold], createPrng(0));
  assertEquals(meanOverFolds([copies], createPrng(0)), found);
  const apart = copies.map((film, i) => ({ ...film, group: String(i) }));
  const { low, high } = meanOverFolds([apart], createPrng(0));
  assertGreater(found.high - found.low, 1.5 * (high - low));
});

Deno.test("meanOverFolds() refuses a fold with one patient of a class, and patients of both classes", () => {
  const good = foldOf([0, 1], [2, 3]);
  const refuses = (films: FoldFilm[], message: string) =>
    assertThrows(() => meanOverFolds([good, films], createPrng(0)), RangeError, message);
  refuses(foldOf([0, 1], [2]), "fold 1: it has 1 of class 1, not 2 at least");
  refuses(foldOf([], [2, 3]), "fold 1: it has 0 of class 0");
  refuses(good.map((film) => ({ ...film, group: "p" })), '"p" has films of both');
  refuses(foldOf([0, 1], [2, 3], [4, 5]), "Cannot take 2 as the class of film 4");
});
