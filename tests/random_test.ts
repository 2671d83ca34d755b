import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { createPrng, shuffle } from "@/random.ts";

/** xoroshiro128+ 2018 (rotations 24, 16, 37), from the authors' description, in 64-bit arithmetic. */
function reference(key: string, count: number): number[] {
  const digest = createHash("sha256").update(key).digest();
  // The generator's state is [high word of s0, low word of s0, high word of s1, low word of s1].
  const word = (offset: number) => BigInt(digest.readUInt32LE(offset));
  let [s0, s1] = [word(0) << 32n | word(4), word(8) << 32n | word(12)];
  const wrap = (x: bigint) => BigInt.asUintN(64, x);
  const rotate = (x: bigint, by: bigint) => wrap(x << by) | (x >> (64n - by));
  return Array.from({ length: count }, () => {
    const drawn = Number(wrap(s0 + s1) & 0xffffffffn);
    s1 ^= s0;
    s0 = rotate(s0, 24n) ^ s1 ^ wrap(s1 << 16n);
    s1 = rotate(s1, 37n);
    return drawn / 2 ** 32;
  });
}

Deno.test("createPrng() draws what xoroshiro128+ draws", () => {
  const prng = createPrng("0/augment/3/tb0001.png");
  const drawn = Array.from({ length: 100 }, () => prng.uniform());
  assertEquals(drawn, reference("0/augment/3/tb0001.png", 100));
});

Deno.test("createPrng() gives each key a stream of its own", () => {
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

Deno.test("shuffle() gives every order equally often and leaves its input alone", () => {
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
