/**
 * The analysis of all runs, and its files:
 *
 * - `results/summary.json`: all findings ({@linkcode Summary});
 * - `results/analysis/*.csv` and `*.md`: tables, the curves' points, the model card, the answers on
 *   external films;
 * - `results/analysis/curves.json`, `cases.json`: for figures, curves and films' evidence maps;
 * - `model/<best experiment>/epochNN.onnx`: the best network as ONNX.
 * @module
 */
import { join, relative } from "node:path";
import { deletionInWords } from "@/analysis/evidence.ts";
import { askExternal, type ExternalAnswers } from "@/analysis/external.ts";
import { auditFilms, type Examination, examine } from "@/analysis/films.ts";
import { type OpenedFolds, readFoldRuns, summarizeFolds } from "@/analysis/folds.ts";
import { matchFilms, type ScoredFilm } from "@/analysis/matched.ts";
import { modelCard } from "@/analysis/model_card.ts";
import { type Analysis, readAnalysis } from "@/analysis/read_analysis.ts";
import { type ReadFilm, readFilms } from "@/analysis/read_films.ts";
import { type AnalysedRun, readRun } from "@/analysis/read_run.ts";
import { fitShortcuts } from "@/analysis/shortcuts.ts";
import {
  type PredictionsSummary,
  summarizePredictions,
  type Summary,
  SUMMARY_VERSION,
} from "@/analysis/summary.ts";
import { tableCsv, toMarkdown } from "@/analysis/tables/table.ts";
import { analysisTables, curveTables } from "@/analysis/tables/tables.ts";
import { findWeights } from "@/analysis/trained_network.ts";
import { exists, writeAtomic } from "@/common/files.ts";
import { readSafetensors } from "@/common/safetensors.ts";
import type { FilmCache } from "@/films/cache.ts";
import type { LabelledFilm } from "@/films/film.ts";
import { describeResNet50 } from "@/network/architecture.ts";
import { writeOnnx } from "@/network/onnx.ts";
import { readConfig } from "@/runs/config.ts";
import { readEpochs, statePath, weightsPath } from "@/runs/files.ts";
import { usedFilms } from "@/runs/films.ts";
import { findRuns } from "@/runs/find.ts";
import { splitComparable } from "@/runs/own.ts";
import { fingerprintOf, type RunFilms } from "@/runs/settings.ts";
import type { ExternalSet } from "@/split/external.ts";

/** Options of {@linkcode analyse}. */
interface AnalyseOptions {
  /** Folder that holds `results/` and `model/`. */
  root: string;
  /** The films that the runs were trained and tested on, or more. */
  films: Pick<RunFilms, "train" | "test"> & Partial<Pick<RunFilms, "validation">>;
  cache: FilmCache;
  /** True if the films are drawn. */
  phantom: boolean;
  /** Films of other sources, which the networks are asked about too. Default: none. */
  external?: readonly ExternalSet[];
  /** The folds of the split, if it has some. */
  folds?: OpenedFolds;
  /** Called with a description of each stage. */
  onStage?: (stage: string) => void;
}

/**
 * Analyses the runs and writes the files.
 *
 * @throws {Error} If no run exists, or one lacks a file, has a damaged one, or has weights that do
 * not give its predictions.
 * @throws {RangeError} If the runs were not tested on the same films, or not on these.
 */
