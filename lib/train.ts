/**
 * The training loop: one epoch in, one row out. Stopped or killed at any moment, a run goes on from where it was
 * and ends with the numbers that it would have had.
 *
 * Nothing is printed here; run_experiment.ts shows a run on a terminal or in a notebook.
 * @module
 */
import { join } from "node:path";
import { type EpochSums, saveWeights } from "@/checkpoint.ts";
import { epochOrder, filmBatches } from "@/dataset.ts";
import { evaluate, scoreOf } from "@/evaluate.ts";
import { checkExperiment, type Experiment } from "@/experiments.ts";
import { type FilmCache, openFilmCache } from "@/film_cache.ts";
import { exists, removeIfAny } from "@/files.ts";
import { type EpochRow, prefixed, type Score } from "@/metrics.ts";
import {
  type RunConfig,
  statePath,
  weightsPath,
  writeEpochs,
  writePredictions,
} from "@/results.ts";
import { keptEpochs, openRun, readFinishedRun, type Run, type RunOptions, saveRun } from "@/run.ts";
import { lockRun } from "@/run_lock.ts";
import type { LabelledFilm } from "@/split.ts";
import { openTensorBoard } from "@/tensorboard.ts";
import { readWeights, sumOfSquares } from "@/weights.ts";

/** Films that are evaluated at once. */
const EVALUATION_BATCH = 16;

/** The scores of a set that there is not. */
const NO_SCORE: Record<keyof Score, null> = {
  ...{ loss: null, crossEntropy: null, accuracy: null, f1: null, auc: null },
  ...{ sensitivity: null, specificity: null, tn: null, fp: null, fn: null, tp: null },
};

/** What the work on an epoch has come to. */
export interface StepProgress {
  epoch: number;
  /** Training, or the evaluation of a set. */
  phase: "train" | "test" | "validation";
  /** Films done, of `total`. */
  films: number;
  total: number;
  /** Sums over the training films of the epoch so far. */
  sums: Readonly<EpochSums>;
}

/** What {@linkcode train} takes. */
export interface TrainOptions extends RunOptions {
  /** Told what the run uses before its first step; not of a run that has no epoch left to train. */
  onBegin?: (config: RunConfig) => void;
  /** Told after every batch. */
  onProgress?: (progress: StepProgress) => void;
  /** Ends the run after the batch that is under way, its state saved, when it is aborted. */
  signal?: AbortSignal;
  /** A file that does the same when it appears; it is removed then. */
  stopFile?: string;
  /** Remembers films that were read. Default: one of the run's own. */
  cache?: FilmCache;
}

/** A run was asked to stop, and has saved where it is. */
export class RunStopped extends Error {
  override name = "RunStopped";
}

/**
 * Trains an experiment, and evaluates it after every epoch.
 *
 * @returns The rows of all epochs, those that an earlier process did first. Leaving the loop early is safe: the
 * state at the end of the last epoch is saved.
 * @throws {RunStopped} If it was asked to stop.
 * @throws {RangeError} If the loss, a gradient or an output is not finite, naming the step and the films; the last
 * good state is kept.
 * @throws {Error} If the run cannot begin or go on (see `openRun()`), or another has the folder.
 */
export async function* train(
  experiment: Experiment,
  options: TrainOptions,
): AsyncGenerator<EpochRow, void> {
  checkExperiment(experiment);
  const withCache = { ...options, cache: options.cache ?? openFilmCache() };
  using _lock = lockRun(options.folders.model);
  const finished = await readFinishedRun(experiment, options);
  if (finished !== null) return yield* finished;
  using run = await openRun(experiment, options);
  using board = openTensorBoard(join(options.folders.results, "tensorboard"));
  for (const row of run.progress.rows) {
    board.write(row);
    yield row;
  }
  if (run.progress.epoch < experiment.epochs) options.onBegin?.(run.config);
  while (run.progress.epoch < experiment.epochs) {
    await trainEpoch(run, withCache);
    const row = await finishEpoch(run, withCache);
    board.write(row);
    yield row;
  }
}

