/**
 * The scores of one network on one set of films, each with its 95% interval.
 * @module
 */
import { auc, type Confusion, countConfusion, f1, isPositive } from "@/metrics.ts";
import { createPrng } from "@/random.ts";
import type { Prediction } from "@/results.ts";
import { type Statistic, stratifiedBootstrap } from "@/statistics/bootstrap.ts";
import { delongAuc } from "@/statistics/delong.ts";
import { type Estimate, wilson } from "@/statistics/intervals.ts";

/** Scores with their intervals. The decision is TB above the probability one half. */
export interface ScoreEstimates {
  confusion: Confusion;
  /** Wilson's interval, as for sensitivity and specificity. */
  accuracy: Estimate;
  sensitivity: Estimate;
  specificity: Estimate;
  /** Of TB; stratified bootstrap. */
  f1: Estimate;
  /** DeLong's interval. */
  auc: Estimate;
  /** The same area; stratified bootstrap. */
  aucBootstrap: Estimate;
}

/** Scores predictions. The same predictions give the same intervals. */
export function estimateScores(predictions: readonly Prediction[]): ScoreEstimates {
  const { truth, probabilities } = columns(predictions);
  const confusion = countConfusion(truth, probabilities);
  const { tn, fp, fn, tp } = confusion;
  const bootstrap = (statistic: Statistic, name: string) =>
    stratifiedBootstrap(truth, {
      probabilities,
      statistic,
      prng: createPrng(`bootstrap/${name}`),
    });
  return {
    confusion,
    accuracy: wilson(tn + tp, { trials: truth.length }),
    sensitivity: wilson(tp, { trials: tp + fn }),
    specificity: wilson(tn, { trials: tn + fp }),
    f1: bootstrap((classes, values) => f1(countConfusion(classes, values)), "f1"),
    auc: delongAuc(truth, { scores: probabilities }),
    aucBootstrap: bootstrap(auc, "auc"),
  };
}

/** Predictions as two lists: the classes and the probabilities of TB. */
export function columns(
  predictions: readonly Prediction[],
): { truth: number[]; probabilities: number[] } {
  return {
    truth: predictions.map(({ label }) => label),
    probabilities: predictions.map(({ probability }) => probability),
  };
}

/** Whether a film is called what it is. */
export function isRight({ label, probability }: Prediction): boolean {
  return isPositive(probability) === (label === 1);
}
