/**
 * A network's parameters and batch-norm statistics as plain arrays, and back.
 * @module
 */
import type { Network } from "@/network/resnet50.ts";
import { tf } from "@/tensorflow/backend.ts";
import type { Variable } from "@/tensorflow/variables.ts";

/** Values of one parameter or statistic, row-major. */
export interface NamedArray {
  shape: readonly number[];
  /** May be read from the runtime whenever it is asked for. */
  readonly values: Float32Array;
}

/** Parameters, statistics or moments by PyTorch's name of the parameter, in TensorFlow's layout. */
export type NamedArrays = ReadonlyMap<string, NamedArray>;

/** Reads the parameters and statistics by PyTorch's names, as {@linkcode arraysOf} gives them. */
export function readWeights(network: Network): NamedArrays {
  return arraysOf(variablesOf(network));
}

/**
 * Gives variables as arrays whose values are read when they are asked for, so that a checkpoint is
 * written without a second copy of all in memory.
 */
export function arraysOf(variables: Iterable<[string, Variable]>): NamedArrays {
  return new Map(Array.from(variables, ([name, variable]) => [name, {
    shape: variable.shape,
    get values() {
      const value = variable.read();
      const values = value.dataSync() as Float32Array;
      value.dispose();
      return values;
    },
  }]));
}

/** Gives the parameters and statistics of these names these values; others stay as they are. */
export function assignWeights(network: Network, weights: NamedArrays): void {
  assignArrays(new Map(variablesOf(network)), weights);
}

/** Gives the variables of these names these values. */
export function assignArrays(
  variables: ReadonlyMap<string, Variable>,
  arrays: NamedArrays,
): void {
  for (const [name, { shape, values }] of arrays) {
    tf.tidy(() => variables.get(name)!.assign(tf.tensor(values, [...shape])));
  }
}

/** Gives the shape of each parameter and statistic, in TensorFlow's layout. */
export function weightShapes(network: Network): Map<string, readonly number[]> {
  return new Map(variablesOf(network).map(([name, { shape }]) => [name, shape]));
}

function variablesOf({ parameters, statistics }: Network): [string, Variable][] {
  return [...parameters, ...statistics];
}
