/**
 * Seeded random numbers. Each purpose has its own stream, named by a key such as
 * `0/augment/3/tb0001.png`. A film's numbers then depend neither on the other films nor on how many
 * workers run, and any epoch can be drawn again.
 *
 * The generator is xoroshiro128+ (Blackman and Vigna, https://prng.di.unimi.it). Its state is the
 * SHA-256 of the key.
 * @module
 */
import { createHash } from "node:crypto";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

/** A stream of random numbers. */
export interface Prng {
  /** Draws a number evenly from `[0, 1)`, with 32 bits. */
  uniform(): number;
  /** Draws a whole number evenly from `[0, bound)`; `bound` is at most 2^32. */
  integer(bound: number): number;
  /** Draws from the normal distribution with mean 0 and standard deviation 1. */
  normal(): number;
}

/** Opens the stream of a key. The same key gives the same numbers. */
export function createPrng(key: number | string): Prng {
  const digest = createHash("sha256").update(String(key)).digest();
  const state = [0, 4, 8, 12].map((offset) => digest.readInt32LE(offset));
  const generator = xoroshiro128plusFromState(state);
  const uniform = () => (generator.next() >>> 0) / 2 ** 32;
  return {
    uniform,
    integer: (bound) => uniformInt(generator, 0, bound - 1),
    normal() {
      // https://en.wikipedia.org/wiki/Box%E2%80%93Muller_transform#Basic_form
      // U1 and U2 are independent samples from the uniform distribution on (0, 1).
      // 1 - [0, 1) is (0, 1], where the logarithm is finite.
      const u1 = 1 - uniform();
      const u2 = uniform();
      // Z0 = sqrt(-2 ln U1) cos(2 pi U2)
      return Math.sqrt(-2 * Math.log(u1)) * Math.cos(2 * Math.PI * u2);
    },
  };
}

/** Returns the items in an order drawn evenly from all orders. The input stays as it is. */
export function shuffle<T>(items: readonly T[], prng: Prng): T[] {
  // https://en.wikipedia.org/wiki/Fisher%E2%80%93Yates_shuffle#The_modern_algorithm
  // To shuffle an array a of n elements (indices 0..n-1):
  const a = [...items];
  // for i from n-1 down to 1 do
  for (let i = a.length - 1; i > 0; i--) {
    // j <- random integer such that 0 <= j <= i
    const j = prng.integer(i + 1);
    // exchange a[j] and a[i]
    [a[j], a[i]] = [a[i]!, a[j]!];
  }
  return a;
}
