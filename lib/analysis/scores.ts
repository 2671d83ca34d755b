/**
 * The scores of one network on one set of films, each with its 95% interval.
 * @module
 */
import * as z from "zod";
import { createPrng } from "@/common/random.ts";
import type { Prediction } from "@/films/film.ts";
import { type Statistic, stratifiedBootstrap } from "@/statistics/bootstrap.ts";
import { auc, CONFUSION, countConfusion, f1, isPositive } from "@/statistics/classification.ts";
import { delongAuc } from "@/statistics/delong.ts";
import { ESTIMATE, wilson } from "@/statistics/intervals.ts";

/** Scores with their intervals. The decision is TB above the probability one half. */
export const SCORE_ESTIMATES = z.object({
  confusion: CONFUSION,
  /** Wilson's interval, as for sensitivity and specificity. */
  accuracy: ESTIMATE,
  sensitivity: ESTIMATE,
  specificity: ESTIMATE,
  /** F1 of TB; stratified bootstrap. */
  f1: ESTIMATE,
  /** DeLong's interval. */
  auc: ESTIMATE,
  /** The same area; stratified bootstrap. */
  aucBootstrap: ESTIMATE,
});

/** Scores predictions. The same predictions give the same intervals. */
export function estimateScores(
  predictions: readonly Prediction[],
): z.infer<typeof SCORE_ESTIMATES> {
  const { truth, probabilities } = columns(predictions);
  const confusion = countConfusion(truth, probabilities);
  const { tn, fp, fn, tp } = confusion;
  const bootstrap = (statistic: Statistic, name: string) => {
    const prng = createPrng(`bootstrap/${name}`);
    return stratifiedBootstrap(truth, { probabilities, statistic, prng });
  };
  return {
    confusion,
    accuracy: wilson(tn + tp, { trials: truth.length }),
    sensitivity: wilson(tp, { trials: tp + fn }),
    specificity: wilson(tn, { trials: tn + fp }),
    f1: bootstrap((classes, values) => f1(countConfusion(classes, values)), "f1"),
    auc: delongAuc(truth, probabilities),
    aucBootstrap: bootstrap(auc, "auc"),
  };
}

/** Splits predictions into the classes and the probabilities of TB. */
export function columns(
  predictions: readonly Prediction[],
): { truth: number[]; probabilities: number[] } {
  return {
    truth: predictions.map(({ label }) => label),
    probabilities: predictions.map(({ probability }) => probability),
  };
}

/** Tells whether a film's decision is its class. */
export function isRight({ label, probability }: Prediction): boolean {
  return isPositive(probability) === (label === 1);
}
