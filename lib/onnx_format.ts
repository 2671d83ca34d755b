/**
 * The ONNX file format (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto), the part of it that a network of
 * convolutions needs: Protocol Buffers messages, written by protobufjs.
 * @module
 */
import protobuf from "protobufjs/light";

/** Types of values, as TensorProto.DataType numbers them. */
export const ONNX_TYPE = { float32: 1, uint8: 2 } as const;

/** A tensor that is part of the file. */
export interface OnnxTensor {
  name: string;
  dims: readonly number[];
  dataType: typeof ONNX_TYPE[keyof typeof ONNX_TYPE];
  /** Little-endian, row-major. */
  rawData: Uint8Array;
}

/** An operation. */
export interface OnnxNode {
  opType: string;
  name: string;
  input: readonly string[];
  output: readonly string[];
  /** Floats are given as `{ float: x }`, integers as numbers. */
  attributes?: Readonly<Record<string, number | readonly number[] | { float: number }>>;
}

/** An input or an output of the graph. */
export interface OnnxValue {
  name: string;
  dataType: typeof ONNX_TYPE[keyof typeof ONNX_TYPE];
  /** A name stands for a size that is open. */
  shape: readonly (number | string)[];
}

/** A network. */
export interface OnnxModel {
  name: string;
  nodes: readonly OnnxNode[];
  initializers: readonly OnnxTensor[];
  inputs: readonly OnnxValue[];
  outputs: readonly OnnxValue[];
  /** What of the operators' versions the nodes follow. */
  opset: number;
  producer: string;
  /** Free text by name. */
  metadata: Readonly<Record<string, string>>;
}

/** Version of the file format: that of ONNX 1.12, which runtimes since 2022 read. */
const IR_VERSION = 8;

/** AttributeProto.AttributeType */
const ATTRIBUTE = { float: 1, int: 2, ints: 7 };

/** The messages' fields as `name: [type, number]`, `[]` for repeated ones; names and numbers are onnx.proto's. */
const MESSAGES: Readonly<Record<string, Readonly<Record<string, readonly [string, number]>>>> = {
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

/** The bytes of a model's file. */
export function encodeOnnx(model: OnnxModel): Uint8Array {
  const { name, nodes, initializers, inputs, outputs, opset, producer, metadata } = model;
  const message = {
    irVersion: IR_VERSION,
    producerName: producer,
    opsetImport: [{ domain: "", version: opset }],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name,
      node: nodes.map(({ attributes = {}, ...node }) => ({
        ...node,
        attribute: Object.entries(attributes).map(toAttribute),
      })),
      initializer: initializers,
      input: inputs.map(toValueInfo),
      output: outputs.map(toValueInfo),
    },
  };
  return modelType().encode(message).finish();
}

function toAttribute(
  [name, value]: [string, number | readonly number[] | { float: number }],
): Record<string, unknown> {
  if (typeof value === "number") return { name, i: value, type: ATTRIBUTE.int };
  if ("float" in value) return { name, f: value.float, type: ATTRIBUTE.float };
  return { name, ints: value, type: ATTRIBUTE.ints };
}

function toValueInfo({ name, dataType, shape }: OnnxValue): Record<string, unknown> {
  const dim = shape.map((size) =>
    typeof size === "number" ? { dimValue: size } : { dimParam: size }
  );
  return { name, type: { tensorType: { elemType: dataType, shape: { dim } } } };
}

function modelType(): protobuf.Type {
  const nested = Object.entries(MESSAGES).map(([message, fields]) => {
    const entries = Object.entries(fields).map(([field, [type, id]]) => {
      const repeated = type.endsWith("[]");
      const rule = repeated ? { rule: "repeated" } : {};
      return [field, { ...rule, type: repeated ? type.slice(0, -2) : type, id }];
    });
    return [message, { fields: Object.fromEntries(entries) }];
  });
  return protobuf.Root.fromJSON({ nested: Object.fromEntries(nested) }).lookupType("ModelProto");
}
