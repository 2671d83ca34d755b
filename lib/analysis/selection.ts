/**
 * How much of a score comes from choosing the epoch on the test set, as the original did: the score at the epoch with
 * the best test F1, at the last one, and at the one that a validation set chooses, side by side.
 * @module
 */
import { percent } from "@/analysis/words.ts";
import { type ChosenEpoch, chosenEpochs, type EpochRow } from "@/metrics.ts";

/** The test scores at an epoch that was chosen in one way. */
export interface Choice {
  reason: ChosenEpoch["reason"];
  epoch: number;
  accuracy: number;
  f1: number;
  auc: number;
}

/** An experiment's scores by how the epoch was chosen. */
export interface Selection {
  experiment: string;
  choices: Choice[];
  /** F1 at the epoch with the best test F1, minus F1 at the epoch that the test set had no say in. */
  optimism: number;
  words: string;
}

/** The epoch that the test set had no say in: the one with the best validation F1, or else the last. */
export function honestEpoch(rows: readonly EpochRow[]): ChosenEpoch {
  const chosen = chosenEpochs(rows);
  return chosen.find(({ reason }) => reason === "highest validation F1") ??
    chosen.find(({ reason }) => reason === "last epoch")!;
}

/** Compares the ways to choose an epoch. */
export function compareChoices(experiment: string, rows: readonly EpochRow[]): Selection {
  const choices = chosenEpochs(rows).map(({ reason, row }) => ({
    reason,
    epoch: row.epoch,
    accuracy: row.testAccuracy,
    f1: row.testF1,
    auc: row.testAuc,
  }));
  const best = choices[0]!;
  const honest = honestEpoch(rows);
  const optimism = best.f1 - honest.row.testF1;
  const words =
    `${experiment}: F1 ${best.f1.toFixed(4)} (accuracy ${percent(best.accuracy)}) at epoch ` +
    `${best.epoch}, chosen on the test set; ${honest.row.testF1.toFixed(4)} (${
      percent(honest.row.testAccuracy)
    }) at epoch ${honest.row.epoch}, ${
      honest.reason === "last epoch" ? "the last" : "chosen on the validation set"
    }: ${optimism.toFixed(4)} of F1 may come from the choice.`;
  return { experiment, choices, optimism, words };
}
