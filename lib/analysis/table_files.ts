/**
 * Tables as files: CSV with every number in a column of its own, and Markdown as a report has it.
 * @module
 */
import { stringify } from "@std/csv";
import type { Estimate } from "@/statistics/intervals.ts";

/** A cell of a CSV file. */
type Value = string | number | boolean | null;

/** A table; columns are in the order of the first row. */
export interface AnalysisTable {
  /** Of its files. */
  name: string;
  title: string;
  csv: Record<string, Value>[];
  markdown: Record<string, string>[];
}

/** A table's CSV text, lines ended by LF; numbers that are not defined are empty. */
export function toCsv(rows: AnalysisTable["csv"]): string {
  const defined = (value: Value) =>
    typeof value === "number" && !Number.isFinite(value) ? null : value;
  const cells = rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([key, value]) => [key, defined(value) ?? ""]))
  );
  return stringify(cells, { columns: Object.keys(rows[0] ?? {}) }).replaceAll("\r\n", "\n");
}

/** A table's Markdown text, its title as a heading. */
export function toMarkdown({ title, markdown }: Pick<AnalysisTable, "title" | "markdown">): string {
  if (markdown.length === 0) return `## ${title}\n\nNone.\n`;
  const columns = Object.keys(markdown[0]!);
  const line = (cells: string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
  return `## ${title}\n\n` + line(columns) + line(columns.map(() => "---")) +
    markdown.map((row) => line(columns.map((column) => row[column]!))).join("");
}

/** `name`, `name_low`, `name_high` */
export function spread(name: string, { value, low, high }: Estimate): Record<string, number> {
  return { [name]: value, [`${name}_low`]: low, [`${name}_high`]: high };
}
