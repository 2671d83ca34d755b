/**
 * What an analysis finds, as `results/summary.json` keeps it. Its fields are a promise to those who read the file:
 * {@linkcode SUMMARY_VERSION} is raised when one is renamed, removed or changes its meaning.
 *
 * Shares and areas are fractions in [0, 1]; an estimate is `{ value, low, high }` with its 95% interval. What is not
 * defined (the mean of an empty bin, a threshold above all films) is null in the file.
 * @module
 */
import type { BorderScores } from "@/analysis/borders.ts";
import { type CalibrationReport, describeCalibration } from "@/analysis/calibration.ts";
import { compareAll, type Comparison } from "@/analysis/comparison.ts";
import { type ErrorReport, listErrors } from "@/analysis/errors.ts";
import type { DeletionTest } from "@/analysis/evidence.ts";
import { type ChosenPoint, describeOperation } from "@/analysis/operating_points.ts";
import type { AnalysedRun } from "@/analysis/runs.ts";
import { estimateScores, type ScoreEstimates } from "@/analysis/scores.ts";
import { type SeededRun, type SeedReport, summarizeSeeds } from "@/analysis/seeds.ts";
import { compareChoices, type Selection } from "@/analysis/selection.ts";
import type { ShortcutScore } from "@/analysis/shortcuts.ts";
import { type ChosenEpoch, CLASS_NAMES, type ClassNames } from "@/metrics.ts";
import type { RunConfig } from "@/results.ts";
import type { Point } from "@/statistics/curves.ts";

/** Version of the file's fields. */
export const SUMMARY_VERSION = 1;

/** One experiment, seed 0, at the epoch that the test set had no say in. */
export interface ExperimentSummary {
  experiment: string;
  /** Epochs that were trained. */
  epochs: number;
  /** The epoch that is described, from 0. */
  epoch: number;
  chosenBy: ChosenEpoch["reason"];
  scores: ScoreEstimates;
  selection: Selection;
  operatingPoints: ChosenPoint[];
  /** In a sentence. */
  triage: string;
  averagePrecision: number;
  calibration: CalibrationReport;
}

/** The experiment that is looked at more closely, and exported. */
export interface BestExperiment {
  experiment: string;
  epoch: number;
  /** The score that it has the highest of; by a test score the choice is optimistic. */
  chosenBy: "validation F1" | "test F1";
}

/** What is found from predictions alone. */
export interface PredictionsSummary {
  best: BestExperiment;
  experiments: ExperimentSummary[];
  comparisons: Comparison[];
  seeds: SeedReport;
  errors: ErrorReport;
}

/** What is found by looking at films and asking the best network about them. */
export interface FilmsSummary {
  /** Largest difference between the probabilities that the run wrote and those that its weights give now. */
  reproduced: number;
  shortcuts: ShortcutScore[];
  /** Films of the two sets that are nearly the same, and in how many of 255 bits their hashes differ. */
  nearDuplicates: { train: string; test: string; distance: number }[];
  borders: BorderScores;
  deletion: DeletionTest[];
}

/** The whole file. */
export interface Summary extends PredictionsSummary, FilmsSummary {
  version: typeof SUMMARY_VERSION;
  /** Whether the films are drawn ones, so that no number says anything about patients. */
  phantom: boolean;
  /** What the labels 0 and 1 are called. Fields named `healthy` and `tb` are of these. */
  classes: ClassNames;
  data: RunConfig["data"];
}

/** The curves of an experiment, of which the file would be too long. */
export interface ExperimentCurves {
  experiment: string;
  /** x is 1 - specificity, y sensitivity. */
  roc: Point[];
  /** x is recall, y precision. */
  precisionRecall: Point[];
}

/**
 * Finds what predictions tell.
 *
 * @param runs With seed 0, the one that the others are compared with first; at least one.
 * @param options.seeded All runs, those with other seeds too.
 * @throws {RangeError} If two runs were not tested on the same films.
 */
export function summarizePredictions(
  runs: readonly AnalysedRun[],
  { seeded }: { seeded: readonly SeededRun[] },
): { summary: PredictionsSummary; curves: ExperimentCurves[] } {
  const described = runs.map(describe);
  const named = runs.map(({ experiment, test }) => ({ experiment, predictions: test }));
  return {
    summary: {
      best: chooseBest(runs),
      experiments: described.map(({ summary }) => summary),
      comparisons: compareAll(named),
      seeds: summarizeSeeds(seeded),
      errors: listErrors(named, runs[0]!.config),
    },
    curves: described.map(({ curves }) => curves),
  };
}

function describe(run: AnalysedRun): { summary: ExperimentSummary; curves: ExperimentCurves } {
  const { experiment, rows, epoch, chosenBy, test, validation, config } = run;
  const { roc, precisionRecall, points, triage, ...operation } = describeOperation(test, {
    validation,
  });
  const summary = {
    experiment,
    epochs: rows.length,
    epoch,
    chosenBy,
    scores: estimateScores(test),
    selection: compareChoices(experiment, rows),
    operatingPoints: points,
    triage: config.classes[1] === CLASS_NAMES[1]
      ? triage
      : `${triage} That target is one for tuberculosis.`,
    ...operation,
    calibration: describeCalibration(test, { validation }),
  };
  return { summary, curves: { experiment, roc, precisionRecall } };
}

/** By the validation set where all have one, so that the test set has no say in it. */
function chooseBest(runs: readonly AnalysedRun[]): BestExperiment {
  const validated = runs.every(({ validation }) => validation !== null);
  const score = (
    { rows, epoch }: AnalysedRun,
  ) => (validated ? rows[epoch]!.validationF1! : rows[epoch]!.testF1);
  const best = runs.reduce((best, run) => score(run) > score(best) ? run : best);
  const { experiment, epoch } = best;
  return { experiment, epoch, chosenBy: validated ? "validation F1" : "test F1" };
}
