/**
 * The training loop: one epoch in, one row out. On the same machine, a run that is stopped or
 * killed at any moment resumes and ends with the same numbers.
 *
 * Nothing is printed here; notebooks/run_live.ts shows a run.
 * @module
 */
import { join } from "node:path";
import { exists, removeIfAny } from "@/common/files.ts";
import { checkExperiment, type Experiment } from "@/experiments.ts";
import { type FilmCache, openFilmCache } from "@/films/cache.ts";
import type { LabelledFilm } from "@/films/film.ts";
import { epochBatches, filmBatches } from "@/network/dataset.ts";
import { evaluate, EVALUATION_BATCH, type Score, scoreOf } from "@/network/evaluation.ts";
import { l2PenaltyOf } from "@/network/loss.ts";
import { readWeights } from "@/network/weights.ts";
import { type EpochSums, saveWeights } from "@/runs/checkpoint.ts";
import type { RunConfig } from "@/runs/config.ts";
import { type EpochRow, prefixed } from "@/runs/epochs.ts";
import { statePath, weightsPath, writeEpochs, writePredictions } from "@/runs/files.ts";
import { lockRun } from "@/runs/lock.ts";
import {
  keptEpochs,
  openRun,
  readFinishedRun,
  type Run,
  type RunOptions,
  saveRun,
} from "@/runs/run.ts";
import { openTensorBoard } from "@/runs/tensorboard.ts";
import { writeTrainingFilms } from "@/runs/training_films.ts";

/** Null scores, for a run without a validation set. */
const NO_SCORE: Record<keyof Score, null> = {
  ...{ loss: null, crossEntropy: null, accuracy: null, f1: null, auc: null },
  ...{ sensitivity: null, specificity: null, tn: null, fp: null, fn: null, tp: null },
};

/** The progress of an epoch. */
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

/** Options of {@linkcode train}. */
export interface TrainOptions extends RunOptions {
  /** Called with the run's config before its first step, if an epoch is left to train. */
  onBegin?: (config: RunConfig) => void;
  /** Called after every batch. */
  onProgress?: (progress: StepProgress) => void;
  /** Ends the run after the current batch, its checkpoint saved, when it is aborted. */
  signal?: AbortSignal;
  /** A file that does the same when it appears; it is then removed. */
  stopFile?: string;
  /** Remembers films that were read. Default: a new one. */
  cache?: FilmCache;
}

type CachedOptions = TrainOptions & { cache: FilmCache };

/** The error of a run that was asked to stop, with its checkpoint saved. */
class RunStopped extends Error {
  override name = "RunStopped";
}

/**
 * Trains an experiment, and evaluates it after every epoch.
 *
 * @returns The rows of all epochs, those of earlier processes first. Leaving the loop early is
 * safe: the last epoch's checkpoint is saved.
 * @throws {RunStopped} If it was asked to stop.
 * @throws {RangeError} If the loss, a gradient or an output is not finite, naming the step and the
 * films; the last good state is kept.
 * @throws {Error} If the run cannot start or resume (see `openRun()`), or another process uses the
 * folder.
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
  const { folders, films } = options;
  const { cache } = withCache;
  await writeTrainingFilms(folders.results, { films: films.train, cache, config: run.config });
  using board = openTensorBoard(join(folders.results, "tensorboard"));
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

/** Trains on the films that are left of the current epoch. */
async function trainEpoch(run: Run, options: CachedOptions): Promise<void> {
  const { config: { experiment, seed, network }, progress, trainer } = run;
  const { epoch, sums } = progress;
  const { augmentation, batchSize } = experiment;
  const { films: { train }, cache } = options;
  const size = network.imageSize;
  const place = { seed, epoch, from: sums.films };
  const batches = epochBatches(train, { ...place, batchSize, size, augmentation, cache });
  let began = performance.now();
  for await (const { xs, ys, films } of batches) {
    const { loss, crossEntropy, correct, finite } = await trainer.step(xs, ys, progress.step + 1);
    xs.dispose();
    ys.dispose();
    if (!finite) {
      throw new RangeError(
        `Cannot train ${experiment.name}: the loss (${loss}) or a gradient is not finite at step ` +
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
    options.onProgress?.({ epoch, phase: "train", films: sums.films, total: train.length, sums });
    await stopIfAsked(run, options);
  }
}

/** Evaluates the network as it is after the epoch, and writes everything down. */
async function finishEpoch(run: Run, options: CachedOptions): Promise<EpochRow> {
  const { config: { experiment }, network, progress } = run;
  const { folders, films, keep = "all" } = options;
  const { epoch, sums } = progress;
  const weights = readWeights(network);
  const names = network.parameters.keys();
  const penalty = l2PenaltyOf(weights, { names, lambda: experiment.l2Penalty });

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
  // From here on the epoch is done. A kill before repeats it, with the same outcome; a kill after
  // it leaves metrics.csv behind, which is written again from the checkpoint.
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
  { set, films, penalty, ...options }: Omit<CachedOptions, "films"> & {
    set: "test" | "validation";
    films: readonly LabelledFilm[];
    penalty: number;
  },
): Promise<Score> {
  const { config: { network: { imageSize: size }, classes }, progress: { epoch, sums } } = run;
  const { cache } = options;
  const evaluation = await evaluate(run.evaluation.predict, {
    batches: filmBatches(films, { batchSize: EVALUATION_BATCH, size, cache }),
    onBatch: async (done) => {
      options.onProgress?.({ epoch, phase: set, films: done, total: films.length, sums });
      await stopIfAsked(run, options);
    },
  });
  const { predictions } = evaluation;
  await writePredictions(options.folders.results, { epoch, set, classes, predictions });
  return scoreOf(evaluation, { penalty });
}

/** Saves the checkpoint and ends the run, if that was asked for. */
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
      `${found ? `${stopFile} was there` : "it was asked to"}: run it again to resume there`,
  );
}

function namesOf(films: readonly LabelledFilm[]): string {
  return films.map(({ filename }) => filename).join(", ");
}
