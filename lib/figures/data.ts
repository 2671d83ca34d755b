/**
 * Figures of the data: how many films there are of each class, and their grey values.
 * @module
 */
import type { Plot } from "nodeplotlib";
import { type Figure, figure } from "@/figures/figure.ts";
import { CLASS_COLOURS } from "@/figures/style.ts";
import { CLASS_NAMES, type ClassNames, type Label } from "@/metrics.ts";
import type { SplitCount } from "@/split.ts";
import { type Image, toGrey } from "@/transforms.ts";

/** Grey values that one bar of a histogram takes together. */
const BIN = 8;

/** Films of each class in each set, as bars. */
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

/** The mean histogram of the grey values of each class's films, as lines. */
export function greyValuesFigure(
  films: readonly { image: Image; label: Label }[],
  { classes = CLASS_NAMES }: { classes?: ClassNames } = {},
): Figure {
  const bins = Array.from({ length: 256 / BIN }, (_, bin) => (bin + 0.5) * BIN);
  const data = classes.map((name, label): Plot => {
    const ofClass = films.filter((film) => film.label === label);
    const shares = new Float64Array(bins.length);
    for (const { image } of ofClass) {
      const grey = toGrey(image);
      for (const value of grey) {
        shares[Math.floor(value / BIN)]! += 100 / grey.length / ofClass.length;
      }
    }
    return {
      type: "scatter",
      mode: "lines",
      name: `${name} (${ofClass.length} films)`,
      x: bins,
      y: [...shares],
      line: { color: CLASS_COLOURS[label]!, width: 2.5 },
    };
  });
  return figure(data, {
    title: "Grey values of the films, mean of each class",
    xaxis: { title: { text: "Grey value (0 black, 255 white)" }, range: [0, 255] },
    yaxis: { title: { text: `Pixels (% in ${BIN} values)` }, rangemode: "tozero" },
  });
}
