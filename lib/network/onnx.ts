/**
 * A network as an ONNX file (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto), which
 * onnxruntime, browsers and other frameworks run: pixels in, logits and probabilities out, in
 * float32.
 * @module
 */
import { writeAtomic } from "@/common/files.ts";
import { encodeMessage, type Messages } from "@/common/protobuf.ts";
import type { StoredTensor } from "@/common/safetensors.ts";
import { IMAGENET_MEAN, IMAGENET_STD } from "@/films/transforms.ts";
import {
  type Architecture,
  type Bottleneck,
  type ConvNorm,
  convNorms,
} from "@/network/architecture.ts";
import { BATCH_NORM_EPSILON } from "@/tensorflow/ops.ts";

/** Types of values, as TensorProto.DataType numbers them. */
const FLOAT32 = 1;
const UINT8 = 2;

/** A TensorProto: its bytes are little-endian, row-major. */
interface OnnxTensor {
  name: string;
  dims: readonly number[];
  dataType: number;
  rawData: Uint8Array;
}

/** An operation; of its attributes, integers are numbers and floats `{ float: x }`. */
interface OnnxNode {
  opType: string;
  name: string;
  input: readonly string[];
  attributes?: Readonly<Record<string, number | readonly number[] | { float: number }>>;
}

/** Options of {@linkcode writeOnnx}. */
export interface OnnxOptions {
  architecture: Architecture;
  /** Pixels a side of the films. */
  imageSize: number;
  /** Weights and statistics in PyTorch's names and layout, as a checkpoint holds them. */
  tensors: ReadonlyMap<string, StoredTensor>;
  /** Texts that the file keeps, such as the network's origin. */
  metadata: Readonly<Record<string, string>>;
}

/** The messages of onnx.proto. */
const MESSAGES: Messages = {
  ModelProto: {
    irVersion: ["int64", 1],
    producerName: ["string", 2],
    graph: ["GraphProto", 7],
    opsetImport: ["OperatorSetIdProto[]", 8],
    metadataProps: ["StringStringEntryProto[]", 14],
  },
  OperatorSetIdProto: { domain: ["string", 1], version: ["int64", 2] },
  StringStringEntryProto: { key: ["string", 1], value: ["string", 2] },
  GraphProto: {
    node: ["NodeProto[]", 1],
    name: ["string", 2],
    initializer: ["TensorProto[]", 5],
    input: ["ValueInfoProto[]", 11],
    output: ["ValueInfoProto[]", 12],
  },
  NodeProto: {
    input: ["string[]", 1],
    output: ["string[]", 2],
    name: ["string", 3],
    opType: ["string", 4],
    attribute: ["AttributeProto[]", 5],
  },
  AttributeProto: {
    name: ["string", 1],
    f: ["float", 2],
    i: ["int64", 3],
    ints: ["int64[]", 8],
    type: ["int32", 20],
  },
  TensorProto: {
    dims: ["int64[]", 1],
    dataType: ["int32", 2],
    name: ["string", 8],
    rawData: ["bytes", 9],
  },
  ValueInfoProto: { name: ["string", 1], type: ["TypeProto", 2] },
  TypeProto: { tensorType: ["TypeProtoTensor", 1] },
  TypeProtoTensor: { elemType: ["int32", 1], shape: ["TensorShapeProto", 2] },
  TensorShapeProto: { dim: ["Dimension[]", 1] },
  Dimension: { dimValue: ["int64", 1], dimParam: ["string", 2] },
};

/**
 * Writes a network as an ONNX file, atomically. Its input `pixels` is uint8 `[films,size,size,3]`,
 * red, green and blue, resized; its outputs are `logits` and `probabilities`, `[films,classes]`.
 *
 * @throws {TypeError} If a tensor is missing.
 */
export async function writeOnnx(
  path: string,
  { architecture, imageSize, tensors, metadata }: OnnxOptions,
): Promise<void> {
  const model = {
    irVersion: 8, // that of ONNX 1.12, which runtimes since 2022 read
    producerName: "X-ray-classification-resnet50",
    opsetImport: [{ domain: "", version: 17 }], // that of ONNX 1.12, too
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: "resnet50",
      node: nodesOf(architecture).map(({ opType, name, input, attributes = {} }) => ({
        ...{ opType, name, input, output: [name] },
        attribute: Object.entries(attributes).map(toAttribute),
      })),
      initializer: initializersOf(tensors, architecture),
      input: [valueInfo("pixels", UINT8, ["films", imageSize, imageSize, 3])],
      output: ["logits", "probabilities"].map((name) =>
        valueInfo(name, FLOAT32, ["films", architecture.classes])
      ),
    },
  };
  await writeAtomic(path, [encodeMessage(model, { type: "ModelProto", messages: MESSAGES })]);
}

/** Makes an AttributeProto, whose type is that of AttributeProto.AttributeType. */
function toAttribute(
  [name, value]: [string, number | readonly number[] | { float: number }],
): Record<string, unknown> {
  if (typeof value === "number") return { name, i: value, type: 2 };
  return "float" in value ? { name, f: value.float, type: 1 } : { name, ints: value, type: 7 };
}

/** Describes an input or an output of the graph; a name in its shape stands for an open size. */
function valueInfo(name: string, elemType: number, shape: (number | string)[]): object {
  const dim = shape.map((size) =>
    typeof size === "number" ? { dimValue: size } : { dimParam: size }
  );
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}

function nodesOf({ stem, blocks }: Architecture): OnnxNode[] {
  const nodes: OnnxNode[] = [];
  /** Adds an operation with one output, which gets its name. */
  const add = (opType: string, node: Omit<OnnxNode, "opType">): string => {
    nodes.push({ opType, ...node });
    return node.name;
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

  const float = add("Cast", { name: "float", input: ["pixels"], attributes: { to: FLOAT32 } });
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
    // No padding, and a window that reaches over the end: PyTorch's ceil mode, TensorFlow's "same"
    // for even sizes.
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
    return { name, dims: tensor.shape, dataType: FLOAT32, rawData: tensor.bytes };
  });
  return [
    perChannel("mean", IMAGENET_MEAN.map((mean) => 255 * mean)),
    perChannel("deviation", IMAGENET_STD.map((deviation) => 255 * deviation)),
    ...stored,
  ];
}

/** Makes a tensor of a value per channel, `[1,3,1,1]`. */
function perChannel(name: string, values: readonly number[]): OnnxTensor {
  const rawData = new Uint8Array(Float32Array.from(values).buffer);
  return { name, dims: [1, values.length, 1, 1], dataType: FLOAT32, rawData };
}
