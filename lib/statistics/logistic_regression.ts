/**
 * Logistic regression with an L2 penalty, the simplest classifier of a few numbers a film.
 * @module
 */
import { CholeskyDecomposition, Matrix } from "ml-matrix";
import { sigmoid } from "@/statistics/calibration.ts";

/** A fitted model of features that are standardized first. */
export interface LogisticModel {
  /** Means and standard deviations of the features over the training films. */
  means: Float64Array;
  deviations: Float64Array;
  /** One weight for each standardized feature. */
  weights: Float64Array;
  intercept: number;
}

/** The largest number of Newton's steps; a handful is usual. */
const MAX_STEPS = 100;

/**
 * Fits `P(TB) = sigmoid(w.x + b)` to standardized features x, minimizing `|w|^2 / 2 + c * sum of
 * cross-entropies` as scikit-learn's LogisticRegression does (b is not penalized), by Newton's
 * method with halved steps (Boyd and Vandenberghe, Convex Optimization, 9.5).
 *
 * @param features One row for each film. A feature that is the same in all films gets no weight.
 * @param options.labels Class of each film, 0 or 1.
 * @param options.c Inverse strength of the penalty. Default: 1.
 * @throws {RangeError} If a feature is not a finite number.
 * @throws {Error} If it does not converge.
 * @example
 * ```ts
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 * import { fitLogisticRegression } from "@/statistics/logistic_regression.ts";
 * const model = fitLogisticRegression([[0], [1], [2], [3]], { labels: [0, 0, 1, 1] });
 * assertEquals(model.means[0], 1.5);
 * assertAlmostEquals(model.intercept, 0, 1e-12); // the classes are symmetric
 * ```
 */
export function fitLogisticRegression(
  features: readonly ArrayLike<number>[],
  { labels, c = 1 }: { labels: ArrayLike<number>; c?: number },
): LogisticModel {
  for (const [film, row] of features.entries()) {
    if (Array.from(row).every(Number.isFinite)) continue;
    throw new RangeError(`Cannot fit a logistic regression: film ${film} has features ${row}`);
  }
  const scale = standardization(features);
  // [films, features + 1]: the last column is the intercept's.
  const x = new Matrix(features.map((row) => [...standardize(row, scale), 1]));
  const loss = (parameters: Float64Array) => objective(x, { labels, c, parameters });
  let parameters = new Float64Array(x.columns);
  let current = loss(parameters);
  for (let step = 0; step < MAX_STEPS; step++) {
    const { gradient, hessian } = derivatives(x, { labels, c, parameters });
    const direction = new CholeskyDecomposition(hessian)
      .solve(Matrix.columnVector(gradient)).to1DArray();
    // About twice the gain of Newton's step.
    const decrement = gradient.reduce((sum, g, i) => sum + g * direction[i]!, 0);
    if (decrement < 1e-18 * (1 + current)) {
      return { ...scale, weights: parameters.slice(0, -1), intercept: parameters.at(-1)! };
    }
    for (let size = 1;; size /= 2) {
      const next = parameters.map((value, i) => value - size * direction[i]!);
      const lower = loss(next);
      // Near the minimum the gain is smaller than the loss's rounding.
      if (lower <= current - 0.25 * size * decrement + 1e-12 * current) {
        [parameters, current] = [next, lower];
        break;
      }
    }
  }
  throw new Error(
    `Cannot fit a logistic regression to ${features.length} films: no convergence in ${MAX_STEPS} steps`,
  );
}

/**
 * Computes the log-odds of TB for each row of features.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { logisticScores } from "@/statistics/logistic_regression.ts";
 * const [means, deviations, weights] = [1, 2, 3].map((value) => Float64Array.of(value));
 * const model = { means: means!, deviations: deviations!, weights: weights!, intercept: 1 };
 * assertEquals([...logisticScores(model, [[5]])], [1 + 3 * (5 - 1) / 2]);
 * ```
 */
export function logisticScores(
  model: LogisticModel,
  features: readonly ArrayLike<number>[],
): Float64Array {
  return Float64Array.from(features, (row) => {
    const x = standardize(row, model);
    return model.weights.reduce((sum, weight, i) => sum + weight * x[i]!, model.intercept);
  });
}

type Scale = Pick<LogisticModel, "means" | "deviations">;

function standardization(features: readonly ArrayLike<number>[]): Scale {
  const films = features.length;
  const columns = features[0]?.length ?? 0;
  const means = new Float64Array(columns);
  const deviations = new Float64Array(columns);
  for (let j = 0; j < columns; j++) {
    for (const row of features) means[j]! += row[j]! / films;
    for (const row of features) deviations[j]! += (row[j]! - means[j]!) ** 2 / films;
    deviations[j] = Math.sqrt(deviations[j]!);
  }
  return { means, deviations };
}

function standardize(row: ArrayLike<number>, { means, deviations }: Scale): Float64Array {
  return Float64Array.from(row, (value, j) => {
    const deviation = deviations[j]!;
    // A constant feature's deviation may be 1e-17 by rounding.
    return deviation > 1e-10 * Math.abs(means[j]!) ? (value - means[j]!) / deviation : 0;
  });
}

interface Fit {
  labels: ArrayLike<number>;
  c: number;
  parameters: Float64Array;
}

/** Computes `w.x + b` for each film. */
function linear(x: Matrix, parameters: Float64Array): Float64Array {
  return Float64Array.from(x.mmul(Matrix.columnVector(parameters)).to1DArray());
}

function objective(x: Matrix, { labels, c, parameters }: Fit): number {
  const penalty = parameters.slice(0, -1).reduce((sum, w) => sum + (w * w) / 2, 0);
  return linear(x, parameters).reduce((sum, score, i) => {
    const margin = labels[i] === 1 ? -score : score;
    return sum + c * (Math.max(margin, 0) + Math.log1p(Math.exp(-Math.abs(margin))));
  }, penalty);
}

function derivatives(
  x: Matrix,
  { labels, c, parameters }: Fit,
): { gradient: Float64Array; hessian: Matrix } {
  const probabilities = linear(x, parameters).map(sigmoid);
  const residuals = probabilities.map((p, i) => c * (p - labels[i]!));
  // The root on both sides keeps the product symmetric to the last bit.
  const weighted = x.clone();
  probabilities.forEach((p, i) => weighted.mulRow(i, Math.sqrt(c * p * (1 - p))));
  const gradient = Float64Array.from(
    x.transpose().mmul(Matrix.columnVector(residuals)).to1DArray(),
  );
  const hessian = weighted.transpose().mmul(weighted);
  for (let j = 0; j < x.columns - 1; j++) {
    gradient[j]! += parameters[j]!;
    hessian.set(j, j, hessian.get(j, j) + 1);
  }
  return { gradient, hessian };
}
