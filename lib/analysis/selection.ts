/**
 * The part of a score that comes from choosing the epoch on the test set, as the original did: the
 * scores at the epoch with the best test F1, at the last, and at that with the best validation F1.
 * @module
 */
import * as z from "zod";
import { percent } from "@/analysis/format.ts";
import { COUNT, NUMBER } from "@/common/json.ts";
import { type ChosenEpoch, chosenEpochs, type EpochRow } from "@/runs/epochs.ts";

/** The reason for choosing an epoch. */
export const REASON = z.enum(["highest test F1", "last epoch", "highest validation F1"]);

/** An experiment's test scores by each way to choose the epoch. */
export const SELECTION = z.object({
  experiment: z.string(),
  choices: z.array(z.object({
    ...{ reason: REASON, epoch: COUNT },
    ...{ accuracy: NUMBER, f1: NUMBER, auc: NUMBER },
  })),
  /** The best test F1 minus F1 at the epoch that was chosen without the test set. */
  optimism: NUMBER,
  words: z.string(),
});

/** Finds an epoch without the test set: the one with the best validation F1, or else the last. */
export function honestEpoch(rows: readonly EpochRow[]): ChosenEpoch {
  const chosen = chosenEpochs(rows);
  return chosen.find(({ reason }) => reason === "highest validation F1") ??
    chosen.find(({ reason }) => reason === "last epoch")!;
}

/** Compares the ways to choose an epoch. */
export function compareChoices(
  experiment: string,
  rows: readonly EpochRow[],
): z.infer<typeof SELECTION> {
  const choices = chosenEpochs(rows).map(({ reason, row }) => ({
    ...{ reason, epoch: row.epoch },
    ...{ accuracy: row.testAccuracy, f1: row.testF1, auc: row.testAuc },
  }));
  const best = choices[0]!;
  const { reason, row } = honestEpoch(rows);
  const optimism = best.f1 - row.testF1;
  const words =
    `${experiment}: F1 ${best.f1.toFixed(4)} (accuracy ${percent(best.accuracy)}) at epoch ` +
    `${best.epoch}, chosen on the test set; ${row.testF1.toFixed(4)} ` +
    `(${percent(row.testAccuracy)}) at epoch ${row.epoch}, ` +
    `${reason === "last epoch" ? "the last" : "chosen on the validation set"}: ` +
    `${optimism.toFixed(4)} of F1 may come from the choice.`;
  return { experiment, choices, optimism, words };
}
