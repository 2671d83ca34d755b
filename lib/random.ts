/**
 * Seeded random numbers. Each purpose has a stream of its own, named by a key such as `0/augment/3/tb0001.png`, so that
 * what is drawn for one film depends neither on the other films nor on how many workers there are, and any epoch can
 * be drawn again.
 *
 * The generator is xoroshiro128+ (Blackman and Vigna, https://prng.di.unimi.it), its state the SHA-256 of the key.
 * @module
 */
import { createHash } from "node:crypto";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

/** A stream of random numbers. */
export interface Prng {
  /** A number drawn evenly from `[0, 1)`, with 32 bits. */
  uniform(): number;
  /** A whole number drawn evenly from `[0, bound)`; `bound` is at most 2^32. */
  integer(bound: number): number;
  /** A number from the normal distribution with mean 0 and standard deviation 1. */
  normal(): number;
}

/** The stream of a key: the same key, the same numbers. */
export function createPrng(key: number | string): Prng {
  const digest = createHash("sha256").update(String(key)).digest();
  const state = [0, 4, 8, 12].map((offset) => digest.readInt32LE(offset));
  const generator = xoroshiro128plusFromState(state);
  const uniform = () => (generator.next() >>> 0) / 2 ** 32;
  return {
    uniform,
    integer: (bound) => uniformInt(generator, 0, bound - 1),
    // Box and Muller, 1958: 1 - u is in (0, 1], where the logarithm is finite.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}

/** The items in an order drawn evenly from all orders (Fisher and Yates). The input stays as it is. */
export function shuffle<T>(items: readonly T[], prng: Prng): T[] {
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const chosen = prng.integer(last + 1);
    [shuffled[last], shuffled[chosen]] = [shuffled[chosen]!, shuffled[last]!];
  }
  return shuffled;
}
