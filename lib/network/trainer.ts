/**
 * The training step compiled into one TensorFlow function.
 * @module
 */
import { type Adam, type AdamOptions, createAdam } from "@/network/adam.ts";
import type { Network } from "@/network/resnet50.ts";
import { type StepOptions, trainingStep } from "@/network/step.ts";
import { tf } from "@/tensorflow/backend.ts";
import { compile } from "@/tensorflow/compile.ts";

/** Options of {@linkcode createTrainer}. */
export interface TrainerOptions extends AdamOptions, StepOptions {
  /** Decides, with the number of the step, which features dropout drops. */
  seed: number;
}

/** The outcome of a step, from before it changed the weights. */
export interface StepResult {
  /** The mean cross-entropy of the batch, in nats, and the L2 penalty: what training minimizes. */
  loss: number;
  crossEntropy: number;
  /** Films that got the right class. */
  correct: number;
  /** Whether loss and gradients were finite. If not, the weights are lost. */
  finite: boolean;
}

/** A network's training. */
export interface Trainer extends Pick<Adam, "moments" | "restore" | "dispose"> {
  /**
   * Trains on a batch.
   *
   * @param xs Pixels 0 to 255 if int32; normalized already if float32. `[B,H,W,3]`
   * @param ys Classes, int32, `[B]`.
   * @param step The step's number, from 1.
   */
  step(xs: tf.Tensor4D, ys: tf.Tensor1D, step: number): Promise<StepResult>;
}

/**
 * Prepares the training of a network. A step changes its parameters, its batch norms' running
 * statistics and Adam's moments in place.
 */
export function createTrainer(network: Network, options: TrainerOptions): Trainer {
  const adam = createAdam(network, options);
  const train = trainingStep(network, { ...options, adam });
  const compiled = compile(train, { name: "the training step" });
  return {
    async step(xs, ys, step) {
      const coefficients = adam.coefficients(step);
      const seed = tf.tensor1d([options.seed | 0, step], "int32");
      const report = await compiled.async(xs, ys, coefficients, seed);
      const [loss, crossEntropy, correct, finite] = report.dataSync();
      tf.dispose([coefficients, seed, report]);
      return { loss: loss!, crossEntropy: crossEntropy!, correct: correct!, finite: finite === 1 };
    },
    moments: adam.moments,
    restore: adam.restore,
    dispose() {
      compiled.dispose();
      adam.dispose();
    },
  };
}
