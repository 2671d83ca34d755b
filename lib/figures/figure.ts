/**
 * A figure as plotly describes it: the source of all of its forms.
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

/** Pixels from one row of a legend to the next. */
export const LEGEND_ROW = 26;

/** Pixels of a legend's line or mark, and between two entries. */
export const LEGEND_WIDTH = 34;

/** Pixels between a legend's mark and its text, and of an average letter. */
const [LEGEND_SPACE, LEGEND_LETTER] = [5, 8.1];

/** Room left and right of a figure's plotting area, in pixels. */
const SIDES = { l: 84, r: 24 } as const;

/**
 * Makes a figure in the house style. Each row of its legend after the first makes it higher.
 *
 * @param layout Overrides the house style. Axes' titles name their units.
 */
export function figure(data: Plot[], layout: Layout): Figure {
  const { title: _title, margin, height, ...others } = layout;
  const rows = legendRows(data, layout);
  const hasLegend = rows.length > 0;
  const added = LEGEND_ROW * Math.max(0, rows.length - 1);
  const further = Object.entries({ xaxis: {}, yaxis: {}, ...others }).map(([key, value]) =>
    /^[xy]axis\d?$/.test(key) ? [key, { ...AXIS, ...value as Axis }] : [key, value]
  );
  return {
    data,
    layout: {
      width: FIGURE_SIZE.width,
      height: (height ?? FIGURE_SIZE.height) + added,
      paper_bgcolor: GROUND,
      plot_bgcolor: GROUND,
      font: { family: "Verdana, DejaVu Sans, sans-serif", size: FONT_SIZE.tick, color: INK },
      title: { text: titleText(layout), x: 0.02, xanchor: "left", font: { size: FONT_SIZE.title } },
      margin: { ...SIDES, t: hasLegend ? 86 + added : 58, b: 62, ...margin },
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom" },
      showlegend: hasLegend,
      hovermode: "closest",
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

/** Gives the text of a layout's or an axis's title. */
export function titleText({ title }: Pick<Layout, "title">): string {
  return (typeof title === "string" ? title : title?.text) ?? "";
}

/** Puts the legend's names, in order, into rows that fit into the figure's width. */
export function legendRows(
  data: readonly Plot[],
  { width = FIGURE_SIZE.width }: Pick<Layout, "width">,
): string[][] {
  const named = data.filter(({ name, showlegend }) => name !== undefined && showlegend !== false);
  const rows: string[][] = [];
  let left = 0;
  for (const name of new Set(named.map(({ name }) => name!))) {
    const needed = 2 * LEGEND_WIDTH + LEGEND_SPACE + LEGEND_LETTER * name.length;
    // The last entry of a row has no gap after it.
    if (left + LEGEND_WIDTH < needed || rows.length === 0) {
      rows.push([]);
      left = width - SIDES.l;
    }
    rows.at(-1)!.push(name);
    left -= needed;
  }
  return rows;
}

/** Copies a trace's values into a list. */
export function valuesOf(values: Plot["x"] | undefined): (number | string)[] {
  return [...values ?? []] as (number | string)[];
}

/** Maximum of values that a description lists. */
const SPELT_OUT = 25;

/** Describes a figure in words and numbers, for a terminal or a screen reader. */
export function describeFigure({ data, layout }: Figure): string {
  const axisTitles = [layout.xaxis, layout.yaxis].map((axis) => titleText({ title: axis?.title! }));
  const axes = axisTitles.every((text) => text !== "")
    ? [`${axisTitles[1]} against ${axisTitles[0]}`]
    : [];
  return [`Figure: ${titleText(layout)}`, ...axes, ...data.flatMap(describeTrace)].join("\n");
}

function describeTrace({ name, x, y, z, type }: Plot): string[] {
  const label = name === undefined ? "" : `${name}: `;
  if (type === "heatmap") {
    const rows = (z as number[][]).map((row) => row.map(numberText).join(" "));
    return [`  ${label}${rows.join(" / ")}`];
  }
  const [xs, ys] = [valuesOf(x), valuesOf(y)];
  // Points beside a vertical list of names.
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
