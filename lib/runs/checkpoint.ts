/**
 * Checkpoints as safetensors files.
 *
 * `epochNN.safetensors` holds the parameters and batch-norm statistics in PyTorch's names and
 * layout (convolutions `[out, in, kh, kw]`, the linear layer `[out, in]`), so that
 * `safetensors.torch.load_file` reads it straight into the same network in Python, and a file saved
 * there is read here. `last.safetensors` adds what resuming needs: Adam's moments
 * (`adam.exp_avg.<name>`, `adam.exp_avg_sq.<name>`) and, as JSON in its metadata, the run's
 * progress.
 *
 * In memory values are in TensorFlow's layout (`[kh, kw, in, out]`, `[in, out]`).
 * @module
 */
import * as z from "zod";
import { COUNT, parseJson } from "@/common/json.ts";
import {
  readSafetensors,
  readSafetensorsHeader,
  type StoredTensor,
  writeSafetensors,
} from "@/common/safetensors.ts";
import type { NamedArray, NamedArrays } from "@/network/weights.ts";
import { parseConfig, type RunConfig } from "@/runs/config.ts";
import { EPOCH_ROW } from "@/runs/epochs.ts";

const SUMS = z.object({
  films: COUNT,
  loss: z.number(),
  crossEntropy: z.number(),
  correct: COUNT,
  seconds: z.number(),
});

const PROGRESS = z.object({
  /** Steps since the start of the run. */
  step: COUNT,
  /** The current epoch, or the next one, from 0. */
  epoch: COUNT,
  /** The sums of that epoch; all 0 at its start. */
  sums: SUMS,
  /** The epochs that are done. */
  rows: z.array(EPOCH_ROW),
}).refine(({ epoch, rows }) => rows.length === epoch, {
  ...{ path: ["rows"], error: "one of each epoch is needed" },
});

/** The shapes of a network's parameters and statistics, in TensorFlow's layout. */
type Shapes = ReadonlyMap<string, readonly number[]>;

/** Sums over the films of an epoch up to now. */
export type EpochSums = z.infer<typeof SUMS>;

/** A run's progress. The seed, the epoch and the films done tell which films come next. */
export type Progress = z.infer<typeof PROGRESS>;

/** The content of a checkpoint: all that a run resumes from. */
export interface TrainingState {
  weights: NamedArrays;
  adam: { m: NamedArrays; v: NamedArrays };
  progress: Progress;
  config: RunConfig;
}

/** A run's progress with its config. */
export type SavedProgress = Pick<TrainingState, "progress" | "config">;

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
  { weights, steps, ...options }: {
    weights: NamedArrays;
    steps: number;
    metadata?: Record<string, string>;
  },
): Promise<void> {
  const metadata = { format: "pt", ...options.metadata };
  await writeSafetensors(path, { tensors: storedWeights(weights, steps), metadata });
}

/**
 * Reads parameters and statistics for a network.
 *
 * @param newHead Leaves the linear layer out of the result if the file's is of another shape.
 * @throws {SyntaxError} If the file is no safetensors file or is damaged.
 * @throws {TypeError} If it is of another network: a tensor is missing, unknown, or of another
 * shape or type.
 */
export async function loadWeights(
  path: string,
  { shapes, newHead = false }: { shapes: Shapes; newHead?: boolean },
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
 * @param parameters The names of those that Adam changes.
 * @throws {SyntaxError} If the file is no safetensors file, is damaged, or holds no state of a run.
 * @throws {TypeError} If it is of another network.
 */
export async function loadState(
  path: string,
  { shapes, parameters }: { shapes: Shapes; parameters: Iterable<string> },
): Promise<TrainingState> {
  const { tensors, metadata } = await readSafetensors(path);
  const { progress, config } = parseState(path, metadata);
  const trained = new Map(Array.from(parameters, (name) => [name, shapes.get(name)!]));
  const momentsOf = (prefix: string) => {
    const found = [...tensors].filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor] as const);
    return takeArrays(path, { tensors: new Map(found), shapes: trained });
  };
  const weights = new Map([...tensors].filter(([name]) => !name.startsWith("adam.")));
  return {
    weights: takeArrays(path, { tensors: weights, shapes }),
    adam: { m: momentsOf(FIRST_MOMENT), v: momentsOf(SECOND_MOMENT) },
    progress,
    config,
  };
}

/**
 * Reads a checkpoint's progress and config, without its tensors.
 *
 * @throws {SyntaxError} If the file is no safetensors file, is cut short, or holds no state of a
 * run.
 */
export async function readProgress(path: string): Promise<SavedProgress> {
  return parseState(path, (await readSafetensorsHeader(path)).metadata);
}

function parseState(
  path: string,
  { progress, config, sha256 }: Record<string, string>,
): SavedProgress {
  if (progress === undefined || config === undefined || sha256 === undefined) {
    throw new SyntaxError(
      `Cannot resume from ${path}: it holds weights, no run's checkpoint of this project`,
    );
  }
  const damaged = (why: string) => `Cannot resume from ${path}: its metadata is damaged, ${why}`;
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

/** Takes the arrays of these names and shapes, all and no others, in TensorFlow's layout. */
function takeArrays(
  path: string,
  { tensors, shapes }: { tensors: ReadonlyMap<string, StoredTensor>; shapes: Shapes },
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

/** Gives PyTorch's shape: `[kh, kw, in, out]` -> `[out, in, kh, kw]`, `[in, out]` reversed. */
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

/** Folds a shape into three axes, kernel x in x out, of which PyTorch's layout is the reverse. */
function folded(shape: readonly number[]): [number, number, number] {
  const [a, b, c, d] = shape;
  if (shape.length === 4) return [a! * b!, c!, d!];
  return shape.length === 2 ? [1, a!, b!] : [1, 1, shape.reduce((x, y) => x * y, 1)];
}

/** Turns `[A, B, C]` into `[C, B, A]`. */
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

/** Tells whether all values are finite: `v - v` is 0 for finite numbers and NaN for others. */
function areFinite(values: Float32Array): boolean {
  let sum = 0;
  for (const value of values) sum += value - value;
  return sum === 0;
}
