/**
 * Operations that tfjs has not, or has in many small steps, as tfjs operations with gradients. All may be compiled.
 *
 * @module
 */
import { backend, tf } from "@/tensorflow/backend.ts";
import { ATTRIBUTE, DTYPE } from "@/tensorflow/c_api.ts";
import type { Variable } from "@/tensorflow/variables.ts";

const FLOAT = { name: "T", type: ATTRIBUTE.type, value: DTYPE.float32 };

/** PyTorch's default: added to the variance before its root. */
export const BATCH_NORM_EPSILON = 1e-5;
/** PyTorch's default: what a batch weighs in the running statistics. */
const BATCH_NORM_MOMENTUM = 0.1;

/** A batch norm's parameters and running statistics, one value a channel each. */
export interface BatchNorm {
  weight: tf.Tensor1D;
  bias: tf.Tensor1D;
  runningMean: Variable;
  runningVar: Variable;
}

/**
 * Batch norm (Ioffe and Szegedy, 2015) over the last axis, as PyTorch's `BatchNorm2d` in training: by the batch's own
 * statistics, of which the running ones take a tenth, the variance unbiased.
 *
 * @param x `[B,H,W,C]`
 * @param options.relu Whether a ReLU follows, which costs less here than on its own.
 */
export function batchNorm(
  x: tf.Tensor4D,
  { norm, relu = false }: { norm: BatchNorm; relu?: boolean },
): tf.Tensor4D {
  const attributes = [
    FLOAT,
    { name: "U", type: ATTRIBUTE.type, value: DTYPE.float32 },
    { name: "epsilon", type: ATTRIBUTE.float, value: BATCH_NORM_EPSILON },
    { name: "data_format", type: ATTRIBUTE.string, value: "NHWC" },
    { name: "is_training", type: ATTRIBUTE.bool, value: true },
  ];
  const momentum = {
    name: "exponential_avg_factor",
    type: ATTRIBUTE.float,
    value: BATCH_NORM_MOMENTUM,
  };
  // The rows of all films as a batch: oneDNN gives each thread a share of the batch, or else of the channels, which
  // takes it up to three times as long.
  const [films, height, width, channels] = x.shape;
  const rows = (image: tf.Tensor) => tf.reshape(image, [films * height, 1, width, channels]);
  const forward = tf.customGrad((...args) => {
    const [x, weight, bias, save] = args as [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D, Save];
    const [normalized, mean, variance, ...reserve] = backend.executeMultipleOutputs(
      "FusedBatchNormV3",
      [...attributes, momentum],
      [rows(x), weight, bias, norm.runningMean.read(), norm.runningVar.read()],
      6,
    );
    norm.runningMean.assign(mean!);
    norm.runningVar.assign(variance!);
    const y = relu ? tf.relu(normalized!) : normalized!;
    save([x, weight, y, ...reserve]);
    const gradFunc = (dy: tf.Tensor, [x, weight, y, ...reserve]: tf.Tensor[]) => {
      const dNormalized = relu ? reluGradient(rows(dy), y!) : rows(dy);
      const [dx, dWeight, dBias] = backend.executeMultipleOutputs(
        "FusedBatchNormGradV3",
        attributes,
        [dNormalized, rows(x!), weight!, ...reserve],
        5,
      );
      return [tf.reshape(dx!, x!.shape), dWeight!, dBias!];
    };
    return { value: tf.reshape(y, x.shape), gradFunc };
  });
  return forward(x, norm.weight, norm.bias) as tf.Tensor4D;
}

/** What a gradient function is to be given again: tfjs has its type for the caller only. */
type Save = (tensors: tf.Tensor[]) => void;

/** The larger of `x` and 0. Its gradient is one operation, where tfjs's own is several. */
export function relu<T extends tf.Tensor>(x: T): T {
  const forward = tf.customGrad((...args) => {
    const [x, save] = args as [tf.Tensor, Save];
    const value = tf.relu(x);
    save([value]);
    return { value, gradFunc: (dy: tf.Tensor, [y]: tf.Tensor[]) => reluGradient(dy, y!) };
  });
  return forward(x) as T;
}

function reluGradient(dy: tf.Tensor, y: tf.Tensor): tf.Tensor {
  return backend.executeSingleOutput("ReluGrad", [FLOAT], [dy, y]);
}

/**
 * Adds a value for each channel, in the operation that TensorFlow puts together with a convolution before it.
 *
 * @param x `[B,H,W,C]`
 * @param bias `[C]`
 */
export function addBias(x: tf.Tensor4D, bias: tf.Tensor1D): tf.Tensor4D {
  return backend.executeSingleOutput("BiasAdd", [FLOAT], [x, bias]) as tf.Tensor4D;
}

/**
 * A 1x1 convolution as the matrix product that it is. oneDNN finds it faster so: the filter's gradient three times,
 * as it needs no layout of its own for filters.
 *
 * @param x `[B,H,W,in]`
 * @param filter `[1,1,in,out]`
 * @returns `[B,H,W,out]`
 */
