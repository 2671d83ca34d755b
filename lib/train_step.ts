/**
 * One step of training, compiled into one TensorFlow function. Weights and Adam's moments are variables of the
 * runtime, changed in place.
 * @module
 */
import type { NamedArrays } from "@/checkpoint.ts";
import { compileEvaluation, normalize } from "@/evaluation_step.ts";
import type { Precision } from "@/precision.ts";
import { forward, type ForwardOptions, type Network, readParameters } from "@/resnet50.ts";
import { tf } from "@/tensorflow/backend.ts";
import { compile } from "@/tensorflow/compile.ts";
import { applyAdam, halfSquares } from "@/tensorflow/ops.ts";
import { Variable } from "@/tensorflow/variables.ts";
import { arraysOf } from "@/weights.ts";

/** PyTorch's defaults, as float32, in which the runtime has them: so its moments are corrected by what made them. */
const BETA1 = Math.fround(0.9);
const BETA2 = Math.fround(0.999);
const EPSILON = 1e-8;

/** What decides how a network is trained; an `Experiment` has most of it. */
export interface TrainerOptions {
  learningRate: number;
  /** Adds `weightDecay * p` to the gradient of every parameter `p`. */
  weightDecay: number;
  /** Adds `0.5 * l2Penalty * sum of p^2` over all parameters to the loss. */
  l2Penalty: number;
  /** Probability of dropping a feature before the linear layer. */
  dropout: number;
  precision: Precision;
  /** Decides, with the number of the step, what is dropped. */
  seed: number;
}

/** What a step found before it changed the weights. */
export interface StepResult {
  /** What is minimized: the mean cross-entropy of the batch, in nats, and the penalty. */
  loss: number;
  crossEntropy: number;
  /** Films that got the right class. */
  correct: number;
  /** Whether loss and gradients were finite. If not, the weights are lost. */
  finite: boolean;
}

/** Adam's moments by parameter. */
export interface Moments {
  m: NamedArrays;
  v: NamedArrays;
}

/** Trains a network and evaluates it. */
export interface Trainer {
  /**
   * Trains on a batch.
   *
   * @param xs Pixels 0 to 255 if int32; normalized already if float32. `[B,H,W,3]`
   * @param ys Classes, int32, `[B]`.
   * @param step Its number, from 1, which Adam's correction of the bias follows.
   */
  step(xs: tf.Tensor4D, ys: tf.Tensor1D, step: number): Promise<StepResult>;
  /**
   * Gives the logits, `[B, classes]` row-major, by the running statistics.
   *
   * @param xs As for `step`.
   */
  predict(xs: tf.Tensor4D): Promise<Float32Array>;
  /** Adam's moments, read when they are asked for. */
  state(): Moments;
  /** Takes moments up again. */
  restore(moments: Moments): void;
  dispose(): void;
}

/** Prepares the training of a network by Adam, as PyTorch's `torch.optim.Adam(weight_decay=...)`. */
export function createTrainer(network: Network, options: TrainerOptions): Trainer {
  const { learningRate, precision, seed } = options;
  const names = [...network.parameters.keys()];
  const [m, v] = [zeros(network), zeros(network)];
  const train = compile(trainStep(network, { ...options, m, v }), { name: "the training step" });
  const evaluation = compileEvaluation(network, { precision });
  return {
    async step(xs, ys, step) {
      const correction = Math.sqrt(1 - BETA2 ** step);
      const stepSize = tf.scalar(learningRate * correction / (1 - BETA1 ** step));
      const epsilon = tf.scalar(EPSILON * correction);
      const key = tf.tensor1d([seed | 0, step], "int32");
      const report = await train.async(xs, ys, stepSize, epsilon, key);
      const [loss, crossEntropy, correct, finite] = report.dataSync();
      tf.dispose([stepSize, epsilon, key, report]);
      return {
        loss: loss!,
        crossEntropy: crossEntropy!,
        correct: correct!,
        finite: finite === 1,
      };
    },
    predict: evaluation.predict,
    state: () => ({ m: arraysOf(m), v: arraysOf(v) }),
    restore(moments) {
      for (const [variables, arrays] of [[m, moments.m], [v, moments.v]] as const) {
        for (const name of names) {
          const { values, shape } = arrays.get(name)!;
          tf.tidy(() => variables.get(name)!.assign(tf.tensor(values, [...shape])));
        }
      }
    },
    dispose() {
      train.dispose();
      evaluation.dispose();
      for (const variable of [...m.values(), ...v.values()]) variable.dispose();
    },
  };
}

