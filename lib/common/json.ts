/**
 * JSON from outside the program.
 * @module
 */
import { int, number, type ZodType } from "zod";
import { excerpt } from "@/common/files.ts";

/** A whole number from 0. */
export const COUNT = int().nonnegative();

/** A number that may be undefined: null in JSON, NaN in memory. */
export const NUMBER = number().nullable().transform((value) => value ?? NaN);

/**
 * Parses JSON that may be cut short, edited, or written by another version.
 *
 * @param schema Describes a valid value.
 * @param complaint Makes the error's message from the reason: "it is not JSON", or the first wrong
 * field and why.
 * @throws {SyntaxError} If the text is not JSON or does not match the schema.
 */
export function parseJson<Value>(
  text: string,
  schema: ZodType<Value>,
  complaint: (reason: string) => string,
): Value {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(complaint("it is not JSON"), { cause });
  }
  const { data, error: cause } = schema.safeParse(value);
  if (cause === undefined) return data;
  const { path, message } = cause.issues[0]!;
  const place = path.length === 0 ? "its JSON" : `its "${path.join(".")}"`;
  throw new SyntaxError(complaint(`${excerpt(place)} is wrong (${excerpt(message)})`), { cause });
}
