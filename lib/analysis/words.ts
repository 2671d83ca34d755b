/**
 * Numbers as a report writes them.
 * @module
 */
import type { Estimate } from "@/statistics/intervals.ts";

/** `98.9%`; nothing measured is `-`. */
export function percent(share: number): string {
  return Number.isNaN(share) ? "-" : `${(100 * share).toFixed(1)}%`;
}

/** `98.9% [98.0, 99.4]` */
export function percentInterval({ value, low, high }: Estimate): string {
  if (Number.isNaN(value)) return "-";
  const [from, to] = [low, high].map((share) => (100 * share).toFixed(1));
  return `${percent(value)} [${from}, ${to}]`;
}

/** `0.991 [0.985, 0.997]`; with a sign if it is a difference. */
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

/** `p = 0.031`, `p < 0.001` */
export function pValue(p: number): string {
  return p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(3)}`;
}

/** `1 film`, `2 films` */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
