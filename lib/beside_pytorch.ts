/**
 * What training here came to beside what PyTorch's came to: on the same films with several seeds, and from the same
 * weights and batches.
 * @module
 */
import type { AnalysisTable } from "@/analysis/table_files.ts";
import { percent } from "@/analysis/words.ts";
import type { EpochRow } from "@/metrics.ts";
import { momentsOf } from "@/statistics/intervals.ts";
import { median } from "@/statistics/median.ts";

/** Who trained. */
export type Trainer = "here" | "PyTorch";

/** An epoch of either; shares are fractions in [0, 1]. */
export interface TrainedEpoch {
  trainer: Trainer;
  seed: number;
  /** From 0. */
  epoch: number;
  trainAccuracy: number;
  testAccuracy: number;
  testF1: number;
  testAuc: number;
  trainSeconds: number;
  testSeconds: number;
}

/** The losses of the same steps, from the same weights on the same batches. */
export interface SameSteps {
  here: readonly number[];
  pytorch: readonly number[];
}

/** All that was measured. */
export interface BesidePyTorch {
  epochs: readonly TrainedEpoch[];
  steps: SameSteps;
  /** PyTorch's version. */
  version: string;
}

/** The fields of {@linkcode TrainedEpoch} that scores are compared by. */
const SCORES = ["testAccuracy", "testAuc", "testF1"] as const;

/** The epochs of a run of the project. */
export function epochsHere(seed: number, rows: readonly EpochRow[]): TrainedEpoch[] {
  return rows.map((
    { epoch, trainAccuracy, testAccuracy, testF1, testAuc, trainSeconds, testSeconds },
  ) => ({
    trainer: "here",
    seed,
    epoch,
    trainAccuracy,
    testAccuracy,
    testF1,
    testAuc,
    trainSeconds,
    testSeconds,
  }));
}

/**
 * The epochs of a run of PyTorch.
 *
 * @param text What tests/python/pytorch_train.py prints, a line of JSON an epoch.
 * @throws {SyntaxError} If it is something else.
 */
export function epochsOfPyTorch(text: string): TrainedEpoch[] {
  return text.trim().split("\n").map((line, epoch) => {
    const said = parseLine(line);
    const number = (field: string) => {
      const value = said[field];
      if (typeof value === "number" && Number.isFinite(value)) return value;
      throw new SyntaxError(
        `Cannot read what PyTorch's side printed: no number ${field} in ${line}`,
      );
    };
    if (number("epoch") !== epoch) {
      throw new SyntaxError(`Cannot read what PyTorch's side printed: epoch ${epoch} is missing`);
    }
    return {
      trainer: "PyTorch",
      seed: number("seed"),
      epoch,
      trainAccuracy: share(number("train_accuracy_percent")),
      testAccuracy: share(number("test_accuracy_percent")),
      testF1: number("f1"),
      testAuc: number("auc"),
      trainSeconds: number("train_s"),
      testSeconds: number("eval_s"),
    };
  });
}

/** A share of percent with three decimals, as they are printed. */
function share(percent: number): number {
  return Number((percent / 100).toFixed(5));
}

function parseLine(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new SyntaxError(`Cannot read what PyTorch's side printed: ${line} is not JSON`, {
      cause: error,
    });
  }
}

/** From which epoch on scores are compared: the second half, when the first jumps are over. */
export function settledFrom(epochs: number): number {
  return Math.floor(epochs / 2);
}

/** The comparison in numbers and in words. */
export function besideTable({ epochs, steps, version }: BesidePyTorch): AnalysisTable {
  const last = Math.max(...epochs.map(({ epoch }) => epoch));
  const first = settledFrom(last + 1);
  const seeds = [...new Set(epochs.map(({ seed }) => seed))];
  const of = (trainer: Trainer) => epochs.filter((each) => each.trainer === trainer);
  const over = `mean of epochs ${first} to ${last}, seeds ${seeds.join(", ")}`;
  const settled = (trainer: Trainer, score: typeof SCORES[number]) =>
    mean(of(trainer).filter(({ epoch }) => epoch >= first).map((each) => each[score]));
  const seconds = (trainer: Trainer) => median(of(trainer).map((each) => each.trainSeconds));
  const measures = [
    ...SCORES.map((score) =>
      measure({
        what: `${SCORE_NAMES[score]}, ${over}`,
        name: score.replace(/[A-Z]/, (letter) => `_${letter.toLowerCase()}`),
        values: [settled("here", score), settled("PyTorch", score)],
        text: score === "testAccuracy" ? percent : (value) => value.toFixed(4),
        compare: score === "testAccuracy"
          ? (here, there) => `${signed(100 * (here - there), 1)} points`
          : (here, there) => signed(here - there, 4),
      })
    ),
    measure({
      what: "Training time of an epoch, median",
      name: "train_seconds",
      values: [seconds("here"), seconds("PyTorch")],
      text: (value) => `${value.toFixed(0)} s`,
      compare: (here, there) => `${(there / here).toFixed(2)} times as fast`,
    }),
    measure({
      what: "Loss of step 1 from the same weights and films",
      name: "first_loss",
      values: [steps.here[0]!, steps.pytorch[0]!],
      text: (value) => value.toFixed(6),
      compare: (here, there) => (here - there).toExponential(1),
    }),
    measure({
      what: `Mean loss of the first ${steps.here.length} such steps`,
      name: "mean_loss",
      values: [mean(steps.here), mean(steps.pytorch)],
      text: (value) => value.toFixed(6),
      compare: (here, there) => `${signed(100 * (here - there) / there, 2)}%`,
    }),
  ];
  return {
    name: "table",
    title: `Beside PyTorch ${version}: the baseline in fp32`,
    csv: measures.map(({ csv }) => csv),
    markdown: measures.map(({ markdown }) => markdown),
  };
}

const SCORE_NAMES: Record<typeof SCORES[number], string> = {
  testAccuracy: "Test accuracy",
  testAuc: "Test AUC",
  testF1: "Test F1 of TB",
};

/** A row of the comparison. */
function measure(
  { what, name, values: [here, there], text, compare }: {
    what: string;
    name: string;
    values: [here: number, there: number];
    text: (value: number) => string;
    compare: (here: number, there: number) => string;
  },
) {
  return {
    csv: { measure: name, here, pytorch: there },
    markdown: {
      "": what,
      "Here": text(here),
      "PyTorch": text(there),
      "Here against PyTorch": compare(here, there),
    },
  };
}

function mean(values: readonly number[]): number {
  return momentsOf(values).mean;
}

function signed(value: number, digits: number): string {
  return `${value > 0 ? "+" : ""}${value.toFixed(digits)}`;
}

/** Every number that the comparison rests on, as rows of CSV files. */
export function besideRows(
  { epochs, steps }: BesidePyTorch,
): { name: string; csv: AnalysisTable["csv"] }[] {
  return [
    {
      name: "epochs",
      csv: epochs.map((each) => ({
        trainer: each.trainer,
        seed: each.seed,
        epoch: each.epoch,
        train_accuracy: each.trainAccuracy,
        test_accuracy: each.testAccuracy,
        test_f1: each.testF1,
        test_auc: each.testAuc,
        train_seconds: each.trainSeconds,
        test_seconds: each.testSeconds,
      })),
    },
    {
      name: "steps",
      csv: steps.here.map((loss, i) => ({
        step: i + 1,
        loss_here: loss,
        loss_pytorch: steps.pytorch[i]!,
      })),
    },
  ];
}
