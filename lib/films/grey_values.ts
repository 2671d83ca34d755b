/**
 * Histograms of films' grey values.
 * @module
 */
import type { Image } from "@/films/film.ts";
import { toGrey } from "@/films/transforms.ts";

/** The number of grey values in a bin. */
export const GREY_BIN = 8;

/** Computes the shares of a film's pixels, in percent, in 32 bins of grey values. */
export function greyShares(image: Image): Float64Array {
  const grey = toGrey(image);
  const counts = new Float64Array(256 / GREY_BIN);
  for (const value of grey) counts[Math.floor(value / GREY_BIN)]!++;
  return counts.map((count) => 100 * count / grey.length);
}

/** Counts the different grey values of a film. */
export function countGreys(image: Image): number {
  const seen = new Uint8Array(256);
  for (const value of toGrey(image)) seen[value] = 1;
  return seen.reduce((sum, one) => sum + one, 0);
}

/** Averages several films' shares. */
export function meanShares(films: readonly Float64Array[]): number[] {
  return Array.from(
    { length: 256 / GREY_BIN },
    (_, bin) => films.reduce((sum, shares) => sum + shares[bin]!, 0) / films.length,
  );
}

/** The mean grey values of a class's films. */
export interface ClassGreys {
  label: string;
  films: number;
  /** Percent by bin, as in {@linkcode greyShares}. */
  shares: number[];
}
