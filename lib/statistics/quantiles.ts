/**
 * The median and other quantiles.
 * @module
 */

/**
 * Finds the middle value, or the mean of the two in the middle.
 *
 * @returns NaN of no values.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { median } from "@/statistics/quantiles.ts";
 * assertEquals(median([4, 1, 10, 2]), 3);
 * ```
 */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/**
 * Computes a quantile of ascending numbers, linear between neighbours (NumPy's default, Hyndman and
 * Fan's type 7).
 *
 * @param p In [0, 1].
 * @returns NaN of no numbers.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { quantileSorted } from "@/statistics/quantiles.ts";
 * assertEquals(quantileSorted([1, 2, 4, 8], 0.25), 1.75);
 * ```
 */
export function quantileSorted(sorted: ArrayLike<number>, p: number): number {
  const place = p * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] ?? NaN;
  const high = sorted[below + 1] ?? low;
  return low + (place - below) * (high - low);
}
