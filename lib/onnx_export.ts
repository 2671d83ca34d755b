/**
 * A network as an ONNX file, which onnxruntime, browsers and other frameworks run: pixels in, logits and
 * probabilities out, in float32.
 * @module
 */
import { writeAtomic } from "@/files.ts";
import {
  encodeOnnx,
  ONNX_TYPE,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
} from "@/onnx_format.ts";
import { type Architecture, type Bottleneck, type ConvNorm, convNorms } from "@/resnet50.ts";
import type { StoredTensor } from "@/safetensors.ts";
import { IMAGENET_MEAN, IMAGENET_STD } from "@/transforms.ts";

/** What {@linkcode toOnnx} takes. */
export interface OnnxOptions {
  architecture: Architecture;
  /** Pixels a side of the films. */
  imageSize: number;
  /** Kept in the file: what the network is, where it comes from. */
  metadata?: Readonly<Record<string, string>>;
}

/** Operators as of ONNX 1.12. */
const OPSET = 17;
/** As of the network's batch norms. */
const BATCH_NORM_EPSILON = 1e-5;

/**
 * Writes a network as an ONNX file, atomically. Its input `pixels` is uint8 `[films,size,size,3]`, red, green and blue,
 * resized; its outputs are `logits` and `probabilities`, `[films,classes]`.
 *
 * @param tensors Weights and statistics in PyTorch's names and layout, as a checkpoint holds them.
 * @throws {TypeError} If a tensor is missing.
 */
export async function writeOnnx(
  path: string,
  { tensors, ...options }: OnnxOptions & { tensors: ReadonlyMap<string, StoredTensor> },
): Promise<void> {
  await writeAtomic(path, [encodeOnnx(toOnnx(tensors, options))]);
}

/** The network as ONNX has it. */
export function toOnnx(
  tensors: ReadonlyMap<string, StoredTensor>,
  { architecture, imageSize, metadata = {} }: OnnxOptions,
): OnnxModel {
  const shape = ["films", architecture.classes];
  return {
    name: "resnet50",
    producer: "X-ray-classification-resnet50",
    opset: OPSET,
    metadata,
    nodes: nodesOf(architecture),
    initializers: initializersOf(tensors, architecture),
    inputs: [{
      name: "pixels",
      dataType: ONNX_TYPE.uint8,
      shape: ["films", imageSize, imageSize, 3],
    }],
    outputs: ["logits", "probabilities"].map((name) => ({
      name,
      dataType: ONNX_TYPE.float32,
      shape,
    })),
  };
}

function nodesOf({ stem, blocks }: Architecture): OnnxNode[] {
  const nodes: OnnxNode[] = [];
  /** Adds an operation with one output, which gets its name. */
  const add = (
    opType: string,
    { name, input, attributes = {} }: Pick<OnnxNode, "name" | "input" | "attributes">,
  ): string => {
    nodes.push({ opType, name, input, output: [name], attributes });
    return name;
  };
  const relu = (input: string, name: string) => add("Relu", { name, input: [input] });
  const convNorm = (x: string, { conv, norm, kernel, stride }: ConvNorm) => {
    const padding = (kernel - 1) / 2;
    const convolved = add("Conv", {
      name: conv,
      input: [x, `${conv}.weight`],
      attributes: {
        kernel_shape: [kernel, kernel],
        strides: [stride, stride],
        pads: [padding, padding, padding, padding],
      },
    });
    return add("BatchNormalization", {
      name: norm,
      input: [convolved, ...NORM_VALUES.map((value) => `${norm}.${value}`)],
      attributes: { epsilon: { float: BATCH_NORM_EPSILON } },
    });
  };
  const bottleneck = (x: string, block: Bottleneck) => {
    const shortcut = block.downsample === null ? x : convNorm(x, block.downsample);
    let y = relu(convNorm(x, block.conv1), `${block.conv1.norm}.relu`);
    y = relu(convNorm(y, block.conv2), `${block.conv2.norm}.relu`);
    y = convNorm(y, block.conv3);
    const sum = add("Add", { name: `${block.conv3.norm}.add`, input: [y, shortcut] });
    return relu(sum, `${block.conv3.norm}.relu`);
  };

  const float = add("Cast", {
    name: "float",
    input: ["pixels"],
    attributes: { to: ONNX_TYPE.float32 },
  });
  const channelsFirst = add("Transpose", {
    name: "channels_first", // [B,3,224,224]
    input: [float],
    attributes: { perm: [0, 3, 1, 2] },
  });
  const centred = add("Sub", { name: "centred", input: [channelsFirst, "mean"] });
  const normalized = add("Div", { name: "normalized", input: [centred, "deviation"] });
  const stemmed = relu(convNorm(normalized, stem), `${stem.norm}.relu`);
  let y = add("MaxPool", {
    name: "maxpool",
    input: [stemmed],
    // No padding, and a window that reaches over the end: PyTorch's ceil mode, TensorFlow's "same" for even sizes.
    attributes: { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 },
  });
  for (const block of blocks) y = bottleneck(y, block);
  const pooled = add("GlobalAveragePool", { name: "avgpool", input: [y] });
  const flat = add("Flatten", { name: "flatten", input: [pooled] });
  const logits = add("Gemm", {
    name: "logits",
    input: [flat, "fc.weight", "fc.bias"],
    attributes: { transB: 1 },
  });
  add("Softmax", { name: "probabilities", input: [logits], attributes: { axis: 1 } });
  return nodes;
}

/** A batch norm's values, in the order that ONNX takes them. */
const NORM_VALUES = ["weight", "bias", "running_mean", "running_var"];

function initializersOf(
  tensors: ReadonlyMap<string, StoredTensor>,
  architecture: Architecture,
): OnnxTensor[] {
  const names = [
    ...convNorms(architecture).flatMap(({ conv, norm }) => [
      `${conv}.weight`,
      ...NORM_VALUES.map((value) => `${norm}.${value}`),
    ]),
    ...["fc.weight", "fc.bias"],
  ];
  const stored = names.map((name) => {
    const tensor = tensors.get(name);
    if (tensor?.dtype !== "F32") {
      throw new TypeError(
        `Cannot export to ONNX: the weights have ${tensor ? `${tensor.dtype} for` : "no"} ${name}`,
      );
    }
    return { name, dims: tensor.shape, dataType: ONNX_TYPE.float32, rawData: tensor.bytes };
  });
  return [
    perChannel("mean", IMAGENET_MEAN.map((mean) => 255 * mean)),
    perChannel("deviation", IMAGENET_STD.map((deviation) => 255 * deviation)),
    ...stored,
  ];
}

/** `[1,3,1,1]` */
function perChannel(name: string, values: readonly number[]): OnnxTensor {
  const rawData = new Uint8Array(Float32Array.from(values).buffer);
  return { name, dims: [1, values.length, 1, 1], dataType: ONNX_TYPE.float32, rawData };
}
