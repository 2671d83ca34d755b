/**
 * How often each grey value occurs in films.
 * @module
 */
import { type Image, toGrey } from "@/transforms.ts";

/** Grey values that are counted together. */
export const GREY_BIN = 8;

/** Shares of a film's pixels, in percent, by grey value: the first of 32 is that of the values 0 to 7. */
export function greyShares(image: Image): Float64Array {
  const grey = toGrey(image);
  const counts = new Float64Array(256 / GREY_BIN);
  for (const value of grey) counts[Math.floor(value / GREY_BIN)]!++;
  return counts.map((count) => 100 * count / grey.length);
}

/** The mean of several films' shares. */
export function meanShares(films: readonly Float64Array[]): number[] {
  return Array.from(
    { length: 256 / GREY_BIN },
    (_, bin) => films.reduce((sum, shares) => sum + shares[bin]!, 0) / films.length,
  );
}
