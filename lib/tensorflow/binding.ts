/**
 * tfjs-node's binding over TensorFlow's eager C API: tensors by number, and the seam through which
 * a function that is being traced records its operations instead of running them.
 *
 * @module
 */
import type {
  TensorMetadata,
  TFEOpAttr,
  TFJSBinding,
} from "@tensorflow/tfjs-node-gpu/dist/tfjs_binding.d.ts";
import { ATTRIBUTE, DTYPE, VERSION } from "@/tensorflow/c_api.ts";
import type { Handle } from "@/tensorflow/c_symbols.ts";
import { device } from "@/tensorflow/context.ts";
import {
  createHandle,
  deleteHandle,
  dtypeOf,
  execute,
  readHandle,
  shapeOf,
} from "@/tensorflow/eager.ts";
import type { Values } from "@/tensorflow/tensors.ts";

export type { TensorMetadata };

/** The binding's functions on tensors: run at once, or recorded while a function is traced. */
export type Recorder = Pick<
  TFJSBinding,
  "createTensor" | "deleteTensor" | "tensorDataSync" | "executeOp"
>;

const handles = new Map<number, Handle>();
/** Those that hold bfloat16 or float16, with which of them. */
const shortFloats = new Map<number, number>();
let nextId = 0;
let nextSymbol = -2;

/**
 * Gives the handle of a tensor.
 *
 * @throws {Error} If the tensor was deleted, never existed, or stands for a value inside a traced
 * function.
 */
export function handleOf(id: number): Handle {
  const handle = handles.get(id);
  if (handle !== undefined) return handle;
  throw new Error(
    id < -1
      ? `Cannot use tensor ${id} outside of the function that was traced with it: it has no value here`
      : `Cannot use tensor ${id}: it was deleted or never existed`,
  );
}

/** Gives a handle a number. The binding owns it from then on. */
export function adopt(handle: Handle): TensorMetadata {
  const id = nextId++;
  const dtype = dtypeOf(handle);
  handles.set(id, handle);
  if (isShortFloat(dtype)) shortFloats.set(id, dtype);
  return { id, shape: shapeOf(handle), dtype: tfjsType(dtype) };
}

/** Gives the type that tfjs takes a tensor for: it has no short floats, and reads float32. */
export function tfjsType(dtype: number): number {
  return isShortFloat(dtype) ? DTYPE.float32 : dtype;
}

/** Tells whether a type is one that tfjs lacks: bfloat16 or float16. */
export function isShortFloat(dtype: number): boolean {
  return dtype === DTYPE.bfloat16 || dtype === DTYPE.float16;
}

/**
 * Makes a number for a value inside a traced function. It is below -1: tfjs-node never deletes such
 * tensors, and `handleOf` tells them from real ones.
 */
export function newSymbol(): number {
  return nextSymbol--;
}

/** Runs everything at once. */
export const eager: Recorder = {
  createTensor(shape, dtype, values) {
    const handle = createHandle(shape, { dtype, values: values as Values });
    handles.set(nextId, handle);
    return nextId++;
  },
  deleteTensor(id) {
    deleteHandle(handleOf(id));
    handles.delete(id);
    shortFloats.delete(id);
  },
  tensorDataSync(id) {
    // The interface leaves out the BigInt64Array and the arrays of strings that the backend expects
    // too.
    return readHandle(handleOf(id)) as Float32Array;
  },
  executeOp(name, attributes, ids, outputs) {
    const inputs = ids.map(handleOf);
    return execute(name, { attributes: withRealType(attributes, ids), inputs, outputs }).map(adopt);
  },
};

function withRealType(attributes: TFEOpAttr[], ids: number[]): TFEOpAttr[] {
  if (shortFloats.size === 0) return attributes;
  const short = ids.find((id) => shortFloats.has(id));
  return short === undefined ? attributes : forShortFloats(attributes, shortFloats.get(short)!);
}

/**
 * Attributes that tfjs gives an operation on short floats, which it takes for float32: the type of
 * its operands, `T` or `SrcT`, is theirs, and a cast from float32 to float32 leaves them as they
 * are.
 */
export function forShortFloats(attributes: TFEOpAttr[], dtype: number): TFEOpAttr[] {
  const valueOf = (name: string) => attributes.find((attribute) => attribute.name === name)?.value;
  const real = new Set(["T", "SrcT"]);
  if (valueOf("SrcT") === DTYPE.float32 && valueOf("DstT") === DTYPE.float32) real.add("DstT");
  return attributes.map((attribute) =>
    real.has(attribute.name) ? { ...attribute, value: dtype } : attribute
  );
}

let active: Recorder = eager;

/**
 * Has every tensor and operation that a function makes go to a recorder.
 *
 * @param recorder May use `eager` for what is to happen at once.
 * @param trace Synchronous: what would run after an `await` would no longer be recorded.
 * @returns What the function returned.
 * @throws {Error} If another recorder is active.
 */
export function withRecorder<T>(recorder: Recorder, trace: () => T): T {
  if (active !== eager) {
    throw new Error("Cannot trace a function while another one is being traced");
  }
  active = recorder;
  try {
    return trace();
  } finally {
    active = eager;
  }
}

/** Gives what records, or `eager`. */
export function activeRecorder(): Recorder {
  return active;
}

function noSavedModels(): never {
  throw new Error("Cannot use a SavedModel: the binding runs operations and traced functions only");
}

/** The functions that tfjs-node's backend calls. */
export const binding: TFJSBinding = {
  TensorMetadata: class implements TensorMetadata {
    id = -1;
    shape: number[] = [];
    dtype = 0;
  },
  TFEOpAttr: class implements TFEOpAttr {
    name = "";
    type = 0;
    value: TFEOpAttr["value"] = 0;
  },
  createTensor: (shape, dtype, values) => active.createTensor(shape, dtype, values),
  deleteTensor: (id) => active.deleteTensor(id),
  tensorDataSync: (id) => active.tensorDataSync(id),
  executeOp: (name, attributes, ids, outputs) => active.executeOp(name, attributes, ids, outputs),
  loadSavedModel: noSavedModels,
  deleteSavedModel: noSavedModels,
  runSavedModel: noSavedModels,
  getNumOfSavedModels: () => 0,
  getNumOfTensors: () => handles.size,
  isUsingGpuDevice: () => device.type === "GPU",
  TF_FLOAT: DTYPE.float32,
  TF_INT32: DTYPE.int32,
  TF_INT64: DTYPE.int64,
  TF_BOOL: DTYPE.bool,
  TF_COMPLEX64: DTYPE.complex64,
  TF_STRING: DTYPE.string,
  TF_RESOURCE: DTYPE.resource,
  TF_UINT8: DTYPE.uint8,
  TF_ATTR_STRING: ATTRIBUTE.string,
  TF_ATTR_INT: ATTRIBUTE.int,
  TF_ATTR_FLOAT: ATTRIBUTE.float,
  TF_ATTR_BOOL: ATTRIBUTE.bool,
  TF_ATTR_TYPE: ATTRIBUTE.type,
  TF_ATTR_SHAPE: ATTRIBUTE.shape,
  // The backend never reads it; the addon does not define it either.
  TF_ATTR_RESOURCE: -1,
  TF_Version: VERSION,
};
