/**
 * A network as a run left it, to be asked about films: its decisions, and by Grad-CAM what they
 * rest on.
 * @module
 */
import { exists } from "@/common/files.ts";
import { prefetch } from "@/common/prefetch.ts";
import { pixelBatches } from "@/films/batches.ts";
import type { FilmCache } from "@/films/cache.ts";
import { ImageError, readImage } from "@/films/decode.ts";
import type { ClassNames, LabelledFilm, Prediction } from "@/films/film.ts";
import { resize, toRgb } from "@/films/transforms.ts";
import { normalize } from "@/network/dataset.ts";
import {
  compileEvaluation,
  EVALUATION_BATCH as BATCH,
  logOddsOf,
  type Predict,
  probabilityOf,
} from "@/network/evaluation.ts";
import {
  classify,
  createResNet50,
  features,
  type Network,
  readParameters,
} from "@/network/resnet50.ts";
import { assignWeights, weightShapes } from "@/network/weights.ts";
import { loadWeights, readProgress } from "@/runs/checkpoint.ts";
import type { RunConfig } from "@/runs/config.ts";
import { type RunFolders, statePath, weightsPath } from "@/runs/files.ts";
import { isPositive } from "@/statistics/classification.ts";
import { tf } from "@/tensorflow/backend.ts";
import { compile } from "@/tensorflow/compile.ts";

/** Evidence for TB by place, on a grid over the film. */
export interface EvidenceMap {
  /** Cells along each side. */
  cells: number;
  /** `[cells,cells]` row by row, in log-odds of TB; negative where it speaks for Healthy. */
  values: readonly number[];
}

/** A network to be asked. Disposing of it frees its weights. */
export interface TrainedNetwork extends Disposable {
  readonly network: Network;
  /** Pixels a side of the films. */
  readonly imageSize: number;
  readonly classes: ClassNames;
  readonly predict: Predict;
  /** Log-odds of TB of films, each `[size,size,3]` pixels. */
  logOdds(films: readonly Uint8Array[]): Promise<number[]>;
  /** Computes Grad-CAM's map of a film, `[size,size,3]` pixels. */
  gradCam(film: Uint8Array): EvidenceMap;
}

/**
 * Finds the file with the weights that an epoch left.
 *
 * @throws {Error} If they were not kept.
 */
export async function findWeights(folders: RunFolders, epoch: number): Promise<string> {
  const path = weightsPath(folders, epoch);
  if (await exists(path)) return path;
  const state = statePath(folders);
  if (await exists(state)) {
    const { progress } = await readProgress(state);
    if (progress.epoch === epoch + 1 && progress.sums.films === 0) return state;
  }
  throw new Error(
    `Cannot find the weights of epoch ${epoch}: there is no ${path}, and ${state} is of another epoch. ` +
      "Train with --keep best or --keep all",
  );
}

/** Opens a run's network, with the weights of a file that {@linkcode findWeights} gives. */
export async function openNetwork(path: string, config: RunConfig): Promise<TrainedNetwork> {
  const { precision, classes, network: { imageSize } } = config;
  using parts = new DisposableStack();
  const network = createResNet50({ ...config.network, seed: config.seed });
  parts.defer(() => network.dispose());
  const evaluation = compileEvaluation(network, { precision });
  parts.defer(() => evaluation.dispose());
  const look = compile(
    (xs: tf.Tensor) => {
      const weights = readParameters(network);
      const x = normalize(xs as tf.Tensor4D);
      return evidence(features(network, x, { weights, training: false, precision }), weights);
    },
    { name: "Grad-CAM" },
  );
  parts.defer(() => look.dispose());
  assignWeights(network, await loadWeights(path, { shapes: weightShapes(network) }));
  const opened = parts.move();
  return {
    network,
    imageSize,
    classes,
    predict: evaluation.predict,
    async logOdds(films) {
      const logOdds: number[] = [];
      for (let start = 0; start < films.length; start += BATCH) {
        const batch = films.slice(start, start + BATCH);
        const xs = stack(batch, { rows: BATCH, size: imageSize });
        const names = batch.map((_, i) => `film ${start + i}`);
        logOdds.push(...await logOddsOf(evaluation.predict, { xs, names }));
        xs.dispose();
      }
      return logOdds;
    },
    gradCam(film) {
      const xs = stack([film], { rows: 1, size: imageSize });
      const map = look(xs);
      const values = Array.from(map.dataSync());
      const cells = map.shape[1]!;
      tf.dispose([xs, map]);
      return { cells, values };
    },
    [Symbol.dispose]: () => opened.dispose(),
  };
}

/**
 * Computes Grad-CAM (Selvaraju et al., ICCV 2017) of the log-odds of TB: the last block's channels,
 * each weighed by the mean of its gradient. The paper's last ReLU is left out, so that evidence for
 * Healthy shows as well. In this network the cells of a film add up to its log-odds less the bias.
 *
 * @param maps `[1,7,7,2048]`
 * @returns `[1,7,7]`
 */
