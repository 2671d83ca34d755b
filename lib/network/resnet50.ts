/**
 * ResNet50 (He et al., 2015, https://arxiv.org/abs/1512.03385): 23,512,130 parameters for two
 * classes, 3.856 billion multiply-adds for a film of 224 x 224 pixels.
 *
 * Parameters have the names and the order that PyTorch gives them, and TensorFlow's layout:
 * convolutions `[kernel, kernel, in, out]`, the linear layer `[in, out]`.
 *
 * Shape comments are for the default network: `B` films of 224 x 224 pixels.
 * @module
 */
import {
  type Architecture,
  type ArchitectureOptions,
  type Bottleneck,
  type ConvNorm,
  convNorms,
  describeResNet50,
} from "@/network/architecture.ts";
import type { Precision } from "@/network/precision.ts";
import { tf } from "@/tensorflow/backend.ts";
import {
  addBias,
  BATCH_NORM_EPSILON,
  batchNorm,
  convAsProduct,
  dropout,
  fromBfloat16,
  padZeros,
  randomNormal,
  randomUniform,
  relu,
  toBfloat16,
} from "@/tensorflow/ops.ts";
import { Variable } from "@/tensorflow/variables.ts";

/** A network's parameters, which are trained, and its batch norms' running statistics. */
export interface Network {
  readonly architecture: Architecture;
  /** In PyTorch's order, as in `layer1.0.conv1.weight`. */
  readonly parameters: ReadonlyMap<string, Variable>;
  /** The statistics by name, such as `bn1.running_mean`. */
  readonly statistics: ReadonlyMap<string, Variable>;
  dispose(): void;
}

/**
 * Creates a network with the initial values of the assignment: convolutions normal with variance `2
 * / (kernel^2 out)` (He et al., 2015, https://arxiv.org/abs/1502.01852), batch norms 1 and 0, the
 * linear layer even in `+-1 / sqrt(in)`, as PyTorch's default.
 *
 * @param options.seed The same seed, the same values: a whole number of 32 bits.
 */
export function createResNet50(
  { seed, ...options }: ArchitectureOptions & { seed: number },
): Network {
  const architecture = describeResNet50(options);
  const parameters = new Map<string, Variable>();
  const statistics = new Map<string, Variable>();
  const add = (to: Map<string, Variable>, name: string, value: () => tf.Tensor) =>
    tf.tidy(() => {
      to.set(name, new Variable(value()));
    });
  /** A stream of its own for each parameter. */
  const stream = () => tf.tensor1d([seed | 0, parameters.size], "int32");

  for (const { conv, norm, kernel, in: inputs, out } of convNorms(architecture)) {
    const deviation = Math.sqrt(2 / (kernel * kernel * out));
    const shape = [kernel, kernel, inputs, out];
    add(parameters, `${conv}.weight`, () => randomNormal(shape, stream()).mul(deviation));
    add(parameters, `${norm}.weight`, () => tf.ones([out]));
    add(parameters, `${norm}.bias`, () => tf.zeros([out]));
    add(statistics, `${norm}.running_mean`, () => tf.zeros([out]));
    add(statistics, `${norm}.running_var`, () => tf.ones([out]));
  }
  const { features, classes } = architecture;
  const bound = 1 / Math.sqrt(features);
  const even = (shape: number[]) => randomUniform(shape, stream()).mul(2 * bound).sub(bound);
  add(parameters, "fc.weight", () => even([features, classes]));
  add(parameters, "fc.bias", () => even([classes]));

  const dispose = () => {
    for (const variable of [...parameters.values(), ...statistics.values()]) variable.dispose();
  };
  return { architecture, parameters, statistics, dispose };
}

/** Parameters' values by name: read from variables, so that gradients can be taken of them. */
export type Weights = ReadonlyMap<string, tf.Tensor>;

/** Reads the current values of a network's parameters. */
export function readParameters({ parameters }: Network): Map<string, tf.Tensor> {
  return new Map([...parameters].map(([name, variable]) => [name, variable.read()]));
}

/** Options of {@linkcode forward}. */
export interface ForwardOptions {
  /** Folded or not; in training not. */
  weights: Weights;
  /** Batch norms use the batch's statistics, and change the running ones. */
  training: boolean;
  precision: Precision;
  /** Drops features before the linear layer; `seed` is two int32 numbers, new for every step. */
  dropout?: { rate: number; seed: tf.Tensor1D };
}

/**
 * Gives a network's logits.
 *
 * @param x Normalized films, `[B,224,224,3]`.
 * @returns `[B,classes]`
 */
export function forward(network: Network, x: tf.Tensor4D, options: ForwardOptions): tf.Tensor2D {
  return classify(features(network, x, options), options);
}

/**
 * Gives the last block's output, which Grad-CAM looks at.
 *
 * @param x Normalized films, `[B,224,224,3]`.
 * @returns `[B,7,7,2048]`, float32
 */
