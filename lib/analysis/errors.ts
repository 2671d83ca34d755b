/**
 * The films that networks get wrong, and whether they get the same ones wrong.
 * @module
 */
import * as z from "zod";
import { type NamedPredictions, requireSameFilms } from "@/analysis/comparison.ts";
import { isRight } from "@/analysis/scores.ts";
import { COUNT } from "@/common/json.ts";
import { CLASS_NAMES, type ClassNames } from "@/films/film.ts";

/** All films that at least one experiment gets wrong. */
export const ERROR_REPORT = z.object({
  /** Those that most experiments get wrong come first. */
  films: z.array(z.object({
    filename: z.string(),
    /** Name of its class. */
    label: z.string(),
    /** The experiments' answers. */
    verdicts: z.array(z.object({
      experiment: z.string(),
      /** Probability of TB. */
      probability: z.number(),
      /** Place among all test films by probability of TB, from 1; ties share the best place. */
      rank: COUNT,
      right: z.boolean(),
    })),
    /** Experiments that get it wrong. */
    wrong: COUNT,
  })),
  /** The number of films that exactly `k` experiments get wrong, for k from 0. */
  agreement: z.array(COUNT),
  words: z.string(),
});

/**
 * Lists the films that any experiment gets wrong.
 *
 * @throws {RangeError} If two experiments were not tested on the same films in the same order.
 */
export function listErrors(
  experiments: readonly NamedPredictions[],
  { classes = CLASS_NAMES }: { classes?: ClassNames } = {},
): z.infer<typeof ERROR_REPORT> {
  const [first, ...others] = experiments;
  if (first === undefined) throw new RangeError("Cannot list errors of no experiment");
  for (const other of others) requireSameFilms(first, other);
  const ranked = experiments.map(({ experiment, predictions }) => {
    const sorted = predictions.map(({ probability }) => probability).sort((a, b) => b - a);
    const ranks = new Map(sorted.map((value, i) => [value, i + 1] as const).toReversed());
    return predictions.map((prediction) => {
      const { probability } = prediction;
      return { experiment, probability, rank: ranks.get(probability)!, right: isRight(prediction) };
    });
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

function inWords(agreement: readonly number[], films: number): string {
  const experiments = agreement.length - 1;
  if (films === 0) return "No test film is called wrong by any experiment.";
  if (experiments === 1) return `${films} test films are called wrong.`;
  return `${films} test films are called wrong by at least one of ${experiments} experiments, ` +
    `${agreement.at(-1)} by all of them, ${agreement[1]} by one alone.`;
}
