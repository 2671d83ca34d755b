/**
 * A network's answers on a set of films.
 * @module
 */
import type { FilmBatch } from "@/dataset.ts";
import { type Score, score } from "@/metrics.ts";
import type { Prediction } from "@/results.ts";
import type { tf } from "@/tensorflow/backend.ts";

/** What a network says of a set of films. */
export interface Evaluation {
  /** In the order of the films. */
  predictions: Prediction[];
  /** Mean over the films, in nats. */
  crossEntropy: number;
}

/** Gives the logits of a batch, `[B, 2]` row-major: Healthy, TB. */
export type Predict = (xs: tf.Tensor4D) => Promise<Float32Array>;

/**
 * Runs a network over films.
 *
 * @param batches Their tensors are disposed of here.
 * @param onBatch Told the number of films done, and awaited, after every batch; what it throws ends the evaluation.
 * @throws {RangeError} If the network gives no finite number, naming the film.
 */
export async function evaluate(
  predict: Predict,
  { batches, onBatch }: {
    batches: AsyncIterable<FilmBatch>;
    onBatch?: (films: number) => void | Promise<void>;
  },
): Promise<Evaluation> {
  const predictions: Prediction[] = [];
  let crossEntropy = 0;
  for await (const { xs, ys, films } of batches) {
    const logits = await predict(xs);
    xs.dispose();
    ys.dispose();
    for (const [row, { filename, label }] of films.entries()) {
      const ofFilm = logits.subarray(2 * row, 2 * row + 2);
      if (!ofFilm.every(Number.isFinite)) {
        throw new RangeError(`Cannot evaluate ${filename}: the network's output is not finite`);
      }
      predictions.push({ filename, label, probability: probabilityOfTb(ofFilm) });
      const margin = ofFilm[1]! - ofFilm[0]!;
      crossEntropy += softplus(label === 1 ? -margin : margin);
    }
    await onBatch?.(predictions.length);
  }
  return { predictions, crossEntropy: crossEntropy / predictions.length };
}

/** The softmax of the logits Healthy and TB: the probability of TB, as float32. */
export function probabilityOfTb([healthy, tb]: Float32Array): number {
  return Math.fround(1 / (1 + Math.exp(healthy! - tb!)));
}

/**
 * What is read off an evaluation.
 *
 * @param penalty Added to the cross-entropy for the loss: what training minimizes beside it.
 */
export function scoreOf(
  { predictions, crossEntropy }: Evaluation,
  { penalty = 0 }: { penalty?: number } = {},
): Score {
  const truth = predictions.map(({ label }) => label);
  const probabilities = predictions.map(({ probability }) => probability);
  return { loss: crossEntropy + penalty, crossEntropy, ...score(truth, probabilities) };
}

/** `log(1 + exp(x))`, also where `exp(x)` would overflow. */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
