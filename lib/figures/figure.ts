/**
 * A figure: plotly's description of it, from which everything that is shown is made.
 * @module
 */
import type { Layout, Plot } from "nodeplotlib";
import { FIGURE_SIZE, FONT_SIZE, GRID_COLOUR, GROUND, INK } from "@/figures/style.ts";

/** A figure as plotly describes it. */
export interface Figure {
  data: Plot[];
  layout: Layout;
}

/** An axis of a layout. */
export type Axis = NonNullable<Layout["xaxis"]>;

/**
 * Makes a figure in the house style.
 *
 * @param layout Its `title` says what is to be seen; axes say their units. What it says wins over the house's.
 */
export function figure(data: Plot[], layout: Layout): Figure {
  const { title: _title, xaxis, yaxis, margin, legend, ...others } = layout;
  const hasLegend = namesInLegend(data).length > 0;
  const further = Object.entries(others).map(([key, value]) =>
    /^[xy]axis\d$/.test(key) ? [key, { ...AXIS, ...value as Axis }] : [key, value]
  );
  return {
    data,
    layout: {
      ...FIGURE_SIZE,
      paper_bgcolor: GROUND,
      plot_bgcolor: GROUND,
      font: { family: "Verdana, DejaVu Sans, sans-serif", size: FONT_SIZE.tick, color: INK },
      title: { text: titleOf(layout), x: 0.02, xanchor: "left", font: { size: FONT_SIZE.title } },
      margin: { l: 84, r: 24, t: hasLegend ? 86 : 58, b: 62, ...margin },
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom", ...legend },
      showlegend: hasLegend,
      hovermode: "closest",
      xaxis: { ...AXIS, ...xaxis },
      yaxis: { ...AXIS, ...yaxis },
      ...Object.fromEntries(further),
    },
  };
}

const AXIS: Axis = {
  color: INK,
  gridcolor: GRID_COLOUR,
  linecolor: INK,
  showline: true,
  zeroline: false,
  ticks: "outside",
};

/** The title's text. */
export function titleOf({ title }: Pick<Layout, "title">): string {
  return (typeof title === "string" ? title : title?.text) ?? "";
}

/** The names that a legend shows, in order. */
export function namesInLegend(data: readonly Plot[]): string[] {
  const named = data.filter(({ name, showlegend }) => name !== undefined && showlegend !== false);
  return [...new Set(named.map(({ name }) => name!))];
}

/** The axes of a layout by the name that traces call them: `x`, `x2` ... */
export function axesOf(layout: Layout, letter: "x" | "y"): Map<string, Axis> {
  const entries = Object.entries(layout).flatMap(([key, axis]): [string, Axis][] => {
    const match = /^([xy])axis(\d*)$/.exec(key);
    return match?.[1] === letter ? [[`${letter}${match[2]}`, axis as Axis]] : [];
  });
  return new Map(entries);
}

/** Longest list of values that a description spells out. */
const SPELT_OUT = 25;

/** A figure in words and numbers: what a terminal shows of it, and a screen reader. */
export function describeFigure({ data, layout }: Figure): string {
  const axisTitles = [layout.xaxis, layout.yaxis].map((axis) => titleOf({ title: axis?.title! }));
  const axes = axisTitles.every((text) => text !== "")
    ? [`${axisTitles[1]} against ${axisTitles[0]}`]
    : [];
  return [`Figure: ${titleOf(layout)}`, ...axes, ...data.flatMap(describeTrace)].join("\n");
}

function describeTrace({ name, x, y, z, type }: Plot): string[] {
  const label = name === undefined ? "" : `${name}: `;
  if (type === "heatmap") {
    const rows = (z as number[][]).map((row) => row.map(numberText).join(" "));
    return [`  ${label}${rows.join(" / ")}`];
  }
  const [xs, ys] = [x, y].map((values) => [...(values ?? []) as (number | string)[]]) as [
    (number | string)[],
    (number | string)[],
  ];
  // Bars and points that lie along a vertical list of names.
  if (typeof ys[0] === "string") return ys.map((of, i) => `  ${of}: ${numberText(xs[i]!)}`);
  if (name === undefined || ys.length === 0) return [];
  if (ys.length > SPELT_OUT) return [`  ${label}${ys.length} points`];
  const points = ys.map((value, i) =>
    typeof xs[i] === "string" ? `${xs[i]} ${numberText(value)}` : numberText(value)
  );
  return [`  ${label}${points.join(", ")}`];
}

function numberText(value: number | string): string {
  return typeof value === "string" ? value : String(Number(value.toPrecision(4)));
}
