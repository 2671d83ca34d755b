/**
 * Draws a figure as SVG with ECharts, without a browser: lines, points, bars and heat maps, on
 * linear, logarithmic and category axes, several side by side, with annotations.
 * @module
 */
import * as echarts from "echarts";
import type { ScatterSeriesOption, TitleComponentOption } from "echarts";
import type { Layout } from "nodeplotlib";
import { type Coordinates, plottingArea, readCoordinates } from "@/figures/axes.ts";
import { type Figure, LEGEND_ROW, LEGEND_WIDTH, legendRows, titleText } from "@/figures/figure.ts";
import { drawTraces } from "@/figures/series.ts";
import { FIGURE_SIZE, FONT_SIZE, GROUND, INK } from "@/figures/style.ts";

/** The font, which png.ts brings. */
const FONT_FAMILY = "DejaVu Sans";

type Annotation = NonNullable<Layout["annotations"]>[number];

/**
 * Draws a figure.
 *
 * @throws {RangeError} If a trace is no scatter, bar or heatmap, or its axes are no pair.
 */
export function toSvg({ data, layout }: Figure): string {
  const { width = FIGURE_SIZE.width, height = FIGURE_SIZE.height, annotations = [] } = layout;
  const coordinates = readCoordinates(data, layout);
  const { series, visualMap } = drawTraces(data, coordinates);
  const onPaper = annotations.filter(({ xref }) => xref === "paper");
  const onData = annotations.filter(({ xref }) => xref !== "paper");
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    chart.setOption({
      animation: false,
      backgroundColor: (layout.paper_bgcolor as string | undefined) ?? GROUND,
      textStyle: { fontFamily: FONT_FAMILY, color: INK },
      title: [heading(layout), ...onPaper.map((annotation) => paperText(annotation, layout))],
      legend: legend({ data, layout }),
      grid: coordinates.grid,
      xAxis: coordinates.xAxis,
      yAxis: coordinates.yAxis,
      visualMap,
      series: [...series, ...onData.map((annotation) => dataText(annotation, coordinates))],
    });
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

function heading(layout: Layout): TitleComponentOption {
  return {
    text: titleText(layout),
    left: 0.02 * (layout.width ?? FIGURE_SIZE.width),
    top: 14,
    padding: 0,
    textStyle: { color: INK, fontSize: FONT_SIZE.title, fontWeight: "normal" },
  };
}

function legend({ data, layout }: Figure) {
  const { left, top } = plottingArea(layout);
  const rows = legendRows(data, layout);
  const lines = data.filter(({ type, mode }) => type === "scatter" && mode === "lines");
  const entryOf = (name: string) => ({
    name,
    // ECharts would add a mark in the legend to a line without marks.
    itemStyle: { opacity: lines.some((line) => line.name === name) ? 0 : 1 },
  });
  return rows.map((names, row) => ({
    show: layout.showlegend ?? false,
    data: names.map(entryOf),
    left,
    top: top - 34 - LEGEND_ROW * (rows.length - 1 - row),
    padding: 0,
    // ECharts underestimates the letters' width.
    itemGap: LEGEND_WIDTH,
    itemWidth: LEGEND_WIDTH,
    textStyle: { color: INK, fontSize: FONT_SIZE.tick },
    selectedMode: false,
  }));
}

/** Places text in the plotting area: the titles of a figure's parts. */
function paperText(
  { text = "", x = 0, y = 0, font }: Annotation,
  layout: Layout,
): TitleComponentOption {
  const area = plottingArea(layout);
  return {
    text: text.replaceAll("<br>", "\n"),
    left: area.left + Number(x) * area.width,
    top: area.top + (1 - Number(y)) * area.height,
    padding: 0,
    textAlign: "center",
    textVerticalAlign: "middle",
    textStyle: {
      color: (font?.color as string | undefined) ?? INK,
      fontSize: font?.size ?? FONT_SIZE.axis,
      fontWeight: "normal",
    },
  };
}

/** Places text at a point of the data. */
function dataText(
  { text = "", x, y, xref = "x", yref = "y", font }: Annotation,
  coordinates: Coordinates,
): ScatterSeriesOption {
  const place = coordinates.placeOf({ xaxis: xref, yaxis: yref });
  return {
    type: "scatter",
    xAxisIndex: place,
    yAxisIndex: place,
    animation: false,
    silent: true,
    symbolSize: 0.1,
    z: 10,
    data: [[x!, y!]],
    itemStyle: { opacity: 0 },
    label: {
      show: true,
      opacity: 1,
      position: "inside",
      align: "center",
      color: (font?.color as string | undefined) ?? INK,
      fontSize: font?.size ?? FONT_SIZE.tick,
      formatter: text.replaceAll("<br>", "\n"),
    },
  };
}
