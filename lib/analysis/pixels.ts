/**
 * Films with a part of them covered, so that a network can be asked what it needs. What is covered gets the mean of
 * what is left, in which nothing of it remains.
 * @module
 */

/** Part of a film: whether the pixel in column `x` and row `y` belongs to it. */
export type Region = (x: number, y: number) => boolean;

/** A film's border. */
export function border({ size, share }: { size: number; share: number }): Region {
  const width = Math.round(size * share);
  const isOuter = (place: number) => place < width || place >= size - width;
  return (x, y) => isOuter(x) || isOuter(y);
}

/** All that is not of a region. */
export function outside(region: Region): Region {
  return (x, y) => !region(x, y);
}

/** Cells of a grid over the film, by their number row by row. */
export function cellsRegion(
  chosen: ReadonlySet<number>,
  { size, cells }: { size: number; cells: number },
): Region {
  const cellOf = (place: number) => Math.floor((place * cells) / size);
  return (x, y) => chosen.has(cellOf(y) * cells + cellOf(x));
}

/**
 * Covers a part of a film with the mean colour of the rest, in place.
 *
 * @param pixels `[size,size,3]`
 */
export function cover(
  pixels: Uint8Array,
  { size, region }: { size: number; region: Region },
): void {
  const sums = [0, 0, 0];
  let left = 0;
  const covered: number[] = [];
  for (let i = 0; i < size * size; i++) {
    if (region(i % size, Math.floor(i / size))) {
      covered.push(3 * i);
      continue;
    }
    left++;
    for (let c = 0; c < 3; c++) sums[c]! += pixels[3 * i + c]!;
  }
  const mean = sums.map((sum) => left === 0 ? 0 : Math.round(sum / left));
  for (const at of covered) pixels.set(mean, at);
}
