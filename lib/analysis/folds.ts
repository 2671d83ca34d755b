/**
 * The runs of all folds of a split, in which every film is tested once by a network that has not
 * seen its patient. Scores of different networks are not pooled into one area (Parker et al., BMC
 * Bioinformatics 8:326, 2007, doi:10.1186/1471-2105-8-326; Airola et al., Computational Statistics
 * and Data Analysis 55, 2011, doi:10.1016/j.csda.2010.11.018): the areas' mean is the result.
 * @module
 */
import { join } from "node:path";
import type { FoldsReport } from "@/analysis/folds_report.ts";
import { decimalInterval } from "@/analysis/format.ts";
import { describeOperation } from "@/analysis/operating_points.ts";
import { type AnalysedRun, readRun } from "@/analysis/read_run.ts";
import { columns } from "@/analysis/scores.ts";
import { exists } from "@/common/files.ts";
import { createPrng } from "@/common/random.ts";
import type { ClassNames, Label } from "@/films/film.ts";
import { runFolders } from "@/runs/files.ts";
import { usedFilms } from "@/runs/films.ts";
import { findFolds, findRuns } from "@/runs/find.ts";
import { fingerprintOf, type RunFilms } from "@/runs/settings.ts";
import type { Folds } from "@/split/folds.ts";
import { meanOverFolds } from "@/statistics/bootstrap.ts";
import { delongAuc } from "@/statistics/delong.ts";
import { wilson } from "@/statistics/intervals.ts";

/** The runs of an experiment, one for each fold. */
export interface FoldRuns {
  experiment: string;
  runs: readonly AnalysedRun[];
}

const SETS = ["train", "test", "validation"] as const;
type SetName = typeof SETS[number];

/** The folds of a split, and the films of each. */
export interface OpenedFolds {
  folds: Folds;
  films: readonly Pick<RunFilms, SetName>[];
}

/**
 * Reads the runs of the experiments that are trained on more folds than the first.
 *
 * @param options.root Folder that holds `results/`.
 * @returns The experiments whose folds may be pooled, and why others may not.
 */
export async function readFoldRuns(
  root: string,
  { folds: { count }, films }: OpenedFolds,
): Promise<{ experiments: FoldRuns[]; problems: string[] }> {
  const later = (await findFolds(root)).slice(1).map((fold) => findRuns(root, { fold }));
  const names = (await Promise.all(later)).flat().filter(({ seed }) => seed === 0)
    .map(({ experiment }) => experiment);
  const whole = await Promise.all(films.map(async (sets) => ({
    ...await fingerprintsOf(sets),
    sets,
  })));
  const experiments: FoldRuns[] = [];
  const problems: string[] = [];
  for (const experiment of new Set(names)) {
    try {
      const runs: AnalysedRun[] = [];
      for (let fold = 0; fold < count; fold++) {
        const folders = runFolders(experiment, { fold, root });
        if (!await exists(join(folders.results, "metrics.csv"))) {
          throw new Error(
            `${folders.results} is missing. Train it: deno task train ${experiment} --fold ${fold}`,
          );
        }
        const run = await readRun({ experiment, seed: 0, fold, folders });
        await requireFold(run, { fold, ...whole[fold]! });
        requireAlike(run, { fold, first: runs[0] ?? run });
        runs.push(run);
      }
      experiments.push({ experiment, runs });
    } catch (error) {
      const reason = (error as Error).message.replaceAll(`${root}/`, "");
      problems.push(notPooled(experiment, reason));
    }
  }
  return { experiments, problems };
}

function notPooled(experiment: string, reason: string): string {
  return `The folds of ${experiment} are not pooled: ${reason}`;
}

/** Computes the fingerprint of each set of a fold; null of a set that it does not have. */
async function fingerprintsOf(
  sets: Pick<RunFilms, SetName>,
): Promise<Record<SetName, string | null>> {
  const of = async (films: RunFilms["validation"]) => films && await fingerprintOf(films);
  return {
    train: await of(sets.train),
    test: await of(sets.test),
    validation: await of(sets.validation),
  };
}

/** Refuses a run that was trained, tested or validated on other films than its fold's. */
async function requireFold(
  { config: { data }, folders, experiment }: AnalysedRun,
  { fold, sets, ...whole }: Record<SetName, string | null> & {
    fold: number;
    sets: Pick<RunFilms, SetName>;
  },
): Promise<void> {
  for (const set of SETS) {
    const summary = data[set];
    const films = sets[set];
    if (summary === null && films === null || summary?.fingerprint === whole[set]) continue;
    if (summary !== null && films !== null) {
      const used = usedFilms(films, { summary, skipped: data.skipped });
      if (await fingerprintOf(used) === summary.fingerprint) continue;
    }
    throw new Error(
      `${folders.results} has the ${
        set === "train" ? "training" : set
      } films of another split. Train it again: ` +
        `deno task train ${experiment} --fold ${fold} --restart`,
    );
  }
}

