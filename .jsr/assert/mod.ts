/**
 * The part of `jsr:@std/assert` that this project's tests use, over `node:assert/strict`, for networks that cannot
 * reach JSR. Same names, same behaviour as documented there; delete the `links` line of `deno.json` for the original.
 * @module
 */
import strict from "node:assert/strict";

/** Thrown by every assertion that does not hold. */
export class AssertionError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AssertionError";
  }
}

// deno-lint-ignore no-explicit-any -- a class of any constructor, as in the original
type ErrorClass<E extends Error = Error> = new (...args: any[]) => E;

/** Runs a check of `node:assert` and turns what it throws into an {@linkcode AssertionError}. */
function check(assertion: () => void, message: string | undefined): void {
  try {
    assertion();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AssertionError(
      message === undefined ? reason : `${reason}: ${message}`,
    );
  }
}

/** Holds for a truthy value. */
export function assert(expression: unknown, message = ""): asserts expression {
  if (!expression) throw new AssertionError(message);
}

/** Holds for deeply equal values of the same types. */
export function assertEquals<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  check(() => strict.deepEqual(actual, expected), message);
}

/** Holds for values that are not deeply equal. */
export function assertNotEquals<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  check(() => strict.notDeepEqual(actual, expected), message);
}

/** Holds for an object of the class. */
function assertInstanceOf<E extends Error>(
  actual: unknown,
  expected: ErrorClass<E>,
  message?: string,
): asserts actual is E {
  const is = () =>
    strict.ok(
      actual instanceof expected,
      `Expected a ${expected.name}, not ${String(actual)}`,
    );
  check(is, message);
}

/** Holds for numbers that differ by at most `tolerance` (default: 1e-7 times the larger operand's size). */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance?: number,
  message?: string,
): void {
  if (Object.is(actual, expected)) return;
  const allowed = tolerance ?? Math.abs(expected) * 1e-7;
  const off = Math.abs(expected - actual);
  const holds = () =>
    strict.ok(
      off <= allowed,
      `Expected ${actual} to be within ${allowed} of ${expected}: it is ${off} off`,
    );
  check(holds, message);
}

/** Holds for `actual > expected`. */
export function assertGreater<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  check(
    () => strict.ok(actual > expected, `Expected ${actual} > ${expected}`),
    message,
  );
}

/** Holds for `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, message?: string): void {
  check(
    () => strict.ok(actual < expected, `Expected ${actual} < ${expected}`),
    message,
  );
}

/** Holds for a text that contains another. */
export function assertStringIncludes(
  actual: string,
  expected: string,
  message?: string,
): void {
  const holds = () =>
    strict.ok(
      actual.includes(expected),
      `Expected "${actual}" to contain "${expected}"`,
    );
  check(holds, message);
}

/** Holds for a text that the expression matches. */
export function assertMatch(
  actual: string,
  expected: RegExp,
  message?: string,
): void {
  check(() => strict.match(actual, expected), message);
}

/** Checks the class and the text of what was thrown. */
function checkError<E extends Error>(
  thrown: unknown,
  { errorClass, includes, message }: {
    errorClass: ErrorClass<E> | undefined;
    includes: string | undefined;
    message: string | undefined;
  },
): E {
  const wanted = errorClass ?? Error;
  assertInstanceOf(thrown, wanted, message);
  if (includes !== undefined) {
    assertStringIncludes(thrown.message, includes, message);
  }
  return thrown as E;
}

/**
 * Holds if the function throws an error of the class (default: any `Error`) whose message contains a text.
 *
 * @returns The error.
 */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  errorClass?: ErrorClass<E>,
  includes?: string,
  message?: string,
): E {
  let thrown: unknown;
  try {
    fn();
  } catch (error) {
    thrown = error;
    return checkError(thrown, { errorClass, includes, message });
  }
  throw new AssertionError(
    `Expected function to throw${message === undefined ? "." : `: ${message}`}`,
  );
}

/**
 * Holds if the promise that the function returns is rejected with an error of the class (default: any `Error`)
 * whose message contains a text.
 *
 * @returns The error.
 */
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClass?: ErrorClass<E>,
  includes?: string,
  message?: string,
): Promise<E> {
  let returned: PromiseLike<unknown>;
  try {
    returned = fn();
  } catch (error) {
    throw new AssertionError(
      `Function throws when expected to reject: ${String(error)}`,
    );
  }
  try {
    await returned;
  } catch (error) {
    return checkError(error, { errorClass, includes, message });
  }
  throw new AssertionError(
    `Expected function to reject${message === undefined ? "." : `: ${message}`}`,
  );
}
