/**
 * The results over the folds of a split, in numbers.
 * @module
 */
import * as z from "zod";
import { REASON } from "@/analysis/selection.ts";
import { COUNT, NUMBER } from "@/common/json.ts";
import { CONFUSION } from "@/statistics/classification.ts";
import { delongAuc } from "@/statistics/delong.ts";
import { ESTIMATE, mean } from "@/statistics/intervals.ts";

/** The threshold of a fold's network. */
const PURPOSE = z.enum(["probability one half", "WHO triage"]);

/** An experiment over all folds. */
const FOLD_EXPERIMENT = z.object({
  experiment: z.string(),
  folds: z.array(z.object({
    ...{ fold: COUNT, epoch: COUNT, chosenBy: REASON, healthy: COUNT, tb: COUNT },
    /** DeLong's interval. */
    auc: ESTIMATE,
    threshold: NUMBER,
  })),
  /** Mean of the folds' areas; the interval resamples patients within the folds. */
  auc: ESTIMATE,
  /** The folds' lowest and highest area. Their spread is no standard error. */
  ...{ lowest: NUMBER, highest: NUMBER },
  /** The purpose of the folds' thresholds, chosen on validation films if all folds have some. */
  purpose: PURPOSE,
  /** Counts at each fold's threshold, added up. */
  confusion: CONFUSION,
  ...{ sensitivity: ESTIMATE, specificity: ESTIMATE },
  words: z.string(),
});

/** The results over the folds of a split. */
export const FOLDS_REPORT = z.object({
  /** The number of folds. */
  count: COUNT,
  experiments: z.array(FOLD_EXPERIMENT),
  /** Reasons why an experiment's folds are not pooled. */
  problems: z.array(z.string()),
});
export type FoldsReport = z.infer<typeof FOLDS_REPORT>;

/** An experiment's networks on an external set, one network for each fold. */
export const FOLD_ANSWERS = z.object({
  /** Mean, lowest and highest AUC of the folds' networks. */
  ...{ mean: NUMBER, lowest: NUMBER, highest: NUMBER },
  /** The AUC of the mean of their probabilities. */
  ensemble: ESTIMATE,
});

/** Describes the answers of the folds' networks on the same films. */
export function describeAnswers(
  truth: readonly number[],
  probabilities: readonly (readonly number[])[],
): z.infer<typeof FOLD_ANSWERS> {
  const areas = probabilities.map((scores) => delongAuc(truth, scores).value);
  const means = truth.map((_, i) => mean(probabilities.map((scores) => scores[i]!)));
  return {
    ...{ mean: mean(areas), lowest: Math.min(...areas), highest: Math.max(...areas) },
    ensemble: delongAuc(truth, means),
  };
}
