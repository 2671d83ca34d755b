/**
 * Learning curves: what a run's epochs come to, of one experiment and of several beside each other.
 * @module
 */
import type { Layout, Plot } from "nodeplotlib";
import { type Axis, type Figure, figure } from "@/figures/figure.ts";
import { experimentStyle } from "@/figures/style.ts";
import { CLASS_NAMES, type ClassNames, type EpochRow } from "@/metrics.ts";

/** The epochs of one experiment. */
export interface ExperimentRows {
  experiment: string;
  rows: readonly EpochRow[];
  /** Default: as TBX11K's. */
  classes?: ClassNames;
}

/** A quantity that has a curve. */
export interface Quantity {
  /** Names the axis, with its unit. */
  title: string;
  field: "Loss" | "CrossEntropy" | "Accuracy" | "F1" | "Auc" | "Sensitivity" | "Specificity";
  /** Whether it is of one class, the positive one. */
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

/** A set of films whose curve is drawn. */
type SetName = "train" | "test" | "validation";

const DASH = { train: "dot", test: "solid", validation: "dash" } as const;

/**
 * A quantity of one experiment in each epoch: on the training films (dotted), the test films and, where there are some,
 * the validation films (dashed).
 */
export function experimentCurves(
  { experiment, rows, classes }: ExperimentRows,
  { quantity, sets = ["train", "test", "validation"] }: {
    quantity: Quantity;
    sets?: readonly SetName[];
  },
): Figure {
  const data = sets.flatMap((set) => {
    const trace = curve({ experiment, rows }, { quantity, set });
    return trace === null ? [] : [{ ...trace, name: set }];
  });
  const title = titleOf(quantity, classes);
  return figure(data, {
    title: `${experiment}: ${lowerFirst(title)} in each epoch`,
    ...axes(rows.length, { quantity, title, data }),
  });
}

/** A quantity of several experiments in each epoch, on one set. */
export function compareCurves(
  experiments: readonly ExperimentRows[],
  { quantity, set }: { quantity: Quantity; set: SetName },
): Figure {
  const data = experiments.flatMap((each) => {
    const trace = curve(each, { quantity, set });
    return trace === null
      ? []
      : [{ ...trace, name: each.experiment, line: { ...trace.line, dash: "solid" as const } }];
  });
  const epochs = Math.max(...experiments.map(({ rows }) => rows.length));
  const title = titleOf(quantity, experiments[0]?.classes);
  return figure(data, {
    title: `${title} on the ${SET_TITLES[set]} in each epoch`,
    ...axes(epochs, { quantity, title, data }),
  });
}

function titleOf({ title, ofPositive = false }: Quantity, classes = CLASS_NAMES): string {
  return ofPositive ? `${title} of ${classes[1]}` : title;
}

const SET_TITLES = {
  train: "training films",
  test: "test films",
  validation: "validation films",
} as const;

/** One curve; null if the set has no such quantity (training films have no F1, and not every split validates). */
function curve(
  { experiment, rows }: ExperimentRows,
  { quantity, set }: { quantity: Quantity; set: SetName },
): Plot | null {
  const values = rows.map((row) => row[`${set}${quantity.field}` as keyof EpochRow] ?? null);
  if (values.some((value) => value === null)) return null;
  const { colour, symbol } = experimentStyle(experiment);
  return {
    type: "scatter",
    mode: "lines+markers",
    x: rows.map(({ epoch }) => epoch),
    y: values,
    line: { color: colour, dash: DASH[set], width: 2.5 },
    marker: { color: colour, symbol, size: 8 },
  };
}

/** Epochs stand at whole numbers; losses, which fall by powers of ten with the L2 penalty, on a logarithmic scale. */
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
  return {
    xaxis: {
      title: { text: "Epoch (the first is 0)" },
      range: [-0.4, epochs - 0.6],
      ...epochTicks(epochs),
    },
    yaxis: { title: { text: title }, ...yaxis },
  };
}

/** From below the lowest share to a little above 1, in steps of 0.05. */
export function shareRange(values: readonly number[]): [number, number] {
  const low = Math.min(1, ...values);
  const floor = Math.floor(20 * low - 0.2) / 20;
  return [Math.max(0, floor), 1 + 0.03 * (1 - Math.max(0, floor))];
}

/** Ticks at whole epochs, at most about ten of them. */
export function epochTicks(epochs: number): Pick<Axis, "tickmode" | "tickvals"> {
  const step = [1, 2, 5, 10, 20, 50].find((step) => epochs / step <= 10) ?? 100;
  const count = Math.ceil(epochs / step);
  return { tickmode: "array", tickvals: Array.from({ length: count }, (_, i) => i * step) };
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text[0]!.toLowerCase() + text.slice(1) : text;
}
