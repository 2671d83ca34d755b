/**
 * A run with its progress shown: what `deno task train` and the notebooks call.
 * @module
 */
import { join } from "node:path";
import type { Experiment } from "@/experiments.ts";
import { type FilmCache, openFilmCache } from "@/film_cache.ts";
import { CLASS_NAMES, type EpochRow } from "@/metrics.ts";
import { openCurves } from "@/live_curves.ts";
import { inNotebook } from "@/notebook.ts";
import { fromRoot } from "@/paths.ts";
import { slowPrecision } from "@/precision.ts";
import { openProgress, type ProgressBar } from "@/progress.ts";
import { type RunConfig, runFolders } from "@/results.ts";
import type { RunOptions } from "@/run.ts";
import type { RunFilms, RunSettings } from "@/run_config.ts";
import { countFilms, openRunFilms, requireReadable, type RunFilmsOptions } from "@/run_films.ts";
import { readSafetensorsHeader } from "@/safetensors.ts";
import { type StepProgress, train } from "@/train.ts";

/** What {@linkcode runExperiment} may be told. */
export interface RunExperimentOptions
  extends RunFilmsOptions, Pick<RunOptions, "keep" | "restart">, Omit<RunSettings, "films"> {
  /** Leaves films that cannot be read out instead of refusing to run. */
  skipBad?: boolean;
  /** Holds `results/` and `model/`. Default: the project's root. */
  out?: string;
  /** Ends the run, its state saved, when it is aborted. */
  signal?: AbortSignal;
  /** Remembers films from one run to the next. Default: one of the run's own. */
  cache?: FilmCache;
}

/** Time that the evaluation of a film takes, in that of its training: one pass instead of three, and no update. */
const EVALUATION_COST = 0.25;

/**
 * Trains an experiment, or goes on with it, and shows how far it is: a bar and a line an epoch on a terminal; curves and
 * a line that change in place in a notebook. A file `results/stop` ends it after the step that is under way.
 *
 * @returns The rows of its epochs.
 * @throws {RunStopped} If it was asked to stop, its state saved; so cells and runs that would follow do not begin.
 */
export async function runExperiment(
  experiment: Experiment,
  { out = ".", cache = openFilmCache(), ...options }: RunExperimentOptions = {},
): Promise<EpochRow[]> {
  const root = fromRoot(out);
  const augmented = experiment.augmentation !== null;
  const films = await readFilms(await openRunFilms(options), { ...options, cache, augmented });
  const folders = runFolders(experiment.name, { ...options, root });
  const { name, epochs } = experiment;
  const bar = await openProgress(name, { total: epochs * countFilms(films), unit: "films" });
  const onProgress = (progress: StepProgress) => {
    const { done, note } = describe(progress, { sets: films, epochs });
    bar.update(done, note);
  };
  const onBegin = ({ precision }: RunConfig) => {
    const note = slowPrecision(precision);
    if (note !== null) bar.print(note);
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
    for await (
      const row of train(experiment, {
        ...options,
        ...{ films, folders, cache, stopFile, onBegin, onProgress },
      })
    ) {
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

/** Reads every film once, to see that it can be read, and shows how far that is. */
async function readFilms(
  films: RunFilms,
  options: { cache: FilmCache; augmented: boolean; skipBad?: boolean },
): Promise<RunFilms> {
  const bar = await openProgress("reading films", { total: countFilms(films), unit: "films" });
  try {
    return await requireReadable(films, { ...options, onFilm: (done) => bar.update(done) });
  } finally {
    await bar.close();
  }
}

/** Says so where the weights that a run begins with are of a network for other classes, as ImageNet's are. */
async function noteHead(init: string, bar: ProgressBar): Promise<void> {
  const { tensors } = await readSafetensorsHeader(init);
  const classes = tensors.get("fc.bias")?.shape[0];
  if (classes === undefined || classes === CLASS_NAMES.length) return;
  bar.print(
    `${init} is for ${classes} classes: its linear layer is replaced. If it is torchvision's, its network has ` +
      "the stride of a bottleneck on the 3x3 convolution: --stride-on 3x3 trains that one",
  );
}

/** How much of a run is done, in films, and in words how fast it is and what it has come to. */
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

/** An epoch as its files have it. */
function epochName(epoch: number): string {
  return `epoch ${String(epoch).padStart(2, "0")}`;
}

/** Seconds as `1:02:03`. */
function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (number: number) => String(number).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

/** An epoch in one line. */
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
