/**
 * Converts plotly's traces to ECharts' series: lines, points, bars and heat maps, with error bars.
 * @module
 */
import type { CustomSeriesOption, SeriesOption, VisualMapComponentOption } from "echarts";
import type { Plot } from "nodeplotlib";
import type { Coordinates } from "@/figures/axes.ts";
import { valuesOf } from "@/figures/figure.ts";
import { INK, NEUTRAL_COLOUR } from "@/figures/style.ts";

const SYMBOLS: Readonly<Record<string, string>> = {
  "circle": "circle",
  "square": "rect",
  "diamond": "diamond",
  "triangle-up": "triangle",
  "triangle-down": "path://M0 0L10 0L5 9Z",
  "cross": "path://M3 0H7V3H10V7H7V10H3V7H0V3H3Z",
  "x": "path://M0 2L2 0L5 3L8 0L10 2L7 5L10 8L8 10L5 7L2 10L0 8L3 5Z",
};

const DASHES: Readonly<Record<string, number[] | "solid">> = {
  solid: "solid",
  dot: [2, 4],
  dash: [8, 5],
};

/** Series, and their scales of colours. */
interface Drawing {
  series: SeriesOption[];
  visualMap: VisualMapComponentOption[];
}

/**
 * Converts traces, in order.
 *
 * @throws {RangeError} If a trace is no scatter, bar or heatmap.
 */
export function drawTraces(data: readonly Plot[], coordinates: Coordinates): Drawing {
  const drawing: Drawing = { series: [], visualMap: [] };
  for (const trace of data) {
    const place = coordinates.placeOf(trace);
    const axes = { xAxisIndex: place, yAxisIndex: place };
    if (trace.type === "heatmap") {
      drawing.visualMap.push(heatColours(trace, drawing.series.length));
    }
    drawing.series.push({ ...seriesOf(trace), ...axes } as SeriesOption);
    for (const letter of ["x", "y"] as const) {
      if (trace[`error_${letter}`] === undefined) continue;
      drawing.series.push({ ...errorBars(trace, letter), ...axes });
    }
  }
  return drawing;
}

function seriesOf(trace: Plot): SeriesOption {
  switch (trace.type) {
    case "scatter":
      return scatter(trace);
    case "bar":
      return {
        type: "bar",
        ...common(trace),
        color: colourOf(trace),
        data: points(trace),
        barCategoryGap: "20%",
        barGap: "0%",
      };
    case "heatmap":
      return {
        type: "heatmap",
        ...common(trace),
        data: (trace.z as number[][]).flatMap((row, y) => row.map((value, x) => [x, y, value])),
        itemStyle: { borderColor: INK, borderWidth: 1 },
      };
    default:
      throw new RangeError(
        `Cannot draw a trace of type "${trace.type}": scatter, bar and heatmap are drawn`,
      );
  }
}

/** Gives the fields that all series share. The legend finds a series by its name. */
function common({ name }: Plot) {
  return { ...name !== undefined && { name }, animation: false, silent: true };
}

function points({ x, y }: Plot): [number | string, number | string][] {
  const ys = valuesOf(y);
  return valuesOf(x).map((value, i) => [value, ys[i]!]);
}

function colourOf({ marker, line }: Plot): string {
  return (line?.color ?? marker?.color ?? NEUTRAL_COLOUR) as string;
}

/** Gives one size for all marks, or a function that gives each mark's. */
function sizesOf(size: number | number[]) {
  if (typeof size === "number") return size;
  return (_value: unknown, { dataIndex }: { dataIndex: number }) => size[dataIndex]!;
}

function scatter(trace: Plot): SeriesOption {
  const { mode = "lines+markers", line, marker } = trace;
  const colour = colourOf(trace);
  const shared = {
    ...common(trace),
    symbol: SYMBOLS[String(marker?.symbol ?? "circle")] ?? "circle",
    symbolSize: sizesOf(marker?.size ?? 8),
    // ECharts' own default is 0.8.
    itemStyle: { color: colour, opacity: 1 },
  };
  if (!mode.includes("lines")) return { type: "scatter", data: points(trace), ...shared };
  return {
    type: "line",
    data: points(trace),
    ...shared,
    ...(mode.includes("markers") ? { showSymbol: true } : { symbol: "none" }),
    lineStyle: {
      color: colour,
      width: line?.width ?? 2.5,
      type: DASHES[line?.dash ?? "solid"] ?? "solid",
    },
  };
}

function heatColours({ zmin, zmax, colorscale }: Plot, seriesIndex: number) {
  return {
    show: false,
    seriesIndex,
    dimension: 2,
    min: zmin!,
    max: zmax!,
    inRange: { color: (colorscale as [number, string][]).map(([, colour]) => colour) },
  };
}

/** Draws bars from `value - arrayminus` to `value + array`, with caps. */
function errorBars(trace: Plot, letter: "x" | "y"): CustomSeriesOption {
  const error = trace[`error_${letter}`] as { array: number[]; arrayminus?: number[] };
  const data = points(trace).map(([x, y], i) => {
    const value = (letter === "x" ? x : y) as number;
    return [x, y, value - (error.arrayminus ?? error.array)[i]!, value + error.array[i]!];
  });
  const style = { stroke: colourOf(trace), lineWidth: 2, fill: "none" };
  return {
    type: "custom",
    animation: false,
    silent: true,
    data,
    encode: { x: letter === "x" ? [0, 2, 3] : [0], y: letter === "y" ? [1, 2, 3] : [1] },
    renderItem(_params, api) {
      const at = (end: number) =>
        api.coord(letter === "x" ? [api.value(end), api.value(1)] : [api.value(0), api.value(end)]);
      const [[x1 = 0, y1 = 0], [x2 = 0, y2 = 0]] = [at(2), at(3)];
      const [capX, capY] = letter === "x" ? [0, 5] : [5, 0];
      const line = (shape: { x1: number; y1: number; x2: number; y2: number }) => ({
        type: "line" as const,
        shape,
        style,
      });
      return {
        type: "group",
        children: [
          line({ x1, y1, x2, y2 }),
          line({ x1: x1 - capX, y1: y1 - capY, x2: x1 + capX, y2: y1 + capY }),
          line({ x1: x2 - capX, y1: y2 - capY, x2: x2 + capX, y2: y2 + capY }),
        ],
      };
    },
  };
}
