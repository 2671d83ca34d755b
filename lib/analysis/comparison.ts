/**
 * Differences between experiments: each pair on the same test films, by decisions (McNemar) and by
 * ranking (DeLong), both corrected for the number of pairs (Holm).
 * @module
 */
import * as z from "zod";
import { count, decimalInterval, pValue } from "@/analysis/format.ts";
import { columns, isRight } from "@/analysis/scores.ts";
import { NUMBER } from "@/common/json.ts";
import type { Prediction } from "@/films/film.ts";
import type { OwnRun } from "@/runs/own.ts";
import { AUC_DIFFERENCE, delongDifference } from "@/statistics/delong.ts";
import { holm, MCNEMAR, mcnemar } from "@/statistics/mcnemar.ts";

/** p-values below it count as a difference, after correction. */
const SIGNIFICANT = 0.05;

/** Two experiments, compared; `corrected` is p corrected for the number of pairs. */
export const COMPARISON = z.object({
  first: z.string(),
  second: z.string(),
  /** Films on which only one is right. */
  decisions: MCNEMAR.extend({ corrected: NUMBER }),
  /** Area under the ROC curve of the first minus that of the second. */
  auc: AUC_DIFFERENCE.extend({ corrected: NUMBER }),
  /** The result in a sentence. */
  words: z.string(),
});
type Comparison = z.infer<typeof COMPARISON>;

/** An experiment's predictions of the test films. */
export interface NamedPredictions {
  experiment: string;
  /** Description of a custom run. */
  own?: OwnRun | null;
  predictions: readonly Prediction[];
}

type Pair = Record<"first" | "second", NamedPredictions>;

/**
 * Compares every pair of experiments. A custom run is compared with the first of all, with the
 * experiment that it changes, and with those that are changed alike. Pairs with a custom run are
 * corrected by themselves, so that they do not change the experiments' p-values.
 *
 * @throws {RangeError} If two experiments were not tested on the same films in the same order.
 */
export function compareAll(experiments: readonly NamedPredictions[]): Comparison[] {
  const pairs = experiments.flatMap((first, i) =>
    experiments.slice(i + 1).map((second): Pair => ({ first, second }))
  );
  const hasOwn = ({ first, second }: Pair) => Boolean(first.own ?? second.own);
  const isAsked = ({ first, second }: Pair) =>
    first === experiments[0] || first.experiment === second.own?.base ||
    first.own?.changes === second.own?.changes;
  return [
    ...compareFamily(pairs.filter((pair) => !hasOwn(pair))),
    ...compareFamily(pairs.filter((pair) => hasOwn(pair) && isAsked(pair))),
  ];
}

/** Compares pairs, and corrects for their number. */
function compareFamily(family: readonly Pair[]): Comparison[] {
  const pairs = family.map(({ first, second }) => {
    requireSameFilms(first, second);
    const { truth, probabilities } = columns(first.predictions);
    return {
      first: first.experiment,
      second: second.experiment,
      decisions: mcnemar(first.predictions.map(isRight), second.predictions.map(isRight)),
      auc: delongDifference(truth, [probabilities, columns(second.predictions).probabilities]),
    };
  });
  const decisions = holm(pairs.map((pair) => pair.decisions.p));
  const areas = holm(pairs.map((pair) => pair.auc.p));
  return pairs.map((tests, i) => {
    const pair = {
      ...tests,
      decisions: { ...tests.decisions, corrected: decisions[i]! },
      auc: { ...tests.auc, corrected: areas[i]! },
    };
    return { ...pair, words: inWords(pair) };
  });
}

/**
 * Makes sure that two experiments have the same test films.
 *
 * @throws {RangeError} If they do not, naming the first film that differs.
 */
export function requireSameFilms(first: NamedPredictions, second: NamedPredictions): void {
  const names = ({ predictions }: NamedPredictions) =>
    predictions.map(({ filename, label }) => `${label}/${filename}`);
  const [ofFirst, ofSecond] = [names(first), names(second)];
  const other = ofFirst.findIndex((name, i) => name !== ofSecond[i]);
  if (other < 0 && ofFirst.length === ofSecond.length) return;
  const films = `${ofFirst[other] ?? "none"} against ${ofSecond[other] ?? "none"}`;
  throw new RangeError(
    `Cannot compare ${first.experiment} with ${second.experiment}: they were not tested on the same ` +
      `films (${films}). Train both on one split`,
  );
}

function inWords({ first, second, decisions, auc }: Omit<Comparison, "words">): string {
  const verdict = (corrected: number, better: boolean) =>
    corrected >= SIGNIFICANT ? "no difference shown" : `${better ? first : second} is better`;
  const onlyOne = `${count(decisions.onlyFirst, "film")} right with ${first} alone, ` +
    `${decisions.onlySecond} with ${second} alone`;
  const byDecisions = verdict(decisions.corrected, decisions.onlyFirst > decisions.onlySecond);
  const byAuc = verdict(auc.corrected, auc.value > 0);
  return `${first} and ${second}: by decisions ${byDecisions} (${onlyOne}; ` +
    `corrected ${pValue(decisions.corrected)}); by AUC ${byAuc} (` +
    `${decimalInterval(auc, { signed: true })}; corrected ${pValue(auc.corrected)}).`;
}
