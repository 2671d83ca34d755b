/**
 * The question whether networks work on films of another source: every run is asked, at the epoch
 * that was chosen without the test set, and so are the baselines.
 * @module
 */
import {
  compareRanking,
  describeNetwork,
  type ExternalReport,
  notesOn,
  rankingInWords,
  thumbnailInWords,
} from "@/analysis/external_report.ts";
import { type ReadFilm, readFilms } from "@/analysis/read_films.ts";
import type { FoldRuns } from "@/analysis/folds.ts";
import { describeAnswers } from "@/analysis/folds_report.ts";
import type { AnalysedRun } from "@/analysis/read_run.ts";
import { columns } from "@/analysis/scores.ts";
import { shortcutLogOdds, type ShortcutModels, SHORTCUTS } from "@/analysis/shortcuts.ts";
import type { PredictionsSummary } from "@/analysis/summary.ts";
import { findWeights, openNetwork, predictFilms } from "@/analysis/trained_network.ts";
import type { FilmCache } from "@/films/cache.ts";
import type { LabelledFilm, Prediction } from "@/films/film.ts";
import { nearestOf } from "@/films/near_duplicates.ts";
import { readTrainingFilms } from "@/runs/training_films.ts";
import type { ExternalSet } from "@/split/external.ts";

/** A film that a run has seen. */
interface SeenFilm {
  filename: string;
  hash: Uint32Array;
  /** The set that it is of: `training`, `test`, or weights that a run began with. */
  of: string;
}

/** The films that runs have seen, and the runs of which that is not fully known. */
export interface SeenFilms {
  films: SeenFilm[];
  unknownOrigin: string[];
}

/** An external set that is ready to be asked about. */
export interface ReadSet extends Pick<ExternalReport, "name" | "unreadable" | "leftOut"> {
  /** Entries of the folders that are no films, by kind. */
  others: string | null;
  films: (LabelledFilm & ReadFilm)[];
}

/** Reads an external set. Films that cannot be read, or that the runs have seen, are left out. */
export async function readSet(
  { name, films, others }: ExternalSet,
  seen: SeenFilms,
): Promise<ReadSet> {
  const unreadable: string[] = [];
  const read = await readFilms(films, { onUnreadable: (film) => unreadable.push(film.filename) });
  const hashes = seen.films.map(({ hash }) => hash);
  const leftOut: ReadSet["leftOut"] = [];
  const kept = read.filter(({ filename, hash }) => {
    const near = nearestOf(hash, hashes);
    if (near === null) return true;
    const { filename: like, of } = seen.films[near.index]!;
    leftOut.push({ film: filename, like, of, distance: near.distance });
    return false;
  });
  if (kept.length > 0) return { name, films: kept, others, unreadable: unreadable.sort(), leftOut };
  throw new RangeError(
    `Cannot ask about the external set ${name}: of its ${films.length} films ${unreadable.length} ` +
      `cannot be read, and the runs have seen ${leftOut.length}`,
  );
}

/** Lists the films that the weights of runs have seen before the runs' own training. */
export async function seenBefore(
  runs: readonly Pick<AnalysedRun, "experiment" | "config" | "folders">[],
): Promise<SeenFilms> {
  const films = new Map<string, SeenFilm>();
  const unknownOrigin: string[] = [];
  for (const { experiment, config, folders } of runs) {
    if (config.network.init === null) continue;
    const before = (await readTrainingFilms(folders.results) ?? [])
      .filter(({ weights }) => weights !== "");
    if (before.length === 0 || before.some(({ hash }) => hash === null)) {
      unknownOrigin.push(experiment);
    }
    for (const { filename, hash, weights } of before) {
      if (hash !== null) films.set(`${weights}/${filename}`, { filename, hash, of: weights });
    }
  }
  return { films: [...films.values()], unknownOrigin };
}

/** Asks a run's network about external sets, in their order. */
export async function askRun(
  run: Pick<AnalysedRun, "folders" | "epoch" | "config">,
  { sets, cache }: { sets: readonly ReadSet[]; cache: FilmCache },
): Promise<Prediction[][]> {
  using network = await openNetwork(await findWeights(run.folders, run.epoch), run.config);
  const answers = [];
  for (const { films } of sets) answers.push(await predictFilms(network, { films, cache }));
  return answers;
}

