/**
 * The figure of experiments against chance: what a seed moves beside what an experiment moves.
 * @module
 */
import type { Plot } from "nodeplotlib";
import type { Summary } from "@/analysis/summary.ts";
import { count } from "@/analysis/words.ts";
import { type Figure, figure } from "@/figures/figure.ts";
import { experimentStyle, INK } from "@/figures/style.ts";

/** F1 of each run, by experiment, with the mean over the seeds and one standard deviation to either side. */
export function seedsFigure({ seeds: { epochs, spreads }, classes }: Summary): Figure {
  const runs = spreads.map(({ experiment, f1 }): Plot => {
    const { colour, symbol } = experimentStyle(experiment);
    return {
      type: "scatter",
      mode: "markers",
      x: f1.values.map(() => experiment),
      y: f1.values,
      marker: { color: colour, symbol, size: 10 },
    };
  });
  const several = spreads.filter(({ seeds }) => seeds.length > 1);
  const means = several.map(({ experiment, f1 }): Plot => ({
    type: "scatter",
    mode: "markers",
    x: [experiment],
    y: [f1.mean],
    error_y: { type: "data", array: [f1.deviation], arrayminus: [f1.deviation] },
    marker: { color: INK, symbol: "x", size: 9 },
  }));
  return figure([...runs, ...means], {
    title: several.length > 0
      ? "F1 of every seed; crosses: mean and standard deviation"
      : "F1 of one seed: how much is chance is not known",
    xaxis: { title: { text: "Experiment" } },
    yaxis: { title: { text: `Test F1 of ${classes[1]} after ${count(epochs, "epoch")}` } },
  });
}
