/**
 * Adam (Kingma and Ba, 2015, https://arxiv.org/abs/1412.6980), as PyTorch's
 * `torch.optim.Adam(weight_decay=...)`.
 * @module
 */
import type { Network } from "@/network/resnet50.ts";
import { arraysOf, assignArrays, type NamedArrays } from "@/network/weights.ts";
import { tf } from "@/tensorflow/backend.ts";
import { applyAdam } from "@/tensorflow/ops.ts";
import { Variable } from "@/tensorflow/variables.ts";

/** PyTorch's defaults. The betas are float32, as the runtime has them. */
const BETA1 = Math.fround(0.9);
const BETA2 = Math.fround(0.999);
const EPSILON = 1e-8;

/** Options of {@linkcode createAdam}. */
export interface AdamOptions {
  learningRate: number;
  /** Adds `weightDecay * p` to the gradient of every parameter `p`. */
  weightDecay: number;
}

/** Adam's moments by parameter. */
export interface Moments {
  m: NamedArrays;
  v: NamedArrays;
}

/** An optimizer, with two moments of each parameter in the runtime. */
export interface Adam {
  /** Gives step size and epsilon, `[2]`, of a step from 1. Both correct the moments' bias. */
  coefficients(step: number): tf.Tensor1D;
  /** Changes the parameters and the moments in place, by their values and gradients. */
  update(
    coefficients: tf.Tensor1D,
    by: { values: ReadonlyMap<string, tf.Tensor>; gradients: ReadonlyMap<string, tf.Tensor> },
  ): void;
  /** Gives the moments, which are read when they are asked for. */
  moments(): Moments;
  restore(moments: Moments): void;
  dispose(): void;
}

/** Creates an optimizer whose moments are 0. */
export function createAdam(
  { parameters }: Network,
  { learningRate, weightDecay }: AdamOptions,
): Adam {
  const [m, v] = [zerosLike(parameters), zerosLike(parameters)];
  return {
    coefficients(step) {
      const correction = Math.sqrt(1 - BETA2 ** step);
      const stepSize = learningRate * correction / (1 - BETA1 ** step);
      return tf.tensor1d([stepSize, EPSILON * correction]);
    },
    update(coefficients, { values, gradients }) {
      const [stepSize, epsilon] = tf.unstack(coefficients);
      const [beta1, beta2] = [tf.scalar(BETA1), tf.scalar(BETA2)];
      for (const [name, parameter] of parameters) {
        // g = gradient + weightDecay p
        const gradient = gradients.get(name)!.add(values.get(name)!.mul(weightDecay));
        const coefficients = { beta1, beta2, stepSize: stepSize!, epsilon: epsilon! };
        const slots = { parameter, m: m.get(name)!, v: v.get(name)! };
        // m += (1 - beta1) (g - m)      v += (1 - beta2) (g^2 - v)
        // p -= stepSize m / (sqrt(v) + epsilon)
        applyAdam(slots, { gradient, ...coefficients });
      }
    },
    moments: () => ({ m: arraysOf(m), v: arraysOf(v) }),
    restore(moments) {
      assignArrays(m, moments.m);
      assignArrays(v, moments.v);
    },
    dispose() {
      for (const variable of [...m.values(), ...v.values()]) variable.dispose();
    },
  };
}

/** Creates a variable of zeros for each parameter. */
function zerosLike(parameters: ReadonlyMap<string, Variable>): Map<string, Variable> {
  return new Map([...parameters].map(([name, { shape }]) => {
    const initial = tf.zeros([...shape]);
    const variable = new Variable(initial);
    initial.dispose();
    return [name, variable];
  }));
}
