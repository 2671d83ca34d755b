/**
 * Numbers as a report writes them.
 * @module
 */
import type { ClassNames } from "@/films/film.ts";
import { score } from "@/statistics/classification.ts";
import type { Estimate } from "@/statistics/intervals.ts";

/** Writes a share as `98.9%`; NaN as `-`. */
export function percent(share: number): string {
  return Number.isNaN(share) ? "-" : `${(100 * share).toFixed(1)}%`;
}

/** Writes a share and its interval as `98.9% [98.0, 99.4]`. */
export function percentInterval({ value, low, high }: Estimate): string {
  if (Number.isNaN(value)) return "-";
  const [from, to] = [low, high].map((share) => (100 * share).toFixed(1));
  return `${percent(value)} [${from}, ${to}]`;
}

/** Writes a number and its interval as `0.991 [0.985, 0.997]`; a difference with its sign. */
export function decimalInterval(
  { value, low, high }: Estimate,
  { signed = false }: { signed?: boolean } = {},
): string {
  if (Number.isNaN(value)) return "-";
  const text = (number: number) => {
    const digits = number.toFixed(3);
    return signed && number > 0 ? `+${digits}` : digits;
  };
  return `${text(value)} [${text(low)}, ${text(high)}]`;
}

/** Writes a p-value as `p = 0.031` or `p < 0.001`. */
export function pValue(p: number): string {
  return p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(3)}`;
}

/** Writes a number with its noun: `1 film`, `2 films`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/**
 * Writes a score as the assignment does (accuracy in percent, F1 and the matrix), with AUC,
 * sensitivity and specificity.
 */
export function scoreText(
  { accuracy, f1, auc, sensitivity, specificity, tn, fp, fn, tp }: ReturnType<typeof score>,
  [negative, positive]: ClassNames,
): string {
  const width = Math.max(...[tn, fp, fn, tp].map((count) => String(count).length));
  const row = (...counts: number[]) => counts.map((n) => String(n).padStart(width)).join(" ");
  const decimal = (value: number) => Number.isNaN(value) ? "-" : value.toFixed(4);
  const share = (value: number) => Number.isNaN(value) ? "-" : `${decimal(100 * value)}%`;
  return [
    `Accuracy: ${share(accuracy)}`,
    `F1: ${decimal(f1)}`,
    `AUC: ${decimal(auc)}`,
    `Sensitivity: ${share(sensitivity)}`,
    `Specificity: ${share(specificity)}`,
    `Confusion matrix (rows: true ${negative}, true ${positive}; columns: called ${negative}, called ${positive}):`,
    `[[${row(tn, fp)}]`,
    ` [${row(fn, tp)}]]`,
  ].join("\n");
}
