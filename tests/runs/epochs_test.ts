import { assertEquals, assertThrows } from "@std/assert";
import { chosenEpochs, type EpochRow, prefixed } from "@/runs/epochs.ts";

Deno.test("prefixed() names the fields after their set", () => {
  assertEquals(prefixed("test", { f1: 1, crossEntropy: 2 }), { testF1: 1, testCrossEntropy: 2 });
});

Deno.test("chosenEpochs() takes the earliest of the highest and passes over what is undefined", () => {
  const rows = [0.5, NaN, 0.75, 0.75].map((testF1, epoch) =>
    ({ epoch, testF1, validationF1: null }) as EpochRow
  );
  assertEquals(chosenEpochs(rows)[0]!.row.epoch, 2);
  assertThrows(
    () => chosenEpochs(rows.map((row) => ({ ...row, testF1: NaN }))),
    RangeError,
    "Cannot choose the best of 4 epochs by testF1: none has one",
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
