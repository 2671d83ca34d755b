/**
 * The normal, Student's and the binomial distribution, by Cephes (`npm:cephes`), the library of special functions
 * that SciPy's are: the same values to the last digits, in the far tails as well.
 * @module
 */
import { createRequire } from "node:module";

// Its ES module brings a Buffer of its own that Deno cannot load; the CommonJS build is the same code without it, and
// ready when it is loaded: its promise `compiled` is for browsers.
const cephes: typeof import("cephes") = createRequire(import.meta.url)("cephes");

/** The z that a standard normal number stays below with probability `p`, in (0, 1). */
export function normalQuantile(p: number): number {
  return cephes.ndtri(p);
}

/** The probability that a standard normal number is at least as far from 0 as `z`: a two-sided p-value. */
export function twoSidedNormal(z: number): number {
  return 2 * cephes.ndtr(-Math.abs(z));
}

/** The probability of at most `k` successes in `n` trials that each succeed with probability one half. */
export function fairBinomialCdf(k: number, n: number): number {
  // bdtr is not defined where there is nothing left above k.
  return k >= n ? 1 : cephes.bdtr(k, n, 0.5);
}

/** The t that a number of Student's distribution stays below with probability `p`, in (0, 1). */
export function studentQuantile(p: number, degreesOfFreedom: number): number {
  return cephes.stdtri(degreesOfFreedom, p);
}
