import { assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import { createPrng, shuffle } from "@/common/random.ts";
import { matchPairs, rankedRightly, standardizedDifference } from "@/statistics/matching.ts";
import reference from "../reference/matching.json" with { type: "json" };

/** Eight films in two folds, four of each class. */
const EIGHT = {
  truth: [0, 0, 0, 0, 1, 1, 1, 1],
  logits: [0, 1, 2, 2, 0.1, 1.05, 2, 9],
  folds: [0, 0, 1, 1, 0, 0, 1, 1],
};

Deno.test("matchPairs() pairs eight films as by hand", () => {
  // The classes' variances are 0.917 and 16.4, so 0.59 is near enough. Film 7 is too far from all,
  // and of films 2 and 3, which are equally near to film 6, the first is taken.
  const pairs = matchPairs({ ...EIGHT, prng: createPrng(0) });
  assertEquals(pairs.toSorted(([a], [b]) => a - b), [[0, 4], [1, 5], [2, 6]]);
});

Deno.test("matchPairs() leaves a film alone rather than cross into another fold", () => {
  // The films nearest to film 5 in its fold, 0 and 2, are 1.05 and 0.95 away.
  const pairs = matchPairs({ ...EIGHT, folds: [0, 1, 0, 1, 0, 0, 1, 1], prng: createPrng(0) });
  assertEquals(pairs.toSorted(([a], [b]) => a - b), [[0, 4], [3, 6]]);
});

Deno.test("matchPairs() takes a distance of 0.2 pooled standard deviations, and no more", () => {
  // Both classes have the variance 2.
  const caliper = 0.2 * Math.sqrt(2);
  const at = (distance: number) =>
    matchPairs({
      truth: [0, 0, 1, 1],
      logits: [-1, 1, distance - 1, distance + 1],
      folds: [0, 0, 0, 0],
      prng: createPrng(0),
    }).length;
  assertEquals([at(0.999 * caliper), at(1.001 * caliper)], [2, 0]);
});

Deno.test("matchPairs() takes the nearest pair first, and of equals the first in the drawn order", () => {
  const near = { truth: [0, 0, 1, 1], logits: [0, 9, 0.2, 0.1], folds: [0, 0, 0, 0] };
  for (let seed = 0; seed < 5; seed++) {
    assertEquals(matchPairs({ ...near, prng: createPrng(seed) }), [[0, 3]]);
  }
  const taken = Array.from({ length: 20 }, (_, seed) => {
    const films = { truth: [0, 0, 1, 1], logits: [0, 9, 0.1, -0.1], folds: [0, 0, 0, 0] };
    const pairs = matchPairs({ ...films, prng: createPrng(seed) });
    assertEquals(pairs, [[0, shuffle([2, 3], createPrng(seed))[0]!]]);
    return pairs[0]![1];
  });
  assertEquals(new Set(taken), new Set([2, 3]));
});

Deno.test("matchPairs() uses no film twice, and balances the classes", () => {
  const prng = createPrng("balance");
  const truth = Array.from({ length: 600 }, (_, i) => i % 3 === 0 ? 1 : 0);
  const logits = truth.map((label) => prng.normal() + label);
  const pairs = matchPairs({ truth, logits, folds: truth.map((_, i) => i % 5), prng });
  const used = pairs.flat();
  assertEquals(new Set(used).size, used.length);
  const logitsOf = (place: 0 | 1) => pairs.map((pair) => logits[pair[place]]!);
  assertEquals(pairs.every(([negative, positive]) => truth[negative]! < truth[positive]!), true);
  assertLess(standardizedDifference(logitsOf(0), logitsOf(1)), 0.1);
});

Deno.test("matchPairs() refuses lists of different lengths, classes of one film and infinite logits", () => {
  const films = { truth: [0, 0, 1, 1], logits: [0, 1, 2, 3], folds: [0, 0, 0, 0] };
  const refuses = (wrong: Partial<typeof films>, message: string) =>
    assertThrows(
      () => matchPairs({ ...films, ...wrong, prng: createPrng(0) }),
      RangeError,
      message,
    );
  refuses({ logits: [0, 1] }, "they differ in number");
  refuses({ folds: [0] }, "Cannot match 4 films by 1 folds");
  refuses({ truth: [0, 0, 1, 2] }, "a class is 0 or 1");
  refuses({ truth: [0, 0, 0, 1] }, "groups of 3 and 1: each needs two values");
  refuses({ logits: [0, 1, Infinity, 3] }, "Cannot match film 2 by the logit Infinity");
});

Deno.test("standardizedDifference() agrees with NumPy", () => {
  for (const { a, b, value } of reference.differences) {
    assertAlmostEquals(standardizedDifference(a, b), value, 1e-12);
    assertAlmostEquals(standardizedDifference(b, a), value, 1e-12);
  }
});

Deno.test("standardizedDifference() is 0 of equal constants and infinite of different ones", () => {
  // The sum of ten times 0.1 is not 1.
  assertEquals(standardizedDifference(Array(10).fill(0.1), [0.1, 0.1]), 0);
  assertEquals(standardizedDifference([0, 0], [0, 0]), 0);
  assertEquals(standardizedDifference([0, 0], [1, 1]), Infinity);
  assertThrows(() => standardizedDifference([1], [1, 2]), RangeError, "groups of 1 and 2");
});

Deno.test("rankedRightly() comes near SciPy's percentile interval", () => {
  const { scores, value, low, high } = reference.ranked;
  const pairs = Array.from({ length: scores.length / 2 }, (_, i) => [2 * i, 2 * i + 1] as const);
  const found = rankedRightly(pairs, scores, createPrng("test"));
  assertAlmostEquals(found.value, value, 1e-12);
  // 2,000 resamples leave about 0.005 of chance at the ends, whose steps are of 0.0125.
  assertAlmostEquals(found.low, low, 0.02);
  assertAlmostEquals(found.high, high, 0.02);
  assertEquals(rankedRightly(pairs, scores, createPrng("test")), found);
});

Deno.test("rankedRightly() is NaN without pairs and refuses a film without a score", () => {
  assertEquals(rankedRightly([], [], createPrng(0)), { value: NaN, low: NaN, high: NaN });
  assertThrows(
    () => rankedRightly([[0, 2]], [0.1, 0.2], createPrng(0)),
    RangeError,
    "Cannot rank the films 0 and 2 by 2 scores",
  );
});
