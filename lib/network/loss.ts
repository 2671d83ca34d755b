/**
 * The loss of a batch and its gradients: the cross-entropy and, in the experiment that has one, the
 * L2 penalty.
 * @module
 */
import { normalize } from "@/network/dataset.ts";
import { forward, type ForwardOptions, type Network, readParameters } from "@/network/resnet50.ts";
import type { NamedArrays } from "@/network/weights.ts";
import { tf } from "@/tensorflow/backend.ts";
import { halfSquares } from "@/tensorflow/ops.ts";

/** Options of {@linkcode lossAndGradients}. */
export interface LossOptions extends Pick<ForwardOptions, "precision" | "dropout"> {
  /** Pixels 0 to 255 if int32; normalized already if float32. `[B,H,W,3]` */
  xs: tf.Tensor4D;
  /** Classes, int32, `[B]`. */
  ys: tf.Tensor1D;
  /** The factor of {@linkcode l2Penalty}. */
  l2Penalty: number;
}

/** A batch's loss with its parts and its gradients. */
export interface LossAndGradients {
  loss: tf.Scalar;
  /** The loss without the penalty. */
  crossEntropy: tf.Scalar;
  /** `[B,classes]` */
  logits: tf.Tensor2D;
  /** The parameters' values that the gradients are taken at, by name. */
  values: Map<string, tf.Tensor>;
  gradients: Map<string, tf.Tensor>;
}

/** Computes the loss of a batch and its gradients. Batch norms change their running statistics. */
export function lossAndGradients(
  network: Network,
  { xs, ys, l2Penalty: lambda, ...options }: LossOptions,
): LossAndGradients {
  const values = readParameters(network);
  const names = [...values.keys()];
  const x = normalize(xs);
  let logits!: tf.Tensor2D;
  let entropy!: tf.Scalar;
  const loss = (...parameters: tf.Tensor[]): tf.Scalar => {
    const weights = new Map(names.map((name, i) => [name, parameters[i]!]));
    // tfjs frees what a function whose gradients it takes leaves behind.
    logits = tf.keep(forward(network, x, { ...options, weights, training: true }));
    entropy = tf.keep(crossEntropy(logits, ys));
    return lambda === 0 ? entropy : tf.add(entropy, l2Penalty(parameters, lambda));
  };
  const { value, grads } = tf.valueAndGrads(loss)([...values.values()]);
  const gradients = new Map(names.map((name, i) => [name, grads[i]!]));
  return { loss: value, crossEntropy: scoped(entropy), logits: scoped(logits), values, gradients };
}

/**
 * Computes the mean over a batch of `-log(probability of the right class)`, as PyTorch's
 * `CrossEntropyLoss`.
 *
 * @param logits `[B,classes]`
 * @param ys `[B]`
 */
function crossEntropy(logits: tf.Tensor2D, ys: tf.Tensor1D): tf.Scalar {
  const right = tf.oneHot(ys, logits.shape[1]).cast("float32");
  return tf.neg<tf.Scalar>(tf.logSoftmax(logits).mul(right).sum(1).mean());
}

/**
 * Computes `0.5 * lambda * sum of p^2` over all parameters, those of batch norms and biases too, as
 * the assignment does.
 */
function l2Penalty(parameters: readonly tf.Tensor[], lambda: number): tf.Scalar {
  return tf.addN(parameters.map(halfSquares)).mul(lambda);
}

/** Computes {@linkcode l2Penalty} in float64, for the loss of an evaluation. */
export function l2PenaltyOf(
  weights: NamedArrays,
  { names, lambda }: { names: Iterable<string>; lambda: number },
): number {
  let sum = 0;
  for (const name of names) {
    for (const value of weights.get(name)!.values) sum += value * value;
  }
  return 0.5 * lambda * sum;
}

/** Hands what was kept back to the scope that it is used in. */
function scoped<T extends tf.Tensor>(kept: T): T {
  const copy = kept.clone();
  kept.dispose();
  return copy;
}
