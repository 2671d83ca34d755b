/**
 * `compile`: ordinary tfjs code made into one TensorFlow function, what tf.function is to Python.
 *
 * @module
 */
import { idOf, tensorOf, tf } from "@/tensorflow/backend.ts";
import { adopt, handleOf } from "@/tensorflow/binding.ts";
import { ATTRIBUTE } from "@/tensorflow/c_api.ts";
import type { Handle } from "@/tensorflow/c_symbols.ts";
import { callConfig } from "@/tensorflow/context.ts";
import { type Call, deleteHandle, dtypeOf, execute, executeAsync } from "@/tensorflow/eager.ts";
import { type Changeable, currentTrace, removeFunction, Trace } from "@/tensorflow/graph.ts";
import { withoutHiddenState } from "@/tensorflow/hidden_state.ts";

/**
 * An argument of a compiled function: a tensor, which may differ from call to call, or a setting,
 * which is part of the trace's key.
 */
export type Argument = tf.Tensor | number | boolean | string | null;

/** The result of a compiled function. */
export type Result = tf.Tensor | readonly tf.Tensor[] | Readonly<Record<string, tf.Tensor>> | void;

/** A function that runs as one TensorFlow function. */
export interface Compiled<A extends Argument[], R extends Result> {
  /** Runs it and waits. */
  (...args: A): R;
  /**
   * Runs it on another thread, while JavaScript goes on. Calls of compiled functions run one after
   * another, in the order in which they were made.
   */
  async(...args: A): Promise<R>;
  /** Times it was traced: once for each set of shapes, types and settings in its calls. */
  readonly traces: number;
  /** Frees its graphs and what they hold on to. */
  dispose(): void;
}

/** Has TensorFlow optimize the graph of a function that is called. */
const CALL_ATTRIBUTES = [{ name: "config_proto", type: ATTRIBUTE.string, value: callConfig }];

/** A trace that has been registered. */
interface Traced {
  name: string;
  captured: Captured[];
  changes: Iterable<Changeable>;
  outputs: number;
  /** Puts the results in the place that the function returned them in. */
  rebuild(tensors: tf.Tensor[]): Result;
}

/** An input that is no argument: a tensor shared for good, or a variable as it is at the call. */
type Captured = { handle: Handle } | { variable: tf.Variable };

/**
 * Compiles a function. Its first call with tensors of some shapes and types traces it: everything
 * that it does with tensors is recorded, gradients included, and runs as one TensorFlow function
 * from then on. Anything else happens only while it is traced. While another function is being
 * compiled, a compiled one becomes part of it.
 *
 * Tensors that it uses beside its arguments keep their value. Variables, those of `variables.ts`
 * and of `tf.variable()`, have the value of the moment; only the former can be changed.
 *
 * @param fn Synchronous. Results may be tensors, an array of them, or an object of them.
 * @param options.name The function's name in errors. Default: its own.
 * @throws {Error} When called: if it reads a tensor's value, takes random numbers from JavaScript,
 * changes a `tf.variable()`, uses a tensor of another trace, or has a result whose shape depends on
 * values.
 *
 * @example The function is traced once for each shape.
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { tf } from "@/tensorflow/backend.ts";
 * import { compile } from "@/tensorflow/compile.ts";
 *
 * const norm = compile((x: tf.Tensor) => tf.sqrt(tf.sum(tf.square(x))));
 * assertEquals(norm(tf.tensor1d([3, 4])).dataSync()[0], 5);
 * assertEquals(norm(tf.tensor1d([6, 8])).dataSync()[0], 10);
 * assertEquals(norm.traces, 1);
 * ```
 */
export function compile<A extends Argument[], R extends Result>(
  fn: (...args: A) => R,
  { name = fn.name || "a function" }: { name?: string } = {},
): Compiled<A, R> {
  const cache = new Map<string, Traced>();
  /** Gives the trace of such arguments, and notes what the call is about to change. */
  const tracedFor = (args: A): Traced => {
    const traced = cache.getOrInsertComputed(keyOf(args), () => trace(name, fn, args));
    for (const variable of traced.changes) variable.changed();
    return traced;
  };
  const run = (...args: A): R => {
    if (currentTrace() !== null) return fn(...args);
    if (pending > 0) {
      throw new Error(
        `Cannot run ${name} while ${pending} compiled calls are under way: await them first`,
      );
    }
    const traced = tracedFor(args);
    return results(traced, execute(traced.name, callOf(traced, args))) as R;
  };
  const runAsync = async (...args: A): Promise<R> => {
    const traced = tracedFor(args);
    const kept = args.map((arg) => arg instanceof tf.Tensor ? tf.keep(arg.clone()) : arg);
    try {
      return await inTurn(async () =>
        results(traced, await executeAsync(traced.name, callOf(traced, kept))) as R
      );
    } finally {
      tf.dispose(kept.filter(isTensor));
    }
  };
  const dispose = () => {
    for (const { name, captured } of cache.values()) {
      removeFunction(name);
      for (const source of captured) if ("handle" in source) deleteHandle(source.handle);
    }
    cache.clear();
  };
  return Object.defineProperty(
    Object.assign(run, { async: runAsync, dispose }),
    "traces",
    { get: () => cache.size },
  ) as unknown as Compiled<A, R>;
}

