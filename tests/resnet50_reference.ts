/**
 * PyTorch's results for the network (tests/reference/*_reference.json, made by
 * tests/python/make_resnet50_reference.py), and their weights and inputs.
 * @module
 */
import { RESNET50_STAGES, type Stage } from "@/network/architecture.ts";
import { createResNet50, type Network } from "@/network/resnet50.ts";
import { tf } from "@/tensorflow/backend.ts";

/** PyTorch's results for one kind of loss. */
interface LossReference {
  first_step: {
    train_logits: number[][];
    gradient_norms: Record<string, number>;
    running_mean_norms: Record<string, number>;
    running_var_norms: Record<string, number>;
    /** The small network's gradients of up to 1,200 values, in PyTorch's layout. */
    gradients: Record<string, number[]>;
  };
  losses: number[];
  eval_logits_after: number[][];
}

interface Reference {
  input_size: number;
  parameters: { name: string; shape: number[] }[];
  parameter_count: number;
  eval_logits: number[][];
  cross_entropy: LossReference;
  l2: LossReference;
}

/** A network: ResNet50 in float32, or three small stages of the same blocks in float64. */
export type Which = "resnet50" | "small";

const STAGES: Record<Which, readonly Stage[]> = {
  resnet50: RESNET50_STAGES,
  small: [[8, 1, 1], [16, 2, 2], [32, 1, 2]],
};

export function readReference(which: Which): Reference {
  const path = new URL(`./reference/${which}_reference.json`, import.meta.url);
  return JSON.parse(Deno.readTextFileSync(path));
}

/** Draws float32 numbers in [-1, 1), times `scale` plus `shift`, by a 32-bit LCG. */
export function lcg(
  seed: number,
  { count, scale, shift = 0 }: { count: number; scale: number; shift?: number },
): Float32Array {
  const values = new Float32Array(count);
  let state = seed >>> 0;
  // Not `from()`, which takes half a minute for the network's weights.
  for (let i = 0; i < count; i++) {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    values[i] = shift + scale * (state / 2 ** 31 - 1);
  }
  return values;
}

/** Makes a network with the reference's weights. */
export function referenceNetwork(which: Which): Network {
  const network = createResNet50({ stages: STAGES[which], seed: 0 });
  let place = 0;
  for (const [name, variable] of network.parameters) {
    const shape = toPyTorchShape(variable.shape);
    const count = shape.reduce((a, b) => a * b, 1);
    const values = lcg(++place, { count, ...scaling(name, shape) });
    tf.tidy(() => variable.assign(fromPyTorch(values, shape)));
  }
  return network;
}

function scaling(
  name: string,
  shape: readonly number[],
): { scale: number; shift?: number } {
  const [out, , kh, kw] = shape;
  if (shape.length === 4) return { scale: Math.sqrt(6 / (kh! * kw! * out!)) };
  if (name === "fc.weight") return { scale: 0.02 };
  return { scale: 0.1, shift: name.endsWith("weight") ? 1 : 0 };
}

/** Makes the reference's normalized films: `[4,size,size,3]`. */
export function referenceInputs(size: number): tf.Tensor4D {
  const values = lcg(1000, { count: 4 * 3 * size * size, scale: 2 });
  return tf.tidy(() => tf.tensor4d(values, [4, 3, size, size]).transpose([0, 2, 3, 1]));
}

/** Makes the reference's labels: `[4]`. */
export function referenceLabels(): tf.Tensor1D {
  return tf.tensor1d([0, 1, 0, 1], "int32");
}

/** Converts a parameter's shape to PyTorch's layout. */
export function toPyTorchShape(shape: readonly number[]): number[] {
  if (shape.length === 4) return [shape[3]!, shape[2]!, shape[0]!, shape[1]!];
  return [...shape].reverse();
}

/** Converts values in PyTorch's layout to a tensor in TensorFlow's. */
export function fromPyTorch(values: Float32Array, shape: readonly number[]): tf.Tensor {
  const tensor = tf.tensor(values, [...shape]);
  return shape.length === 4 ? tensor.transpose([2, 3, 1, 0]) : tensor.transpose();
}

/** Computes the largest difference between two arrays, divided by the largest expected value. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let [largest, difference] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]!));
    // Not Math.max(), as NaN must count as a difference.
    if (!(Math.abs(actual[i]! - expected[i]!) <= difference)) {
      difference = Math.abs(actual[i]! - expected[i]!);
    }
  }
  return difference / largest;
}

/** Computes the Euclidean norm of a tensor's values. */
export function norm(tensor: tf.Tensor): number {
  return tf.tidy(() => tensor.norm().dataSync()[0]!);
}
