/**
 * Matched films: whether a network's score survives where a shortcut cannot tell the classes apart.
 * Films of both classes are paired by the log-odds that the shortcut gives them. Inside of such a
 * pair the shortcut is of no use, so that a network which needs it ranks the two by chance.
 * @module
 */
import * as z from "zod";
import { count, percent, percentInterval } from "@/analysis/format.ts";
import { type AuditedFilm, fitShortcut, type Shortcut, SHORTCUTS } from "@/analysis/shortcuts.ts";
import { COUNT, NUMBER } from "@/common/json.ts";
import { createPrng, shuffle } from "@/common/random.ts";
import { meanOverFolds } from "@/statistics/bootstrap.ts";
import { auc } from "@/statistics/classification.ts";
import { ESTIMATE, mean } from "@/statistics/intervals.ts";
import { logisticScores } from "@/statistics/logistic_regression.ts";
import { matchPairs, rankedRightly, standardizedDifference } from "@/statistics/matching.ts";

/** A test film with the network's score of it. */
export interface ScoredFilm extends AuditedFilm {
  /** Any number that grows with the evidence for TB; comparable within a fold alone. */
  score: number;
}

/** A fold of a cross-validation. The network of the fold has not seen its test films. */
export interface MatchedFold {
  train: readonly AuditedFilm[];
  test: readonly ScoredFilm[];
}

/**
 * The standardized differences between the classes' means, over the shortcut's features. Chance
 * alone leaves a mean of about `2 / sqrt(pi * n)` between n and n films: 0.11 of 100.
 */
const BALANCE = z.object({
  largest: NUMBER,
  mean: NUMBER,
  /** Share of the features below 0.1, which count as balanced. */
  balanced: NUMBER,
});
type Balance = z.infer<typeof BALANCE>;

/** A network's score, and a shortcut's, on all test films and on the pairs. */
export const MATCHED_REPORT = z.object({
  shortcut: z.enum(SHORTCUTS),
  pairs: COUNT,
  /** All test films. The areas under the ROC curve are means over the folds. */
  before: z.object({ balance: BALANCE, shortcut: NUMBER, network: NUMBER }),
  /** The films of the pairs; NaN below 50 pairs. */
  after: z.object({
    balance: BALANCE,
    /** The area of the shortcut, fitted to other pairs: 0.5 if it cannot tell the classes apart. */
    shortcut: ESTIMATE,
    /** Share of the pairs in which the network gives the TB film the higher score. */
    network: ESTIMATE,
  }),
  /** A sentence on whether the network's score survives. */
  words: z.string(),
});
export type MatchedReport = z.infer<typeof MATCHED_REPORT>;

/** Pairs from which numbers are given. */
const ENOUGH_PAIRS = 50;
/** Folds of pairs in which the shortcut is fitted again. */
const PAIR_FOLDS = 5;
/** The standardized difference below which a feature counts as balanced. */
const BALANCED = 0.1;

/** The numbers from too few pairs. */
const UNDEFINED: MatchedReport["after"] = {
  balance: { largest: NaN, mean: NaN, balanced: NaN },
  shortcut: { value: NaN, low: NaN, high: NaN },
  network: { value: NaN, low: NaN, high: NaN },
};

/**
 * Pairs the test films by a shortcut, and asks how the network ranks the films of a pair. The
 * intervals treat pairs as independent: they are too narrow if patients have several films.
 *
 * @param folds Each test film is in one fold.
 * @returns The same films give the same numbers.
 */
