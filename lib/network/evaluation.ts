/**
 * The evaluation of a network: compiled into one TensorFlow function, and its answers on a set of
 * films.
 * @module
 */
import type { Prediction } from "@/films/film.ts";
import { type FilmBatch, normalize } from "@/network/dataset.ts";
import type { Precision } from "@/network/precision.ts";
import { foldBatchNorms, forward, type Network, readParameters } from "@/network/resnet50.ts";
import { sigmoid } from "@/statistics/calibration.ts";
import { type ClassificationScore, score } from "@/statistics/classification.ts";
import { tf } from "@/tensorflow/backend.ts";
import { compile } from "@/tensorflow/compile.ts";
import { Variable } from "@/tensorflow/variables.ts";

/** The films that are evaluated at once. */
export const EVALUATION_BATCH = 16;

/** A network's evaluation. */
export interface CompiledEvaluation {
  /**
   * Gives the logits, `[B, classes]` row-major, by the running statistics.
   *
   * @param xs Pixels 0 to 255 if int32; normalized already if float32. `[B,H,W,3]`
   */
  predict(xs: tf.Tensor4D): Promise<Float32Array>;
  dispose(): void;
}

/**
 * Prepares the evaluation of a network, as its variables are at each call. Batch norms are folded
 * into the convolutions once, and again when a variable has changed.
 */
export function compileEvaluation(
  network: Network,
  { precision }: { precision: Precision },
): CompiledEvaluation {
  const variables = [...network.parameters.values(), ...network.statistics.values()];
  const weights = new Map<string, Variable>();
  let version = -1;

  const fold = compile(() => {
    const folded = foldBatchNorms(network, { weights: readParameters(network), precision });
    return Object.fromEntries(folded);
  }, { name: "the folding of batch norms" });
  const evaluate = compile((xs: tf.Tensor) =>
    forward(network, normalize(xs as tf.Tensor4D), {
      weights: new Map([...weights].map(([name, variable]) => [name, variable.read()])),
      training: false,
      precision,
    }), { name: "the evaluation" });

  const refresh = async () => {
    const now = variables.reduce((sum, variable) => sum + variable.version, 0);
    if (now === version) return;
    version = now;
    for (const [name, value] of Object.entries(await fold.async())) {
      if (weights.has(name)) weights.get(name)!.assign(value);
      else weights.set(name, new Variable(value));
      value.dispose();
    }
  };
  return {
    async predict(xs) {
      await refresh();
      const logits = await evaluate.async(xs);
      const values = logits.dataSync() as Float32Array;
      logits.dispose();
      return values;
    },
    dispose() {
      fold.dispose();
      evaluate.dispose();
      for (const variable of weights.values()) variable.dispose();
    },
  };
}

/** A network's answers on a set of films. */
export interface Evaluation {
  /** In the order of the films. */
  predictions: Prediction[];
  /** Mean over the films, in nats. */
  crossEntropy: number;
}

/** The scores of an evaluation. */
export interface Score extends ClassificationScore {
  /** Mean over the films of the cross-entropy and the L2 penalty: what training minimizes. */
  loss: number;
  /** Mean cross-entropy over the films, in nats. */
  crossEntropy: number;
}

/** A function that gives the logits of a batch, `[B, 2]` row-major: Healthy, TB. */
export type Predict = (xs: tf.Tensor4D) => Promise<Float32Array>;

/**
 * Runs a network over films.
 *
 * @param batches Their tensors are disposed of here.
 * @param onBatch Awaited after every batch, with the number of films done; an error of it ends the
 * evaluation.
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
    const logOdds = await logOddsOf(predict, { xs, names: films.map(({ filename }) => filename) });
    tf.dispose([xs, ys]);
    films.forEach(({ filename, label }, i) => {
      const margin = logOdds[i]!;
      predictions.push({ filename, label, probability: probabilityOf(margin) });
      crossEntropy += softplus(label === 1 ? -margin : margin);
    });
    await onBatch?.(predictions.length);
  }
  return { predictions, crossEntropy: crossEntropy / predictions.length };
}

/**
 * Asks a network for the log-odds of TB of a batch's films.
 *
 * @param options.names The films' names: of the first rows of `xs`, if it has more.
 * @throws {RangeError} If one is not finite, naming the film.
 */
export async function logOddsOf(
  predict: Predict,
  { xs, names }: { xs: tf.Tensor4D; names: readonly string[] },
): Promise<number[]> {
  const logits = await predict(xs);
  return names.map((name, i) => {
    const logOdds = logits[2 * i + 1]! - logits[2 * i]!;
    if (Number.isFinite(logOdds)) return logOdds;
    throw new RangeError(`Cannot evaluate ${name}: the network's output is not finite`);
  });
}

/** Gives the probability of TB, as float32: the softmax of the logits, by their difference. */
export function probabilityOf(logOdds: number): number {
  return Math.fround(sigmoid(logOdds));
}

/**
 * Scores an evaluation.
 *
 * @param penalty The L2 penalty, for the loss.
 */
export function scoreOf(
  { predictions, crossEntropy }: Evaluation,
  { penalty }: { penalty: number },
): Score {
  const truth = predictions.map(({ label }) => label);
  const probabilities = predictions.map(({ probability }) => probability);
  return { loss: crossEntropy + penalty, crossEntropy, ...score(truth, probabilities) };
}

/** Computes `log(1 + exp(x))`, also where `exp(x)` would overflow. */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
