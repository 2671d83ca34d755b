/**
 * What is found by looking at films, and by asking a network about them.
 * @module
 */
import { scoreBorders } from "@/analysis/borders.ts";
import {
  type DeletionTest,
  type EvidenceMaps,
  findEvidence,
  testDeletion,
} from "@/analysis/evidence.ts";
import type { AnalysedRun } from "@/analysis/runs.ts";
import { isRight } from "@/analysis/scores.ts";
import { type AuditedFilm, auditShortcuts, shortcutFeatures } from "@/analysis/shortcuts.ts";
import type { FilmsSummary } from "@/analysis/summary.ts";
import {
  findWeights,
  openNetwork,
  predictFilms,
  type TrainedNetwork,
} from "@/analysis/trained_network.ts";
import type { FilmCache } from "@/film_cache.ts";
import { readImage } from "@/images.ts";
import { nearDuplicates, perceptualHash } from "@/near_duplicates.ts";
import { prefetch } from "@/prefetch.ts";
import { createPrng, shuffle } from "@/random.ts";
import type { Prediction } from "@/results.ts";
import type { RunFilms } from "@/run_config.ts";
import type { LabelledFilm } from "@/split.ts";
import { toRgb } from "@/transforms.ts";

/** A film, what the network says of it, and where it finds its evidence. */
export interface Case extends Prediction {
  maps: EvidenceMaps;
}

/** Films of each kind (true and false, TB and Healthy) that are shown with their maps. */
const CASES_EACH = 2;
/** Films in the deletion test. */
const DELETION_FILMS = 12;
/** Probabilities that differ by more were not made by these weights from these films. */
const REPRODUCED = 0.1;

/** What is found by looking at films at their full size. */
export type Audit = Pick<FilmsSummary, "shortcuts" | "nearDuplicates">;

/** Runs the shortcut audit, and looks for films that are in both sets, or nearly. */
export async function auditFilms(
  { train, test }: Pick<RunFilms, "train" | "test">,
): Promise<Audit> {
  const see = async ({ path, filename, label }: LabelledFilm): Promise<SeenFilm> => {
    const image = await readImage(path);
    return { filename, label, features: shortcutFeatures(image), hash: perceptualHash(image) };
  };
  const ahead = 2 * navigator.hardwareConcurrency;
  const seeAll = (films: readonly LabelledFilm[]) =>
    Array.fromAsync(prefetch(films, { ahead, work: see }));
  const seen = { train: await seeAll(train), test: await seeAll(test) };
  return { shortcuts: auditShortcuts(seen), nearDuplicates: acrossSets(seen) };
}

interface SeenFilm extends AuditedFilm {
  filename: string;
  hash: Uint32Array;
}

/** Pairs of a training and a test film that are nearly the same. */
function acrossSets(
  { train, test }: { train: readonly SeenFilm[]; test: readonly SeenFilm[] },
): FilmsSummary["nearDuplicates"] {
  const all = [...train, ...test];
  return nearDuplicates(all.map(({ hash }) => hash))
    .filter(({ first, second }) => first < train.length && second >= train.length)
    .map(({ first, second, distance }) => ({
      train: all[first]!.filename,
      test: all[second]!.filename,
      distance,
    }));
}

/** What a network finds in the test films. */
export interface Examination extends Pick<FilmsSummary, "reproduced" | "borders" | "deletion"> {
  cases: Case[];
}

/**
 * Asks a run's network about the test films.
 *
 * @param options.films Those that the run was tested on, in the order of its predictions.
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
  const cases: Case[] = [];
  for (const chosen of chooseCases(whole)) {
    cases.push({ ...chosen, maps: await findEvidence(network, await pixelsOf(chosen)) });
  }
  return { reproduced, borders, cases, deletion: await deletion(network, { whole, pixelsOf }) };
}

/** The largest difference to the probabilities that the run wrote. */
function compareWithRun(
  { folders, test }: AnalysedRun,
  whole: readonly Prediction[],
): number {
  const largest = whole.reduce(
    (most, { probability }, i) => Math.max(most, Math.abs(probability - test[i]!.probability)),
    0,
  );
  if (largest <= REPRODUCED) return largest;
  throw new Error(
    `Cannot analyse ${folders.results}: its weights give probabilities that differ by up to ` +
      `${
        largest.toFixed(2)
      } from those that it wrote. Films or weights have been changed since; train again`,
  );
}

/** Of each kind, true and false, TB and Healthy, the films of which the network is most certain. */
export function chooseCases(predictions: readonly Prediction[]): Prediction[] {
  const certainty = ({ probability }: Prediction) => Math.abs(probability - 0.5);
  const kinds = Map.groupBy(
    predictions,
    (prediction) => `${1 - prediction.label} ${isRight(prediction) ? 0 : 1}`,
  );
  return [...kinds].toSorted(([a], [b]) => a < b ? -1 : 1).flatMap(([, films]) =>
    films.toSorted((a, b) => certainty(b) - certainty(a)).slice(0, CASES_EACH)
  );
}

/** The deletion test on films that are rightly called TB; none if there are fewer than two. */
async function deletion(
  network: TrainedNetwork,
  { whole, pixelsOf }: {
    whole: readonly Prediction[];
    pixelsOf: (chosen: Prediction) => Promise<Uint8Array>;
  },
): Promise<DeletionTest[]> {
  const found = whole.filter((film) => film.label === 1 && isRight(film));
  const chosen = shuffle(found, createPrng("deletion films")).slice(0, DELETION_FILMS);
  if (chosen.length < 2) return [];
  return await testDeletion(
    network,
    await Promise.all(chosen.map(async (film) => ({
      filename: film.filename,
      pixels: await pixelsOf(film),
    }))),
  );
}
