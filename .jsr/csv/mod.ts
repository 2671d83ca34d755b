/**
 * The part of `jsr:@std/csv` that this project uses, over npm's csv-parse and csv-stringify, for networks that cannot
 * reach JSR. Same names, same behaviour as documented there; delete the `links` line of `deno.json` for the original.
 * @module
 */
import { CsvError, parse as parseRecords } from "csv-parse/sync";
import { stringify as stringifyRecords } from "csv-stringify/sync";

/** How {@linkcode parse} reads. */
export interface ParseOptions {
  /** Takes the first row as the names of the columns and gives one object a row. */
  skipFirstRow?: boolean;
  /** Names of the columns; one object a row. With `skipFirstRow` they stand for the first row's names. */
  columns?: readonly string[];
}

/**
 * Parses CSV text (RFC 4180): quoted fields, CRLF or LF, a byte-order mark, empty lines left out.
 *
 * @returns The fields of each row; objects by column where columns are named.
 * @throws {SyntaxError} On a quote out of place, or where columns are named and a row has another number of fields.
 */
export function parse(text: string): string[][];
export function parse(
  text: string,
  options: ParseOptions & ({ skipFirstRow: true } | { columns: readonly string[] }),
): Record<string, string>[];
export function parse(text: string, options: ParseOptions): string[][] | Record<string, string>[];
export function parse(
  text: string,
  { skipFirstRow = false, columns }: ParseOptions = {},
): string[][] | Record<string, string>[] {
  const named = skipFirstRow || columns !== undefined;
  try {
    return parseRecords(text, {
      bom: true,
      columns: columns !== undefined ? [...columns] : skipFirstRow,
      from: columns !== undefined && skipFirstRow ? 2 : 1,
      record_delimiter: ["\r\n", "\n"],
      relax_column_count: !named,
      skip_empty_lines: true,
    });
  } catch (error) {
    if (error instanceof CsvError) throw new SyntaxError(error.message, { cause: error });
    throw error;
  }
}

/** How {@linkcode stringify} writes. */
export interface StringifyOptions {
  /** The columns of each object, in order. Needed for objects. */
  columns?: readonly string[];
  /** Whether the columns' names are the first row. Default: true. */
  headers?: boolean;
}

/**
 * Writes CSV text (RFC 4180): fields quoted where they need it, every line ended by CRLF.
 *
 * @param data Arrays of fields, or objects with `columns`; null and undefined become empty fields.
 * @throws {TypeError} If a row is an object and no columns are named.
 */
export function stringify(
  data: readonly (readonly unknown[] | Readonly<Record<string, unknown>>)[],
  { columns, headers = true }: StringifyOptions = {},
): string {
  const isObject = (row: object) => !Array.isArray(row);
  if (columns === undefined && data.some(isObject)) {
    throw new TypeError("Cannot write an object as a row: no columns were named");
  }
  const rows = data.map((row) => {
    if (Array.isArray(row)) return row;
    return columns!.map((column) => (row as Record<string, unknown>)[column]);
  });
  const all = columns !== undefined && headers ? [columns, ...rows] : rows;
  return stringifyRecords(all as unknown[][], {
    record_delimiter: "windows",
    cast: { boolean: String },
  });
}
