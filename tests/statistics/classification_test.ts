import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  accuracy,
  auc,
  countConfusion,
  f1,
  isPositive,
  midRanks,
  score,
  sensitivity,
  specificity,
} from "@/statistics/classification.ts";
import reference from "../reference/metrics.json" with { type: "json" };

for (const expected of reference.cases) {
  Deno.test(`score() agrees with scikit-learn: ${expected.name}`, () => {
    const { truth, probability, confusion } = expected;
    const found = score(truth, probability);
    assertEquals(
      { tn: found.tn, fp: found.fp, fn: found.fn, tp: found.tp },
      confusion,
    );
    for (const name of ["accuracy", "f1", "auc", "sensitivity", "specificity"] as const) {
      assertAlmostEquals(found[name], expected[name], 1e-12);
    }
  });
}

Deno.test("accuracy(), f1(), sensitivity() and specificity() give the numbers that the assignment reports", () => {
  // The baseline's best epoch: 756 + 154 of 920 right.
  const counts = { tn: 756, fp: 4, fn: 6, tp: 154 };
  assertEquals((100 * accuracy(counts)).toFixed(4), "98.9130");
  assertEquals(f1(counts).toFixed(4), "0.9686");
  assertEquals(sensitivity(counts), 154 / 160);
  assertEquals(specificity(counts), 756 / 760);
});

Deno.test("score() gives NaN for scores that a set of one class does not define", () => {
  const healthy = score([0, 0], [0.1, 0.9]);
  assertEquals(healthy.accuracy, 0.5);
  assertEquals(healthy.specificity, 0.5);
  assertEquals([healthy.sensitivity, healthy.auc], [NaN, NaN]);
  const tb = score([1, 1], [0.1, 0.9]);
  assertEquals(tb.sensitivity, 0.5);
  assertEquals([tb.specificity, tb.auc], [NaN, NaN]);
  assertEquals(tb.f1, 2 / 3);
});

Deno.test("auc() counts a tie as one half and gives NaN if a score is NaN", () => {
  // Pairs (positive, negative): 0.5 > 0.2, 0.5 = 0.5, 0.1 < 0.2, 0.1 < 0.5.
  assertEquals(auc([0, 1, 0, 1], [0.2, 0.5, 0.5, 0.1]), 1.5 / 4);
  assertEquals(auc([0, 1, 1], [0.2, 0.5, NaN]), NaN);
});

Deno.test("isPositive() needs more than one half", () => {
  assertEquals([0, 0.5, 0.500001, 1].map(isPositive), [false, false, true, true]);
});

Deno.test("countConfusion() and auc() refuse lists of different lengths and unknown classes", () => {
  for (const count of [countConfusion, auc]) {
    assertThrows(
      () => count([0, 1], [0.5]),
      RangeError,
      "Cannot compare 2 classes with 1 predictions",
    );
    assertThrows(
      () => count([0, 2], [0.5, 0.5]),
      RangeError,
      "Cannot take 2 as the class of film 1",
    );
  }
});

Deno.test("midRanks() shares the mean of the places among equals", () => {
  assertEquals([...midRanks([0.5, 0.1, 0.5, 0.9])], [2.5, 1, 2.5, 4]);
  assertEquals([...midRanks([0.5, NaN])], [NaN, NaN]);
});