function evidence(maps: tf.Tensor4D, weights: ReadonlyMap<string, tf.Tensor>): tf.Tensor {
  const gradient = tf.grad((x) => {
    const [healthy, tb] = tf.unstack(classify(x as tf.Tensor4D, { weights }), 1);
    return tf.sub(tb!, healthy!).sum();
  })(maps);
  const importance = tf.mean(gradient, [1, 2], true); // [1,1,1,2048]
  return tf.sum(tf.mul(maps, importance), 3); // [1,7,7]
}

/** A question to a network about a set of films. */
export interface FilmsQuestion {
  films: readonly LabelledFilm[];
  cache: FilmCache;
  /** Changes a film's pixels, `[size,size,3]`, in place before the network sees it. */
  edit?: (pixels: Uint8Array) => void;
}

/** Predicts films, in their order. */
export async function predictFilms(
  network: TrainedNetwork,
  { films, cache, edit }: FilmsQuestion,
): Promise<Prediction[]> {
  const predictions: Prediction[] = [];
  const batches = pixelBatches(films, { batchSize: BATCH, size: network.imageSize, cache });
  for await (const { pixels, films: batch } of batches) {
    const length = pixels.length / batch.length;
    const each = batch.map((_, i) => pixels.subarray(i * length, (i + 1) * length));
    if (edit !== undefined) each.forEach(edit);
    const logOdds = await network.logOdds(each);
    batch.forEach(({ filename, label }, i) => {
      predictions.push({ filename, label, probability: probabilityOf(logOdds[i]!) });
    });
  }
  return predictions;
}

/**
 * Stacks films into a batch of so many rows. Rows without a film are black: every other number of
 * rows would be compiled anew.
 */
function stack(
  films: readonly Uint8Array[],
  { rows, size }: { rows: number; size: number },
): tf.Tensor4D {
  const pixels = new Uint8Array(rows * size * size * 3);
  films.forEach((film, i) => pixels.set(film, i * film.length));
  return tf.tensor4d(pixels, [rows, size, size, 3], "int32");
}

/** A network's answer on a film's file. */
export interface FileAnswer {
  path: string;
  /** The name of its class. */
  label: string;
  /** Probability of TB, or whatever class 1 is, in [0, 1]. */
  probability: number;
  /** Time in the network: its batch's, divided among the films of the batch. */
  milliseconds: number;
}

/** A film that cannot be read, and why. */
export interface FileError {
  path: string;
  error: string;
}

/** The part of a network that answers on files. */
type FilmClassifier = Pick<TrainedNetwork, "predict" | "imageSize" | "classes">;

/** A film that was read, `[size,size,3]`. */
interface ReadFilm {
  path: string;
  pixels: Uint8Array;
}

/**
 * Asks a network about film files, and answers in their order. A film that cannot be read is
 * answered with the reason. However many files there are, only some films are in memory at a time.
 */
export async function* predictFiles(
  classifier: FilmClassifier,
  paths: readonly string[],
): AsyncGenerator<FileAnswer | FileError, void> {
  const { predict, imageSize: size } = classifier;
  const rows = Math.min(BATCH, paths.length);
  // The first call compiles the network, which is no film's time.
  const black = stack([], { rows, size });
  await predict(black);
  black.dispose();
  let batch: (ReadFilm | FileError)[] = [];
  let done = 0;
  const work = (path: string) => readFilm(path, size);
  for await (const film of prefetch(paths, { ahead: 2 * BATCH, work })) {
    batch.push(film);
    done++;
    if (batch.length < rows && done < paths.length) continue;
    yield* await answer(classifier, { batch, rows });
    batch = [];
  }
}

async function readFilm(path: string, size: number): Promise<ReadFilm | FileError> {
  try {
    const image = resize(await readImage(path), { width: size, height: size });
    return { path, pixels: toRgb(image) };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return { path, error: error.message };
  }
}

async function answer(
  { predict, imageSize: size, classes }: FilmClassifier,
  { batch, rows }: { batch: readonly (ReadFilm | FileError)[]; rows: number },
): Promise<(FileAnswer | FileError)[]> {
  const films = batch.filter((film) => "pixels" in film);
  const xs = stack(films.map(({ pixels }) => pixels), { rows, size });
  const began = performance.now();
  const logOdds = films.length === 0
    ? []
    : await logOddsOf(predict, { xs, names: films.map(({ path }) => path) });
  const milliseconds = (performance.now() - began) / films.length;
  xs.dispose();
  return batch.map((film) => {
    if ("error" in film) return film;
    const probability = probabilityOf(logOdds[films.indexOf(film)]!);
    const label = classes[isPositive(probability) ? 1 : 0];
    return { path: film.path, label, probability, milliseconds };
  });
}