/** The step as tfjs code. It gives loss, cross-entropy, films that were right, and 1 if all was finite. */
function trainStep(
  network: Network,
  options: TrainerOptions & { m: Map<string, Variable>; v: Map<string, Variable> },
) {
  const { weightDecay, l2Penalty, precision, dropout, m, v } = options;
  return (
    xs: tf.Tensor,
    ys: tf.Tensor,
    stepSize: tf.Tensor,
    epsilon: tf.Tensor,
    seed: tf.Tensor,
  ): tf.Tensor => {
    const { loss, crossEntropy, logits, weights, gradients } = lossAndGradients(network, {
      xs: xs as tf.Tensor4D,
      ys: ys as tf.Tensor1D,
      l2Penalty,
      precision,
      ...(dropout > 0 && { dropout: { rate: dropout, seed: seed as tf.Tensor1D } }),
    });
    const coefficients = { beta1: tf.scalar(BETA1), beta2: tf.scalar(BETA2), stepSize, epsilon };
    for (const [name, parameter] of network.parameters) {
      const gradient = gradients.get(name)!.add(weights.get(name)!.mul(weightDecay));
      applyAdam({ parameter, m: m.get(name)!, v: v.get(name)! }, { gradient, coefficients });
    }
    const right = tf.equal(tf.argMax(logits, 1), ys).sum().cast("float32");
    const finite = areFinite(loss, gradients.values().next().value!);
    return tf.stack([loss, crossEntropy, right, finite]);
  };
}

/** What {@linkcode lossAndGradients} takes. */
export interface LossOptions extends Pick<ForwardOptions, "precision" | "dropout"> {
  /** Pixels 0 to 255 if int32; normalized already if float32. `[B,H,W,3]` */
  xs: tf.Tensor4D;
  /** Classes, int32, `[B]`. */
  ys: tf.Tensor1D;
  l2Penalty: number;
}

/**
 * The loss of a batch in training and its gradients. The running statistics of batch norms are changed.
 *
 * @returns Beside the loss: its part without the penalty, the logits `[B,classes]`, and by parameter the values that
 * the gradients were taken at and the gradients.
 */
export function lossAndGradients(
  network: Network,
  { xs, ys, l2Penalty, ...options }: LossOptions,
): {
  loss: tf.Scalar;
  crossEntropy: tf.Scalar;
  logits: tf.Tensor2D;
  weights: Map<string, tf.Tensor>;
  gradients: Map<string, tf.Tensor>;
} {
  const weights = readParameters(network);
  const names = [...weights.keys()];
  const x = normalize(xs);
  let logits!: tf.Tensor2D;
  let entropy!: tf.Scalar;
  const loss = (...values: tf.Tensor[]): tf.Scalar => {
    // tfjs frees what a function whose gradients it takes leaves behind.
    logits = tf.keep(forward(network, x, {
      ...options,
      weights: new Map(names.map((name, i) => [name, values[i]!])),
      training: true,
    }));
    entropy = tf.keep(crossEntropy(logits, ys));
    if (l2Penalty === 0) return entropy;
    return tf.add(entropy, tf.addN(values.map(halfSquares)).mul(l2Penalty));
  };
  const { value, grads } = tf.valueAndGrads(loss)([...weights.values()]);
  const gradients = new Map(names.map((name, i) => [name, grads[i]!]));
  return { loss: value, crossEntropy: scoped(entropy), logits: scoped(logits), weights, gradients };
}

/** Hands what was kept back to the scope that it is used in. */
function scoped<T extends tf.Tensor>(kept: T): T {
  const copy = kept.clone();
  kept.dispose();
  return copy;
}

/**
 * The mean over a batch of the negative logarithm of the right class's probability, as PyTorch's
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
 * 1 if loss and gradient have no NaN or infinity, otherwise 0. The first layer's gradient is enough: what any later
 * layer gives reaches it through sums over all channels.
 */
function areFinite(loss: tf.Tensor, gradient: tf.Tensor): tf.Tensor {
  return tf.logicalAnd(tf.isFinite(loss), tf.isFinite(gradient).all()).cast("float32");
}

/** A variable of zeros for each parameter. */
function zeros({ parameters }: Network): Map<string, Variable> {
  return new Map([...parameters].map(([name, { shape }]) => {
    const initial = tf.zeros([...shape]);
    const variable = new Variable(initial);
    initial.dispose();
    return [name, variable];
  }));
}
