/**
 * Eager execution on handles, the runtime's own values: to make them, run operations on them, read
 * and free them.
 *
 * A handle belongs to whoever holds it: each one is freed once, by `deleteHandle`.
 *
 * @module
 */
import { type Attribute, checkAttribute, EAGER, setAttribute } from "@/tensorflow/attributes.ts";
import {
  ATTRIBUTE,
  C,
  check,
  checked,
  cString,
  DTYPE,
  notNull,
  status,
} from "@/tensorflow/c_api.ts";
import type { EagerOp, Handle, Status } from "@/tensorflow/c_symbols.ts";
import { context, device } from "@/tensorflow/context.ts";
import {
  clearStrings,
  createTensor,
  deleteTensor,
  readTensor,
  type Values,
} from "@/tensorflow/tensors.ts";

/** An operation or a registered function, and what it is to run on. */
export interface Call {
  attributes?: readonly Attribute[];
  inputs: readonly Handle[];
  /** How many results it has. */
  outputs: number;
}

/**
 * Copies values into a new handle.
 *
 * @throws {TypeError | RangeError} If the values do not fit the type or the shape.
 */
export function createHandle(
  shape: readonly number[],
  content: { dtype: number; values: Values },
): Handle {
  const tensor = createTensor(shape, content);
  try {
    const handle = checked("create a tensor", () => C.TFE_NewTensorHandle(tensor, status));
    if (content.dtype === DTYPE.string) return replace(handle, copyStrings);
    return onDevice(handle, content.dtype);
  } finally {
    if (content.dtype === DTYPE.string) clearStrings(tensor);
    deleteTensor(tensor);
  }
}

/** Copies a handle's values into JavaScript, waiting for them if they are still being computed. */
export function readHandle(handle: Handle): Values {
  const tensor = checked("read a tensor", () => C.TFE_TensorHandleResolve(handle, status));
  try {
    return readTensor(tensor);
  } finally {
    deleteTensor(tensor);
  }
}

/** Frees a handle. The operations that were given it keep what they need. */
export function deleteHandle(handle: Handle): void {
  C.TFE_DeleteTensorHandle(handle);
}

/** Makes another handle on the same value. */
export function shareHandle(handle: Handle): Handle {
  return checked("share a tensor", () => C.TFE_TensorHandleCopySharingTensor(handle, status));
}

/** Gives the type of a handle's elements, one of `DTYPE`. */
export function dtypeOf(handle: Handle): number {
  return C.TFE_TensorHandleDataType(handle);
}

/** Gives the dimensions of a handle's value. */
export function shapeOf(handle: Handle): number[] {
  const rank = C.TFE_TensorHandleNumDims(handle, status);
  check("tell a tensor's rank");
  const shape = new Array<number>(rank);
  for (let i = 0; i < rank; i++) shape[i] = Number(C.TFE_TensorHandleDim(handle, i, status));
  return shape;
}

/** Results of blocking calls, one at a time. Calls with more results bring their own. */
const pointers = new BigUint64Array(64);
const counter = new Int32Array(1);

/**
 * Runs an operation or a registered function, and waits for it.
 *
 * @returns As many handles as it has results, at most `outputs`.
 * @throws {Error} With TensorFlow's message.
 */
export function execute(name: string, { attributes = [], inputs, outputs }: Call): Handle[] {
  const op = prepare(name, attributes, inputs);
  try {
    const results = outputs <= pointers.length ? pointers : new BigUint64Array(outputs);
    counter[0] = outputs;
    C.TFE_Execute(op, results, counter, status);
    checkOperation("run", name);
    return handlesAt(results, counter[0]);
  } finally {
    C.TFE_DeleteOp(op);
  }
}

/**
 * Runs an operation or a registered function on another thread, while JavaScript goes on.
 *
 * @returns As many handles as it has results, at most `outputs`.
 * @throws {Error} With TensorFlow's message.
 */
export async function executeAsync(
  name: string,
  { attributes = [], inputs, outputs }: Call,
): Promise<Handle[]> {
  const op = prepare(name, attributes, inputs);
  const own: Status = notNull(C.TF_NewStatus(), "create a status");
  try {
    const results = new BigUint64Array(outputs);
    const count = Int32Array.of(outputs);
    await C.TFE_ExecuteAsync(op, results, count, own);
    check(`run ${name}`, own);
    return handlesAt(results, count[0]!);
  } finally {
    C.TF_DeleteStatus(own);
    C.TFE_DeleteOp(op);
  }
}

/** Makes an operation with its inputs and attributes. The caller deletes it. */
function prepare(
  name: string,
  attributes: readonly Attribute[],
  inputs: readonly Handle[],
): EagerOp {
  const created = C.TFE_NewOp(context, cString(name), status);
  checkOperation("prepare", name);
  const op = notNull(created, "prepare an operation");
  try {
    for (const input of inputs) {
      C.TFE_OpAddInput(op, input, status);
      checkOperation("give inputs to", name);
    }
    for (const attribute of attributes) {
      checkAttribute(name, attribute);
      setAttribute(EAGER, op, attribute);
    }
    return op;
  } catch (error) {
    C.TFE_DeleteOp(op);
    throw error;
  }
}

/** Checks as `check()`. Operations are many, so it puts the message together only at a failure. */
function checkOperation(action: string, name: string): void {
  if (C.TF_GetCode(status) !== 0) check(`${action} ${name}`);
}

function handlesAt(addresses: BigUint64Array, count: number): Handle[] {
  const handles = new Array<Handle>(count);
  for (let i = 0; i < count; i++) {
    handles[i] = Deno.UnsafePointer.create(addresses[i]!) as Handle;
  }
  return handles;
}

/** Moves a new handle to the device that computes, except int32: GPUs have these in host memory. */
function onDevice(handle: Handle, dtype: number): Handle {
  if (device.type === "CPU" || dtype === DTYPE.int32) return handle;
  const name = cString(device.name);
  return replace(
    handle,
    () =>
      checked(
        "copy a tensor to the device",
        () => C.TFE_TensorHandleCopyToDevice(handle, context, name, status),
      ),
  );
}

/** Copies strings to TensorFlow's own. It frees only such with their tensor. */
function copyStrings(handle: Handle): Handle {
  const attributes = [{ name: "N", type: ATTRIBUTE.int, value: 1 }];
  return execute("StringJoin", { attributes, inputs: [handle], outputs: 1 })[0]!;
}

/** Makes a handle from another, which is freed whether that succeeds or not. */
function replace(handle: Handle, make: (handle: Handle) => Handle): Handle {
  try {
    return make(handle);
  } finally {
    deleteHandle(handle);
  }
}
