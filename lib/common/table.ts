/**
 * Tables: HTML in a notebook, text elsewhere.
 * @module
 */

/** A row. The first row's fields are the columns, in order. */
export type TableRow = Readonly<Record<string, string | number>>;

/**
 * Formats a table as HTML and as text. Numbers stand to the right. Markup in a cell is shown as
 * text. A table without rows says "none".
 */
export function tableBundle(
  rows: readonly TableRow[],
  { title }: { title: string },
): { "text/html": string; "text/plain": string } {
  if (rows.length === 0) {
    return {
      "text/html": `<p><b>${escape(title)}</b>: none</p>`,
      "text/plain": `${title}: none`,
    };
  }
  const columns = Object.keys(rows[0]!);
  const isNumeric = (column: string) =>
    rows.every((row) => /^[-+]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?$/.test(String(row[column])));
  const cell = (tag: "th" | "td", column: string, text: string) => {
    const align = `text-align: ${isNumeric(column) ? "right" : "left"}`;
    return `<${tag} style="${align}${tag === "td" ? roomFor(text) : ""}">${escape(text)}</${tag}>`;
  };
  const head = columns.map((column) => cell("th", column, column)).join("");
  const body = rows.map((row) =>
    `<tr>${columns.map((column) => cell("td", column, String(row[column] ?? ""))).join("")}</tr>`
  );
  return {
    "text/html": `<p><b>${escape(title)}</b></p><table><thead><tr>${head}</tr></thead>` +
      `<tbody>${body.join("\n")}</tbody></table>`,
    "text/plain": `${title}\n\n${textTable(rows)}`,
  };
}

/** Keeps a text of up to 30 characters in one line, such as an interval, and widens long ones. */
function roomFor({ length }: string): string {
  if (length <= 30) return "; white-space: nowrap";
  return length > 60 ? "; min-width: 20em" : "";
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/**
 * Lays out rows in columns as wide as their longest text: numbers to the right, text to the left.
 *
 * @param rows One object per row. The first one's fields are the columns, in order.
 * @returns Text without a final line break; empty if there are no rows.
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