/** Refuses a run that differs from that of the first fold by more than its films. */
function requireAlike(
  { config, folders, rows, experiment }: AnalysedRun,
  { fold, first }: { fold: number; first: AnalysedRun },
): void {
  const settings = (
    { experiment: { epochs: _, ...rest }, precision, network, classes }: AnalysedRun["config"],
  ) => Object.entries({ ...rest, precision, ...network, classes });
  const before = new Map(settings(first.config));
  const changed = settings(config)
    .find(([key, value]) => JSON.stringify(value) !== JSON.stringify(before.get(key)));
  const [name, now, then] = changed !== undefined
    ? [changed[0], changed[1], before.get(changed[0])]
    : ["epochs", rows.length, first.rows.length];
  if (now === then) return;
  throw new Error(
    `${folders.results} has ${name} ${JSON.stringify(now)}, and ` +
      `${first.folders.results} has ${JSON.stringify(then)}. Train both ` +
      `alike: deno task train ${experiment} --fold ${fold} --restart`,
  );
}

/** Sums up the experiments over the folds. */
export function summarizeFolds(
  { folds }: OpenedFolds,
  { experiments, problems }: Awaited<ReturnType<typeof readFoldRuns>>,
): FoldsReport {
  const report: FoldsReport = { count: folds.count, experiments: [], problems: [...problems] };
  for (const each of experiments) {
    try {
      report.experiments.push(poolFolds(each, folds));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      report.problems.push(notPooled(each.experiment, error.message));
    }
  }
  return report;
}

function poolFolds(
  { experiment, runs }: FoldRuns,
  folds: Folds,
): FoldsReport["experiments"][number] {
  const { classes } = runs[0]!.config;
  const groups = groupsOf(folds, classes);
  const validated = runs.every(({ validation }) => validation !== null);
  const purpose = validated ? "WHO triage" : "probability one half";
  const described = runs.map(({ test, validation, epoch, chosenBy }, fold) => {
    const { truth, probabilities: scores } = columns(test);
    const { points } = describeOperation(test, { validation: validated ? validation : null });
    const { threshold } = points.find((point) => point.purpose === purpose)!;
    const called = test.map(({ label, probability }) => ({
      label,
      isTb: probability >= threshold,
    }));
    const countOf = (label: Label, isTb: boolean) =>
      called.filter((film) => film.label === label && film.isTb === isTb).length;
    return {
      films: test.map((film) => (
        { truth: film.label, score: film.probability, group: groups.get(keyOf(film))! }
      )),
      confusion: {
        ...{ tn: countOf(0, false), fp: countOf(0, true) },
        ...{ fn: countOf(1, false), tp: countOf(1, true) },
      },
      fold: {
        ...{ fold, epoch, chosenBy, threshold, auc: delongAuc(truth, scores) },
        tb: truth.filter((label) => label === 1).length,
        healthy: truth.filter((label) => label === 0).length,
      },
    };
  });
  const prng = createPrng(`folds/${experiment}`);
  const auc = meanOverFolds(described.map(({ films }) => films), prng);
  const sum = (key: "tn" | "fp" | "fn" | "tp") =>
    described.reduce((total, { confusion }) => total + confusion[key], 0);
  const confusion = { tn: sum("tn"), fp: sum("fp"), fn: sum("fn"), tp: sum("tp") };
  const areas = described.map(({ fold }) => fold.auc.value);
  const [lowest, highest] = [Math.min(...areas), Math.max(...areas)];
  return {
    experiment,
    folds: described.map(({ fold }) => fold),
    ...{ auc, lowest, highest, purpose, confusion },
    sensitivity: wilson(confusion.tp, { trials: confusion.tp + confusion.fn }),
    specificity: wilson(confusion.tn, { trials: confusion.tn + confusion.fp }),
    words:
      `${experiment}: the mean AUC of ${runs.length} folds, in which each film is tested once, ` +
      `is ${decimalInterval(auc)}; the folds reach from ${lowest.toFixed(3)} to ` +
      `${highest.toFixed(3)}.`,
  };
}

function keyOf({ label, filename }: { label: Label; filename: string }): string {
  return `${label}/${filename}`;
}

/** Maps each film to its patient. */
function groupsOf({ films }: Folds, classes: ClassNames): Map<string, string> {
  return new Map(films.map(({ filename, label, group }) => {
    return [keyOf({ label: classes.indexOf(label) as Label, filename }), group];
  }));
}
