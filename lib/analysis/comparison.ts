/**
 * Whether experiments differ: each pair on the same test films, by decisions (McNemar) and by ranking (DeLong), both
 * corrected for the number of pairs (Holm).
 * @module
 */
import { columns, isRight } from "@/analysis/scores.ts";
import { count, decimalInterval, pValue } from "@/analysis/words.ts";
import type { Prediction } from "@/results.ts";
import { type AucDifference, delongDifference } from "@/statistics/delong.ts";
import { holm, type McNemar, mcnemar } from "@/statistics/mcnemar.ts";

/** p-values below it count as a difference, after correction. */
export const SIGNIFICANT = 0.05;

/** A test's result with its p-value corrected for the number of pairs. */
type Corrected<Test> = Test & { corrected: number };

/** Two experiments, compared. */
export interface Comparison {
  first: string;
  second: string;
  /** Films on which only one is right. */
  decisions: Corrected<McNemar>;
  /** Area under the ROC curve of the first minus that of the second. */
  auc: Corrected<AucDifference>;
  /** What it comes to, in a sentence. */
  words: string;
}

/** An experiment's predictions of the test films. */
export interface NamedPredictions {
  experiment: string;
  predictions: readonly Prediction[];
}

/**
 * Compares every pair of experiments.
 *
 * @throws {RangeError} If two experiments were not tested on the same films in the same order.
 */
export function compareAll(experiments: readonly NamedPredictions[]): Comparison[] {
  const pairs = experiments.flatMap((first, i) =>
    experiments.slice(i + 1).map((second) => ({ first, second, ...compare(first, second) }))
  );
  const decisions = holm(pairs.map((pair) => pair.decisions.p));
  const areas = holm(pairs.map((pair) => pair.auc.p));
  return pairs.map(({ first, second, ...tests }, i) => {
    const pair = {
      first: first.experiment,
      second: second.experiment,
      decisions: { ...tests.decisions, corrected: decisions[i]! },
      auc: { ...tests.auc, corrected: areas[i]! },
    };
    return { ...pair, words: inWords(pair) };
  });
}

function compare(
  first: NamedPredictions,
  second: NamedPredictions,
): { decisions: McNemar; auc: AucDifference } {
  requireSameFilms(first, second);
  const { truth, probabilities } = columns(first.predictions);
  return {
    decisions: mcnemar(first.predictions.map(isRight), second.predictions.map(isRight)),
    auc: delongDifference(truth, {
      scores: [probabilities, columns(second.predictions).probabilities],
    }),
  };
}

/** Holds for experiments with the same test films. */
export function requireSameFilms(first: NamedPredictions, second: NamedPredictions): void {
  const names = ({ predictions }: NamedPredictions) =>
    predictions.map(({ filename, label }) => `${label}/${filename}`);
  const [ofFirst, ofSecond] = [names(first), names(second)];
  const other = ofFirst.findIndex((name, i) => name !== ofSecond[i]);
  if (other < 0 && ofFirst.length === ofSecond.length) return;
  throw new RangeError(
    `Cannot compare ${first.experiment} with ${second.experiment}: they were not tested on the same ` +
      `films (${ofFirst[other] ?? "none"} against ${
        ofSecond[other] ?? "none"
      }). Train both on one split`,
  );
}

function inWords({ first, second, decisions, auc }: Omit<Comparison, "words">): string {
  const verdict = (corrected: number, better: boolean) =>
    corrected >= SIGNIFICANT ? "no difference shown" : `${better ? first : second} is better`;
  const onlyOne = `${count(decisions.onlyFirst, "film")} right with ${first} alone, ` +
    `${decisions.onlySecond} with ${second} alone`;
  return `${first} and ${second}: by decisions ${
    verdict(decisions.corrected, decisions.onlyFirst > decisions.onlySecond)
  } (${onlyOne}; corrected ${pValue(decisions.corrected)}); by AUC ${
    verdict(auc.corrected, auc.value > 0)
  } (${decimalInterval(auc, { signed: true })}; corrected ${pValue(auc.corrected)}).`;
}
