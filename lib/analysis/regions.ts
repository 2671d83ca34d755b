/**
 * Films with a part covered, to find out which part a network needs. The covered part gets the mean
 * of the rest.
 * @module
 */

/** A part of a film: tells whether the pixel in column `x` and row `y` belongs to it. */
type Region = (x: number, y: number) => boolean;

/** Selects a film's border. */
export function border({ size, share }: { size: number; share: number }): Region {
  const width = Math.round(size * share);
  const isOuter = (place: number) => place < width || place >= size - width;
  return (x, y) => isOuter(x) || isOuter(y);
}

/** Selects cells of a grid over the film, numbered row by row. */
export function cellsRegion(
  chosen: ReadonlySet<number>,
  { size, cells }: { size: number; cells: number },
): Region {
  const cellOf = (place: number) => Math.floor((place * cells) / size);
  return (x, y) => chosen.has(cellOf(y) * cells + cellOf(x));
}

/** Covers a part of a film, `[size,size,3]`, with the mean colour of the rest, in place. */
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