export async function analyse(
  { root, films, cache, phantom, external = [], folds, onStage = () => {} }: AnalyseOptions,
): Promise<Analysis> {
  onStage("reading runs");
  const places = await Promise.all((await findRuns(root)).map(async (place) => {
    return { ...place, config: await readConfig(place.folders.results) };
  }));
  const { comparable, others } = splitComparable(places);
  if (others.length > 0) {
    const names = others.map(({ folders }) => relative(root, folders.results)).join(", ");
    onStage(`leaving out ${names}, tested on other films than ${comparable[0]!.experiment}`);
  }
  const runs = await Array.fromAsync(comparable.filter(({ seed }) => seed === 0), readRun);
  if (runs.length === 0) {
    throw new Error(
      `Cannot analyse ${join(root, "results")}: it has no run. Train first: deno task train all`,
    );
  }
  const seeded = await Promise.all(comparable.map(async ({ experiment, seed, folders }) => {
    return { experiment, seed, rows: await readEpochs(folders.results) };
  }));
  // Before minutes of work.
  const foldRuns = folds && await readFoldRuns(root, folds);
  const ofFolds = foldRuns?.experiments ?? [];
  const sets = await askable(external, [...runs, ...ofFolds.flatMap(({ runs }) => runs)]);
  onStage("intervals and comparisons");
  const { summary: found, curves } = summarizePredictions(runs, { seeded });
  const best = runs.find(({ experiment }) => experiment === found.best.experiment)!;
  const used = await filmsOf(best, films);
  const kept = await findExamined(root, { best, found });
  onStage(
    kept === null
      ? `asking ${best.experiment} about the test films`
      : `keeping what ${best.experiment} said of the test films: its weights are gone`,
  );
  const { cases, ...examined } = kept ?? await examine(best, { films: used.test, cache });
  onStage("shortcut audit");
  const bestOfFolds = ofFolds.find(({ experiment }) => experiment === best.experiment)?.runs ?? [];
  const bestSets = bestOfFolds.map((run, fold) => usedSets(run, folds!.films[fold]!));
  const readOnce = await openFilms([used, ...bestSets]);
  const [train, test] = [readOnce(used.train), readOnce(used.test)];
  const models = fitShortcuts(train);
  const audit = auditFilms({ train, test, models });
  const matchable = bestOfFolds.length === 0
    ? [{ train, test: withScores(test, best) }]
    : bestOfFolds.map((run, fold) => ({
      train: readOnce(bestSets[fold]!.train),
      test: withScores(readOnce(bestSets[fold]!.test), run),
    }));
  const asked = {
    ...{ sets, runs, folds: ofFolds, found, train, test, models, cache, onStage },
    validation: sets.length === 0 ? [] : await readFilms(validationOf(best, films)),
  };
  const { external: reports, answers } = sets.length === 0
    ? NOBODY_ASKED
    : await askExternal(asked);
  const { classes, data } = best.config;
  const summary: Summary = {
    ...{ version: SUMMARY_VERSION, phantom, classes, data },
    ...{ ...found, ...examined, ...audit },
    matched: MATCHED_BY.map((shortcut) => matchFilms(matchable, { shortcut })),
    ...foldRuns && { folds: summarizeFolds(folds!, foldRuns) },
    ...reports && { external: reports },
  };
  onStage("writing");
  await writeAnalysis(root, { summary, curves, cases, answers });
  const folder = join(root, "results", "analysis");
  await writeAtomic(join(folder, "model_card.md"), modelCard(summary, best.config));
  if (kept === null) await exportBest(best);
  return { summary, curves, cases };
}

/** The shortcuts that films are matched by, the main one first. */
const MATCHED_BY = ["border", "thumbnail"] as const;

/** Reads the films of several sets, each once; gives those of a list, in its order. */
async function openFilms(
  sets: readonly AnalyseOptions["films"][],
): Promise<(films: readonly LabelledFilm[]) => ReadFilm[]> {
  const all = sets.flatMap(({ train, test }) => [...train, ...test]);
  const films = [...new Map(all.map((film) => [film.path, film])).values()];
  const read = new Map((await readFilms(films)).map((film) => [film.path, film]));
  return (films) => films.map((film) => ({ ...read.get(film.path)!, ...film }));
}

/**
 * Lists the external sets that all runs can be asked about: those that nobody named are left out if
 * weights are gone.
 *
 * @throws {Error} If weights are gone, and a set was named.
 */
async function askable(
  sets: readonly ExternalSet[],
  runs: readonly AnalysedRun[],
): Promise<readonly ExternalSet[]> {
  if (sets.length === 0) return sets;
  try {
    for (const run of runs) await findWeights(run.folders, run.epoch);
    return sets;
  } catch (error) {
    if (sets.every(({ isDefault = false }) => isDefault)) return [];
    throw error;
  }
}

/** Adds a run's probabilities to its test films, which are in their order. */
function withScores(films: readonly ReadFilm[], { test }: AnalysedRun): ScoredFilm[] {
  return films.map((film, i) => ({ ...film, score: test[i]!.probability }));
}

/** Lists the films that validated a run. */
function validationOf(
  { config: { data } }: AnalysedRun,
  { validation }: AnalyseOptions["films"],
): LabelledFilm[] {
  if (data.validation === null || !validation) return [];
  return usedFilms(validation, { summary: data.validation, skipped: data.skipped });
}

/** Lists the films of a fold that its run used. */
function usedSets(
  { config: { data } }: AnalysedRun,
  { train, test }: AnalyseOptions["films"],
): AnalyseOptions["films"] {
  const { skipped } = data;
  return {
    train: usedFilms(train, { summary: data.train, skipped }),
    test: usedFilms(test, { summary: data.test, skipped }),
  };
}

/** The result without external sets. */
const NOBODY_ASKED: Partial<Awaited<ReturnType<typeof askExternal>>> = {};

/**
 * Finds the best network's answers in the last analysis, if its weights are gone since.
 *
 * @returns Null if the weights exist, or no analysis of the same epoch with the same scores does.
 */
