/**
 * JSON from outside.
 * @module
 */
import { int, type ZodType } from "zod";

/** A whole number from 0. */
export const COUNT = int().nonnegative();

/**
 * Parses JSON that may have been cut short, changed by hand, or written by another version.
 *
 * @param schema What the value must be.
 * @param complaint The error's message, of the reason: "it is not JSON", or the first value that is wrong and why.
 * @throws {SyntaxError} If it is not JSON, or not what it must be.
 */
export function parseJson<Value>(
  text: string,
  schema: ZodType<Value>,
  complaint: (reason: string) => string,
): Value {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(complaint("it is not JSON"), { cause: error });
  }
  const { data, error } = schema.safeParse(value);
  if (error === undefined) return data;
  const { path, message } = error.issues[0]!;
  const place = path.length === 0 ? "its JSON" : `its "${path.join(".")}"`;
  throw new SyntaxError(complaint(`${place} is wrong (${message})`), { cause: error });
}
