/**
 * JavaScript values as tensors in the host's memory, and back.
 *
 * @module
 */
import { C, DTYPE, int64s, notNull } from "@/tensorflow/c_api.ts";
import type { CTensor } from "@/tensorflow/c_symbols.ts";

/** A tensor's values in JavaScript: numbers in row-major order, or the bytes of each string. */
export type Values =
  | Float32Array
  | Float64Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint8Array[];

/** A type of elements. Reading returns the first of the arrays that hold such elements. */
interface ElementType {
  name: string;
  bytes: number;
  arrays: readonly NumberArray[];
}

type NumberArray = new (buffer: ArrayBuffer) => Exclude<Values, Uint8Array[]>;

/** A complex number is two floats. tfjs-node holds an int64 as two int32, the low one first. */
const ELEMENTS = new Map<number, ElementType>([
  [DTYPE.float32, { name: "float32", bytes: 4, arrays: [Float32Array] }],
  [DTYPE.float64, { name: "float64", bytes: 8, arrays: [Float64Array] }],
  [DTYPE.int32, { name: "int32", bytes: 4, arrays: [Int32Array] }],
  [DTYPE.uint8, { name: "uint8", bytes: 1, arrays: [Uint8Array] }],
  [DTYPE.complex64, { name: "complex64", bytes: 8, arrays: [Float32Array] }],
  [DTYPE.int64, { name: "int64", bytes: 8, arrays: [BigInt64Array, Int32Array] }],
  [DTYPE.bool, { name: "bool", bytes: 1, arrays: [Uint8Array] }],
  [DTYPE.bfloat16, { name: "bfloat16", bytes: 2, arrays: [Uint16Array] }],
  [DTYPE.float16, { name: "float16", bytes: 2, arrays: [Uint16Array] }],
]);

/** Bytes of a `TF_TString`, the runtime's string. */
const STRING_BYTES = 24;

/**
 * Copies values into a new tensor. `deleteTensor` frees it.
 *
 * @param shape Its dimensions.
 * @throws {TypeError} If the array is not of a kind that holds such elements.
 * @throws {RangeError} If the number of values is not what the shape says.
 */
export function createTensor(
  shape: readonly number[],
  { dtype, values }: { dtype: number; values: Values },
): CTensor {
  const count = shape.reduce((product, size) => product * size, 1);
  if (dtype === DTYPE.string) return createStrings(shape, values, count);
  const element = elementOf(dtype);
  if (Array.isArray(values) || !element.arrays.some((array) => values instanceof array)) {
    throw new TypeError(
      `Cannot create a tensor of ${element.name} from ${values?.constructor?.name}: use ${
        element.arrays[0]!.name
      }`,
    );
  }
  const bytes = count * element.bytes;
  if (values.byteLength !== bytes) throw lengthError(shape, values.byteLength / element.bytes);
  const tensor = allocate(shape, dtype, bytes);
  if (bytes > 0) {
    const data = notNull(C.TF_TensorData(tensor), "reach a tensor's memory");
    const memory = new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(data, bytes));
    memory.set(new Uint8Array(values.buffer, values.byteOffset, bytes));
  }
  return tensor;
}

/**
 * Copies a tensor's values into JavaScript: float16 and bfloat16 widened to a Float32Array, int64
 * as a BigInt64Array, strings as the bytes of each.
 *
 * @throws {TypeError} If JavaScript has nothing for such elements, as for resources.
 */
export function readTensor(tensor: CTensor): Values {
  const dtype = C.TF_TensorType(tensor);
  if (dtype === DTYPE.string) return readStrings(tensor);
  if (dtype === DTYPE.resource) {
    throw new TypeError("Cannot read a resource, only what it holds: run ReadVariableOp on it");
  }
  const buffer = new ArrayBuffer(Number(C.TF_TensorByteSize(tensor)));
  if (buffer.byteLength > 0) {
    Deno.UnsafePointerView.copyInto(notNull(C.TF_TensorData(tensor), "read a tensor"), buffer);
  }
  if (dtype === DTYPE.bfloat16) { // the upper halves of float32
    const widened = Uint32Array.from(new Uint16Array(buffer), (half) => half << 16);
    return new Float32Array(widened.buffer);
  }
  if (dtype === DTYPE.float16) return Float32Array.from(new Float16Array(buffer));
  return new (elementOf(dtype).arrays[0]!)(buffer);
}

/** Frees a tensor that `createTensor` made or that TensorFlow returned. */
export function deleteTensor(tensor: CTensor): void {
  C.TF_DeleteTensor(tensor);
}

/**
 * Frees what the strings of a tensor from `createTensor` hold outside of it. TensorFlow does so for
 * string tensors of its own only.
 */
export function clearStrings(tensor: CTensor): void {
  for (const string of stringsOf(tensor)) C.TF_StringDealloc(string);
}

function createStrings(shape: readonly number[], values: Values, count: number): CTensor {
  if (!Array.isArray(values) || !values.every((value) => value instanceof Uint8Array)) {
    throw new TypeError("Cannot create a tensor of string: give the bytes of each as a Uint8Array");
  }
  if (values.length !== count) throw lengthError(shape, values.length);
  const tensor = allocate(shape, DTYPE.string, count * STRING_BYTES);
  stringsOf(tensor).forEach((string, i) => {
    const bytes = values[i] as Uint8Array<ArrayBuffer>;
    C.TF_StringInit(string);
    C.TF_StringCopy(string, bytes, BigInt(bytes.length));
  });
  return tensor;
}

function readStrings(tensor: CTensor): Uint8Array[] {
  return stringsOf(tensor).map((string) => {
    const bytes = new Uint8Array(Number(C.TF_StringGetSize(string)));
    if (bytes.length > 0) {
      const data = notNull(C.TF_StringGetDataPointer(string), "read a string");
      Deno.UnsafePointerView.copyInto(data, bytes);
    }
    return bytes;
  });
}

/** Pointers to each `TF_TString` of a tensor. */
function stringsOf(tensor: CTensor): Deno.PointerObject[] {
  const count = Number(C.TF_TensorElementCount(tensor));
  if (count === 0) return [];
  const first = notNull(C.TF_TensorData(tensor), "reach a tensor's strings");
  return Array.from(
    { length: count },
    (_, i) => notNull(Deno.UnsafePointer.offset(first, i * STRING_BYTES), "reach a string"),
  );
}

function allocate(shape: readonly number[], dtype: number, bytes: number): CTensor {
  return notNull(
    C.TF_AllocateTensor(dtype, int64s(shape), shape.length, BigInt(bytes)),
    `allocate a tensor of ${bytes} bytes`,
  );
}

function elementOf(dtype: number): ElementType {
  const element = ELEMENTS.get(dtype);
  if (element === undefined) {
    throw new TypeError(`Cannot hold elements of TensorFlow's type ${dtype} in JavaScript`);
  }
  return element;
}

function lengthError(shape: readonly number[], count: number): RangeError {
  return new RangeError(`Cannot create a tensor of shape [${shape}] from ${count} values`);
}