export function features(
  network: Network,
  x: tf.Tensor4D,
  { weights, training, precision }: ForwardOptions,
): tf.Tensor4D {
  const { stem, blocks } = network.architecture;
  const unit = training
    ? trainingUnit(network, { weights, precision })
    : evaluationUnit(foldBatchNorms(network, { weights, precision }));

  const bottleneck = (x: tf.Tensor4D, block: Bottleneck): tf.Tensor4D => {
    const { conv1, conv2, conv3, downsample } = block;
    // A 1x1 convolution with a stride sees some of the pixels only, and both that begin here see
    // the same.
    const seen = subsample(x, conv1.stride);
    const shortcut = downsample === null ? x : unit(seen, {
      ...downsample,
      stride: downsample.stride / conv1.stride,
    });
    let y = unit(seen, { ...conv1, stride: 1, relu: true });
    y = unit(y, { ...conv2, relu: true });
    return unit(y, { ...conv3, shortcut });
  };

  let y = precision === "bf16" ? toBfloat16(x) : x;
  y = unit(y, { ...stem, relu: true }); // [B,112,112,64]
  y = tf.maxPool(y, 3, 2, "same"); // [B,56,56,64]
  for (const block of blocks) y = bottleneck(y, block);
  return precision === "bf16" ? fromBfloat16(y) : y;
}

/** A convolution with its batch norm, then nothing, a ReLU, or a shortcut's sum and a ReLU. */
type Unit = (
  x: tf.Tensor4D,
  options: Omit<ConvNorm, "in" | "out"> & { relu?: boolean; shortcut?: tf.Tensor4D },
) => tf.Tensor4D;

function trainingUnit(
  { statistics }: Network,
  { weights, precision }: { weights: Weights; precision: Precision },
): Unit {
  return (x, { conv, norm, kernel, stride, relu: hasRelu = false, shortcut }) => {
    const filter = weights.get(`${conv}.weight`) as tf.Tensor4D;
    const y = batchNorm(
      convolve(x, { filter: precision === "bf16" ? toBfloat16(filter) : filter, kernel, stride }),
      {
        norm: {
          weight: weights.get(`${norm}.weight`) as tf.Tensor1D,
          bias: weights.get(`${norm}.bias`) as tf.Tensor1D,
          runningMean: statistics.get(`${norm}.running_mean`)!,
          runningVar: statistics.get(`${norm}.running_var`)!,
        },
        relu: hasRelu,
      },
    );
    return shortcut === undefined ? y : relu(tf.add(y, shortcut));
  };
}

function evaluationUnit(folded: Weights): Unit {
  return (x, { conv, kernel, stride, relu: hasRelu = false, shortcut }) => {
    const filter = folded.get(`${conv}.weight`) as tf.Tensor4D;
    const padding = kernel === 1 || stride === 1 ? "same" : "valid";
    const padded = padding === "valid" ? padZeros(x, (kernel - 1) / 2) : x;
    const y = addBias(
      tf.conv2d(padded, filter, stride, padding),
      folded.get(`${conv}.bias`) as tf.Tensor1D,
    );
    if (shortcut !== undefined) return tf.relu(tf.add(y, shortcut));
    return hasRelu ? tf.relu(y) : y;
  };
}

/**
 * Puts the batch norms of evaluation, which are a product and a sum for each channel, into the
 * convolutions before them.
 *
 * @param options.weights What is folded already is returned as it is.
 * @param options.precision The precision of the convolutions.
 * @returns `conv1.weight`, `conv1.bias` and so on in place of both, and the linear layer's.
 */
export function foldBatchNorms(
  { architecture, statistics }: Network,
  { weights, precision }: { weights: Weights; precision: Precision },
): Weights {
  if (weights.has(`${architecture.stem.conv}.bias`)) return weights;
  const enter = precision === "bf16" ? toBfloat16 : <T>(x: T) => x;
  const folded = new Map<string, tf.Tensor>();
  for (const { conv, norm } of convNorms(architecture)) {
    const mean = statistics.get(`${norm}.running_mean`)!.read();
    const variance = statistics.get(`${norm}.running_var`)!.read();
    const scale = weights.get(`${norm}.weight`)!.div(variance.add(BATCH_NORM_EPSILON).sqrt());
    folded.set(`${conv}.weight`, enter(weights.get(`${conv}.weight`)!.mul(scale)));
    folded.set(`${conv}.bias`, enter(weights.get(`${norm}.bias`)!.sub(mean.mul(scale))));
  }
  for (const name of ["fc.weight", "fc.bias"]) folded.set(name, weights.get(name)!);
  return folded;
}

/**
 * Gives the logits that features lead to.
 *
 * @param x `[B,7,7,2048]`
 * @returns `[B,classes]`
 */
export function classify(
  x: tf.Tensor4D,
  { weights, dropout: drop }: Pick<ForwardOptions, "weights" | "dropout">,
): tf.Tensor2D {
  let pooled = tf.mean<tf.Tensor2D>(x, [1, 2]); // [B,2048]
  if (drop !== undefined) pooled = dropout(pooled, drop);
  const product = tf.matMul(pooled, weights.get("fc.weight") as tf.Tensor2D);
  return tf.add(product, weights.get("fc.bias")!);
}

/** Computes PyTorch's `Conv2d`, padded by half the kernel, in the way that is fastest to train. */
function convolve(
  x: tf.Tensor4D,
  { filter, kernel, stride }: { filter: tf.Tensor4D; kernel: number; stride: number },
): tf.Tensor4D {
  if (kernel === 1) return convAsProduct(subsample(x, stride), filter);
  // TensorFlow's own "same" pads one side more where the stride is 2.
  if (stride > 1) return tf.conv2d(padZeros(x, (kernel - 1) / 2), filter, stride, "valid");
  return filter.size > 4 * x.size ? convAsProduct(x, filter) : tf.conv2d(x, filter, 1, "same");
}

/** Takes every n-th pixel of every n-th row, by averages of one pixel, at which oneDNN is fast. */
function subsample(x: tf.Tensor4D, n: number): tf.Tensor4D {
  return n === 1 ? x : tf.avgPool(x, 1, n, "valid");
}
