import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  accuracy,
  auc,
  bestEpoch,
  chosenEpochs,
  countConfusion,
  type EpochRow,
  f1,
  isPositive,
  midRanks,
  prefixed,
  score,
  sensitivity,
  specificity,
} from "@/metrics.ts";
import reference from "./reference/metrics.json" with { type: "json" };

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

Deno.test("accuracy(), f1(), sensitivity() and specificity() give what the assignment reports", () => {
  // The baseline's best epoch: 756 + 154 of 920 right.
  const counts = { tn: 756, fp: 4, fn: 6, tp: 154 };
  assertEquals((100 * accuracy(counts)).toFixed(4), "98.9130");
  assertEquals(f1(counts).toFixed(4), "0.9686");
  assertEquals(sensitivity(counts), 154 / 160);
  assertEquals(specificity(counts), 756 / 760);
});

Deno.test("score() gives NaN for what a set of one class does not define", () => {
  const healthy = score([0, 0], [0.1, 0.9]);
  assertEquals(healthy.accuracy, 0.5);
  assertEquals(healthy.specificity, 0.5);
  assertEquals([healthy.sensitivity, healthy.auc], [NaN, NaN]);
  const tb = score([1, 1], [0.1, 0.9]);
  assertEquals(tb.sensitivity, 0.5);
  assertEquals([tb.specificity, tb.auc], [NaN, NaN]);
  assertEquals(tb.f1, 2 / 3);
});

Deno.test("auc() counts a tie as one half and a NaN score as no answer", () => {
  // Pairs (positive, negative): 0.5 > 0.2, 0.5 = 0.5, 0.1 < 0.2, 0.1 < 0.5.
  assertEquals(auc([0, 1, 0, 1], [0.2, 0.5, 0.5, 0.1]), 1.5 / 4);
  assertEquals(auc([0, 1, 1], [0.2, 0.5, NaN]), NaN);
});

Deno.test("isPositive() needs more than one half", () => {
  assertEquals([0, 0.5, 0.500001, 1].map(isPositive), [false, false, true, true]);
});

Deno.test("countConfusion() and auc() refuse what are no pairs of class and score", () => {
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

Deno.test("prefixed() names the fields after their set", () => {
  assertEquals(prefixed("test", { f1: 1, crossEntropy: 2 }), { testF1: 1, testCrossEntropy: 2 });
});

Deno.test("bestEpoch() takes the earliest of the highest and passes over what is undefined", () => {
  const rows = [0.5, NaN, 0.75, 0.75].map((testF1, epoch) =>
    ({ epoch, testF1, validationF1: null }) as EpochRow
  );
  assertEquals(bestEpoch(rows, "testF1").epoch, 2);
  assertThrows(
    () => bestEpoch(rows, "validationF1"),
    RangeError,
    "Cannot choose the best of 4 epochs by validationF1: none has one",
  );
});

Deno.test("chosenEpochs() names the best on the test set, the last, and the best on a validation set", () => {
  const chosen = (validation: (number | null)[]) =>
    chosenEpochs(
      [0.5, 0.9, 0.7].map((testF1, epoch) =>
        ({ epoch, testF1, validationF1: validation[epoch] }) as EpochRow
      ),
    ).map(({ reason, row }) => [reason, row.epoch]);
  assertEquals(chosen([null, null, null]), [["highest test F1", 1], ["last epoch", 2]]);
  assertEquals(chosen([0.8, 0.6, 0.7]), [
    ["highest test F1", 1],
    ["last epoch", 2],
    ["highest validation F1", 0],
  ]);
  assertThrows(() => chosenEpochs([]), RangeError, "Cannot choose the best of 0 epochs");
});

Deno.test("midRanks() shares the mean of the places among equals", () => {
  assertEquals([...midRanks([0.5, 0.1, 0.5, 0.9])], [2.5, 1, 2.5, 4]);
  assertEquals([...midRanks([0.5, NaN])], [NaN, NaN]);
});
