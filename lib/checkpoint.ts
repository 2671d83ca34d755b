/**
 * Checkpoints as safetensors files.
 *
 * `epochNN.safetensors` holds the parameters and batch-norm statistics in PyTorch's names and layout (convolutions
 * `[out, in, kh, kw]`, the linear layer `[out, in]`), so that `safetensors.torch.load_file` reads it straight into
 * the same network in Python, and a file saved there is read here. `last.safetensors` adds what going on needs:
 * Adam's moments (`adam.exp_avg.<name>`, `adam.exp_avg_sq.<name>`) and, as JSON in its metadata, how far the run is.
 *
 * In memory values are in TensorFlow's layout (`[kh, kw, in, out]`, `[in, out]`).
 * @module
 */
import * as z from "zod";
import { COUNT, parseJson } from "@/json.ts";
import type { EpochRow } from "@/metrics.ts";
import { EPOCH_ROW, parseConfig, type RunConfig } from "@/results.ts";
import {
  readSafetensors,
  readSafetensorsHeader,
  type StoredTensor,
  writeSafetensors,
} from "@/safetensors.ts";

/** Values of one parameter or statistic, row-major. */
export interface NamedArray {
  shape: readonly number[];
  /** May be read from the runtime whenever it is asked for. */
  readonly values: Float32Array;
}

/** Parameters, statistics or moments by PyTorch's name of the parameter, in TensorFlow's layout. */
export type NamedArrays = ReadonlyMap<string, NamedArray>;

/** Sums over the films of an epoch up to now. */
export interface EpochSums {
  films: number;
  loss: number;
  crossEntropy: number;
  correct: number;
  seconds: number;
}

/** How far a run is. Which films come next follows from the seed, the epoch and the films done. */
export interface Progress {
  /** Steps done since the start of the run. */
  step: number;
  /** The epoch that is under way or comes next, from 0. */
  epoch: number;
  /** Of that epoch; all 0 at its start. */
  sums: EpochSums;
  /** The epochs that are done. */
  rows: EpochRow[];
}

const PROGRESS: z.ZodType<Progress> = z.object({
  step: COUNT,
  epoch: COUNT,
  sums: z.object({
    films: COUNT,
    ...{ loss: z.number(), crossEntropy: z.number() },
    ...{ correct: COUNT, seconds: z.number() },
  }),
  rows: z.array(EPOCH_ROW),
}).refine(({ epoch, rows }) => rows.length === epoch, {
  ...{ path: ["rows"], error: "one of each epoch is needed" },
});

/** All that a run needs to go on as if it had never stopped. */
export interface TrainingState {
  weights: NamedArrays;
  adam: { m: NamedArrays; v: NamedArrays };
  progress: Progress;
  config: RunConfig;
}

const FIRST_MOMENT = "adam.exp_avg.";
const SECOND_MOMENT = "adam.exp_avg_sq.";
const BATCHES_TRACKED = ".num_batches_tracked";

/**
 * Writes parameters and statistics.
 *
 * @param steps Training steps behind these weights; PyTorch keeps it with each batch norm.
 */
export async function saveWeights(
  path: string,
  { weights, steps, metadata = {} }: {
    weights: NamedArrays;
    steps: number;
    metadata?: Record<string, string>;
  },
): Promise<void> {
  await writeSafetensors(path, {
    tensors: storedWeights(weights, steps),
    metadata: { format: "pt", ...metadata },
  });
}

/**
 * Reads parameters and statistics for a network.
 *
 * @param shapes The network's parameters and statistics: name to shape in TensorFlow's layout.
 * @param newHead Leaves the linear layer out of the result if the file's is of another shape.
 * @throws {SyntaxError} If the file is no safetensors file or is damaged.
 * @throws {TypeError} If it is of another network: a tensor is missing, unknown, or of another shape or type.
 */
export async function loadWeights(
  path: string,
  { shapes, newHead = false }: {
    shapes: ReadonlyMap<string, readonly number[]>;
    newHead?: boolean;
  },
): Promise<NamedArrays> {
  const { tensors } = await readSafetensors(path);
  const fits = tensors.get("fc.bias")?.shape.join() === shapes.get("fc.bias")?.join();
  const isWanted = (name: string) =>
    !name.startsWith("adam.") && !(newHead && !fits && name.startsWith("fc."));
  return takeArrays(path, {
    tensors: new Map([...tensors].filter(([name]) => isWanted(name))),
    shapes: new Map([...shapes].filter(([name]) => isWanted(name))),
  });
}

/**
 * Writes all that a run needs to go on.
 *
 * @throws {RangeError} If a value is not finite; a state that was there before is left as it was.
 */
export async function saveState(path: string, state: TrainingState): Promise<void> {
  const { weights, adam, progress, config } = state;
  for (const [name, { values }] of [...weights, ...adam.m, ...adam.v]) {
    if (areFinite(values)) continue;
    throw new RangeError(`Cannot save step ${progress.step} in ${path}: ${name} is not finite`);
  }
  const tensors = storedWeights(weights, progress.step);
  for (const [prefix, moments] of [[FIRST_MOMENT, adam.m], [SECOND_MOMENT, adam.v]] as const) {
    for (const [name, array] of moments) tensors.set(prefix + name, toStored(array));
  }
  const metadata = {
    format: "pt",
    progress: JSON.stringify(progress),
    config: JSON.stringify(config),
  };
  await writeSafetensors(path, { tensors, metadata });
}

/**
 * Reads what {@linkcode saveState} wrote.
 *
 * @param shapes The network's parameters and statistics: name to shape in TensorFlow's layout.
 * @param parameters The names of those that Adam changes.
 * @throws {SyntaxError} If the file is no safetensors file, is damaged, or holds no state of a run.
 * @throws {TypeError} If it is of another network.
 */