/** The steps of the epoch that is under way, from where it is. */
async function trainEpoch(run: Run, options: TrainOptions & { cache: FilmCache }): Promise<void> {
  const { config: { experiment, seed, network }, progress, trainer } = run;
  const { epoch, sums } = progress;
  const { augmentation, batchSize } = experiment;
  const order = epochOrder(options.films.train, { seed, epoch });
  let began = performance.now();
  for await (
    const { xs, ys, films } of filmBatches(order.slice(sums.films), {
      batchSize,
      size: network.imageSize,
      augmentation,
      key: `${seed}/${epoch}`,
      cache: options.cache,
    })
  ) {
    const { loss, crossEntropy, correct, finite } = await trainer.step(xs, ys, progress.step + 1);
    xs.dispose();
    ys.dispose();
    if (!finite) {
      throw new RangeError(
        `Cannot go on with ${experiment.name}: the loss (${loss}) or a gradient is not finite at step ` +
          `${progress.step + 1} (epoch ${epoch}), on the films ${namesOf(films)}; ` +
          `${statePath(options.folders)} is as it was before`,
      );
    }
    progress.step++;
    sums.films += films.length;
    sums.loss += films.length * loss;
    sums.crossEntropy += films.length * crossEntropy;
    sums.correct += correct;
    const now = performance.now();
    sums.seconds += (now - began) / 1000;
    began = now;
    options.onProgress?.({ epoch, phase: "train", films: sums.films, total: order.length, sums });
    await stopIfAsked(run, options);
  }
}

/** Evaluates the network as it is after the epoch, and writes everything down. */
async function finishEpoch(
  run: Run,
  options: TrainOptions & { cache: FilmCache },
): Promise<EpochRow> {
  const { config: { experiment }, network, progress } = run;
  const { folders, films, keep = "all" } = options;
  const { epoch, sums } = progress;
  const weights = readWeights(network);
  const squares = sumOfSquares(weights, network.parameters.keys());
  const penalty = 0.5 * experiment.l2Penalty * squares;

  const began = performance.now();
  const test = await evaluateSet(run, { ...options, set: "test", films: films.test, penalty });
  const testSeconds = (performance.now() - began) / 1000;
  const validation = films.validation &&
    await evaluateSet(run, { ...options, set: "validation", films: films.validation, penalty });

  const row: EpochRow = {
    epoch,
    learningRate: experiment.learningRate,
    trainLoss: sums.loss / sums.films,
    trainCrossEntropy: sums.crossEntropy / sums.films,
    trainAccuracy: sums.correct / sums.films,
    ...prefixed("test", test),
    ...prefixed("validation", validation ?? NO_SCORE),
    trainSeconds: sums.seconds,
    testSeconds,
    imagesPerSecond: sums.films / sums.seconds,
  };
  progress.rows.push(row);
  progress.epoch++;
  progress.sums = { films: 0, loss: 0, crossEntropy: 0, correct: 0, seconds: 0 };

  const kept = keptEpochs(progress.rows, keep);
  if (kept.has(epoch)) {
    const metadata = { experiment: experiment.name, epoch: String(epoch) };
    await saveWeights(weightsPath(folders, epoch), { weights, steps: progress.step, metadata });
  }
  // From here on the epoch is done. Before, it would be evaluated again, with the same outcome.
  await saveRun(run, { folders });
  await writeEpochs(folders.results, progress.rows);
  for (let old = 0; old < epoch; old++) {
    if (!kept.has(old)) await removeIfAny(weightsPath(folders, old));
  }
  return row;
}

/** Evaluates a set and writes its predictions. */
async function evaluateSet(
  run: Run,
  { set, films, penalty, ...options }: Omit<TrainOptions, "films"> & {
    set: "test" | "validation";
    films: readonly LabelledFilm[];
    penalty: number;
    cache: FilmCache;
  },
): Promise<Score> {
  const { config: { network, classes }, progress: { epoch, sums }, trainer } = run;
  const evaluation = await evaluate((xs) => trainer.predict(xs), {
    batches: filmBatches(films, {
      batchSize: EVALUATION_BATCH,
      size: network.imageSize,
      cache: options.cache,
    }),
    onBatch: async (done) => {
      options.onProgress?.({ epoch, phase: set, films: done, total: films.length, sums });
      await stopIfAsked(run, options);
    },
  });
  const { predictions } = evaluation;
  await writePredictions(options.folders.results, { epoch, set, classes, predictions });
  return scoreOf(evaluation, { penalty });
}

/** Saves where the run is and ends it, if that was asked for. */
async function stopIfAsked(
  run: Run,
  { folders, signal, stopFile }: Pick<TrainOptions, "folders" | "signal" | "stopFile">,
): Promise<void> {
  const found = stopFile !== undefined && await exists(stopFile);
  if (!found && !signal?.aborted) return;
  await saveRun(run, { folders });
  if (found) await Deno.remove(stopFile);
  const { config: { experiment }, progress: { step, epoch } } = run;
  throw new RunStopped(
    `Stopped ${experiment.name} after step ${step}, in epoch ${epoch}, because ` +
      `${found ? `${stopFile} was there` : "it was asked to"}: run it again to go on from there`,
  );
}

function namesOf(films: readonly LabelledFilm[]): string {
  return films.map(({ filename }) => filename).join(", ");
}
