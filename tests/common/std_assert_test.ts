/**
 * The documented behaviour of `jsr:@std/assert`, which its adapter in `.jsr/` must share. The
 * assertions here are `node:assert`'s.
 */
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  AssertionError,
  assertLess,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { rejects, strictEqual, throws } from "node:assert/strict";

/** Checks that an assertion fails. */
const refuses = (assertion: () => unknown) => throws(assertion, AssertionError);

Deno.test("assert() holds for truthy values", () => {
  assert(1);
  refuses(() => assert(""));
  throws(() => assert(false, "the reason"), /the reason/);
});

Deno.test("assertEquals() compares deeply, types and order of elements included", () => {
  assertEquals({ a: [1, { b: "c" }], d: undefined }, { d: undefined, a: [1, { b: "c" }] });
  assertEquals(new Float32Array([0.1, 2]), Float32Array.of(0.1, 2));
  assertEquals(new Map([["a", new Set([1])]]), new Map([["a", new Set([1])]]));
  assertEquals(NaN, NaN);
  refuses(() => assertEquals<unknown>([1, 2], [2, 1]));
  refuses(() => assertEquals<unknown>(1, "1"));
  refuses(() => assertEquals<unknown>({ a: 1 }, { a: 1, b: 2 }));
  refuses(() => assertEquals<unknown>(new Float32Array([1]), new Int32Array([1])));
  throws(() => assertEquals(1, 2, "the reason"), /the reason/);
});

Deno.test("assertNotEquals() holds where assertEquals() fails", () => {
  assertNotEquals<unknown>([1], [2]);
  refuses(() => assertNotEquals({ a: [1] }, { a: [1] }));
});

Deno.test("assertAlmostEquals() allows the tolerance, and 1e-7 of the expected size without one", () => {
  assertAlmostEquals(0.1 + 0.2, 0.3);
  assertAlmostEquals(1e6 + 0.05, 1e6);
  refuses(() => assertAlmostEquals(1e6 + 0.2, 1e6));
  assertAlmostEquals(1.5, 1, 0.5);
  refuses(() => assertAlmostEquals(1.51, 1, 0.5));
  assertAlmostEquals(NaN, NaN);
  refuses(() => assertAlmostEquals(NaN, 1, 1));
  refuses(() => assertAlmostEquals(-1, 1, 1));
  assertAlmostEquals(Infinity, Infinity);
});

Deno.test("assertGreater() and assertLess() are strict", () => {
  assertGreater(2, 1);
  refuses(() => assertGreater(1, 1));
  refuses(() => assertGreater(NaN, 1));
  assertLess(1, 2);
  refuses(() => assertLess(1, 1));
});

Deno.test("assertStringIncludes() and assertMatch() search a text", () => {
  assertStringIncludes("one two", "e t");
  refuses(() => assertStringIncludes("one", "two"));
  assertMatch("epoch07", /^epoch\d\d$/);
  refuses(() => assertMatch("epoch7", /^epoch\d\d$/));
});

Deno.test("assertThrows() returns the error, and fails for another class, another text, or none", () => {
  const error = new RangeError("out of range");
  const fail = () => {
    throw error;
  };
  strictEqual(assertThrows(fail), error);
  strictEqual(assertThrows(fail, RangeError, "of range"), error);
  strictEqual(assertThrows(fail, Error), error);
  refuses(() => assertThrows(fail, TypeError));
  refuses(() => assertThrows(fail, RangeError, "in range"));
  refuses(() => assertThrows(() => 1));
  refuses(() =>
    assertThrows(() => {
      throw "no error";
    })
  );
});

Deno.test("assertRejects() returns the error, and fails for another class, another text, or none", async () => {
  const error = new RangeError("out of range");
  const fail = () => Promise.reject(error);
  const refusesLater = (assertion: () => Promise<unknown>) => rejects(assertion, AssertionError);
  strictEqual(await assertRejects(fail), error);
  strictEqual(await assertRejects(fail, RangeError, "of range"), error);
  await refusesLater(() => assertRejects(fail, TypeError));
  await refusesLater(() => assertRejects(fail, RangeError, "in range"));
  await refusesLater(() => assertRejects(() => Promise.resolve(1)));
  await refusesLater(() =>
    assertRejects(() => {
      throw error;
    })
  );
});
