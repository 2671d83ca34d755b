/**
 * The comparison of training here and with PyTorch: on the same films with several seeds, and from
 * the same weights and batches.
 * @module
 */
import * as z from "zod";
import { percent } from "@/analysis/format.ts";
import type { AnalysisTable } from "@/analysis/tables/table.ts";
import { excerpt } from "@/common/files.ts";
import { COUNT, parseJson } from "@/common/json.ts";
import type { EpochRow } from "@/runs/epochs.ts";
import { mean } from "@/statistics/intervals.ts";
import { median } from "@/statistics/quantiles.ts";

/** The side that trained. */
export type TrainedWith = "here" | "PyTorch";

type Score = "testAccuracy" | "testAuc" | "testF1";

/** An epoch of either side. */
export interface TrainedEpoch
  extends Pick<EpochRow, Score | "epoch" | "trainAccuracy" | "trainSeconds" | "testSeconds"> {
  trainer: TrainedWith;
  seed: number;
}

/** All measurements. */
export interface BesidePyTorch {
  epochs: readonly TrainedEpoch[];
  /** The losses of the same steps, from the same weights on the same batches. */
  steps: { here: readonly number[]; pytorch: readonly number[] };
  /** PyTorch's version. */
  version: string;
}

/** A line that tests/python/pytorch_train.py prints. */
const PYTORCH_EPOCH = z.object({
  ...{ epoch: COUNT, seed: z.number(), f1: z.number(), auc: z.number() },
  ...{ train_accuracy_percent: z.number(), test_accuracy_percent: z.number() },
  ...{ train_s: z.number(), eval_s: z.number() },
});

/** Takes the epochs of a run of the project. */
export function epochsHere(seed: number, rows: readonly EpochRow[]): TrainedEpoch[] {
  return rows.map((row) => {
    const { epoch, trainAccuracy, testAccuracy, testF1, testAuc, trainSeconds, testSeconds } = row;
    const scores = { trainAccuracy, testAccuracy, testF1, testAuc };
    return { trainer: "here", seed, epoch, ...scores, trainSeconds, testSeconds };
  });
}

/**
 * Reads the epochs of a run of PyTorch.
 *
 * @param text Output of tests/python/pytorch_train.py, a line of JSON an epoch.
 * @throws {SyntaxError} If it is something else.
 */
export function epochsOfPyTorch(text: string): TrainedEpoch[] {
  return text.trim().split("\n").map((line, epoch) => {
    const complaint = (reason: string) => `Cannot read PyTorch's line ${excerpt(line)}: ${reason}`;
    const found = parseJson(line, PYTORCH_EPOCH, complaint);
    if (found.epoch !== epoch) {
      throw new SyntaxError(`Cannot read PyTorch's output: epoch ${epoch} is missing`);
    }
    // As many decimals as are printed.
    const share = (percent: number) => Number((percent / 100).toFixed(5));
    return {
      ...{ trainer: "PyTorch", seed: found.seed, epoch },
      trainAccuracy: share(found.train_accuracy_percent),
      testAccuracy: share(found.test_accuracy_percent),
      ...{ testF1: found.f1, testAuc: found.auc },
      ...{ trainSeconds: found.train_s, testSeconds: found.eval_s },
    };
  });
}

/** A row of the comparison. */
interface Measure {
  what: string;
  name: string;
  values: [here: number, there: number];
  text: (value: number) => string;
  compare: (here: number, there: number) => string;
}

/** Makes the table of the comparison. */
export function besideTable({ epochs, steps, version }: BesidePyTorch): AnalysisTable {
  const last = Math.max(...epochs.map(({ epoch }) => epoch));
  // Scores are compared over the second half, when the first jumps are over.
  const first = Math.floor((last + 1) / 2);
  const seeds = [...new Set(epochs.map(({ seed }) => seed))];
  const of = (trainer: TrainedWith) => epochs.filter((each) => each.trainer === trainer);
  const over = `mean of epochs ${first} to ${last}, seeds ${seeds.join(", ")}`;
  const settled = (trainer: TrainedWith, score: Score) =>
    mean(of(trainer).filter(({ epoch }) => epoch >= first).map((each) => each[score]));
  const seconds = (trainer: TrainedWith) => median(of(trainer).map((each) => each.trainSeconds));
  const scoreMeasure = (score: Score, name: string): Measure => ({
    what: `${name}, ${over}`,
    name: columnOf(score),
    values: [settled("here", score), settled("PyTorch", score)],
    text: (value) => value.toFixed(4),
    compare: (here, there) => signed(here - there, 4),
  });
  const measures: Measure[] = [
    {
      ...scoreMeasure("testAccuracy", "Test accuracy"),
      text: percent,
      compare: (here, there) => `${signed(100 * (here - there), 1)} points`,
    },
    scoreMeasure("testAuc", "Test AUC"),
    scoreMeasure("testF1", "Test F1 of TB"),
    {
      what: "Training time of an epoch, median",
      name: "train_seconds",
      values: [seconds("here"), seconds("PyTorch")],
      text: (value) => `${value.toFixed(0)} s`,
      compare: (here, there) => `${(there / here).toFixed(2)} times as fast`,
    },
    {
      what: "Loss of step 1 from the same weights and films",
      name: "first_loss",
      values: [steps.here[0]!, steps.pytorch[0]!],
      text: (value) => value.toFixed(6),
      compare: (here, there) => (here - there).toExponential(1),
    },
    {
      what: `Mean loss of the first ${steps.here.length} such steps`,
      name: "mean_loss",
      values: [mean(steps.here), mean(steps.pytorch)],
      text: (value) => value.toFixed(6),
      compare: (here, there) => `${signed(100 * (here - there) / there, 2)}%`,
    },
  ];
  return {
    name: "table",
    title: `Beside PyTorch ${version}: the baseline in fp32`,
    csv: measures.map(({ name, values: [here, pytorch] }) => ({ measure: name, here, pytorch })),
    markdown: measures.map(({ what, values: [here, there], text, compare }) => ({
      ...{ "": what, "Here": text(here), "PyTorch": text(there) },
      "Here against PyTorch": compare(here, there),
    })),
  };
}

function signed(value: number, digits: number): string {
  return `${value > 0 ? "+" : ""}${value.toFixed(digits)}`;
}

/** Gives a field's column: `test_f1` for `testF1`. */
function columnOf(field: string): string {
  return field.replace(/[A-Z]/, (letter) => `_${letter.toLowerCase()}`);
}

/** Lists all numbers behind the comparison, as rows of CSV files. */
export function besideRows(
  { epochs, steps }: BesidePyTorch,
): Pick<AnalysisTable, "name" | "csv">[] {
  const columns = (epoch: TrainedEpoch) =>
    Object.fromEntries(Object.entries(epoch).map(([field, value]) => [columnOf(field), value]));
  const stepAt = (loss_here: number, i: number) => (
    { step: i + 1, loss_here, loss_pytorch: steps.pytorch[i]! }
  );
  return [
    { name: "epochs", csv: epochs.map(columns) },
    { name: "steps", csv: steps.here.map(stepAt) },
  ];
}