export async function loadState(
  path: string,
  { shapes, parameters }: {
    shapes: ReadonlyMap<string, readonly number[]>;
    parameters: Iterable<string>;
  },
): Promise<TrainingState> {
  const { tensors, metadata } = await readSafetensors(path);
  const { progress, config } = parseState(path, metadata);
  const trained = new Map(Array.from(parameters, (name) => [name, shapes.get(name)!]));
  const take = (prefix: string, wanted: ReadonlyMap<string, readonly number[]>) => {
    const found = [...tensors].filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor] as const);
    return takeArrays(path, { tensors: new Map(found), shapes: wanted });
  };
  const weights = new Map([...tensors].filter(([name]) => !name.startsWith("adam.")));
  return {
    weights: takeArrays(path, { tensors: weights, shapes }),
    adam: { m: take(FIRST_MOMENT, trained), v: take(SECOND_MOMENT, trained) },
    progress,
    config,
  };
}

/**
 * Reads only how far a run is and what it used, without the tensors.
 *
 * @throws {SyntaxError} If the file is no safetensors file, is cut short, or holds no state of a run.
 */
export async function readProgress(
  path: string,
): Promise<Pick<TrainingState, "progress" | "config">> {
  return parseState(path, (await readSafetensorsHeader(path)).metadata);
}

function parseState(
  path: string,
  metadata: Record<string, string>,
): Pick<TrainingState, "progress" | "config"> {
  const { progress, config, sha256 } = metadata;
  if (progress === undefined || config === undefined || sha256 === undefined) {
    throw new SyntaxError(
      `Cannot go on from ${path}: it holds weights, not the state of a run of this project`,
    );
  }
  const damaged = (reason: string) =>
    `Cannot go on from ${path}: its metadata is damaged, ${reason}`;
  return {
    progress: parseJson(progress, PROGRESS, damaged),
    config: parseConfig(config, damaged),
  };
}

function storedWeights(weights: NamedArrays, steps: number): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, array] of weights) {
    tensors.set(name, toStored(array));
    if (!name.endsWith(".running_var")) continue;
    const bytes = new Uint8Array(new BigInt64Array([BigInt(steps)]).buffer);
    const tracked = name.replace(/\.running_var$/, BATCHES_TRACKED);
    tensors.set(tracked, { dtype: "I64", shape: [], bytes });
  }
  return tensors;
}

/** The arrays of these names and shapes, all of them and no others, in TensorFlow's layout. */
function takeArrays(
  path: string,
  { tensors, shapes }: {
    tensors: ReadonlyMap<string, StoredTensor>;
    shapes: ReadonlyMap<string, readonly number[]>;
  },
): NamedArrays {
  const refuse = (why: string) => new TypeError(`Cannot load ${path} into this network: ${why}`);
  for (const name of tensors.keys()) {
    if (shapes.has(name) || name.endsWith(BATCHES_TRACKED)) continue;
    throw refuse(`it has a tensor ${name} that the network has not`);
  }
  const arrays = new Map<string, NamedArray>();
  for (const [name, shape] of shapes) {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw refuse(`it has no tensor ${name}`);
    const wanted = torchShape(shape);
    if (tensor.shape.join() !== wanted.join()) {
      throw refuse(`${name} has the shape [${tensor.shape}], not [${wanted}]`);
    }
    if (tensor.dtype !== "F32") throw refuse(`${name} is of type ${tensor.dtype}, not F32`);
    arrays.set(name, fromStored(tensor, shape));
  }
  return arrays;
}

/** `[kh, kw, in, out]` -> `[out, in, kh, kw]`, `[in, out]` -> `[out, in]`; others stay. */
function torchShape(shape: readonly number[]): number[] {
  const [a, b, c, d] = shape;
  if (shape.length === 4) return [d!, c!, a!, b!];
  return shape.length === 2 ? [b!, a!] : [...shape];
}

function toStored(array: NamedArray): StoredTensor {
  const { shape } = array;
  return {
    dtype: "F32",
    shape: torchShape(shape),
    get bytes() {
      return new Uint8Array(reverseAxes(array.values, folded(shape)).buffer);
    },
  };
}

function fromStored({ bytes }: StoredTensor, shape: readonly number[]): NamedArray {
  const [a, b, c] = folded(shape);
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const stored = new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
  return { shape, values: reverseAxes(stored, [c, b, a]) };
}

/** Both layouts as three axes, kernel x in x out, of which PyTorch's is the reverse. */
function folded(shape: readonly number[]): [number, number, number] {
  const [a, b, c, d] = shape;
  if (shape.length === 4) return [a! * b!, c!, d!];
  return shape.length === 2 ? [1, a!, b!] : [1, 1, shape.reduce((x, y) => x * y, 1)];
}

/** `[A, B, C]` -> `[C, B, A]` */
function reverseAxes(
  values: Float32Array,
  [A, B, C]: readonly [number, number, number],
): Float32Array<ArrayBuffer> {
  const reversed = new Float32Array(values.length);
  // Written in order, which is five times as fast as read in order.
  for (let c = 0, to = 0; c < C; c++) {
    for (let b = 0; b < B; b++) {
      for (let a = 0; a < A; a++) reversed[to++] = values[(a * B + b) * C + c]!;
    }
  }
  return reversed;
}

/** Whether all are: `v - v` is 0 for finite numbers and NaN for others. */
function areFinite(values: Float32Array): boolean {
  let sum = 0;
  for (const value of values) sum += value - value;
  return sum === 0;
}
