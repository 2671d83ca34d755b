/**
 * Attributes of operations, set on an eager operation or on a graph node alike.
 *
 * @module
 */
import { ATTRIBUTE, bytesOf, C, check, cString, int64s, status } from "@/tensorflow/c_api.ts";
import type { EagerOp, NodeDescription } from "@/tensorflow/c_symbols.ts";
import { context } from "@/tensorflow/context.ts";

/** An attribute as tfjs-node gives it: a list where one is due, a shape as its dimensions. */
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

/** The names that `ATTRIBUTE` gives the types. */
const TYPE_NAMES: Record<number, string> = Object.fromEntries(
  Object.entries(ATTRIBUTE).map(([name, type]) => [type, name]),
);

/** Sets the attributes of an eager operation. */
export const EAGER: Setters<EagerOp> = {
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

/** Sets the attributes of a graph node. */
export const GRAPH: Setters<NodeDescription> = {
  string: C.TF_SetAttrString,
  int: C.TF_SetAttrInt,
  intList: C.TF_SetAttrIntList,
  float: C.TF_SetAttrFloat,
  floatList: C.TF_SetAttrFloatList,
  bool: C.TF_SetAttrBool,
  type: C.TF_SetAttrType,
  shape: C.TF_SetAttrShape,
};

/** The kinds of the operations' attributes, as they are asked for, by `operation.name`. */
const kinds = new Map<string, number>();

/**
 * Checks that an operation has an attribute of that name and type. TensorFlow does not: it leaves
 * out, or misreads, what it does not expect.
 *
 * @throws {Error} If the operation has no such attribute.
 * @throws {TypeError} If the attribute is of another type.
 */
export function checkAttribute(operation: string, { name, type, value }: Attribute): void {
  const wanted = kinds.getOrInsertComputed(`${operation}.${name}`, () => {
    const [op, attribute, isList] = [cString(operation), cString(name), new Uint8Array(1)];
    const type = C.TFE_OpNameGetAttrType(context, op, attribute, isList, status);
    check(`set attribute "${name}" of ${operation}`);
    return kindOf(type, isList[0] === 1);
  });
  const given = kindOf(type, Array.isArray(value) && type !== ATTRIBUTE.shape);
  if (given !== wanted) {
    throw new TypeError(
      `Cannot set attribute "${name}" of ${operation} as ${nameOf(given)}: it is ${nameOf(wanted)}`,
    );
  }
}

/** Packs a type, and whether there is a list of it, into one number. */
function kindOf(type: number, isList: boolean): number {
  return 2 * type + Number(isList);
}

function nameOf(kind: number): string {
  const type = kind >> 1;
  return (kind % 2 === 1 ? "list of " : "") + (TYPE_NAMES[type] ?? `type ${type}`);
}

/**
 * Sets an attribute.
 *
 * @param set `EAGER` or `GRAPH`: what kind the target is.
 * @throws {TypeError} If the value is not of the type that the attribute names.
 */
export function setAttribute<Target>(
  set: Setters<Target>,
  target: Target,
  attribute: Attribute,
): void {
  const { type, value } = attribute;
  const name = cString(attribute.name);
  switch (type) {
    case ATTRIBUTE.string: {
      const bytes = bytesOf(primitive(attribute, "string"));
      return set.string(target, name, bytes, BigInt(bytes.length));
    }
    case ATTRIBUTE.int:
      if (Array.isArray(value)) {
        return set.intList(target, name, int64s(value.map(whole(attribute))), value.length);
      }
      // tfjs gives seeds with a fraction, which tfjs-node's own addon cuts off too.
      return set.int(target, name, BigInt(Math.trunc(primitive(attribute, "number"))));
    case ATTRIBUTE.float:
      if (Array.isArray(value)) {
        return set.floatList(target, name, Float32Array.from(value), value.length);
      }
      return set.float(target, name, primitive(attribute, "number"));
    case ATTRIBUTE.bool:
      return set.bool(target, name, Number(primitive(attribute, "boolean")));
    case ATTRIBUTE.type:
      return set.type(target, name, whole(attribute)(value));
    case ATTRIBUTE.shape:
      if (!Array.isArray(value)) throw attributeError(attribute, "a list of dimensions");
      return set.shape(target, name, int64s(value.map(whole(attribute))), value.length);
    default:
      throw new TypeError(`Cannot set attribute "${attribute.name}": its type ${type} is unknown`);
  }
}

/** Requires a value of one of JavaScript's types. */
function primitive<Type extends keyof Primitives>(attribute: Attribute, type: Type) {
  const given: string = typeof attribute.value;
  if (given === type) return attribute.value as Primitives[Type];
  throw attributeError(attribute, `a ${type}`);
}

type Primitives = { string: string; number: number; boolean: boolean };

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
