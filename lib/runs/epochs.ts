/**
 * The numbers of a run's epochs, and the epochs that a report shows.
 * @module
 */
import * as z from "zod";
import type { ClassNames } from "@/films/film.ts";
import type { Score } from "@/network/evaluation.ts";
import type { OwnRun } from "@/runs/own.ts";
import type { Confusion } from "@/statistics/classification.ts";

type Prefixed<Prefix extends string, Fields> = {
  [Field in keyof Fields & string as `${Prefix}${Capitalize<Field>}`]: Fields[Field];
};

/**
 * The numbers of one epoch. The test set's are `testLoss`, `testF1`, `testTn` ...; the validation
 * set's (`validationLoss` ...) are null when there is none.
 */
export type EpochRow =
  & {
    /** Counted from 0. */
    epoch: number;
    learningRate: number;
    /** Mean loss over the epoch's films, each at the time of its step: what training minimizes. */
    trainLoss: number;
    /** The same without the L2 penalty, in nats. */
    trainCrossEntropy: number;
    /** Over the epoch's films, each at the time of its step. */
    trainAccuracy: number;
    /** Time of the training steps, films being read included, in seconds. */
    trainSeconds: number;
    /** Time of the evaluation on the test set, in seconds. */
    testSeconds: number;
    /** Training films a second. */
    imagesPerSecond: number;
  }
  & Prefixed<"test", Score>
  & Prefixed<"validation", { [Field in keyof Score]: number | null }>;

/** Names the fields of a score after its set: `testLoss`, `validationF1` ... */
export function prefixed<Prefix extends string, Fields extends object>(
  prefix: Prefix,
  fields: Fields,
): Prefixed<Prefix, Fields> {
  const entries = Object.entries(fields)
    .map(([field, value]) => [`${prefix}${field[0]!.toUpperCase()}${field.slice(1)}`, value]);
  return Object.fromEntries(entries);
}

/**
 * Finds the row with the highest value of a field, the earliest of equals.
 *
 * @throws {RangeError} If no row has a value there.
 */
function bestEpoch(rows: readonly EpochRow[], by: keyof EpochRow): EpochRow {
  const valued = rows.filter((row) => row[by] !== null && !Number.isNaN(row[by]));
  if (valued.length === 0) {
    throw new RangeError(`Cannot choose the best of ${rows.length} epochs by ${by}: none has one`);
  }
  return valued.reduce((best, row) => row[by]! > best[by]! ? row : best);
}

/** An epoch that is looked at, and why it is: a row of the report's tables. */
export interface ChosenEpoch {
  reason: "highest test F1" | "last epoch" | "highest validation F1";
  row: EpochRow;
}

/**
 * Lists the epochs that a report shows. The one with the highest test F1 is the assignment's
 * "best". It is chosen on the very films that it is scored on, so its score is optimistic. The
 * scores of the last epoch, and of the one with the highest validation F1, are not.
 *
 * @throws {RangeError} If there is no row.
 */
export function chosenEpochs(rows: readonly EpochRow[]): ChosenEpoch[] {
  const best: ChosenEpoch = { reason: "highest test F1", row: bestEpoch(rows, "testF1") };
  const last: ChosenEpoch = { reason: "last epoch", row: rows.at(-1)! };
  if (rows.every((row) => row.validationF1 === null)) return [best, last];
  return [best, last, { reason: "highest validation F1", row: bestEpoch(rows, "validationF1") }];
}

/** The columns of metrics.csv, in order. */
export const EPOCH_COLUMNS: readonly string[] = [
  ...["epoch", "learning_rate", "train_loss", "train_cross_entropy", "train_accuracy"],
  ...["test", "validation"].flatMap((set) =>
    ["loss", "cross_entropy", "accuracy", "f1", "auc", "sensitivity", "specificity"]
      .concat(["tn", "fp", "fn", "tp"]).map((field) => `${set}_${field}`)
  ),
  ...["train_seconds", "test_seconds", "images_per_second"],
];

/** One epoch's numbers in a state, where JSON cannot have NaN. */
export const EPOCH_ROW = z.strictObject(Object.fromEntries(
  EPOCH_COLUMNS.map((column) => [
    fieldOf(column),
    column.startsWith("validation_") ? z.number().nullable() : z.number(),
  ]),
)) as unknown as z.ZodType<EpochRow>;

/** Gives the field of a row that is a column of metrics.csv: `test_f1` -> `testF1`. */
export function fieldOf(column: string): keyof EpochRow {
  return column.replace(/_(.)/g, (_, letter) => letter.toUpperCase()) as keyof EpochRow;
}

/** The epochs of an experiment or of a custom run. */
export interface ExperimentRows {
  experiment: string;
  rows: readonly EpochRow[];
  /** Default: as TBX11K's. */
  classes?: ClassNames;
  /** Description of a custom run. */
  own?: OwnRun | null;
}

/** Gives the confusion matrix of an epoch's test films. */
export function testConfusion({ testTn, testFp, testFn, testTp }: EpochRow): Confusion {
  return { tn: testTn, fp: testFp, fn: testFn, tp: testTp };
}

/**
 * Finds the epoch that a word or a number names.
 *
 * @throws {RangeError} If there is none.
 */
export function chooseEpoch(
  rows: readonly EpochRow[],
  which: string,
): { epoch: number; reason: string } {
  const reasons = {
    best: "highest test F1",
    validation: "highest validation F1",
    last: "last epoch",
  };
  const reason = reasons[which as keyof typeof reasons];
  if (reason !== undefined) {
    const chosen = chosenEpochs(rows).find((chosen) => chosen.reason === reason);
    if (chosen !== undefined) return { epoch: chosen.row.epoch, reason };
    throw new RangeError("Cannot choose by validation F1: the run has no validation set");
  }
  if (!/^\d+$/.test(which)) {
    const words = Object.keys(reasons).join(", ");
    throw new RangeError(
      `Cannot take the epoch ${which}: it must be a whole number from 0, or ${words}`,
    );
  }
  const epoch = Number(which);
  if (epoch < rows.length) return { epoch, reason: "as asked for" };
  throw new RangeError(
    `Cannot find epoch ${epoch}: the run has the epochs 0 to ${rows.length - 1}`,
  );
}