export function conv1x1(x: tf.Tensor4D, filter: tf.Tensor4D): tf.Tensor4D {
  const [inputs, outputs] = filter.shape.slice(2) as [number, number];
  const pixels = (image: tf.Tensor) => tf.reshape(image, [-1, image.shape[3]!]);
  const forward = tf.customGrad((...args) => {
    const [x, filter, save] = args as [tf.Tensor4D, tf.Tensor4D, Save];
    const [a, b] = [pixels(x), pixels(filter)];
    save([a, b]);
    const gradFunc = (dy: tf.Tensor, [a, b]: tf.Tensor[]) => {
      const d = pixels(dy);
      return [
        tf.reshape(matMul(d, b!, { transposeB: true }), x.shape),
        tf.reshape(matMul(a!, d, { transposeA: true }), [1, 1, inputs, outputs]),
      ];
    };
    return { value: tf.reshape(matMul(a, b), [...x.shape.slice(0, 3), outputs]), gradFunc };
  });
  return forward(x, filter) as tf.Tensor4D;
}

/**
 * A convolution as a product of matrices, with zeros around the image so that it keeps its size. For small images
 * and many channels, where oneDNN spends most of its own convolution on the layout of the filter.
 *
 * @param x `[B,H,W,in]`
 * @param filter `[kernel,kernel,in,out]`, an odd kernel
 * @returns `[B,H,W,out]`
 */
export function convAsProduct(x: tf.Tensor4D, filter: tf.Tensor4D): tf.Tensor4D {
  const [kernel, , inputs, outputs] = filter.shape;
  const pixels = (image: tf.Tensor) => tf.reshape(image, [-1, image.shape[3]!]);
  const forward = tf.customGrad((...args) => {
    const [x, filter, save] = args as [tf.Tensor4D, tf.Tensor4D, Save];
    const a = pixels(patches(x, kernel));
    save([filter, a]);
    const gradFunc = (dy: tf.Tensor, [filter, a]: tf.Tensor[]) => [
      convInputGradient(dy as tf.Tensor4D, { shape: x.shape, filter: filter as tf.Tensor4D }),
      tf.reshape(matMul(a!, pixels(dy), { transposeA: true }), filter!.shape),
    ];
    const b = tf.reshape(filter, [kernel * kernel * inputs, outputs]);
    return { value: tf.reshape(matMul(a, b), [...x.shape.slice(0, 3), outputs]), gradFunc };
  });
  return forward(x, filter) as tf.Tensor4D;
}

/** What each pixel's window shows, `[B,H,W,kernel^2 C]`. */
function patches(x: tf.Tensor4D, kernel: number): tf.Tensor4D {
  const [, height, width, channels] = x.shape;
  const padded = padZeros(x, (kernel - 1) / 2);
  const shifts = Array.from(
    { length: kernel * kernel },
    (_, i) =>
      tf.slice4d(padded, [0, Math.floor(i / kernel), i % kernel, 0], [-1, height, width, channels]),
  );
  return tf.concat4d(shifts, 3);
}

function convInputGradient(
  dy: tf.Tensor4D,
  { shape, filter }: { shape: tf.Tensor4D["shape"]; filter: tf.Tensor4D },
): tf.Tensor {
  return backend.executeSingleOutput("Conv2DBackpropInput", [
    FLOAT,
    { name: "strides", type: ATTRIBUTE.int, value: [1, 1, 1, 1] },
    { name: "padding", type: ATTRIBUTE.string, value: "SAME" },
  ], [tf.tensor1d(shape, "int32"), filter, dy]);
}

/** A product of two matrices, without the checks and the batches of tfjs's own. */
function matMul(
  a: tf.Tensor,
  b: tf.Tensor,
  { transposeA = false, transposeB = false } = {},
): tf.Tensor {
  return backend.executeSingleOutput("MatMul", [
    FLOAT,
    { name: "transpose_a", type: ATTRIBUTE.bool, value: transposeA },
    { name: "transpose_b", type: ATTRIBUTE.bool, value: transposeB },
  ], [a, b]);
}

/**
 * Puts zeros on all four sides of images, as PyTorch's `padding`: TensorFlow's own "same" may pad one side more.
 *
 * @param x `[B,H,W,C]`
 * @returns `[B,H+2 width,W+2 width,C]`
 */
export function padZeros(x: tf.Tensor4D, width: number): tf.Tensor4D {
  const forward = tf.customGrad((...args) => {
    const x = args[0] as tf.Tensor4D;
    const sides = tf.tensor2d([[0, 0], [width, width], [width, width], [0, 0]], [4, 2], "int32");
    const attributes = [FLOAT, { name: "Tpaddings", type: ATTRIBUTE.type, value: DTYPE.int32 }];
    return {
      value: backend.executeSingleOutput("Pad", attributes, [x, sides]),
      gradFunc: (dy: tf.Tensor) => tf.slice(dy, [0, width, width, 0], x.shape),
    };
  });
  return forward(x) as tf.Tensor4D;
}

