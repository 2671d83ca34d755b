import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { createPrng, shuffle } from "@/common/random.ts";

/** Draws from xoroshiro128+ (2018: rotations 24, 16, 37) in 64-bit arithmetic. */
function* xoroshiro128plus([s0, s1]: [bigint, bigint]): Generator<bigint> {
  const wrap = (x: bigint) => BigInt.asUintN(64, x);
  const rotate = (x: bigint, by: bigint) => wrap(x << by) | (x >> (64n - by));
  while (true) {
    yield wrap(s0 + s1);
    s1 ^= s0;
    s0 = rotate(s0, 24n) ^ s1 ^ wrap(s1 << 16n);
    s1 = rotate(s1, 37n);
  }
}

Deno.test("createPrng() draws what xoroshiro128+ draws from the key's SHA-256", () => {
  // The authors' numbers for the state (1, 2), as in the tests of Rust's rand_xoshiro.
  const published = [3n, 412333834243n, 2360170716294286339n, 9295852285959843169n];
  assertEquals(xoroshiro128plus([1n, 2n]).take(4).toArray(), published);

  const key = "0/augment/3/tb0001.png";
  const digest = createHash("sha256").update(key).digest();
  const word = (offset: number) => BigInt(digest.readUInt32LE(offset));
  const state: [bigint, bigint] = [word(0) << 32n | word(4), word(8) << 32n | word(12)];
  const low = xoroshiro128plus(state).map((x) => Number(x & 0xffffffffn) / 2 ** 32);
  const prng = createPrng(key);
  assertEquals(Array.from({ length: 100 }, () => prng.uniform()), low.take(100).toArray());
});

Deno.test("createPrng() gives each key its own stream", () => {
  const first = (key: number | string) => createPrng(key).uniform();
  assertEquals(first(7), first("7"));
  assertEquals(new Set([0, 1, 2, "0/1", "01"].map(first)).size, 5);
});

Deno.test("createPrng() draws evenly and normally", () => {
  const prng = createPrng("moments");
  const count = 100_000;
  const moments = (draw: () => number) => {
    const values = Array.from({ length: count }, draw);
    const mean = values.reduce((sum, x) => sum + x, 0) / count;
    return [mean, values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / count] as const;
  };
  // Tolerances are 5 standard errors.
  const [uniformMean, uniformVariance] = moments(() => prng.uniform());
  assertAlmostEquals(uniformMean, 1 / 2, 5 * Math.sqrt(1 / 12 / count));
  assertAlmostEquals(uniformVariance, 1 / 12, 5 * Math.sqrt(1 / 180 / count));
  const [normalMean, normalVariance] = moments(() => prng.normal());
  assertAlmostEquals(normalMean, 0, 5 * Math.sqrt(1 / count));
  assertAlmostEquals(normalVariance, 1, 5 * Math.sqrt(2 / count));
});

Deno.test("createPrng() draws each whole number below the bound equally often", () => {
  const prng = createPrng("dice");
  const counts = new Array(6).fill(0);
  for (let i = 0; i < 60_000; i++) counts[prng.integer(6)]++;
  // Chi-squared with 5 degrees of freedom: above 20.5 in one of a thousand.
  const chiSquared = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
  assert(chiSquared < 20.5, `the counts are ${counts}`);
});

Deno.test("shuffle() gives every order equally often and does not change its input", () => {
  const items = Object.freeze(["a", "b", "c"]);
  const counts = new Map<string, number>();
  for (let i = 0; i < 6000; i++) {
    const order = shuffle(items, createPrng(`shuffle/${i}`)).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assertEquals([...counts.keys()].sort(), ["abc", "acb", "bac", "bca", "cab", "cba"]);
  const chiSquared = [...counts.values()].reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
  assert(chiSquared < 20.5, `the counts are ${[...counts.values()]}`);
});
