/**
 * Plotly's axes as ECharts' axes.
 * @module
 */
import { format } from "d3-format";
import type { GridComponentOption, XAXisComponentOption, YAXisComponentOption } from "echarts";
import type { Layout, Plot } from "nodeplotlib";
import { axesOf, type Axis, titleOf } from "@/figures/figure.ts";
import { FIGURE_SIZE, FONT_SIZE, INK } from "@/figures/style.ts";

/** Distance of an axis's title from the axis where the layout does not say, in pixels. */
const TITLE_DISTANCE = { x: 32, y: 56 } as const;

/** Ticks that an axis has, about. */
const TICKS = 6;

/** The coordinates of a figure: one grid for each pair of an x and a y axis. */
export interface Coordinates {
  grid: GridComponentOption[];
  xAxis: XAXisComponentOption[];
  yAxis: YAXisComponentOption[];
  /** The place of a trace's axes in those lists. */
  placeOf(axes: { xaxis?: string; yaxis?: string }): number;
}

/** Where in the figure its plotting area is, in pixels. */
export function plottingArea(
  { width = FIGURE_SIZE.width, height = FIGURE_SIZE.height, margin = {} }: Layout,
): { left: number; top: number; width: number; height: number } {
  const { l = 0, r = 0, t = 0, b = 0 } = margin;
  return { left: l, top: t, width: width - l - r, height: height - t - b };
}

/**
 * Reads the coordinates of a figure.
 *
 * @throws {RangeError} If a trace pairs axes of different numbers, as x2 and y.
 */
export function readCoordinates(data: readonly Plot[], layout: Layout): Coordinates {
  const area = plottingArea(layout);
  const xAxes = axesOf(layout, "x");
  const yAxes = axesOf(layout, "y");
  const numbers = [...xAxes.keys()].map((name) => name.slice(1));
  const coordinates: Omit<Coordinates, "placeOf"> = { grid: [], xAxis: [], yAxis: [] };
  numbers.forEach((number, gridIndex) => {
    const x = xAxes.get(`x${number}`)!;
    const y = yAxes.get(`y${number}`) ?? {};
    const [left, right] = x.domain as [number, number] ?? [0, 1];
    const [bottom, top] = y.domain as [number, number] ?? [0, 1];
    coordinates.grid.push({
      left: area.left + left * area.width,
      top: area.top + (1 - top) * area.height,
      width: (right - left) * area.width,
      height: (top - bottom) * area.height,
      outerBoundsMode: "none",
    });
    const drawn = data.filter(({ xaxis = "x" }) => xaxis === `x${number}`);
    const values = (letter: "x" | "y") => drawn.flatMap((trace) => valuesOf(trace[letter]));
    const fromZero = drawn.some(({ type }) => type === "bar");
    const xAxis = axis(x, { letter: "x", values: values("x"), fromZero });
    const yAxis = axis(y, { letter: "y", values: values("y"), fromZero });
    coordinates.xAxis.push({ ...xAxis, gridIndex } as XAXisComponentOption);
    coordinates.yAxis.push({ ...yAxis, gridIndex } as YAXisComponentOption);
  });
  return {
    ...coordinates,
    placeOf({ xaxis = "x", yaxis = "y" }) {
      const place = numbers.indexOf(xaxis.slice(1));
      if (place < 0 || xaxis.slice(1) !== yaxis.slice(1)) {
        throw new RangeError(
          `Cannot draw against the axes ${xaxis} and ${yaxis}: they are no pair`,
        );
      }
      return place;
    },
  };
}

/** A trace's values as a list. */
export function valuesOf(values: Plot["x"] | undefined): (number | string)[] {
  return [...values ?? []] as (number | string)[];
}

function axis(
  { type, title, range, rangemode, autorange, ticktext, tickformat, ...style }: Axis,
  { letter, values, fromZero }: {
    letter: "x" | "y";
    values: (number | string)[];
    fromZero: boolean;
  },
): Record<string, unknown> {
  const isCategory = type === "category" || typeof values[0] === "string";
  const isLog = type === "log";
  const limits = isCategory || range === undefined ? null : range as [number, number];
  const ofRange = (value: number) => isLog ? 10 ** value : value;
  const standoff = typeof title === "object" ? title.standoff : undefined;
  // ECharts alone would have a tick at each end of a range, however odd a number that is.
  const tickvals = style.tickvals ?? (limits && !isLog ? ticksWithin(...limits) : undefined);
  const places = isCategory || tickvals === undefined ? {} : { customValues: tickvals };
  return {
    type: isCategory ? "category" : isLog ? "log" : "value",
    ...(isCategory
      ? { data: [...new Set(values)], boundaryGap: true }
      : { scale: !fromZero && rangemode !== "tozero" }),
    ...(limits && { min: ofRange(limits[0]), max: ofRange(limits[1]) }),
    inverse: autorange === "reversed",
    name: titleOf({ title: title! }),
    nameLocation: "middle",
    nameGap: standoff ?? TITLE_DISTANCE[letter],
    nameTextStyle: { color: INK, fontSize: FONT_SIZE.axis },
    nameMoveOverlap: false,
    show: style.visible ?? true,
    axisLine: { show: style.showline ?? false, onZero: false, lineStyle: { color: INK } },
    axisTick: { show: style.ticks === "outside", alignWithLabel: true, ...places },
    splitLine: {
      show: !isCategory && (style.showgrid ?? true),
      lineStyle: { color: style.gridcolor },
      ...places,
    },
    axisLabel: {
      show: style.showticklabels ?? true,
      color: INK,
      fontSize: style.tickfont?.size ?? FONT_SIZE.tick,
      hideOverlap: !isCategory,
      ...(isCategory ? { interval: 0 } : {}),
      ...places,
      formatter: labels({ tickvals, ticktext, tickformat }),
    },
  };
}

/** Round numbers between two: multiples of 1, 2 or 5 times a power of ten, about {@linkcode TICKS} of them. */
export function ticksWithin(low: number, high: number): number[] {
  const rough = (high - low) / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= 0.999 * rough) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from(
    { length: last - first + 1 },
    (_, i) => Number(((first + i) * step).toPrecision(12)),
  );
}

/** What an axis writes at its ticks. */
function labels(
  { tickvals, ticktext, tickformat }: {
    tickvals: number[] | undefined;
    ticktext: Axis["ticktext"];
    tickformat: Axis["tickformat"];
  },
): (value: number | string) => string {
  const formatted = tickformat === undefined ? String : format(tickformat);
  return (value) => {
    const text = ticktext?.[tickvals?.indexOf(value as number) ?? -1];
    if (text !== undefined) return text;
    return typeof value === "string" ? value : formatted(Number(value.toPrecision(12)));
  };
}
