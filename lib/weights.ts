/**
 * A network's parameters and batch-norm statistics as plain arrays, and back.
 * @module
 */
import type { NamedArray, NamedArrays } from "@/checkpoint.ts";
import type { Network } from "@/resnet50.ts";
import { tf } from "@/tensorflow/backend.ts";
import type { Variable } from "@/tensorflow/variables.ts";

/** The parameters and statistics by PyTorch's names, as {@linkcode arraysOf} gives them. */
export function readWeights(network: Network): NamedArrays {
  return arraysOf(variablesOf(network));
}

/**
 * Variables as arrays whose values are read when they are asked for, as they are then: a checkpoint is written without
 * all of them in memory once more.
 */
export function arraysOf(variables: Iterable<[string, Variable]>): NamedArrays {
  return new Map(Array.from(variables, ([name, variable]) => [name, arrayOf(variable)]));
}

function arrayOf(variable: Variable): NamedArray {
  return {
    shape: variable.shape,
    get values() {
      const value = variable.read();
      const values = value.dataSync() as Float32Array;
      value.dispose();
      return values;
    },
  };
}

/** Gives the parameters and statistics of these names these values; others stay as they are. */
export function assignWeights(network: Network, weights: NamedArrays): void {
  const variables = new Map(variablesOf(network));
  for (const [name, { shape, values }] of weights) {
    tf.tidy(() => variables.get(name)!.assign(tf.tensor(values, [...shape])));
  }
}

/** The shape of each parameter and statistic, in TensorFlow's layout. */
export function weightShapes(network: Network): Map<string, readonly number[]> {
  return new Map(variablesOf(network).map(([name, { shape }]) => [name, shape]));
}

/** The sum of the squares of all values of these names. */
export function sumOfSquares(weights: NamedArrays, names: Iterable<string>): number {
  let sum = 0;
  for (const name of names) {
    for (const value of weights.get(name)!.values) sum += value * value;
  }
  return sum;
}

function variablesOf({ parameters, statistics }: Network): [string, Variable][] {
  return [...parameters, ...statistics];
}