/** Calls that run on another thread, or wait to. */
let pending = 0;
let last: Promise<unknown> = Promise.resolve();

/** Runs calls one after another: they may change the same variables. */
async function inTurn<T>(call: () => Promise<T>): Promise<T> {
  pending++;
  const turn = last.then(call, call);
  last = turn;
  try {
    return await turn;
  } finally {
    pending--;
  }
}

/** Gives the key of a trace: all that it depends on. */
function keyOf(args: readonly Argument[]): string {
  return JSON.stringify(
    args.map((arg) =>
      arg instanceof tf.Tensor ? [arg.shape, dtypeOf(handleOf(idOf(arg)))] : { setting: arg }
    ),
  );
}

function trace<A extends Argument[], R extends Result>(
  name: string,
  fn: (...args: A) => R,
  args: A,
): Traced {
  // tfjs's own variables, whose values may change between calls, by their value's number.
  const registered: tf.Variable[] = Object.values(tf.engine().registeredVariables);
  const variables = new Map(registered.map((variable) => [idOf(variable), variable]));
  const recording = new Trace(name);
  try {
    const { outputs, rebuild } = recording.record(() =>
      withoutHiddenState(name, () => recordCall(recording, fn, args))
    );
    const functionName = recording.finish(outputs);
    const captured = recording.takeCaptured().map(({ id, handle }) => {
      const variable = variables.get(id);
      if (variable === undefined) return { handle };
      deleteHandle(handle);
      return { variable };
    });
    const { changes } = recording;
    return { name: functionName, captured, changes, outputs: outputs.length, rebuild };
  } finally {
    recording.dispose();
  }
}

function recordCall<A extends Argument[], R extends Result>(
  recording: Trace,
  fn: (...args: A) => R,
  args: A,
): { outputs: number[]; rebuild: Traced["rebuild"] } {
  let outputs: number[] = [];
  let rebuild: Traced["rebuild"] = () => {};
  tf.tidy(() => {
    const symbols = args.map((arg) => {
      if (!(arg instanceof tf.Tensor)) return arg;
      return tensorOf(recording.addArgument(arg.shape, dtypeOf(handleOf(idOf(arg)))));
    });
    const taken = takeApart(fn(...symbols as A), recording.name);
    outputs = taken.tensors.map(idOf);
    rebuild = taken.rebuild;
  });
  return { outputs, rebuild };
}

/** Takes a result apart: its tensors, and a function that makes such a result of others. */
function takeApart(
  result: unknown,
  name: string,
): { tensors: tf.Tensor[]; rebuild: Traced["rebuild"] } {
  if (result === undefined) return { tensors: [], rebuild: () => {} };
  if (result instanceof tf.Tensor) return { tensors: [result], rebuild: ([tensor]) => tensor! };
  if (Array.isArray(result) && result.every(isTensor)) {
    return { tensors: result, rebuild: (tensors) => tensors };
  }
  if (result instanceof Promise) {
    throw new TypeError(`Cannot compile ${name}: it returns a promise, so make it synchronous`);
  }
  if (typeof result === "object" && result !== null && Object.values(result).every(isTensor)) {
    const keys = Object.keys(result);
    return {
      tensors: Object.values(result),
      rebuild: (tensors) => Object.fromEntries(keys.map((key, i) => [key, tensors[i]!])),
    };
  }
  throw new TypeError(
    `Cannot compile ${name}: it is to return a tensor, an array of tensors or an object of tensors, and ` +
      `returned ${typeof result === "object" ? "something else in one" : typeof result}`,
  );
}

function isTensor(value: unknown): value is tf.Tensor {
  return value instanceof tf.Tensor;
}

function callOf(traced: Traced, args: readonly Argument[]): Call {
  const inputs = [
    ...args.filter(isTensor).map((tensor) => handleOf(idOf(tensor))),
    ...traced.captured.map((source) =>
      "handle" in source ? source.handle : handleOf(idOf(source.variable))
    ),
  ];
  return { attributes: CALL_ATTRIBUTES, inputs, outputs: traced.outputs };
}

function results(traced: Traced, handles: readonly Handle[]): Result {
  return traced.rebuild(handles.map((handle) => tensorOf(adopt(handle))));
}
