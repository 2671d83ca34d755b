/**
 * CSV in the project's form: the first line names the columns, and lines end with LF.
 * @module
 */
import { parse, stringify } from "@std/csv";
import { excerpt } from "@/common/files.ts";

/** Writes records as CSV text: a line of column names, then a line per record. */
export function toCsv(
  records: readonly Readonly<Record<string, unknown>>[],
  columns: readonly string[],
): string {
  return stringify([...records], { columns: [...columns] }).replaceAll("\r\n", "\n");
}

/**
 * Reads the fields of each line.
 *
 * @param path The file's path, for messages.
 * @throws {SyntaxError} If a quote is out of place.
 */
export function parseCsv(text: string, path: string): string[][] {
  try {
    return parse(text);
  } catch (cause) {
    const reason = excerpt((cause as Error).message);
    throw new SyntaxError(`Cannot read ${path} as CSV: ${reason}`, { cause });
  }
}
