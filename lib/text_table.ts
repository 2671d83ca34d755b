/**
 * Tables for a terminal.
 * @module
 */

/**
 * Lays out rows in columns as wide as their longest text: numbers to the right, text to the left, and a line below the
 * columns' names.
 *
 * @param rows One object a row; the first one's fields are the columns, in order.
 * @returns Lines without an end; empty for no rows.
 */
export function textTable<Row extends Record<keyof Row, string | number>>(
  rows: readonly Row[],
): string {
  const names = Object.keys(rows[0] ?? {}) as (keyof Row & string)[];
  const columns = names.map((name) => {
    const texts = rows.map((row) => String(row[name]));
    const width = Math.max(...[name, ...texts].map((text) => text.length));
    const isNumeric = rows.every((row) => typeof row[name] === "number");
    const pad = (text: string) => isNumeric ? text.padStart(width) : text.padEnd(width);
    return [pad(name), "-".repeat(width), ...texts.map(pad)];
  });
  const lines = columns[0]?.map((_, i) => columns.map((column) => column[i]).join("  ").trimEnd());
  return lines?.join("\n") ?? "";
}
