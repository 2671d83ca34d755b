/**
 * A figure as SVG, without a browser: what plotly describes, drawn by ECharts. Lines, points, bars and heat maps are
 * drawn, on linear, logarithmic and category axes, several side by side, with annotations.
 * @module
 */
import * as echarts from "echarts";
import type { ScatterSeriesOption, TitleComponentOption } from "echarts";
import type { Layout, Plot } from "nodeplotlib";
import { type Coordinates, plottingArea, readCoordinates } from "@/figures/axes.ts";
import { type Figure, namesInLegend, titleOf } from "@/figures/figure.ts";
import { drawTraces } from "@/figures/series.ts";
import { FIGURE_SIZE, FONT_SIZE, GROUND, INK } from "@/figures/style.ts";

/** What letters are drawn with; png.ts brings it. */
export const FONT_FAMILY = "DejaVu Sans";

type Annotation = NonNullable<Layout["annotations"]>[number];

/**
 * Draws a figure.
 *
 * @throws {RangeError} If it holds a trace of a kind that is not drawn here.
 */
export function toSvg({ data, layout }: Figure): string {
  const { width = FIGURE_SIZE.width, height = FIGURE_SIZE.height, annotations = [] } = layout;
  const coordinates = readCoordinates(data, layout);
  const { series, visualMap } = drawTraces(data, { coordinates, layout });
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
    text: titleOf(layout),
    left: 0.02 * (layout.width ?? FIGURE_SIZE.width),
    top: 14,
    padding: 0,
    textStyle: { color: INK, fontSize: FONT_SIZE.title, fontWeight: "normal" },
  };
}

function legend({ data, layout }: Figure) {
  const { left, top } = plottingArea(layout);
  return {
    show: layout.showlegend ?? false,
    data: namesInLegend(data).map((name) => ({
      name,
      // Else a line without marks has one in the legend.
      itemStyle: { opacity: data.some((trace) => trace.name === name && isLine(trace)) ? 0 : 1 },
    })),
    left,
    top: top - 34,
    padding: 0,
    // ECharts takes letters for narrower than these are.
    itemGap: 34,
    itemWidth: 34,
    textStyle: { color: INK, fontSize: FONT_SIZE.tick },
    selectedMode: false,
  };
}

/** Whether a trace is a line without marks. */
function isLine({ type, mode }: Plot): boolean {
  return type === "scatter" && mode === "lines";
}

/** Text at a place of the plotting area: titles of the parts of a figure. */
function paperText(
  { text = "", x = 0, y = 0, xanchor = "center", yanchor = "middle", font }: Annotation,
  layout: Layout,
): TitleComponentOption {
  const area = plottingArea(layout);
  return {
    text: text.replaceAll("<br>", "\n"),
    left: area.left + Number(x) * area.width,
    top: area.top + (1 - Number(y)) * area.height,
    padding: 0,
    textAlign: xanchor === "auto" ? "center" : xanchor,
    textVerticalAlign: yanchor === "auto" ? "middle" : yanchor,
    textStyle: {
      color: (font?.color as string | undefined) ?? INK,
      fontSize: font?.size ?? FONT_SIZE.axis,
      fontWeight: "normal",
    },
  };
}

/** Text at a point of the data. */
function dataText(
  { text = "", x, y, xref = "x", yref = "y", xanchor = "center", font }: Annotation,
  coordinates: Coordinates,
): ScatterSeriesOption {
  const place = coordinates.placeOf({ xaxis: xref, yaxis: yref });
  const position = { left: "right", right: "left", center: "inside", auto: "inside" } as const;
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
      position: position[xanchor],
      align: xanchor === "auto" ? "center" : xanchor,
      color: (font?.color as string | undefined) ?? INK,
      fontSize: font?.size ?? FONT_SIZE.tick,
      formatter: text.replaceAll("<br>", "\n"),
    },
  };
}
