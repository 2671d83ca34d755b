/**
 * Tables as files: CSV with one number a column, and Markdown for reports.
 * @module
 */
import { toCsv } from "@/common/csv.ts";
import type { Estimate } from "@/statistics/intervals.ts";

/** A cell of a CSV file. */
type Value = string | number | boolean | null;

/** A table; columns are in the order of the first row. */
export interface AnalysisTable {
  /** Name of its files. */
  name: string;
  title: string;
  csv: Record<string, Value>[];
  markdown: Record<string, string>[];
  /** Whether the analysis does not have it, so that it gets no file. Default: false. */
  isAbsent?: boolean;
}

/** Writes rows as CSV, lines ended by LF; undefined numbers are empty. */
export function tableCsv(rows: AnalysisTable["csv"]): string {
  const cell = (value: Value) =>
    value === null || typeof value === "number" && !Number.isFinite(value) ? "" : value;
  const cells = rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([key, value]) => [key, cell(value)]))
  );
  return toCsv(cells, Object.keys(rows[0] ?? {}));
}

/** Writes a table as Markdown, its title as a heading. */
export function toMarkdown({ title, markdown }: Pick<AnalysisTable, "title" | "markdown">): string {
  if (markdown.length === 0) return `## ${title}\n\nNone.\n`;
  const columns = Object.keys(markdown[0]!);
  const line = (cells: string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
  return `## ${title}\n\n` + line(columns) + line(columns.map(() => "---")) +
    markdown.map((row) => line(columns.map((column) => row[column]!))).join("");
}

/** Makes the table that a notebook shows in place of one that an analysis does not have. */
export function absent(name: string, title: string): AnalysisTable {
  return { name, title, csv: [], markdown: [], isAbsent: true };
}

/** Gives an estimate the columns `name`, `name_low` and `name_high`. */
export function spread(name: string, { value, low, high }: Estimate): Record<string, number> {
  return { [name]: value, [`${name}_low`]: low, [`${name}_high`]: high };
}
