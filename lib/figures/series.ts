/**
 * Plotly's traces and annotations as ECharts' series: lines, points, bars and heat maps, with error bars.
 * @module
 */
import type { CustomSeriesOption, SeriesOption, VisualMapComponentOption } from "echarts";
import type { Layout, Plot } from "nodeplotlib";
import { type Coordinates, valuesOf } from "@/figures/axes.ts";
import { FONT_SIZE, INK, NEUTRAL_COLOUR } from "@/figures/style.ts";

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
  longdash: [14, 6],
  dashdot: [8, 4, 2, 4],
};

/** Series, and what their colours are made from. */
export interface Drawing {
  series: SeriesOption[];
  visualMap: VisualMapComponentOption[];
}

/**
 * Draws traces, each after the one before.
 *
 * @throws {RangeError} If a trace is of a kind that is not drawn here.
 */
export function drawTraces(
  data: readonly Plot[],
  { coordinates, layout }: { coordinates: Coordinates; layout: Layout },
): Drawing {
  const drawing: Drawing = { series: [], visualMap: [] };
  for (const trace of data) {
    const place = coordinates.placeOf(trace);
    const axes = { xAxisIndex: place, yAxisIndex: place };
    if (trace.type === "heatmap") {
      drawing.visualMap.push(heatColours(trace, drawing.series.length));
    }
    drawing.series.push({ ...seriesOf(trace, layout), ...axes } as SeriesOption);
    for (const letter of ["x", "y"] as const) {
      if (trace[`error_${letter}`] === undefined) continue;
      drawing.series.push({ ...errorBars(trace, letter), ...axes });
    }
  }
  return drawing;
}

function seriesOf(trace: Plot, { bargap = 0.2, bargroupgap = 0 }: Layout): SeriesOption {
  switch (trace.type) {
    case "scatter":
      return scatter(trace);
    case "bar":
      return bars(trace, { bargap, bargroupgap });
    case "heatmap":
      return heatmap(trace);
    default:
      throw new RangeError(
        `Cannot draw a trace of type "${trace.type}": scatter, bar and heatmap are drawn`,
      );
  }
}

/** A trace's name, under which its legend stands, and what all series share. */
function common({ name, opacity }: Plot) {
  return {
    ...(name === undefined ? {} : { name }),
    animation: false,
    silent: true,
    ...(opacity === undefined ? {} : { itemStyle: { opacity } }),
  };
}

function points({ x, y }: Plot): [number | string, number | string][] {
  const ys = valuesOf(y);
  return valuesOf(x).map((value, i) => [value, ys[i]!]);
}

function colourOf({ marker, line }: Plot): string {
  return (line?.color ?? marker?.color ?? NEUTRAL_COLOUR) as string;
}

/** One size for all marks, or each mark's. */
function sizesOf(size: number | number[]) {
  if (typeof size === "number") return size;
  return (_value: unknown, { dataIndex }: { dataIndex: number }) => size[dataIndex]!;
}

function scatter(trace: Plot): SeriesOption {
  const { mode = "lines+markers", line, marker, fill, text } = trace;
  const colour = colourOf(trace);
  const shared = {
    ...common(trace),
    symbol: SYMBOLS[String(marker?.symbol ?? "circle")] ?? "circle",
    symbolSize: sizesOf(marker?.size ?? 8),
    itemStyle: { color: colour, opacity: (marker?.opacity as number | undefined) ?? 1 },
  };
  const labels = mode.includes("text") ? [text].flat() as string[] : null;
  const label = labels && {
    show: true,
    position: "right" as const,
    color: INK,
    fontSize: FONT_SIZE.tick,
    formatter: ({ dataIndex }: { dataIndex: number }) => labels[dataIndex] ?? "",
  };
  if (!mode.includes("lines")) {
    return { type: "scatter", data: points(trace), ...shared, ...(label && { label }) };
  }
  return {
    type: "line",
    data: points(trace),
    ...shared,
    ...(mode.includes("markers") ? { showSymbol: true } : { symbol: "none" }),
    ...(line?.shape === "hvh" ? { step: "middle" as const } : {}),
    ...(line?.shape === "hv" ? { step: "end" as const } : {}),
    lineStyle: {
      color: colour,
      width: line?.width ?? 2.5,
      type: DASHES[line?.dash ?? "solid"] ?? "solid",
      opacity: trace.opacity ?? 1,
    },
    ...(fill === "tozeroy" ? { areaStyle: { color: colour, opacity: 0.25 } } : {}),
    ...(label && { label }),
  };
}

function bars(
  trace: Plot,
  { bargap, bargroupgap }: { bargap: number; bargroupgap: number },
): SeriesOption {
  const texts = trace.text === undefined ? null : [trace.text].flat();
  const colours = [trace.marker?.color].flat() as string[];
  const isHorizontal = trace.orientation === "h";
  return {
    type: "bar",
    ...common(trace),
    color: colours[0] ?? NEUTRAL_COLOUR,
    data: points(trace).map((value, i) => ({
      value,
      itemStyle: { color: colours[i] ?? colours[0] ?? NEUTRAL_COLOUR },
    })),
    barCategoryGap: `${100 * bargap}%`,
    barGap: `${100 * bargroupgap}%`,
    ...(texts && {
      label: {
        show: true,
        position: isHorizontal ? "right" : "top",
        color: INK,
        fontSize: FONT_SIZE.tick,
        formatter: ({ dataIndex }: { dataIndex: number }) => texts[dataIndex] ?? "",
      },
    }),
  };
}

function heatmap(trace: Plot): SeriesOption {
  const rows = trace.z as number[][];
  return {
    type: "heatmap",
    ...common(trace),
    data: rows.flatMap((row, y) => row.map((value, x) => [x, y, value])),
    itemStyle: { borderColor: INK, borderWidth: 1 },
  };
}

function heatColours({ z, zmin, zmax, colorscale }: Plot, seriesIndex: number) {
  const values = (z as number[][]).flat();
  return {
    show: false,
    seriesIndex,
    dimension: 2,
    min: zmin ?? Math.min(...values),
    max: zmax ?? Math.max(...values),
    inRange: { color: (colorscale as [number, string][]).map(([, colour]) => colour) },
  };
}

/** Bars from `value - arrayminus` to `value + array`, with caps. */
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
      const at = (value: number): [number, number] => {
        const [x = 0, y = 0] = letter === "x"
          ? api.coord([value, api.value(1)])
          : api.coord([api.value(0), value]);
        return [x, y];
      };
      const [x1, y1] = at(api.value(2) as number);
      const [x2, y2] = at(api.value(3) as number);
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
