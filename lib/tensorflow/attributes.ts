/**
 * Attributes of operations, set on an eager operation or on a graph node alike.
 *
 * @module
 */
import { ATTRIBUTE, bytesOf, C, check, cString, int64s, status } from "@/tensorflow/c_api.ts";
import type { EagerOp, NodeDescription } from "@/tensorflow/c_symbols.ts";
import { context } from "@/tensorflow/context.ts";

/** An attribute as tfjs-node gives it: a list where the operation takes one, a shape as its dimensions. */
export interface Attribute {
  name: string;
  /** Which of `ATTRIBUTE` the value is. */
  type: number;
  value: boolean | number | object | string | number[];
}

/** The C functions that set the attributes of one kind of target. */
interface Setters<Target> {
  string(target: Target, name: Bytes, value: Bytes, length: bigint): void;
  int(target: Target, name: Bytes, value: bigint): void;
  intList(target: Target, name: Bytes, values: BufferSource, count: number): void;
  float(target: Target, name: Bytes, value: number): void;
  floatList(target: Target, name: Bytes, values: BufferSource, count: number): void;
  bool(target: Target, name: Bytes, value: number): void;
  type(target: Target, name: Bytes, value: number): void;
  shape(target: Target, name: Bytes, dims: BufferSource, rank: number): void;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** What `ATTRIBUTE` calls each type. */
const TYPE_NAMES: Record<number, string> = Object.fromEntries(
  Object.entries(ATTRIBUTE).map(([name, type]) => [type, name]),
);

const EAGER: Setters<EagerOp> = {
  string: C.TFE_OpSetAttrString,
  int: C.TFE_OpSetAttrInt,
  intList: C.TFE_OpSetAttrIntList,
  float: C.TFE_OpSetAttrFloat,
  floatList: C.TFE_OpSetAttrFloatList,
  bool: C.TFE_OpSetAttrBool,
  type: C.TFE_OpSetAttrType,
  shape(op, name, dims, rank) {
    C.TFE_OpSetAttrShape(op, name, dims, rank, status);
    check("set a shape");
  },
};

const GRAPH: Setters<NodeDescription> = {
  string: C.TF_SetAttrString,
  int: C.TF_SetAttrInt,
  intList: C.TF_SetAttrIntList,
  float: C.TF_SetAttrFloat,
  floatList: C.TF_SetAttrFloatList,
  bool: C.TF_SetAttrBool,
  type: C.TF_SetAttrType,
  shape: C.TF_SetAttrShape,
};

/** Which kind of attribute the operations have by each name, as they are asked for. */
const kinds = new Map<string, Map<string, number>>();

/**
 * Checks that an operation has an attribute of that name and type. TensorFlow does not: it leaves out, or
 * misreads, what it does not expect.
 *
 * @throws {Error} If the operation has no such attribute.
 * @throws {TypeError} If the attribute is of another type.
 */
export function checkAttribute(operation: string, { name, type, value }: Attribute): void {
  let known = kinds.get(operation);
  if (known === undefined) kinds.set(operation, known = new Map());
  let wanted = known.get(name);
  if (wanted === undefined) known.set(name, wanted = askForKind(operation, name));
  const given = kindOf(type, Array.isArray(value) && type !== ATTRIBUTE.shape);
  if (given !== wanted) {
    throw new TypeError(
      `Cannot set attribute "${name}" of ${operation} as ${nameOf(given)}: it is ${nameOf(wanted)}`,
    );
  }
}

function askForKind(operation: string, name: string): number {
  const isList = new Uint8Array(1);
  const type = C.TFE_OpNameGetAttrType(context, cString(operation), cString(name), isList, status);
  check(`set attribute "${name}" of ${operation}`);
  return kindOf(type, isList[0] === 1);
}

/** A type and whether there is a list of it, as one number. */
function kindOf(type: number, isList: boolean): number {
  return 2 * type + Number(isList);
}

function nameOf(kind: number): string {
  const type = kind >> 1;
  return (kind % 2 === 1 ? "list of " : "") + (TYPE_NAMES[type] ?? `type ${type}`);
}

/**
 * Sets an attribute of an eager operation.
 *
 * @throws {TypeError} If the value is not of the type that the attribute names.
 */
export function setEagerAttribute(op: EagerOp, attribute: Attribute): void {
  setAttribute(EAGER, op, attribute);
}

/**
 * Sets an attribute of a graph node.
 *
 * @throws {TypeError} If the value is not of the type that the attribute names.
 */
export function setGraphAttribute(node: NodeDescription, attribute: Attribute): void {
  setAttribute(GRAPH, node, attribute);
}

function setAttribute<Target>(
  set: Setters<Target>,
  target: Target,
  attribute: Attribute,
): void {
  const { type, value } = attribute;
  const name = cString(attribute.name);
  switch (type) {
    case ATTRIBUTE.string: {
      const bytes = bytesOf(text(attribute));
      return set.string(target, name, bytes, BigInt(bytes.length));
    }
    case ATTRIBUTE.int:
      if (Array.isArray(value)) {
        return set.intList(target, name, int64s(value.map(whole(attribute))), value.length);
      }
      // tfjs gives seeds with a fraction, which tfjs-node's own addon cuts off too.
      return set.int(target, name, BigInt(Math.trunc(number(attribute))));
    case ATTRIBUTE.float:
      if (Array.isArray(value)) {
        return set.floatList(target, name, Float32Array.from(value), value.length);
      }
      return set.float(target, name, number(attribute));
    case ATTRIBUTE.bool:
      return set.bool(target, name, Number(flag(attribute)));
    case ATTRIBUTE.type:
      return set.type(target, name, whole(attribute)(value));
    case ATTRIBUTE.shape:
      if (!Array.isArray(value)) throw attributeError(attribute, "a list of dimensions");
      return set.shape(target, name, int64s(value.map(whole(attribute))), value.length);
    default:
      throw new TypeError(`Cannot set attribute "${attribute.name}": its type ${type} is unknown`);
  }
}

function text(attribute: Attribute): string {
  if (typeof attribute.value === "string") return attribute.value;
  throw attributeError(attribute, "a string");
}

function number(attribute: Attribute): number {
  if (typeof attribute.value === "number") return attribute.value;
  throw attributeError(attribute, "a number");
}

function flag(attribute: Attribute): boolean {
  if (typeof attribute.value === "boolean") return attribute.value;
  throw attributeError(attribute, "a boolean");
}

function whole(attribute: Attribute): (value: unknown) => number {
  return (value) => {
    if (!Number.isSafeInteger(value)) throw attributeError(attribute, "whole numbers");
    return value as number;
  };
}

function attributeError({ name, value }: Attribute, wanted: string): TypeError {
  return new TypeError(
    `Cannot set attribute "${name}" to ${JSON.stringify(value)}: it takes ${wanted}`,
  );
}
