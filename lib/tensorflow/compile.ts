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
import { currentTrace, removeFunction, Trace } from "@/tensorflow/graph.ts";
import { withoutHiddenState } from "@/tensorflow/hidden_state.ts";
import type { Variable } from "@/tensorflow/variables.ts";

/** What a compiled function takes: tensors, which may differ from call to call, and settings, part of its key. */
export type Argument = tf.Tensor | number | boolean | string | null;

/** What a compiled function returns. */
export type Result = tf.Tensor | readonly tf.Tensor[] | Readonly<Record<string, tf.Tensor>> | void;

/** A function that runs as one TensorFlow function. */
export interface Compiled<A extends Argument[], R extends Result> {
  /** Runs it and waits. */
  (...args: A): R;
  /**
   * Runs it on another thread, while JavaScript goes on. Calls of compiled functions run one after another, in
   * the order in which they were made.
   */
  async(...args: A): Promise<R>;
  /** How many times it was traced: once for each set of shapes, types and settings that it was called with. */
  readonly traces: number;
  /** Frees its graphs and what they hold on to. */
  dispose(): void;
}

/** Has TensorFlow optimize the graph of a function that is called. */
const CALL_ATTRIBUTES = [
  { name: "config_proto", type: ATTRIBUTE.string, value: callConfig },
];

/** A trace that has been registered. */
interface Traced {
  name: string;
  captured: Captured[];
  changes: Iterable<Variable>;
  outputs: number;
  /** Puts the results in the place that the function returned them in. */
  rebuild(tensors: tf.Tensor[]): Result;
}

/** Where an input that is no argument comes from: a tensor shared for good, or a variable as it is then. */
type Captured = { handle: Handle } | { variable: tf.Variable };

/**
 * Compiles a function. It is traced when first called with tensors of some shapes and types: everything that it
 * does with tensors is recorded, gradients included, and runs as one TensorFlow function from then on. What it
 * does besides happens while it is traced only. While another function is being compiled, a compiled one becomes
 * part of it.
 *
 * Tensors that it uses without their being arguments keep the value that they had; variables, those of
 * `variables.ts` and of `tf.variable()`, have the value of the moment, and only the former can be changed.
 *
 * @param fn Synchronous. Results may be tensors, an array of them, or an object of them.
 * @param options.name What it is called in errors. Default: its name.
 * @throws {Error} When called: if it reads a tensor's value, takes random numbers from JavaScript, changes a
 * `tf.variable()`, uses a tensor of another trace, or has a result whose shape depends on values.
 */
export function compile<A extends Argument[], R extends Result>(
  fn: (...args: A) => R,
  { name = fn.name || "a function" }: { name?: string } = {},
): Compiled<A, R> {
  const cache = new Map<string, Traced>();
  const tracedFor = (args: A): Traced => {
    const key = keyOf(args);
    let traced = cache.get(key);
    if (traced === undefined) {
      traced = trace(name, fn, args);
      cache.set(key, traced);
    }
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
    noteChanges(traced);
    return results(traced, execute(traced.name, callOf(traced, args))) as R;
  };
  const runAsync = async (...args: A): Promise<R> => {
    const traced = tracedFor(args);
    noteChanges(traced);
    const kept = args.map((arg) => arg instanceof tf.Tensor ? tf.keep(arg.clone()) : arg);
    try {
      return await inTurn(async () =>
        results(traced, await executeAsync(traced.name, callOf(traced, kept))) as R
      );
    } finally {
      tf.dispose(kept.filter((arg) => arg instanceof tf.Tensor));
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

/** What a trace depends on. */
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
  const variables = variablesById();
  const recording = new Trace(name);
  try {
    const { outputs, rebuild } = recording.record(() =>
      withoutHiddenState(name, () => recordCall(recording, fn, args))
    );
    const registered = recording.finish(outputs);
    const captured = recording.takeCaptured().map(({ id, handle }) => {
      const variable = variables.get(id);
      if (variable === undefined) return { handle };
      deleteHandle(handle);
      return { variable };
    });
    const { changes } = recording;
    return { name: registered, captured, changes, outputs: outputs.length, rebuild };
  } finally {
    recording.dispose();
  }
}

/** The variables of tfjs's own, whose values may change between calls, by their value's number. */
function variablesById(): Map<number, tf.Variable> {
  const variables: tf.Variable[] = Object.values(tf.engine().registeredVariables);
  return new Map(variables.map((variable) => [idOf(variable), variable]));
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
      return tensorOf(
        recording.addArgument({ shape: arg.shape, dtype: dtypeOf(handleOf(idOf(arg))) }),
      );
    });
    const result: unknown = fn(...symbols as A);
    const { tensors, rebuild: put } = takeApart(result, recording.name);
    outputs = tensors.map(idOf);
    rebuild = put;
  });
  return { outputs, rebuild };
}

/** A result's tensors, and how to make such a result of others. */
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

function noteChanges({ changes }: Traced): void {
  for (const variable of changes) variable.changed();
}

function callOf(traced: Traced, args: readonly Argument[]): Call {
  const tensors = args.filter(isTensor);
  const inputs = tensors.map((tensor) => handleOf(idOf(tensor)));
  for (const source of traced.captured) {
    inputs.push("handle" in source ? source.handle : handleOf(idOf(source.variable)));
  }
  return { attributes: CALL_ATTRIBUTES, inputs, outputs: traced.outputs };
}

function results(traced: Traced, handles: readonly Handle[]): Result {
  return traced.rebuild(handles.map((handle) => tensorOf(adopt(handle))));
}
