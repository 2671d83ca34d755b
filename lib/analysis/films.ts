/**
 * The findings from films at their full size, and from a network's answers on them.
 * @module
 */
import { type Case, findEvidence, testDeletion } from "@/analysis/evidence.ts";
import type { AnalysedRun } from "@/analysis/read_run.ts";
import { border, cover } from "@/analysis/regions.ts";
import { columns, isRight } from "@/analysis/scores.ts";
import type { ReadFilm } from "@/analysis/read_films.ts";
import { auditShortcuts, BORDER_SHARE, type ShortcutModels } from "@/analysis/shortcuts.ts";
import type { FilmsSummary } from "@/analysis/summary.ts";
import {
  type FilmsQuestion,
  findWeights,
  openNetwork,
  predictFilms,
  type TrainedNetwork,
} from "@/analysis/trained_network.ts";
import { createPrng, shuffle } from "@/common/random.ts";
import type { FilmCache } from "@/films/cache.ts";
import type { LabelledFilm, Prediction } from "@/films/film.ts";
import { nearDuplicates } from "@/films/near_duplicates.ts";
import { toRgb } from "@/films/transforms.ts";
import { delongAuc, delongDifference } from "@/statistics/delong.ts";

/** Films of each kind (true and false, TB and Healthy) that are shown with their maps. */
const CASES_EACH = 2;
/** Films in the deletion test, which takes two at least. */
const DELETION_FILMS = 12;
/** The largest difference in probability by which weights reproduce a run's predictions. */
const REPRODUCED = 0.1;

/** Runs the shortcut audit, and looks for films that are in both sets, or nearly. */
export function auditFilms(
  { train, test, models }: Record<"train" | "test", readonly ReadFilm[]> & {
    models: ShortcutModels;
  },
): Pick<FilmsSummary, "shortcuts" | "nearDuplicates"> {
  const all = [...train, ...test];
  const pairs = nearDuplicates(all.map(({ hash }) => hash))
    .filter(({ first, second }) => first < train.length && second >= train.length);
  return {
    shortcuts: auditShortcuts(models, test),
    nearDuplicates: pairs.map(({ first, second, distance }) => (
      { train: all[first]!.filename, test: all[second]!.filename, distance }
    )),
  };
}

/** A network's findings in the test films. */
export interface Examination extends Pick<FilmsSummary, "reproduced" | "borders" | "deletion"> {
  cases: Case[];
}

/**
 * Asks a run's network about the test films.
 *
 * @param options.films The run's test films, in the order of its predictions.
 * @throws {Error} If the weights were not kept, or give other probabilities than the run wrote.
 */
export async function examine(
  run: AnalysedRun,
  { films, cache }: { films: readonly LabelledFilm[]; cache: FilmCache },
): Promise<Examination> {
  using network = await openNetwork(await findWeights(run.folders, run.epoch), run.config);
  const whole = await predictFilms(network, { films, cache });
  const reproduced = compareWithRun(run, whole);
  const borders = await scoreBorders(network, { films, cache, whole });
  const pixelsOf = async (chosen: Prediction) => {
    const { path } = films[whole.indexOf(chosen)]!;
    return toRgb(await cache.resized(path, network.imageSize));
  };
  const cases = await Array.fromAsync(chooseCases(whole), async (chosen) => {
    return { ...chosen, maps: await findEvidence(network, await pixelsOf(chosen)) };
  });
  const found = whole.filter((film) => film.label === 1 && isRight(film));
  const tested = await Promise.all(
    shuffle(found, createPrng("deletion films")).slice(0, DELETION_FILMS)
      .map(async (film) => ({ filename: film.filename, pixels: await pixelsOf(film) })),
  );
  const deletion = tested.length < 2 ? [] : await testDeletion(network, tested);
  return { reproduced, borders, cases, deletion };
}

/** Finds the largest difference to the probabilities that the run wrote. */
function compareWithRun({ folders, test }: AnalysedRun, whole: readonly Prediction[]): number {
  const largest = whole.reduce(
    (most, { probability }, i) => Math.max(most, Math.abs(probability - test[i]!.probability)),
    0,
  );
  if (largest <= REPRODUCED) return largest;
  throw new Error(
    `Cannot analyse ${folders.results}: its weights give probabilities that differ by up to ` +
      `${largest.toFixed(2)} from those that it wrote. Films or weights have been changed since; ` +
      "train again",
  );
}

/**
 * Scores the network on films without their border, and on the border alone. A network that reads
 * lungs loses little by the first and all by the second.
 */
async function scoreBorders(
  network: TrainedNetwork,
  { whole, ...question }: FilmsQuestion & { whole: readonly Prediction[] },
): Promise<FilmsSummary["borders"]> {
  const size = network.imageSize;
  const region = border({ size, share: BORDER_SHARE });
  const scoresWithout = async (covered: typeof region) => {
    const edit = (pixels: Uint8Array) => cover(pixels, { size, region: covered });
    return columns(await predictFilms(network, { ...question, edit })).probabilities;
  };
  const { truth, probabilities } = columns(whole);
  const blanked = await scoresWithout(region);
  return {
    whole: delongAuc(truth, probabilities),
    blanked: delongAuc(truth, blanked),
    loss: delongDifference(truth, [probabilities, blanked]),
    borderAlone: delongAuc(truth, await scoresWithout((x, y) => !region(x, y))),
  };
}

/** Chooses of each kind (true and false, TB and Healthy) the films with the surest predictions. */
function chooseCases(predictions: readonly Prediction[]): Prediction[] {
  const certainty = ({ probability }: Prediction) => Math.abs(probability - 0.5);
  const kindOf = (film: Prediction) => `${1 - film.label} ${isRight(film) ? 0 : 1}`;
  const kinds = [...Map.groupBy(predictions, kindOf)].toSorted(([a], [b]) => a < b ? -1 : 1);
  return kinds.flatMap(([, films]) =>
    films.toSorted((a, b) => certainty(b) - certainty(a)).slice(0, CASES_EACH)
  );
}
