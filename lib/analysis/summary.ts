/**
 * An analysis as `results/summary.json` keeps it. Its fields are a promise to those who read the
 * file: {@linkcode SUMMARY_VERSION} is raised when one is renamed, removed or changes its meaning.
 *
 * Shares and areas are fractions in [0, 1]; an estimate is `{ value, low, high }` with its 95%
 * interval. Undefined numbers (the mean of an empty bin, a threshold above all films) are null in
 * the file.
 * @module
 */
import * as z from "zod";
import { CALIBRATION_REPORT, describeCalibration } from "@/analysis/calibration.ts";
import { compareAll, COMPARISON } from "@/analysis/comparison.ts";
import { ERROR_REPORT, listErrors } from "@/analysis/errors.ts";
import { DELETION_TEST } from "@/analysis/evidence.ts";
import { EXTERNAL_REPORT } from "@/analysis/external_report.ts";
import { FOLDS_REPORT } from "@/analysis/folds_report.ts";
import { MATCHED_REPORT } from "@/analysis/matched.ts";
import { CHOSEN_POINT, describeOperation } from "@/analysis/operating_points.ts";
import type { AnalysedRun } from "@/analysis/read_run.ts";
import { estimateScores, SCORE_ESTIMATES } from "@/analysis/scores.ts";
import { SEED_REPORT, type SeededRun, summarizeSeeds } from "@/analysis/seeds.ts";
import { compareChoices, REASON, SELECTION } from "@/analysis/selection.ts";
import { SHORTCUT_SCORE } from "@/analysis/shortcuts.ts";
import { COUNT, NUMBER } from "@/common/json.ts";
import { CLASS_NAMES } from "@/films/film.ts";
import { RUN_DATA } from "@/runs/config.ts";
import { describeOwn } from "@/runs/own.ts";
import { POINT } from "@/statistics/curves.ts";
import { AUC_DIFFERENCE } from "@/statistics/delong.ts";
import { ESTIMATE } from "@/statistics/intervals.ts";

/** Version of the file's fields. */
export const SUMMARY_VERSION = 1;

/** One experiment, seed 0, at the epoch that was chosen without the test set. */
const EXPERIMENT_SUMMARY = z.object({
  experiment: z.string(),
  /** Description of a custom run; the experiments have no such field. */
  own: z.object({ base: z.string(), changes: z.string() }).exactOptional(),
  /** Epochs that were trained. */
  epochs: COUNT,
  /** The epoch that is described, from 0. */
  epoch: COUNT,
  chosenBy: REASON,
  scores: SCORE_ESTIMATES,
  selection: SELECTION,
  operatingPoints: z.array(CHOSEN_POINT),
  /** A sentence on whether the WHO's target for triage is met. */
  triage: z.string(),
  averagePrecision: NUMBER,
  calibration: CALIBRATION_REPORT,
});
export type ExperimentSummary = z.infer<typeof EXPERIMENT_SUMMARY>;

/** The findings from predictions alone. */
const PREDICTIONS_SUMMARY = z.object({
  /** The experiment whose network is examined and exported. */
  best: z.object({
    experiment: z.string(),
    epoch: COUNT,
    /** The score that is highest; by a test score the choice is optimistic. */
    chosenBy: z.enum(["validation F1", "test F1"]),
  }),
  experiments: z.array(EXPERIMENT_SUMMARY).nonempty(),
  comparisons: z.array(COMPARISON),
  seeds: SEED_REPORT,
  errors: ERROR_REPORT,
});
export type PredictionsSummary = z.infer<typeof PREDICTIONS_SUMMARY>;

/** The findings from films and from the best network's answers on them. */
const FILMS_SUMMARY = z.object({
  /** Largest difference between the probabilities that the run wrote and those of its weights. */
  reproduced: NUMBER,
  /** The network's area under the ROC curve by the part of the test films that it sees. */
  borders: z.object({
    whole: ESTIMATE,
    /** With the outer 10% at each side covered. */
    blanked: ESTIMATE,
    /** Whole films less blanked ones. */
    loss: AUC_DIFFERENCE,
    /** With all but the outer 10% covered. */
    borderAlone: ESTIMATE,
  }),
  deletion: z.array(DELETION_TEST),
  shortcuts: z.array(SHORTCUT_SCORE),
  /** Nearly identical films of the two sets, with the bits of 255 in which their hashes differ. */
  nearDuplicates: z.array(z.object({ train: z.string(), test: z.string(), distance: COUNT })),
});
export type FilmsSummary = z.infer<typeof FILMS_SUMMARY>;

/** The whole file. */
export const SUMMARY = z.object({
  version: z.literal(SUMMARY_VERSION, {
    error: ({ input }) => `it is of version ${input}, not ${SUMMARY_VERSION}`,
  }),
  /** True if the films are drawn, so that no number is about patients. */
  phantom: z.boolean(),
  /** The names of the labels 0 and 1. Fields named `healthy` and `tb` are about these. */
  classes: z.tuple([z.string(), z.string()]).readonly().default(CLASS_NAMES),
  data: RUN_DATA,
  ...PREDICTIONS_SUMMARY.shape,
  ...FILMS_SUMMARY.shape,
  /** The best experiment on films that a shortcut cannot tell apart. Older files lack it. */
  matched: z.array(MATCHED_REPORT).exactOptional(),
  /** The results over the folds of the split, if an experiment was trained on several. */
  folds: FOLDS_REPORT.exactOptional(),
  /** The answers on films of other sources, if any were named. */
  external: z.array(EXTERNAL_REPORT).exactOptional(),
});
export type Summary = z.infer<typeof SUMMARY>;

/** The curves of an experiment, which have a file of their own. */
export const EXPERIMENT_CURVES = z.object({
  experiment: z.string(),
  /** x is 1 - specificity, y sensitivity. */
  roc: z.array(POINT),
  /** x is recall, y precision. */
  precisionRecall: z.array(POINT),
});
export type ExperimentCurves = z.infer<typeof EXPERIMENT_CURVES>;

/**
 * Summarizes predictions.
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
  const named = runs.map(({ experiment, test, config }) => {
    return { experiment, own: describeOwn(experiment, config), predictions: test };
  });
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
  const use = describeOperation(test, { validation });
  const { roc, precisionRecall, points, triage, averagePrecision } = use;
  const own = describeOwn(experiment, config);
  const isTb = config.classes[1] === CLASS_NAMES[1];
  const summary = {
    experiment,
    ...own && { own },
    ...{ epochs: rows.length, epoch, chosenBy },
    scores: estimateScores(test),
    selection: compareChoices(experiment, rows),
    operatingPoints: points,
    triage: isTb ? triage : `${triage} That target is one for tuberculosis.`,
    averagePrecision,
    calibration: describeCalibration(test, { validation }),
  };
  return { summary, curves: { experiment, roc, precisionRecall } };
}

/** Chooses by the validation set if all runs have one, or else by the test set. */
function chooseBest(runs: readonly AnalysedRun[]): PredictionsSummary["best"] {
  const validated = runs.every(({ validation }) => validation !== null);
  const score = ({ rows, epoch }: AnalysedRun) =>
    validated ? rows[epoch]!.validationF1! : rows[epoch]!.testF1;
  const { experiment, epoch } = runs.reduce((best, run) => score(run) > score(best) ? run : best);
  return { experiment, epoch, chosenBy: validated ? "validation F1" : "test F1" };
}