/** Rounds to bfloat16. tfjs takes the result for float32, which it becomes when it is read. */
export function toBfloat16<T extends tf.Tensor>(x: T): T {
  return cast(x, { from: DTYPE.float32, to: DTYPE.bfloat16 });
}

/** Widens what `toBfloat16` or an operation on its results gave. */
export function fromBfloat16<T extends tf.Tensor>(x: T): T {
  return cast(x, { from: DTYPE.bfloat16, to: DTYPE.float32 });
}

function cast<T extends tf.Tensor>(x: T, { from, to }: { from: number; to: number }): T {
  const convert = (x: tf.Tensor, [source, target]: [number, number]) =>
    backend.executeSingleOutput("Cast", [
      { name: "SrcT", type: ATTRIBUTE.type, value: source },
      { name: "DstT", type: ATTRIBUTE.type, value: target },
      { name: "Truncate", type: ATTRIBUTE.bool, value: false },
    ], [x]);
  const forward = tf.customGrad((...args) => ({
    value: convert(args[0] as tf.Tensor, [from, to]),
    gradFunc: (dy: tf.Tensor) => convert(dy, [to, from]),
  }));
  return forward(x) as T;
}

/**
 * Numbers drawn evenly from `[0, 1)`: the same seed, the same numbers.
 *
 * @param seed Two int32 numbers.
 */
export function randomUniform(shape: readonly number[], seed: tf.Tensor1D): tf.Tensor {
  return stateless("StatelessRandomUniform", shape, seed);
}

/**
 * Numbers from the normal distribution with mean 0 and standard deviation 1: the same seed, the same numbers.
 *
 * @param seed Two int32 numbers.
 */
export function randomNormal(shape: readonly number[], seed: tf.Tensor1D): tf.Tensor {
  return stateless("StatelessRandomNormal", shape, seed);
}

function stateless(operation: string, shape: readonly number[], seed: tf.Tensor1D): tf.Tensor {
  const dims = tf.tensor1d([...shape], "int32");
  return backend.executeSingleOutput(operation, [
    { name: "dtype", type: ATTRIBUTE.type, value: DTYPE.float32 },
    { name: "T", type: ATTRIBUTE.type, value: DTYPE.int32 },
    { name: "Tseed", type: ATTRIBUTE.type, value: DTYPE.int32 },
  ], [dims, seed]);
}

/**
 * Sets values to 0, each with the same probability, and scales the others so that their mean stays.
 *
 * @param rate That probability, in `[0, 1)`.
 * @param seed Two int32 numbers; the same seed drops the same values.
 */
export function dropout<T extends tf.Tensor>(
  x: T,
  { rate, seed }: { rate: number; seed: tf.Tensor1D },
): T {
  const kept = randomUniform(x.shape, seed).greaterEqual(rate).cast("float32");
  return x.mul(kept).div(1 - rate);
}

/** Half the sum of the squares. */
export function halfSquares(x: tf.Tensor): tf.Scalar {
  const forward = tf.customGrad((...args) => {
    const [x, save] = args as [tf.Tensor, Save];
    save([x]);
    const gradFunc = (dy: tf.Tensor, [x]: tf.Tensor[]) => tf.mul(x!, dy);
    return { value: backend.executeSingleOutput("L2Loss", [FLOAT], [x]), gradFunc };
  });
  return forward(x) as tf.Scalar;
}

/** A parameter and its moments, of one shape. */
export interface AdamSlots {
  parameter: Variable;
  m: Variable;
  v: Variable;
}

/** Adam's coefficients: scalars, those that change from step to step being arguments of a compiled step. */
export interface AdamCoefficients {
  beta1: tf.Tensor;
  beta2: tf.Tensor;
  stepSize: tf.Tensor;
  epsilon: tf.Tensor;
}

/**
 * Adam's step (Kingma and Ba, 2015) on one parameter, in place:
 * `m += (1 - beta1) (g - m)`, `v += (1 - beta2) (g^2 - v)`, `p -= stepSize m / (sqrt(v) + epsilon)`.
 * `stepSize` and `epsilon` hold the correction of the bias, see `adamCoefficients`.
 */
export function applyAdam(
  { parameter, m, v }: AdamSlots,
  { gradient, coefficients }: { gradient: tf.Tensor; coefficients: AdamCoefficients },
): void {
  const { beta1, beta2, stepSize, epsilon } = coefficients;
  const zero = tf.scalar(0); // the runtime's own correction, beta^t, as if long past the start
  backend.executeMultipleOutputs(
    "ResourceApplyAdam",
    [
      FLOAT,
      { name: "use_locking", type: ATTRIBUTE.bool, value: false },
      { name: "use_nesterov", type: ATTRIBUTE.bool, value: false },
    ],
    [
      parameter.handle,
      m.handle,
      v.handle,
      ...[zero, zero, stepSize, beta1, beta2, epsilon, gradient],
    ],
    0,
  );
  for (const variable of [parameter, m, v]) variable.changed();
}
