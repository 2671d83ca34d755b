/**
 * Trains and shows the progress, for `deno task train` and the notebooks.
 * @module
 */
import { join } from "node:path";
import { fromRoot } from "@/common/paths.ts";
import { openProgress, type ProgressBar } from "@/common/progress.ts";
import { readSafetensorsHeader } from "@/common/safetensors.ts";
import { inNotebook } from "@/common/show.ts";
import type { Experiment } from "@/experiments.ts";
import { openCurves } from "@/figures/live_curves.ts";
import { type FilmCache, openFilmCache } from "@/films/cache.ts";
import { CLASS_NAMES } from "@/films/film.ts";
import { slowPrecision } from "@/network/precision.ts";
import type { RunConfig } from "@/runs/config.ts";
import { stepNote } from "@/runs/cost.ts";
import type { EpochRow } from "@/runs/epochs.ts";
import { runFolders } from "@/runs/files.ts";
import { countFilms, openRunFilms, requireReadable, type RunFilmsOptions } from "@/runs/films.ts";
import type { RunOptions } from "@/runs/run.ts";
import { networkOf, type RunFilms, type RunSettings } from "@/runs/settings.ts";
import { type StepProgress, train } from "@/runs/train.ts";

/** Options of {@linkcode runExperiment}. */
export interface RunExperimentOptions
  extends RunFilmsOptions, Pick<RunOptions, "keep">, Omit<RunSettings, "films"> {
  /** The films, as `openRunFilms()` gives them. Default: those of the present split. */
  films?: RunFilms;
  /** Omits unreadable films instead of refusing to run. */
  skipBad?: boolean;
  /** Folder that gets `results/` and `model/`. Default: the project's root. */
  out?: string;
  /** Saves the state and ends the run when aborted. */
  signal?: AbortSignal;
  /** Keeps films from one run to the next. Default: a new cache. */
  cache?: FilmCache;
}

/** Evaluation time of a film, relative to its training: one pass instead of three, no update. */
const EVALUATION_COST = 0.25;

/** Steps after which a costly run prints the time left. The first one is slow: it compiles. */
const TIMED_STEPS = 10;

/**
 * Trains an experiment, or resumes it, and shows the progress: a bar and a line an epoch on a
 * terminal, live curves and a line in a notebook. A file `results/stop` ends it after the current
 * step.
 *
 * @returns The rows of its epochs.
 * @throws {RunStopped} If it was stopped, with its state saved, so that no further cell or run
 * starts.
 */
export async function runExperiment(
  experiment: Experiment,
  { out = ".", cache = openFilmCache(), ...options }: RunExperimentOptions = {},
): Promise<EpochRow[]> {
  const root = fromRoot(out);
  const films = await openReadable([experiment], { ...options, cache });
  const folders = runFolders(experiment.name, { ...options, root });
  const { name, epochs } = experiment;
  const bar = await openProgress(name, { total: epochs * countFilms(films), unit: "films" });
  let steps = Infinity;
  const onProgress = (progress: StepProgress) => {
    const { done, note } = describe(progress, { sets: films, epochs });
    bar.update(done, note);
    if (--steps === 0) bar.print(`${name}: ${note}`);
  };
  const onBegin = (config: RunConfig) => {
    const cost = stepNote(config);
    if (cost !== null) steps = TIMED_STEPS;
    const notes = [slowPrecision(config.precision), cost].filter((note) => note !== null);
    for (const note of notes) bar.print(note);
  };
  const { skipped = [] } = films;
  if (skipped.length > 0) {
    bar.print(`Left out of ${name}, for they cannot be read: ${skipped.join(", ")}`);
  }
  if (options.init !== undefined) await noteHead(fromRoot(options.init), bar);
  const curves = openCurves(name);
  const rows: EpochRow[] = [];
  const stopFile = join(root, "results", "stop");
  try {
    const settings = { ...options, films, folders, cache, stopFile, onBegin, onProgress };
    for await (const row of train(experiment, settings)) {
      rows.push(row);
      bar.update(rows.length * countFilms(films));
      await curves.update(rows);
      if (!inNotebook()) bar.print(epochLine(experiment, row));
    }
  } finally {
    await curves.finish(rows);
    await bar.close();
  }
  return rows;
}

/**
 * Finds the films of experiments, reads each once, and shows the progress.
 *
 * @throws {Error} If the data folder or the split cannot be used, or films cannot be read.
 */
export async function openReadable(
  experiments: readonly Experiment[],
  { cache, skipBad = false, films: found, ...run }: RunExperimentOptions & { cache: FilmCache },
): Promise<RunFilms> {
  const films = found ?? await openRunFilms(run);
  const augmented = experiments.some(({ augmentation }) => augmentation !== null);
  const options = { cache, skipBad, augmented, size: networkOf(run).imageSize };
  const bar = await openProgress("reading films", { total: countFilms(films), unit: "films" });
  try {
    return await requireReadable(films, { ...options, onFilm: (done) => bar.update(done) });
  } finally {
    await bar.close();
  }
}

/** Prints a note if a run's first weights are for other classes, such as ImageNet's. */
async function noteHead(init: string, bar: ProgressBar): Promise<void> {
  const { tensors } = await readSafetensorsHeader(init);
  const classes = tensors.get("fc.bias")?.shape[0];
  if (classes === undefined || classes === CLASS_NAMES.length) return;
  bar.print(
    `${init} is for ${classes} classes: its linear layer is replaced. torchvision's networks have a ` +
      "bottleneck's stride on the 3x3 convolution: --stride-on 3x3 trains such a network",
  );
}

/** Computes the films that are done, and describes the speed, the time left and the loss. */
function describe(
  { epoch, phase, films, sums }: StepProgress,
  { sets, epochs }: { sets: RunFilms; epochs: number },
): { done: number; note: string } {
  const trained = sets.train.length;
  const tested = countFilms(sets) - trained;
  const evaluated = { train: 0, test: films, validation: sets.test.length + films }[phase];
  const speed = sums.films / sums.seconds;
  const toTrain = (epochs - epoch) * trained - sums.films;
  const toEvaluate = (epochs - epoch) * tested - evaluated;
  const left = (toTrain + EVALUATION_COST * toEvaluate) / speed;
  return {
    done: epoch * (trained + tested) + sums.films + evaluated,
    note: `${epochName(epoch)} of ${epochs}, ${speed.toFixed(1)} images/s, ${clock(left)} left, ` +
      `loss ${(sums.loss / sums.films).toFixed(4)}`,
  };
}

/** Names an epoch as its files do. */
function epochName(epoch: number): string {
  return `epoch ${String(epoch).padStart(2, "0")}`;
}

/** Formats seconds as `1:02:03`. */
function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (number: number) => String(number).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

/** Sums up an epoch in one line. */
function epochLine({ name, epochs }: Experiment, row: EpochRow): string {
  const percent = (share: number) => `${(100 * share).toFixed(2)}%`;
  return [
    `${name} ${epochName(row.epoch)} of ${epochs}`,
    `train loss ${row.trainLoss.toFixed(4)} accuracy ${percent(row.trainAccuracy)}`,
    `test loss ${row.testLoss.toFixed(4)} accuracy ${percent(row.testAccuracy)} ` +
    `F1 ${row.testF1.toFixed(4)} AUC ${row.testAuc.toFixed(4)}`,
    `${clock(row.trainSeconds + row.testSeconds)} at ${row.imagesPerSecond.toFixed(1)} images/s`,
  ].join("   ");
}
