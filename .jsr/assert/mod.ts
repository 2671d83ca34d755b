import strict from "node:assert/strict";
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  strict.deepEqual(actual, expected, msg);
}
