/**
 * Figures of the analysis: scores with intervals, operating curves, calibration, the deletion test.
 * @module
 */
import type { Layout, Plot } from "nodeplotlib";
import type { ExperimentCurves, Summary } from "@/analysis/summary.ts";
import { type Figure, figure } from "@/figures/figure.ts";
import { experimentStyle, NEUTRAL_COLOUR } from "@/figures/style.ts";
import { CLASS_NAMES, type ClassNames } from "@/metrics.ts";
import type { Estimate } from "@/statistics/intervals.ts";

/** A share from 0 to 1, both ends in sight. */
const SHARE_AXIS = { range: [0, 1.02], tickvals: [0, 0.2, 0.4, 0.6, 0.8, 1] };

/** The area under the ROC curve of each experiment and of what sees no lung, with 95% intervals. */
export function aucFigure({ experiments, shortcuts, borders, best }: Summary): Figure {
  const networks = experiments.map(({ experiment, scores }) =>
    estimateTrace({ name: experiment, colour: experimentStyle(experiment).colour }, scores.auc)
  );
  const baselines = shortcuts.map(({ shortcut, auc }) =>
    estimateTrace({ name: `logistic regression: ${shortcut}`, colour: NEUTRAL_COLOUR }, auc)
  );
  const { colour } = experimentStyle(best.experiment);
  const covered = [
    estimateTrace({ name: `${best.experiment}, border blanked`, colour }, borders.blanked),
    estimateTrace({ name: `${best.experiment}, border alone`, colour }, borders.borderAlone),
  ];
  const data = [...networks, ...covered, ...baselines];
  return figure(data, {
    title: "Area under the ROC curve, with 95% intervals",
    height: 34 * data.length + 120,
    margin: { l: 320 },
    xaxis: { title: { text: "Area under the ROC curve (0.5 is chance)" }, range: aucRange(data) },
    yaxis: { autorange: "reversed" },
  });
}

/** From a round number below the lowest end of an interval to just above 1. */
function aucRange(data: readonly Plot[]): [number, number] {
  const lows = data.map(({ x, error_x }) =>
    (x as number[])[0]! - (error_x as unknown as { arrayminus: number[] }).arrayminus[0]!
  );
  return [Math.floor(10 * Math.min(0.5, ...lows)) / 10, 1.01];
}

function estimateTrace(
  { name, colour }: { name: string; colour: string },
  { value, low, high }: Estimate,
): Plot {
  return {
    type: "scatter",
    mode: "markers",
    x: [value],
    y: [name],
    error_x: { type: "data", array: [high - value], arrayminus: [value - low] },
    marker: { color: colour, size: 11 },
  };
}

/** Sensitivity against 1 - specificity at every threshold. */
export function rocFigure(curves: readonly ExperimentCurves[]): Figure {
  const chance: Plot = {
    type: "scatter",
    mode: "lines",
    name: "chance",
    x: [0, 1],
    y: [0, 1],
    line: { color: NEUTRAL_COLOUR, dash: "dot", width: 2 },
  };
  return figure([...curves.map((each) => curveTrace(each, "roc")), chance], {
    title: "ROC curves on the test films",
    ...square("1 - specificity", "Sensitivity"),
  });
}

/** Precision against recall at every threshold. */
export function precisionRecallFigure(
  curves: readonly ExperimentCurves[],
  { classes = CLASS_NAMES }: { classes?: ClassNames } = {},
): Figure {
  return figure(curves.map((each) => curveTrace(each, "precisionRecall")), {
    title: `Precision and recall of ${classes[1]} on the test films`,
    ...square("Recall (sensitivity)", "Precision"),
  });
}

function square(x: string, y: string): Layout {
  return {
    height: 520,
    xaxis: { title: { text: x }, ...SHARE_AXIS },
    yaxis: { title: { text: y }, ...SHARE_AXIS },
  };
}

function curveTrace(curves: ExperimentCurves, which: "roc" | "precisionRecall"): Plot {
  return {
    type: "scatter",
    mode: "lines",
    name: curves.experiment,
    x: curves[which].map(({ x }) => x),
    y: curves[which].map(({ y }) => y),
    line: { color: experimentStyle(curves.experiment).colour, width: 2.5 },
  };
}

/**
 * The share of TB films among films of about one probability: on the diagonal a probability means what it says. Most films
 * are at the ends, so a mark grows with the logarithm of its films' number.
 */
export function reliabilityFigure({ experiments, classes: [, positive] }: Summary): Figure {
  const ideal: Plot = {
    type: "scatter",
    mode: "lines",
    name: "calibrated",
    x: [0, 1],
    y: [0, 1],
    line: { color: NEUTRAL_COLOUR, dash: "dot", width: 2 },
  };
  const data = experiments.map(({ experiment, calibration }): Plot => {
    const bins = calibration.raw.bins.filter(({ films }) => films > 0);
    const { colour, symbol } = experimentStyle(experiment);
    return {
      type: "scatter",
      mode: "lines+markers",
      name: experiment,
      x: bins.map(({ meanProbability }) => meanProbability),
      y: bins.map(({ shareTb }) => shareTb),
      line: { color: colour, width: 1 },
      marker: {
        color: colour,
        symbol,
        size: bins.map(({ films }) => 3 + 2 * Math.log2(1 + films)),
      },
    };
  });
  return figure([...data, ideal], {
    title: "Reliability on the test films; the larger a mark, the more films",
    ...square(`Mean probability of ${positive} of a bin's films`, `Share that has ${positive}`),
  });
}

/** What covering the places that a map marks does to the probability of TB, and what covering any places does. */
export function deletionFigure({ deletion, best, classes: [, positive] }: Summary): Figure {
  const { colour } = experimentStyle(best.experiment);
  const data = deletion.flatMap(({ method, shares, byMap, byChance }, i): Plot[] => {
    const trace = (name: string, y: number[], colour: string): Plot => ({
      type: "scatter",
      mode: "lines+markers",
      name,
      x: shares,
      y,
      line: { color: colour, width: 2.5, dash: i === 0 ? "solid" : "dash" },
      marker: { color: colour, size: 8, symbol: i === 0 ? "circle" : "square" },
    });
    return [
      trace(`${method}: marked places first`, byMap, colour),
      ...(i === 0 ? [trace("any places", byChance, NEUTRAL_COLOUR)] : []),
    ];
  });
  return figure(data, {
    title: `Deletion test: ${positive} films with more and more covered`,
    xaxis: { title: { text: "Share of the film that is covered" }, ...SHARE_AXIS },
    yaxis: { title: { text: `Mean probability of ${positive}` }, ...SHARE_AXIS },
  });
}
