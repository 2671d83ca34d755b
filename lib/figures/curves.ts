/**
 * Learning curves of one experiment, and of several side by side.
 * @module
 */
import type { Layout, Plot } from "nodeplotlib";
import { type Axis, type Figure, figure } from "@/figures/figure.ts";
import { experimentStyle } from "@/figures/style.ts";
import { CLASS_NAMES } from "@/films/film.ts";
import type { EpochRow, ExperimentRows } from "@/runs/epochs.ts";

/** A quantity that has a curve. */
interface Quantity {
  /** The axis's title, with the unit. */
  title: string;
  field: "Loss" | "CrossEntropy" | "Accuracy" | "F1" | "Auc" | "Sensitivity" | "Specificity";
  /** Whether the quantity is of the positive class alone. */
  ofPositive?: boolean;
}

/** The quantities that have curves, by name. */
export const QUANTITIES = {
  loss: { title: "Loss (mean of films)", field: "Loss" },
  crossEntropy: { title: "Cross-entropy (nats a film)", field: "CrossEntropy" },
  accuracy: { title: "Accuracy", field: "Accuracy" },
  f1: { title: "F1", field: "F1", ofPositive: true },
  auc: { title: "Area under the ROC curve", field: "Auc" },
} as const satisfies Record<string, Quantity>;

const SETS = {
  train: { films: "training films", dash: "dot" },
  test: { films: "test films", dash: "solid" },
  validation: { films: "validation films", dash: "dash" },
} as const;
type SetName = keyof typeof SETS;

/**
 * Draws a quantity of one experiment in each epoch: on the training films (dotted), the test films
 * and any validation films (dashed).
 */
export function experimentCurves(
  { experiment, rows, classes }: ExperimentRows,
  { quantity, sets = ["train", "test", "validation"] }: {
    quantity: Quantity;
    sets?: readonly SetName[];
  },
): Figure {
  const data = sets.flatMap((set) => curve({ experiment, rows }, { quantity, set, name: set }));
  const title = quantityTitle(quantity, classes);
  return figure(data, {
    title: `${experiment}: ${lowerFirst(title)} in each epoch`,
    ...axes(rows.length, { quantity, title, data }),
  });
}

/** Draws a quantity of several experiments in each epoch, on one set. */
export function compareCurves(
  experiments: readonly ExperimentRows[],
  { quantity, set }: { quantity: Quantity; set: SetName },
): Figure {
  const data = experiments.flatMap((each) =>
    curve(each, { quantity, set, name: each.experiment, dash: "solid" })
  );
  const epochs = Math.max(...experiments.map(({ rows }) => rows.length));
  const title = quantityTitle(quantity, experiments[0]?.classes);
  return figure(data, {
    title: `${title} on the ${SETS[set].films} in each epoch`,
    ...axes(epochs, { quantity, title, data }),
  });
}

function quantityTitle({ title, ofPositive = false }: Quantity, classes = CLASS_NAMES): string {
  return ofPositive ? `${title} of ${classes[1]}` : title;
}

/**
 * Makes one curve, or none if the set has no such quantity (training films have no F1, and not
 * every split has validation films).
 */
function curve(
  { experiment, rows }: ExperimentRows,
  { quantity, set, name, dash = SETS[set].dash }: {
    quantity: Quantity;
    set: SetName;
    name: string;
    dash?: "dot" | "solid" | "dash";
  },
): Plot[] {
  const values = rows.map((row) => row[`${set}${quantity.field}` as keyof EpochRow] ?? null);
  if (values.some((value) => value === null)) return [];
  const { colour, symbol } = experimentStyle(experiment);
  return [{
    type: "scatter",
    mode: "lines+markers",
    x: rows.map(({ epoch }) => epoch),
    y: values,
    line: { color: colour, dash, width: 2.5 },
    marker: { color: colour, symbol, size: 8 },
    name,
  }];
}

/** Makes the axes. Losses that span powers of ten, as with the L2 penalty, get a log axis. */
function axes(
  epochs: number,
  { quantity, title, data }: { quantity: Quantity; title: string; data: readonly Plot[] },
): Pick<Layout, "xaxis" | "yaxis"> {
  const values = data.flatMap(({ y }) => y as number[]).filter(Number.isFinite);
  const isLoss = quantity.field === "Loss" || quantity.field === "CrossEntropy";
  const spans = Math.max(...values) > 20 * Math.min(...values);
  const yaxis: Axis = isLoss && spans && Math.min(...values) > 0
    ? { type: "log" }
    : isLoss
    ? { rangemode: "tozero", range: [0, 1.08 * Math.max(...values)] }
    : { range: shareRange(values) };
  return { xaxis: epochAxis(epochs), yaxis: { title: { text: title }, ...yaxis } };
}

/** Gives a range from below the lowest share, a multiple of 0.05, to a little above 1. */
export function shareRange(values: readonly number[]): [number, number] {
  const low = Math.min(1, ...values);
  const floor = Math.floor(20 * low - 0.2) / 20;
  return [Math.max(0, floor), 1 + 0.03 * (1 - Math.max(0, floor))];
}

/** Makes an axis of epochs, with ticks at whole ones, about ten at most. */
export function epochAxis(epochs: number): Axis {
  const step = [1, 2, 5, 10, 20, 50].find((step) => epochs / step <= 10) ?? 100;
  return {
    title: { text: "Epoch (the first is 0)" },
    range: [-0.4, epochs - 0.6],
    tickmode: "array",
    tickvals: Array.from({ length: Math.ceil(epochs / step) }, (_, i) => i * step),
  };
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text[0]!.toLowerCase() + text.slice(1) : text;
}
