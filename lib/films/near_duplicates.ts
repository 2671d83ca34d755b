/**
 * Finds near-identical films: rescaled, recompressed, or with another contrast. It compares
 * perceptual hashes of a film's coarse waves, which such changes keep (C. Zauner, Implementation
 * and Benchmarking of Perceptual Image Hash Functions, 2010, section 3.2.1; here with more waves,
 * as chest films look alike).
 * @module
 */
import type { Image } from "@/films/film.ts";
import { resize, toGrey } from "@/films/transforms.ts";

/** The width and height of the reduced film, in pixels. */
const SIZE = 64;
/** The number of waves in each direction: 0 to 7.5 periods over the film. */
const WAVES = 16;

/** The number of bits in a hash: one per pair of waves, without the mean. */
export const HASH_BITS = WAVES * WAVES - 1;

/**
 * The most different bits of near-identical films. Among 1,844 real films of 256 x 256 pixels,
 * changed copies (another size, compression or contrast) differ in 8 at most, different films in 36
 * at least. Among 793 films of 128 x 128 pixels from two hospitals, copies differ in 14 at most,
 * films in 48 at least. Mirrored copies look like other films. So do copies that are shifted or
 * cropped by 2 pixels of 128, or turned by 2 degrees: their median is 34 to 46.
 */
const NEAR_BITS = 16;

/** `cos(pi * (2 x + 1) * k / (2 * SIZE))` at `[k * SIZE + x]`. */
const COSINES = Float64Array.from(
  { length: WAVES * SIZE },
  (_, i) => Math.cos(Math.PI * (2 * (i % SIZE) + 1) * Math.floor(i / SIZE) / (2 * SIZE)),
);

/**
 * Computes a film's perceptual hash. Bit `k` tells whether the `k`-th coefficient of its discrete
 * cosine transform, in rows of {@linkcode WAVES}, is above the median. Bit 0, the mean, is 0.
 *
 * @returns The bits, 32 per number: `[8]`.
 */
export function perceptualHash(image: Image): Uint32Array {
  const pixels = toGrey(resize(image, { width: SIZE, height: SIZE }));
  // The lowest waves of the rows, then those of the columns: `[WAVES,WAVES]`, not scaled.
  const waves = cosineTransform(cosineTransform(pixels));
  const median = waves.slice(1).toSorted()[(HASH_BITS - 1) / 2]!;
  const hash = new Uint32Array(WAVES * WAVES / 32);
  for (let k = 1; k < waves.length; k++) {
    if (waves[k]! > median) hash[k >> 5]! |= 1 << (k & 31);
  }
  return hash;
}

/** Computes the lowest waves of each line, and transposes them: `[N,SIZE]` to `[WAVES,N]`. */
function cosineTransform(lines: Uint8Array | Float64Array): Float64Array {
  const count = lines.length / SIZE;
  const waves = new Float64Array(WAVES * count);
  for (let k = 0; k < WAVES; k++) {
    for (let line = 0; line < count; line++) {
      let sum = 0;
      for (let x = 0; x < SIZE; x++) sum += lines[line * SIZE + x]! * COSINES[k * SIZE + x]!;
      waves[k * count + line] = sum;
    }
  }
  return waves;
}

/** Counts the bits in which two hashes differ. */
function hashDistance(a: Uint32Array, b: Uint32Array): number {
  let bits = 0;
  for (let i = 0; i < a.length; i++) bits += countBits(a[i]! ^ b[i]!);
  return bits;
}

/** Counts the ones in 32 bits: in pairs, in fours, then in all bytes by a product. */
function countBits(bits: number): number {
  const pairs = bits - (bits >>> 1 & 0x55555555);
  const fours = (pairs & 0x33333333) + (pairs >>> 2 & 0x33333333);
  return Math.imul(fours + (fours >>> 4) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/**
 * Finds the pairs of near-identical films.
 *
 * @returns The films' indices, and the number of different bits, out of {@linkcode HASH_BITS}.
 */
export function nearDuplicates(
  hashes: readonly Uint32Array[],
): { first: number; second: number; distance: number }[] {
  const pairs = [];
  for (let first = 0; first < hashes.length; first++) {
    for (let second = first + 1; second < hashes.length; second++) {
      const distance = hashDistance(hashes[first]!, hashes[second]!);
      if (distance <= NEAR_BITS) pairs.push({ first, second, distance });
    }
  }
  return pairs;
}

/**
 * Finds the film that is nearest to another.
 *
 * @returns Its index, and the number of different bits; null if none is near-identical.
 */
export function nearestOf(
  hash: Uint32Array,
  hashes: readonly Uint32Array[],
): { index: number; distance: number } | null {
  let nearest: { index: number; distance: number } | null = null;
  for (const [index, other] of hashes.entries()) {
    const distance = hashDistance(hash, other);
    if (distance <= NEAR_BITS && distance < (nearest?.distance ?? Infinity)) {
      nearest = { index, distance };
    }
  }
  return nearest;
}