export function matchFilms(
  folds: readonly MatchedFold[],
  { shortcut }: { shortcut: Shortcut },
): MatchedReport {
  const logOddsOf = (films: readonly AuditedFilm[], train: readonly AuditedFilm[]) =>
    logisticScores(fitShortcut(shortcut, train), films.map(({ features }) => features[shortcut]));
  const logits = folds.map(({ train, test }) => logOddsOf(test, train));
  const films = folds.flatMap(({ test }) => test);
  const isMatchable = [0, 1].every((label) => {
    return films.filter((film) => film.label === label).length > 1;
  });
  const places = !isMatchable ? [] : matchPairs({
    truth: labelsOf(films),
    logits: logits.flatMap((fold) => [...fold]),
    folds: folds.flatMap(({ test }, fold) => test.map(() => fold)),
    prng: createPrng("matched/pairs"),
  });
  const scores = films.map(({ score }) => score);
  const before = {
    balance: isMatchable ? balanceOf(films, shortcut) : UNDEFINED.balance,
    shortcut: mean(folds.map(({ test }, fold) => auc(labelsOf(test), logits[fold]!))),
    network: mean(folds.map(({ test }) => auc(labelsOf(test), test.map(({ score }) => score)))),
  };
  const pairs = places.map((pair) => pair.map((place) => films[place]!));
  const after = pairs.length < ENOUGH_PAIRS ? UNDEFINED : {
    balance: balanceOf(pairs.flat(), shortcut),
    shortcut: refit(pairs, logOddsOf),
    network: rankedRightly(places, scores, createPrng("matched/network")),
  };
  const found = { shortcut, pairs: pairs.length, before, after };
  return { ...found, words: inWords(found) };
}

function labelsOf(films: readonly AuditedFilm[]): number[] {
  return films.map(({ label }) => label);
}

/** Compares the classes' means of each of a shortcut's features. */
function balanceOf(films: readonly AuditedFilm[], shortcut: Shortcut): Balance {
  const [healthy, tb] = [0, 1].map((label) => films.filter((film) => film.label === label));
  const differences = Array.from(films[0]!.features[shortcut], (_, feature) => {
    const valuesOf = (ofClass: readonly AuditedFilm[]) =>
      ofClass.map(({ features }) => features[shortcut][feature]!);
    return standardizedDifference(valuesOf(healthy!), valuesOf(tb!));
  });
  return {
    largest: Math.max(...differences),
    mean: mean(differences),
    balanced: mean(differences.map((difference) => difference < BALANCED ? 1 : 0)),
  };
}

/** Tests the shortcut on pairs by cross-validation. The films of a pair stay in one fold. */
function refit(
  pairs: readonly (readonly AuditedFilm[])[],
  logOddsOf: (films: readonly AuditedFilm[], train: readonly AuditedFilm[]) => Float64Array,
): MatchedReport["after"]["shortcut"] {
  const drawn = shuffle(pairs, createPrng("matched/folds"));
  const folds = Array.from({ length: PAIR_FOLDS }, (_, fold) => {
    const inFold = (isTest: boolean) =>
      drawn.filter((_, i) => (i % PAIR_FOLDS === fold) === isTest).flat();
    const test = inFold(true);
    const logOdds = logOddsOf(test, inFold(false));
    return test.map(({ label }, i) => ({ truth: label, score: logOdds[i]!, group: String(i) }));
  });
  return meanOverFolds(folds, createPrng("matched/refit"));
}

function inWords({ shortcut, pairs, before, after }: Omit<MatchedReport, "words">): string {
  const all = `${percent(before.network)} on all test films`;
  const areaBefore = `${before.shortcut.toFixed(2)} before`;
  if (pairs < ENOUGH_PAIRS) {
    return `Too few films look alike to the ${shortcut} (AUC ${areaBefore}) to ask what the ` +
      `network's score is without it: ${
        count(pairs, "pair")
      }, not ${ENOUGH_PAIRS} at least; ${all}.`;
  }
  const apart = after.shortcut.low > 0.5 ? "can still tell apart" : "cannot tell apart";
  return `On ${pairs} pairs of films that the ${shortcut} ${apart} ` +
    `(AUC ${after.shortcut.value.toFixed(2)} refitted, ${areaBefore}), ` +
    `the network ranks ${percentInterval(after.network)} rightly; ${all}.`;
}