async function findExamined(
  root: string,
  { best, found }: { best: AnalysedRun; found: PredictionsSummary },
): Promise<Examination | null> {
  const weights = [weightsPath(best.folders, best.epoch), statePath(best.folders)];
  if ((await Promise.all(weights.map(exists))).includes(true)) return null;
  const results = join(root, "results");
  if (!await exists(join(results, "summary.json"))) return null;
  const { summary, cases } = await readAnalysis({ root });
  const { experiment, epoch } = summary.best;
  const scoresOf = ({ experiments }: PredictionsSummary) =>
    JSON.stringify(experiments.find((each) => each.experiment === best.experiment)?.scores);
  const isSame = experiment === best.experiment && epoch === best.epoch &&
    summary.data.test.fingerprint === best.config.data.test.fingerprint &&
    scoresOf(summary) === scoresOf(found);
  if (!isSame) return null;
  const { reproduced, borders } = summary;
  const words = (test: typeof summary.deletion[0]) => deletionInWords(test, best.config.classes[1]);
  const deletion = summary.deletion.map((test) => ({ ...test, words: words(test) }));
  return { reproduced, borders, deletion, cases };
}

/**
 * Finds the films that a run used: all, all but unreadable ones, or the first of each class.
 *
 * @throws {RangeError} If the split is another one, or its films have changed.
 */
async function filmsOf(
  { test, config: { data }, folders }: AnalysedRun,
  films: AnalyseOptions["films"],
): Promise<AnalyseOptions["films"]> {
  const otherSplit = (reason: string) =>
    new RangeError(
      `Cannot analyse ${folders.results}: ${reason}. The films were split again, or have changed, ` +
        "since it was trained: split them as they were then, or train again with --restart",
    );
  const train = usedFilms(films.train, { summary: data.train, skipped: data.skipped });
  const wereTrained = async (films: readonly LabelledFilm[]) =>
    await fingerprintOf(films) === data.train.fingerprint;
  if (!await wereTrained(train) && !await wereTrained(films.train)) {
    throw otherSplit("the training films of dataset/ are not those that it was trained on");
  }
  const key = ({ label, filename }: { label: number; filename: string }) => `${label}/${filename}`;
  const known = new Map(films.test.map((film) => [key(film), film]));
  return {
    train,
    test: test.map((prediction) => {
      const film = known.get(key(prediction));
      if (film !== undefined) return film;
      throw otherSplit(`${prediction.filename} is not among the test films of dataset/`);
    }),
  };
}

async function writeAnalysis(
  root: string,
  { summary, curves, cases, answers = [] }: Analysis & { answers?: ExternalAnswers[] | undefined },
): Promise<void> {
  const folder = join(root, "results", "analysis");
  const tables = analysisTables(summary).filter(({ isAbsent = false }) => !isAbsent);
  await removeOptional(folder);
  if (answers.length > 0) {
    await writeAtomic(join(folder, EXTERNAL_PREDICTIONS), tableCsv(answerRows(answers)));
  }
  for (const { name, csv } of [...tables, ...curveTables(curves)]) {
    await writeAtomic(join(folder, `${name}.csv`), tableCsv(csv));
  }
  for (const each of tables) await writeAtomic(join(folder, `${each.name}.md`), toMarkdown(each));
  await writeJson(join(folder, "curves.json"), curves);
  await writeJson(join(folder, "cases.json"), cases);
  // Last, so that a summary's other files exist.
  await writeJson(join(root, "results", "summary.json"), summary);
}

/** The answers on external films, one row for each network and film. */
const EXTERNAL_PREDICTIONS = "external_predictions.csv";

function answerRows(answers: readonly ExternalAnswers[]) {
  return answers.flatMap(({ set, experiment, predictions }) =>
    predictions.map((prediction) => ({ set, experiment, ...prediction }))
  );
}

/** The files that an analysis without folds or external films does not write. */
const OPTIONAL = /^(external|folds|each_fold)/;

/** Removes what an earlier analysis found over folds and on external films. */
async function removeOptional(folder: string): Promise<void> {
  if (!await exists(folder)) return;
  for await (const { name } of Deno.readDir(folder)) {
    if (OPTIONAL.test(name)) await Deno.remove(join(folder, name));
  }
}

/** Writes JSON, where NaN and Infinity become null. */
async function writeJson(path: string, value: unknown): Promise<void> {
  await writeAtomic(path, JSON.stringify(value, null, 1) + "\n");
}

/** Writes the run's network as ONNX beside its weights. */
async function exportBest({ experiment, epoch, folders, config }: AnalysedRun): Promise<void> {
  const { tensors } = await readSafetensors(await findWeights(folders, epoch));
  const name = `epoch${String(epoch).padStart(2, "0")}.onnx`;
  await writeOnnx(join(folders.model, name), {
    tensors,
    architecture: describeResNet50(config.network),
    imageSize: config.network.imageSize,
    metadata: {
      ...{ experiment, epoch: String(epoch), classes: config.classes.join(", ") },
      purpose: "research and teaching; not for diagnosis",
    },
  });
}
