/**
 * The normal, Student's and the binomial distribution, by Cephes (`npm:cephes`), the library behind
 * SciPy's special functions.
 * @module
 */
import { createRequire } from "node:module";

// Deno cannot load the Buffer in its ES module. The CommonJS build is the same code without it, and
// ready when it is loaded: its promise `compiled` is for browsers.
const cephes: typeof import("cephes") = createRequire(import.meta.url)("cephes");

/**
 * Gives the z that a standard normal number stays below with probability `p`, in (0, 1).
 *
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { normalQuantile } from "@/statistics/distributions.ts";
 * assertAlmostEquals(normalQuantile(0.975), 1.96, 1e-4);
 * ```
 */
export function normalQuantile(p: number): number {
  return cephes.ndtri(p);
}

/**
 * Gives the two-sided p-value of `z`: the probability that a standard normal number is at least as
 * far from 0.
 *
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { twoSidedNormal } from "@/statistics/distributions.ts";
 * assertAlmostEquals(twoSidedNormal(-1.96), 0.05, 1e-5);
 * ```
 */
export function twoSidedNormal(z: number): number {
  return 2 * cephes.ndtr(-Math.abs(z));
}

/**
 * Gives the probability of at most `k` successes in `n` trials with probability one half each.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fairBinomialCdf } from "@/statistics/distributions.ts";
 * assertEquals(fairBinomialCdf(1, 3), (1 + 3) / 8);
 * ```
 */
export function fairBinomialCdf(k: number, n: number): number {
  // bdtr is not defined where nothing is left above k.
  return k >= n ? 1 : cephes.bdtr(k, n, 0.5);
}

/**
 * Gives the t that a number of Student's distribution stays below with probability `p`, in (0, 1).
 *
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { studentQuantile } from "@/statistics/distributions.ts";
 * assertAlmostEquals(studentQuantile(0.975, 1), 12.706, 1e-3); // as in printed tables
 * ```
 */
export function studentQuantile(p: number, degreesOfFreedom: number): number {
  return cephes.stdtri(degreesOfFreedom, p);
}
