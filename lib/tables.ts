/**
 * Tables, shown as HTML in a notebook and as text elsewhere.
 * @module
 */
import { type MimeBundle, show } from "@/notebook.ts";
import { textTable } from "@/text_table.ts";

/** A row: its fields are the columns, in the order of the first row. */
export type TableRow = Readonly<Record<string, string | number>>;

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
  const isNumeric = (column: string) => rows.every((row) => typeof row[column] === "number");
  const cell = (tag: "th" | "td", column: string, text: string) =>
    `<${tag} style="text-align: ${isNumeric(column) ? "right" : "left"}">${escape(text)}</${tag}>`;
  const head = columns.map((column) => cell("th", column, column)).join("");
  const body = rows.map((row) =>
    `<tr>${columns.map((column) => cell("td", column, String(row[column] ?? ""))).join("")}</tr>`
  );
  return {
    "text/html": `<table><caption style="text-align: left; font-weight: bold">${escape(title)}` +
      `</caption><thead><tr>${head}</tr></thead><tbody>${body.join("\n")}</tbody></table>`,
    "text/plain": `${title}\n\n${textTable(rows)}`,
  };
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
