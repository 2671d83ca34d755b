/**
 * The analysis of the runs there are, and its files:
 *
 * - `results/summary.json`: all that was found ({@linkcode Summary});
 * - `results/analysis/*.csv` and `*.md`: its tables; `roc.csv` and `precision_recall.csv`: the curves;
 * - `results/analysis/curves.json`, `cases.json`: the same curves, and films with their evidence maps, for figures;
 * - `results/analysis/model_card.md`;
 * - `model/<best experiment>/epochNN.onnx`: the best network as ONNX.
 * @module
 */
import { join } from "node:path";
import { deletionInWords } from "@/analysis/evidence.ts";
import { auditFilms, type Examination, examine } from "@/analysis/films.ts";
import { modelCard } from "@/analysis/model_card.ts";
import { type Analysis, readAnalysis } from "@/analysis/read_analysis.ts";
import { type AnalysedRun, findRuns, readRun } from "@/analysis/runs.ts";
import {
  type PredictionsSummary,
  summarizePredictions,
  type Summary,
  SUMMARY_VERSION,
} from "@/analysis/summary.ts";
import { toCsv, toMarkdown } from "@/analysis/table_files.ts";
import { analysisTables, curveTables } from "@/analysis/tables.ts";
import { findWeights } from "@/analysis/trained_network.ts";
import type { FilmCache } from "@/film_cache.ts";
import { exists, writeAtomic } from "@/files.ts";
import { writeOnnx } from "@/onnx_export.ts";
import { describeResNet50 } from "@/resnet50.ts";
import { readEpochs, statePath, weightsPath } from "@/results.ts";
import { usedFilms } from "@/run_films.ts";
import type { RunFilms } from "@/run_config.ts";
import { readSafetensors } from "@/safetensors.ts";

/** What {@linkcode analyse} takes. */
export interface AnalyseOptions {
  /** Folder that holds `results/` and `model/`. */
  root: string;
  /** The films that the runs were trained and tested on; there may be more. */
  films: Pick<RunFilms, "train" | "test">;
  cache: FilmCache;
  /** Whether the films are drawn ones. */
  phantom: boolean;
  /** Told what is being done. */
  onStage?: (stage: string) => void;
}

/**
 * Analyses the runs and writes the files.
 *
 * @throws {Error} If there is no run, a file of one is missing or damaged, or its weights are not those of its
 * predictions.
 * @throws {RangeError} If the runs were not tested on the same films, or not on these.
 */
export async function analyse(
  { root, films, cache, phantom, onStage = () => {} }: AnalyseOptions,
): Promise<Analysis> {
  onStage("reading runs");
  const places = await findRuns(root);
  const runs: AnalysedRun[] = [];
  for (const place of places.filter(({ seed }) => seed === 0)) runs.push(await readRun(place));
  if (runs.length === 0) {
    throw new Error(
      `Cannot analyse ${join(root, "results")}: it has no run. Train first: deno task train all`,
    );
  }
  const seeded = await Promise.all(places.map(async ({ experiment, seed, folders }) => ({
    experiment,
    seed,
    rows: await readEpochs(folders.results),
  })));
  onStage("intervals and comparisons");
  const { summary: found, curves } = summarizePredictions(runs, { seeded });
  const best = runs.find(({ experiment }) => experiment === found.best.experiment)!;
  const used = filmsOf(best, films);
  const kept = await findExamined(root, { best, found });
  onStage(
    kept === null
      ? `asking ${best.experiment} about the test films`
      : `keeping what ${best.experiment} said of the test films: its weights are gone`,
  );
  const { cases, ...examined } = kept ?? await examine(best, { films: used.test, cache });
  onStage("shortcut audit");
  const audit = await auditFilms(used);
  const summary: Summary = {
    version: SUMMARY_VERSION,
    phantom,
    classes: best.config.classes,
    data: best.config.data,
    ...found,
    ...examined,
    ...audit,
  };
  onStage("writing");
  await writeAnalysis(root, { summary, curves, cases });
  const folder = join(root, "results", "analysis");
  await writeAtomic(join(folder, "model_card.md"), modelCard(summary, best.config));
  if (kept === null) await exportBest(best);
  return { summary, curves, cases };
}

/**
 * What the best run's network was found to say before, where its weights are gone since: without them it cannot be asked
 * again, and what else is to be analysed may have grown.
 *
 * @returns Null if the weights are there, or there is no analysis of the same epoch with the same scores.
 */
async function findExamined(
  root: string,
  { best, found }: { best: AnalysedRun; found: PredictionsSummary },
): Promise<Examination | null> {
  const weights = [weightsPath(best.folders, best.epoch), statePath(best.folders)];
  if ((await Promise.all(weights.map(exists))).includes(true)) return null;
  const results = join(root, "results");
  if (!await exists(join(results, "summary.json"))) return null;
  const { summary, cases } = await readAnalysis(results);
  const { experiment, epoch } = summary.best;
  const scoresOf = ({ experiments }: PredictionsSummary) =>
    JSON.stringify(experiments.find((each) => each.experiment === best.experiment)?.scores);
  const isSame = experiment === best.experiment && epoch === best.epoch &&
    summary.data.test.fingerprint === best.config.data.test.fingerprint &&
    scoresOf(summary) === scoresOf(found);
  if (!isSame) return null;
  const { reproduced, borders } = summary;
  const [, positive] = best.config.classes;
  const deletion = summary.deletion
    .map((test) => ({ ...test, words: deletionInWords(test, positive) }));
  return { reproduced, borders, deletion, cases };
}

/** The films that a run used: it may have left some out, or taken the first ones of each class only. */
function filmsOf(
  { test, config: { data }, folders }: AnalysedRun,
  films: AnalyseOptions["films"],
): AnalyseOptions["films"] {
  const key = ({ label, filename }: { label: number; filename: string }) => `${label}/${filename}`;
  const known = new Map(films.test.map((film) => [key(film), film]));
  return {
    train: usedFilms(films.train, { summary: data.train, skipped: data.skipped }),
    test: test.map((prediction) => {
      const film = known.get(key(prediction));
      if (film !== undefined) return film;
      throw new RangeError(
        `Cannot analyse ${folders.results}: ${prediction.filename} is not among the test films of the data ` +
          "folder. Name the folder that the run was trained on with --data or XRAY_DATA",
      );
    }),
  };
}

async function writeAnalysis(root: string, { summary, curves, cases }: Analysis): Promise<void> {
  const folder = join(root, "results", "analysis");
  const tables = analysisTables(summary);
  for (const { name, csv } of [...tables, ...curveTables(curves)]) {
    await writeAtomic(join(folder, `${name}.csv`), toCsv(csv));
  }
  for (const table of tables) {
    await writeAtomic(join(folder, `${table.name}.md`), toMarkdown(table));
  }
  await writeJson(join(folder, "curves.json"), curves);
  await writeJson(join(folder, "cases.json"), cases);
  // Last, so that what it stands for is there.
  await writeJson(join(root, "results", "summary.json"), summary);
}

/** JSON has no NaN and no Infinity: they become null. */
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
      experiment,
      epoch: String(epoch),
      classes: config.classes.join(", "),
      purpose: "research and teaching; not for diagnosis",
    },
  });
}