/** A network's answers on the films of an external set. */
export interface ExternalAnswers {
  set: string;
  experiment: string;
  predictions: readonly Prediction[];
}

/** Options of {@linkcode askExternal}. */
interface ExternalOptions {
  sets: readonly ExternalSet[];
  runs: readonly AnalysedRun[];
  /** Experiments that were trained on several folds. */
  folds: readonly FoldRuns[];
  /** The findings on the runs' own films. */
  found: PredictionsSummary;
  train: readonly ReadFilm[];
  test: readonly ReadFilm[];
  validation: readonly ReadFilm[];
  models: ShortcutModels;
  cache: FilmCache;
  onStage: (stage: string) => void;
}

/**
 * Asks the runs and the baselines about external sets.
 *
 * @throws {Error} If a run's weights were not kept.
 * @throws {RangeError} If no film of a set is left.
 */
export async function askExternal(
  { sets: named, runs, folds, found, train, test, validation, models, cache, onStage }:
    ExternalOptions,
): Promise<{ external: ExternalReport[]; answers: ExternalAnswers[] }> {
  const before = await seenBefore(runs);
  const own = (films: readonly ReadFilm[], of: string) =>
    films.map(({ filename, hash }) => ({ filename, hash, of }));
  const films = [
    ...[...own(train, "training"), ...own(test, "test"), ...own(validation, "validation")],
    ...before.films,
  ];
  const sets: ReadSet[] = [];
  for (const set of named) {
    onStage(`reading ${set.name}`);
    sets.push(await readSet(set, { ...before, films }));
  }
  const asked = new Map<AnalysedRun, Prediction[][]>();
  for (const run of runs) {
    onStage(`asking ${run.experiment} about ${sets.map(({ name }) => name).join(", ")}`);
    asked.set(run, await askRun(run, { sets, cache }));
  }
  const ofFolds = new Map<string, Prediction[][][]>();
  for (const { experiment, runs } of folds) {
    onStage(`asking ${experiment} of ${runs.length} folds`);
    const answers = await Array.fromAsync(runs, (run) => askRun(run, { sets, cache }));
    ofFolds.set(experiment, answers);
  }
  const { classes } = runs[0]!.config;
  const imageSizes = [...new Set(runs.map(({ config }) => config.network.imageSize))];
  const ownPrevalence = test.filter(({ label }) => label === 1).length / test.length;
  const external = sets.map((set, i): ExternalReport => {
    const networks = runs.map((run) => {
      const { operatingPoints: points } = found.experiments
        .find(({ experiment }) => experiment === run.experiment)!;
      const described = describeNetwork(asked.get(run)![i]!, { ...run, points });
      const answers = ofFolds.get(run.experiment)?.map((of) => columns(of[i]!).probabilities);
      if (answers === undefined || Number.isNaN(described.auc.value)) return described;
      const truth = set.films.map(({ label }) => label);
      return { ...described, folds: describeAnswers(truth, answers) };
    });
    const shortcuts = SHORTCUTS.map((shortcut) => {
      const scored = (films: readonly ReadFilm[]) => ({
        truth: films.map(({ label }) => label),
        scores: shortcutLogOdds(models, { shortcut, films }),
      });
      return { shortcut, ...compareRanking(scored(test), scored(set.films)) };
    });
    const best = networks.find(({ experiment }) => experiment === found.best.experiment)!;
    const ofClass = (label: number) => set.films.filter((film) => film.label === label).length;
    return {
      name: set.name,
      ...{ healthy: ofClass(0), tb: ofClass(1) },
      ...{ unreadable: set.unreadable, leftOut: set.leftOut, networks, shortcuts },
      words: rankingInWords(set.name, { ...best, classes }) + thumbnailInWords(shortcuts),
      notes: notesOn({ ...before, ...set, classes, imageSizes, ownPrevalence }),
    };
  });
  const answers = sets.flatMap(({ name }, i) =>
    runs.map((run) => (
      { set: name, experiment: run.experiment, predictions: asked.get(run)![i]! }
    ))
  );
  return { external, answers };
}
