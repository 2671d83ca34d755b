/**
 * Tables, shown as HTML in a notebook and as text elsewhere.
 * @module
 */
import { type MimeBundle, show } from "@/notebook.ts";
import { textTable } from "@/text_table.ts";

/** A row: its fields are the columns, in the order of the first row. */
export type TableRow = Readonly<Record<string, string | number>>;

/** Characters up to which a text stays in one line, as an interval should ... */
const SHORT_TEXT = 30;
/** ... and from which on it gets room. A table that is wider than the page is scrolled. */
const LONG_TEXT = 60;

/** Shows a table below the cell, or on the terminal. */
export async function showTable(
  rows: readonly TableRow[],
  { title }: { title: string },
): Promise<void> {
  await show(tableBundle(rows, { title }));
}

/**
 * A table as HTML and as text. Numbers stand to the right; whatever the cells hold is text, never markup. Of no rows it says
 * so.
 */
export function tableBundle(rows: readonly TableRow[], { title }: { title: string }): MimeBundle {
  if (rows.length === 0) {
    return {
      "text/html": `<p><b>${escape(title)}</b>: none</p>`,
      "text/plain": `${title}: none`,
    };
  }
  const columns = Object.keys(rows[0] ?? {});
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

function roomFor({ length }: string): string {
  if (length <= SHORT_TEXT) return "; white-space: nowrap";
  return length > LONG_TEXT ? "; min-width: 20em" : "";
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
