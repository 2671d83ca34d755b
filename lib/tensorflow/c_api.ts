/**
 * TensorFlow's C API, loaded: the functions themselves, and the status of each call made into a
 * JavaScript error.
 *
 * @module
 */
import { type Status, SYMBOLS } from "@/tensorflow/c_symbols.ts";
import { findLibrary } from "@/tensorflow/library.ts";
import { keepLoaded, releasePages, withoutStderr } from "@/tensorflow/loading.ts";

/** `TF_DataType`: the runtime's numbers for the types that the engine handles. */
export const DTYPE = {
  float32: 1,
  float64: 2,
  int32: 3,
  uint8: 4,
  string: 7,
  complex64: 8,
  int64: 9,
  bool: 10,
  bfloat16: 14,
  float16: 19,
  resource: 20,
} as const;

/** `TF_AttrType`: the kinds of an operation's attributes. */
export const ATTRIBUTE = { string: 0, int: 1, float: 2, bool: 3, type: 4, shape: 5 } as const;

/** `TF_Code`, by number. */
const CODES = [
  ...["OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND"],
  ...["ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION"],
  ...["ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"],
  "UNAUTHENTICATED",
];

/**
 * Opens a TensorFlow library. Its log shows errors only, unless `TF_CPP_MIN_LOG_LEVEL` says
 * otherwise: the start-up lines would go to the terminal of a notebook's server. It computes with
 * oneDNN, unless `TF_ENABLE_ONEDNN_OPTS` says otherwise: left alone it does so on processors with
 * AVX-512 VNNI and newer ones only, and trains a sixth more slowly on others
 * (lib/tensorflow/NOTES.md).
 *
 * @throws {Error} If the file is no library, or is one without TensorFlow's C API.
 */
function openLibrary(path: string): Deno.DynamicLibrary<typeof SYMBOLS>["symbols"] {
  const logLevel = Deno.env.get("TF_CPP_MIN_LOG_LEVEL") ?? "2";
  Deno.env.set("TF_CPP_MIN_LOG_LEVEL", logLevel);
  if (!Deno.env.has("TF_ENABLE_ONEDNN_OPTS")) Deno.env.set("TF_ENABLE_ONEDNN_OPTS", "1");
  const open = () => Deno.dlopen(path, SYMBOLS);
  try {
    const { symbols } = logLevel === "0" ? open() : withoutStderr(open);
    keepLoaded(path);
    releasePages(path);
    symbols.SetMinLogLevel?.(Number(logLevel));
    return symbols;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new Error(
      `Cannot load "${path}" as the TensorFlow library: ${(error as Error).message}. ` +
        "Run `deno task setup` to install it again, or name another file in LIBTENSORFLOW",
    );
  }
}

/** The functions of the loaded library. */
export const C = openLibrary(findLibrary());

/** The status that every blocking call reports to. Each call sets it anew. */
export const status: Status = notNull(C.TF_NewStatus(), "create a status");

/**
 * Throws if the last call failed.
 *
 * @param action What the call was to do, as in "run MatMul".
 * @param of The status that the call was given.
 * @throws {Error} With TensorFlow's message and its code's name.
 */
export function check(action: string, of: Status = status): void {
  const code = C.TF_GetCode(of);
  if (code === 0) return;
  const message = text(C.TF_Message(of)).replace(/^\{\{function_node [^}]*\}\} /, "");
  C.TF_SetStatus(of, 0, cString(""));
  throw new Error(`Cannot ${action}: ${message} (${CODES[code] ?? `code ${code}`})`);
}

/**
 * Calls a function that reports to the status, and throws if it failed.
 *
 * @param action What the call is to do, as in "create the context".
 * @returns What the call returned.
 * @throws {Error} With TensorFlow's message, or if the call returned a null pointer.
 */
export function checked<T>(action: string, call: (status: Status) => T): NonNullable<T> {
  const result = call(status);
  check(action);
  return notNull(result, action);
}

/** Requires a pointer that C returned, which is null only if the call failed without saying so. */
export function notNull<T>(value: T, action: string): NonNullable<T> {
  if (value === null) throw new Error(`Cannot ${action}: TensorFlow returned a null pointer`);
  return value as NonNullable<T>;
}

/** Reads the text at a pointer to a C string. */
export function text(pointer: Deno.PointerValue): string {
  return pointer === null ? "" : Deno.UnsafePointerView.getCString(pointer);
}

const encoder = new TextEncoder();
const cStrings = new Map<string, Uint8Array<ArrayBuffer>>();

/** Bytes of a text, without an end mark. */
export function bytesOf(value: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(value);
}

/** Gives a text as a C string. It is kept for good: names of operations and attributes are few. */
export function cString(value: string): Uint8Array<ArrayBuffer> {
  return cStrings.getOrInsertComputed(value, () => encoder.encode(`${value}\0`));
}

/** Gives whole numbers as an array of `int64_t`. */
export function int64s(values: readonly number[]): BigInt64Array<ArrayBuffer> {
  return BigInt64Array.from(values, BigInt);
}

/** The version of the loaded library, as in "2.21.0". */
export const VERSION: string = text(C.TF_Version());
