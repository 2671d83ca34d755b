/**
 * Figures of the data: the number of films in each class, and their grey values.
 * @module
 */
import type { Plot } from "nodeplotlib";
import { type Figure, figure } from "@/figures/figure.ts";
import { CLASS_COLOURS } from "@/figures/style.ts";
import { type ClassGreys, GREY_BIN } from "@/films/grey_values.ts";
import type { SplitCount } from "@/split/split.ts";

/** Draws the number of films of each class in each set, as bars. */
export function classBalanceFigure(counts: readonly SplitCount[]): Figure {
  const labels = [...new Set(counts.map(({ label }) => label))];
  const data = labels.map((label, i): Plot => {
    const ofClass = counts.filter((count) => count.label === label);
    return {
      type: "bar",
      name: label,
      x: ofClass.map(({ set }) => set),
      y: ofClass.map(({ films }) => films),
      marker: { color: CLASS_COLOURS[i] ?? CLASS_COLOURS[0] },
    };
  });
  return figure(data, {
    title: "Films of each class in each set",
    xaxis: { type: "category", title: { text: "Set" } },
    yaxis: { title: { text: "Films" }, rangemode: "tozero" },
  });
}

/** Draws the mean grey value histogram of each class, as lines. */
export function greyValuesFigure(greys: readonly ClassGreys[]): Figure {
  const data = greys.map(({ label, films, shares }, i): Plot => ({
    type: "scatter",
    mode: "lines",
    name: `${label} (${films} films)`,
    x: shares.map((_, bin) => (bin + 0.5) * GREY_BIN),
    y: [...shares],
    line: { color: CLASS_COLOURS[i] ?? CLASS_COLOURS[0], width: 2.5 },
  }));
  return figure(data, {
    title: "Grey values of the films, mean of each class",
    xaxis: { title: { text: "Grey value (0 black, 255 white)" }, range: [0, 255] },
    yaxis: { title: { text: `Pixels (% in ${GREY_BIN} values)` }, rangemode: "tozero" },
  });
}
