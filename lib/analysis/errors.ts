/**
 * The films that networks get wrong, and whether they get the same ones wrong.
 * @module
 */
import { type NamedPredictions, requireSameFilms } from "@/analysis/comparison.ts";
import { isRight } from "@/analysis/scores.ts";
import { CLASS_NAMES, type ClassNames } from "@/metrics.ts";

/** What one experiment says of a film. */
export interface Verdict {
  experiment: string;
  /** Of TB. */
  probability: number;
  /** Place among all test films by probability of TB, 1 the highest; equal ones share the best place. */
  rank: number;
  right: boolean;
}

/** A film that at least one experiment has wrong. */
export interface WrongFilm {
  filename: string;
  /** What it is. */
  label: string;
  verdicts: Verdict[];
  /** How many experiments have it wrong. */
  wrong: number;
}

/** All wrong films. */
export interface ErrorReport {
  /** Those that most have wrong first. */
  films: WrongFilm[];
  /** How many films exactly `k` experiments have wrong, for k from 0. */
  agreement: number[];
  words: string;
}

/**
 * Lists the films that any experiment has wrong.
 *
 * @throws {RangeError} If two experiments were not tested on the same films in the same order.
 */
export function listErrors(
  experiments: readonly NamedPredictions[],
  { classes = CLASS_NAMES }: { classes?: ClassNames } = {},
): ErrorReport {
  const [first, ...others] = experiments;
  if (first === undefined) throw new RangeError("Cannot list errors of no experiment");
  for (const other of others) requireSameFilms(first, other);
  const ranked = experiments.map(({ experiment, predictions }) => {
    const ranks = ranksDown(predictions.map(({ probability }) => probability));
    return predictions.map((prediction, i) => ({
      experiment,
      probability: prediction.probability,
      rank: ranks[i]!,
      right: isRight(prediction),
    }));
  });
  const all = first.predictions.map(({ filename, label }, i) => {
    const verdicts = ranked.map((verdicts) => verdicts[i]!);
    const wrong = verdicts.filter(({ right }) => !right).length;
    return { filename, label: classes[label], verdicts, wrong };
  });
  const films = all.filter(({ wrong }) => wrong > 0).sort((a, b) => b.wrong - a.wrong);
  const agreement = Array.from(
    { length: experiments.length + 1 },
    (_, k) => all.filter(({ wrong }) => wrong === k).length,
  );
  return { films, agreement, words: inWords(agreement, films.length) };
}

function ranksDown(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[b]! - values[a]!);
  const ranks = new Array<number>(values.length);
  order.forEach((i, place) => {
    const above = order[place - 1];
    ranks[i] = above !== undefined && values[above] === values[i] ? ranks[above]! : place + 1;
  });
  return ranks;
}

function inWords(agreement: readonly number[], films: number): string {
  const experiments = agreement.length - 1;
  const all = agreement.at(-1)!;
  const one = agreement[1]!;
  if (films === 0) return "No test film is called wrong by any experiment.";
  if (experiments === 1) return `${films} test films are called wrong.`;
  return `${films} test films are called wrong by at least one of ${experiments} experiments, ${all} by all of ` +
    `them, ${one} by one alone.`;
}
