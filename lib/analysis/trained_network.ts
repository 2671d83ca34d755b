/**
 * A network as a run left it, to be asked about films: its decisions, and by Grad-CAM what they rest on.
 * @module
 */
import { pixelBatches } from "@/batches.ts";
import { loadWeights, readProgress } from "@/checkpoint.ts";
import type { Predict } from "@/evaluate.ts";
import { compileEvaluation, normalize } from "@/evaluation_step.ts";
import { exists } from "@/files.ts";
import type { FilmCache } from "@/film_cache.ts";
import type { ClassNames } from "@/metrics.ts";
import { classify, createResNet50, features, type Network, readParameters } from "@/resnet50.ts";
import {
  type Prediction,
  type RunConfig,
  type RunFolders,
  statePath,
  weightsPath,
} from "@/results.ts";
import type { LabelledFilm } from "@/split.ts";
import { sigmoid } from "@/statistics/calibration.ts";
import { tf } from "@/tensorflow/backend.ts";
import { compile } from "@/tensorflow/compile.ts";
import { assignWeights, weightShapes } from "@/weights.ts";

/** Films that are evaluated at once. */
const BATCH = 16;

/** Evidence for TB by place, on a grid over the film. */
export interface EvidenceMap {
  /** Cells along each side. */
  cells: number;
  /** `[cells,cells]` row by row, in units of the log-odds of TB; negative where it speaks for Healthy. */
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
  logOdds(films: readonly Uint8Array[]): Promise<Float64Array>;
  /** What Grad-CAM finds in a film, `[size,size,3]` pixels. */
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

/**
 * Opens a network.
 *
 * @param path As {@linkcode findWeights} gives it.
 * @param config Of the run.
 */
export async function openNetwork(path: string, config: RunConfig): Promise<TrainedNetwork> {
  const { precision, classes, network: { imageSize } } = config;
  const network = createResNet50({ ...config.network, seed: config.seed });
  const evaluation = compileEvaluation(network, { precision });
  const look = compile(
    (xs: tf.Tensor) => {
      const weights = readParameters(network);
      const x = normalize(xs as tf.Tensor4D);
      return evidence(features(network, x, { weights, training: false, precision }), weights);
    },
    { name: "Grad-CAM" },
  );
  const dispose = () => {
    look.dispose();
    evaluation.dispose();
    network.dispose();
  };
  try {
    assignWeights(network, await loadWeights(path, { shapes: weightShapes(network) }));
  } catch (error) {
    dispose();
    throw error;
  }

  const shape = (films: number): [number, number, number, number] => [
    films,
    imageSize,
    imageSize,
    3,
  ];
  return {
    network,
    imageSize,
    classes,
    predict: evaluation.predict,
    async logOdds(films) {
      const margins = new Float64Array(films.length);
      for (let start = 0; start < films.length; start += BATCH) {
        const batch = films.slice(start, start + BATCH);
        // Short batches are filled up, for every size would be compiled anew.
        const pixels = new Uint8Array(BATCH * imageSize * imageSize * 3);
        batch.forEach((film, i) => pixels.set(film, i * film.length));
        const xs = tf.tensor4d(pixels, shape(BATCH), "int32");
        const logits = await evaluation.predict(xs);
        xs.dispose();
        batch.forEach((_, i) => margins[start + i] = logits[2 * i + 1]! - logits[2 * i]!);
      }
      return margins;
    },
    gradCam(film) {
      const xs = tf.tensor4d(film, shape(1), "int32");
      const map = look(xs);
      const values = Array.from(map.dataSync());
      const cells = map.shape[1]!;
      tf.dispose([xs, map]);
      return { cells, values };
    },
    [Symbol.dispose]: dispose,
  };
}

/**
 * Grad-CAM (Selvaraju et al., ICCV 2017) of the log-odds of TB: the last block's channels, each weighed by the mean
 * of its gradient. Without the paper's last ReLU, so that what speaks for Healthy shows as well. In this network the
 * cells of a film add up to its log-odds less the bias.
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

/** What is asked of a network about a set of films. */
export interface FilmsQuestion {
  films: readonly LabelledFilm[];
  cache: FilmCache;
  /** Changes a film's pixels, `[size,size,3]`, in place before the network sees it. */
  edit?: (pixels: Uint8Array) => void;
}

/** The network's predictions of films, in their order. */
export async function predictFilms(
  { logOdds, imageSize }: TrainedNetwork,
  { films, cache, edit }: FilmsQuestion,
): Promise<Prediction[]> {
  const predictions: Prediction[] = [];
  const batches = pixelBatches(films, { batchSize: BATCH, size: imageSize, cache });
  for await (const { pixels, films: batch } of batches) {
    const length = pixels.length / batch.length;
    const each = batch.map((_, i) => pixels.subarray(i * length, (i + 1) * length));
    if (edit !== undefined) each.forEach(edit);
    const margins = await logOdds(each);
    batch.forEach(({ filename, label }, i) => {
      predictions.push({ filename, label, probability: Math.fround(sigmoid(margins[i]!)) });
    });
  }
  return predictions;
}
