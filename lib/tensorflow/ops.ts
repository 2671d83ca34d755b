/**
 * Operations that tfjs has not, or has in many small steps, as tfjs operations with gradients. All
 * may be compiled.
 *
 * @module
 */
import { backend, tf } from "@/tensorflow/backend.ts";
import { ATTRIBUTE, DTYPE } from "@/tensorflow/c_api.ts";
import type { Variable } from "@/tensorflow/variables.ts";

const FLOAT = { name: "T", type: ATTRIBUTE.type, value: DTYPE.float32 };

/** PyTorch's default: added to the variance before its root. */
export const BATCH_NORM_EPSILON = 1e-5;

/** A batch norm's parameters and running statistics, one value a channel each. */
export interface BatchNorm {
  weight: tf.Tensor1D;
  bias: tf.Tensor1D;
  runningMean: Variable;
  runningVar: Variable;
}

/**
 * Normalizes over the last axis (batch norm, Ioffe and Szegedy, 2015) as PyTorch's `BatchNorm2d` in
 * training: by the batch's own statistics. The running statistics move a tenth of the way to these,
 * the variance unbiased.
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
  // PyTorch's default for the weight of a batch in the running statistics.
  const momentum = { name: "exponential_avg_factor", type: ATTRIBUTE.float, value: 0.1 };
  // The rows of all films as a batch: oneDNN gives each thread a share of the batch, or else of the
  // channels, which takes it up to three times as long.
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

/** A function that keeps tensors for a gradient function; tfjs has its type for callers only. */
type Save = (tensors: tf.Tensor[]) => void;

/** Gives the larger of `x` and 0. Its gradient is one operation, where tfjs's own is several. */
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
 * Adds a value for each channel, in the operation that TensorFlow puts together with a convolution
 * before it.
 *
 * @param x `[B,H,W,C]`
 * @param bias `[C]`
 */
export function addBias(x: tf.Tensor4D, bias: tf.Tensor1D): tf.Tensor4D {
  return backend.executeSingleOutput("BiasAdd", [FLOAT], [x, bias]) as tf.Tensor4D;
}

/**
 * Computes a convolution as a product of matrices, with zeros around the image so that it keeps its
 * size. oneDNN computes the gradient of a 1x1 filter three times as fast so, as a product needs no
 * layout of its own for filters. With small images and many channels, that layout is most of the
 * time of oneDNN's own convolution.
 *
 * @param x `[B,H,W,in]`
 * @param filter `[kernel,kernel,in,out]`, an odd kernel
 * @returns `[B,H,W,out]`
 */
export function convAsProduct(x: tf.Tensor4D, filter: tf.Tensor4D): tf.Tensor4D {
  const [kernel, , inputs, outputs] = filter.shape;
  const pixels = (image: tf.Tensor) => tf.reshape(image, [-1, image.shape[3]!]);
  const inputGradient = (dy: tf.Tensor, filter: tf.Tensor) =>
    backend.executeSingleOutput("Conv2DBackpropInput", [
      FLOAT,
      { name: "strides", type: ATTRIBUTE.int, value: [1, 1, 1, 1] },
      { name: "padding", type: ATTRIBUTE.string, value: "SAME" },
    ], [tf.tensor1d(x.shape, "int32"), filter, dy]);
  const forward = tf.customGrad((...args) => {
    const [x, filter, save] = args as [tf.Tensor4D, tf.Tensor4D, Save];
    const a = pixels(kernel === 1 ? x : patches(x, kernel));
    const b = tf.reshape(filter, [kernel * kernel * inputs, outputs]);
    save([filter, a, b]);
    const gradFunc = (dy: tf.Tensor, [filter, a, b]: tf.Tensor[]) => {
      const d = pixels(dy);
      return [
        kernel === 1
          ? tf.reshape(matMul(d, b!, { transposeB: true }), x.shape)
          : inputGradient(dy, filter!),
        tf.reshape(matMul(a!, d, { transposeA: true }), filter!.shape),
      ];
    };
    return { value: tf.reshape(matMul(a, b), [...x.shape.slice(0, 3), outputs]), gradFunc };
  });
  return forward(x, filter) as tf.Tensor4D;
}

/** Gives each pixel's window, `[B,H,W,kernel^2 C]`. */
function patches(x: tf.Tensor4D, kernel: number): tf.Tensor4D {
  const [, height, width, channels] = x.shape;
  const padded = padZeros(x, (kernel - 1) / 2);
  const shifts = Array.from({ length: kernel * kernel }, (_, i) => {
    const begin: [number, number, number, number] = [0, Math.floor(i / kernel), i % kernel, 0];
    return tf.slice4d(padded, begin, [-1, height, width, channels]);
  });
  return tf.concat4d(shifts, 3);
}

/** Multiplies two matrices, without the checks and the batches of tfjs's own product. */
function matMul(a: tf.Tensor, b: tf.Tensor, { transposeA = false, transposeB = false } = {}) {
  return backend.executeSingleOutput("MatMul", [
    FLOAT,
    { name: "transpose_a", type: ATTRIBUTE.bool, value: transposeA },
    { name: "transpose_b", type: ATTRIBUTE.bool, value: transposeB },
  ], [a, b]);
}

/**
 * Puts zeros on all four sides of images, as PyTorch's `padding`: TensorFlow's own "same" may pad
 * one side more.
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
  return cast(x, [DTYPE.float32, DTYPE.bfloat16]);
}

/** Widens what `toBfloat16` or an operation on its results gave. */
export function fromBfloat16<T extends tf.Tensor>(x: T): T {
  return cast(x, [DTYPE.bfloat16, DTYPE.float32]);
}

function cast<T extends tf.Tensor>(x: T, [from, to]: [number, number]): T {
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
 * Numbers from the normal distribution with mean 0 and standard deviation 1: the same seed, the
 * same numbers.
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

/** Computes half the sum of the squares. */
export function halfSquares(x: tf.Tensor): tf.Scalar {
  const forward = tf.customGrad((...args) => {
    const [x, save] = args as [tf.Tensor, Save];
    save([x]);
    const gradFunc = (dy: tf.Tensor, [x]: tf.Tensor[]) => tf.mul(x!, dy);
    return { value: backend.executeSingleOutput("L2Loss", [FLOAT], [x]), gradFunc };
  });
  return forward(x) as tf.Scalar;
}

/**
 * Takes Adam's step (Kingma and Ba, 2015) on one parameter, in place: `m += (1 - beta1) (g - m)`,
 * `v += (1 - beta2) (g^2 - v)`, `p -= stepSize m / (sqrt(v) + epsilon)`. `stepSize` and `epsilon`
 * hold the correction of the bias. The coefficients are scalars.
 */
export function applyAdam(
  { parameter, m, v }: Record<"parameter" | "m" | "v", Variable>,
  { gradient, beta1, beta2, stepSize, epsilon }: Record<
    "gradient" | "beta1" | "beta2" | "stepSize" | "epsilon",
    tf.Tensor
  >,
): void {
  const zero = tf.scalar(0); // the runtime's own correction, beta^t, as if long past the start
  const variables = [parameter, m, v];
  backend.executeMultipleOutputs("ResourceApplyAdam", [
    FLOAT,
    { name: "use_locking", type: ATTRIBUTE.bool, value: false },
    { name: "use_nesterov", type: ATTRIBUTE.bool, value: false },
  ], [
    ...variables.map(({ handle }) => handle),
    ...[zero, zero, stepSize, beta1, beta2, epsilon, gradient],
  ], 0);
  for (const variable of variables) variable.changed();
}
