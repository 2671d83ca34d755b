/**
 * One training step: forward pass, loss, gradients, Adam's update.
 * @module
 */
import type { Adam } from "@/network/adam.ts";
import { lossAndGradients } from "@/network/loss.ts";
import type { Precision } from "@/network/precision.ts";
import type { Network } from "@/network/resnet50.ts";
import { tf } from "@/tensorflow/backend.ts";

/** Options of {@linkcode trainingStep}; an `Experiment` has most of them. */
export interface StepOptions {
  /** Adds `0.5 * l2Penalty * sum of p^2` over all parameters to the loss. */
  l2Penalty: number;
  /** Probability of dropping a feature before the linear layer. */
  dropout: number;
  precision: Precision;
}

/**
 * Writes a step as tfjs code, to be compiled. The step changes the network's parameters, its batch
 * norms' running statistics and Adam's moments in place.
 *
 * @returns A function of a batch, `xs` `[B,H,W,3]` and `ys` `[B]`, of Adam's coefficients `[2]` and
 * of dropout's seed, int32 `[2]`. It gives the loss, the cross-entropy, how many films got the
 * right class, and 1 if loss and gradients are finite: `[4]`.
 */
export function trainingStep(
  network: Network,
  { adam, l2Penalty, dropout, precision }: StepOptions & { adam: Adam },
): (xs: tf.Tensor, ys: tf.Tensor, coefficients: tf.Tensor, seed: tf.Tensor) => tf.Tensor {
  return (xs, ys, coefficients, seed) => {
    const { loss, crossEntropy, logits, values, gradients } = lossAndGradients(network, {
      xs: xs as tf.Tensor4D,
      ys: ys as tf.Tensor1D,
      l2Penalty,
      precision,
      ...(dropout > 0 && { dropout: { rate: dropout, seed: seed as tf.Tensor1D } }),
    });
    adam.update(coefficients as tf.Tensor1D, { values, gradients });
    const correct = tf.equal(tf.argMax(logits, 1), ys).sum().cast("float32");
    const [stem] = gradients.values();
    return tf.stack([loss, crossEntropy, correct, areFinite(loss, stem!)]);
  };
}

/**
 * Gives 1 if the loss and the first layer's gradient have no NaN or infinity, otherwise 0. One
 * gradient is enough: what any later layer gives reaches the first one through sums over all
 * channels.
 */
function areFinite(loss: tf.Tensor, gradient: tf.Tensor): tf.Tensor {
  return tf.logicalAnd(tf.isFinite(loss), tf.isFinite(gradient).all()).cast("float32");
}
