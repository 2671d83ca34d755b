/**
 * Converts plotly's axes to ECharts' axes.
 * @module
 */
import { format } from "d3-format";
import type { GridComponentOption, XAXisComponentOption, YAXisComponentOption } from "echarts";
import type { Layout, Plot } from "nodeplotlib";
import { type Axis, titleText, valuesOf } from "@/figures/figure.ts";
import { FIGURE_SIZE, FONT_SIZE, INK } from "@/figures/style.ts";

/** Default distance of an axis's title from the axis, in pixels. */
const TITLE_DISTANCE = { x: 32, y: 56 } as const;

/** Approximate number of an axis's ticks. */
const TICKS = 6;

/** A figure's coordinates: one grid for each pair of an x and a y axis. */
export interface Coordinates {
  grid: GridComponentOption[];
  xAxis: XAXisComponentOption[];
  yAxis: YAXisComponentOption[];
  /** Gives the index of a trace's axes in those lists. */
  placeOf(axes: { xaxis?: string; yaxis?: string }): number;
}

/** Gives the figure's plotting area, in pixels. */
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
  const numbers = Object.keys(layout).flatMap((key) => /^xaxis(\d*)$/.exec(key)?.[1] ?? []);
  const coordinates: Omit<Coordinates, "placeOf"> = { grid: [], xAxis: [], yAxis: [] };
  numbers.forEach((number, gridIndex) => {
    const x: Axis = layout[`xaxis${number}` as "xaxis"]!;
    const y: Axis = layout[`yaxis${number}` as "yaxis"] ?? {};
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
    const xAxis = axis(x, { letter: "x", drawn });
    const yAxis = axis(y, { letter: "y", drawn });
    coordinates.xAxis.push({ ...xAxis, gridIndex } as XAXisComponentOption);
    coordinates.yAxis.push({ ...yAxis, gridIndex } as YAXisComponentOption);
  });
  return {
    ...coordinates,
    placeOf({ xaxis = "x", yaxis = "y" }) {
      const place = numbers.indexOf(xaxis.slice(1));
      if (place >= 0 && xaxis.slice(1) === yaxis.slice(1)) return place;
      throw new RangeError(`Cannot draw against the axes ${xaxis} and ${yaxis}: they are no pair`);
    },
  };
}

function axis(
  { type, title, range, rangemode, autorange, ticktext, tickformat, ...style }: Axis,
  { letter, drawn }: { letter: "x" | "y"; drawn: readonly Plot[] },
): Record<string, unknown> {
  const values = drawn.flatMap((trace) => valuesOf(trace[letter]));
  const fromZero = rangemode === "tozero" || drawn.some((trace) => trace.type === "bar");
  const isCategory = type === "category" || typeof values[0] === "string";
  const isLog = type === "log";
  const limits = isCategory || range === undefined ? null : range as [number, number];
  const ofRange = (value: number) => isLog ? 10 ** value : value;
  const standoff = typeof title === "object" ? title.standoff : undefined;
  // By default ECharts puts ticks at both ends of a range, even at odd numbers.
  const tickvals = style.tickvals ?? (limits && !isLog ? ticksWithin(...limits) : undefined);
  const formatted = tickformat === undefined ? String : format(tickformat);
  const label = (value: number | string): string => {
    const text = ticktext?.[tickvals?.indexOf(value as number) ?? -1];
    if (text !== undefined) return text;
    return typeof value === "string" ? value : formatted(Number(value.toPrecision(12)));
  };
  const places = isCategory || tickvals === undefined ? {} : { customValues: tickvals };
  return {
    type: isCategory ? "category" : isLog ? "log" : "value",
    ...(isCategory ? { data: [...new Set(values)], boundaryGap: true } : { scale: !fromZero }),
    ...(limits && { min: ofRange(limits[0]), max: ofRange(limits[1]) }),
    inverse: autorange === "reversed",
    name: titleText({ title: title! }),
    nameLocation: "middle",
    nameGap: standoff ?? TITLE_DISTANCE[letter],
    nameTextStyle: { color: INK, fontSize: FONT_SIZE.axis },
    nameMoveOverlap: false,
    axisLine: { show: style.showline ?? false, onZero: false, lineStyle: { color: INK } },
    axisTick: { show: style.ticks === "outside", alignWithLabel: true, ...places },
    splitLine: {
      show: !isCategory && (style.showgrid ?? true),
      lineStyle: { color: style.gridcolor },
      ...places,
    },
    axisLabel: {
      color: INK,
      fontSize: FONT_SIZE.tick,
      hideOverlap: !isCategory,
      ...(isCategory ? { interval: 0 } : {}),
      ...places,
      formatter: label,
    },
  };
}

/** Gives about {@linkcode TICKS} multiples of 1, 2 or 5 times a power of ten. */
function ticksWithin(low: number, high: number): number[] {
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
