/**
 * Figures of the analysis: scores with intervals, seeds, operating curves, calibration, the
 * deletion test.
 * @module
 */
import type { Layout, Plot } from "nodeplotlib";
import { count } from "@/analysis/format.ts";
import type { ExternalReport } from "@/analysis/external_report.ts";
import type { FoldsReport } from "@/analysis/folds_report.ts";
import type { ExperimentCurves, Summary } from "@/analysis/summary.ts";
import { type Figure, figure } from "@/figures/figure.ts";
import { experimentStyle, FIGURE_SIZE, INK, NEUTRAL_COLOUR } from "@/figures/style.ts";
import type { ClassNames } from "@/films/film.ts";
import type { Point } from "@/statistics/curves.ts";
import type { Estimate } from "@/statistics/intervals.ts";

/** An axis of shares from 0 to 1, with both ends in sight. */
const SHARE_AXIS = { range: [0, 1.02], tickvals: [0, 0.2, 0.4, 0.6, 0.8, 1] };

/** Pixels for a name below the axis. */
const NAME_WIDTH = 120;

/** A row of a figure of areas. */
interface AreaRow {
  name: string;
  colour: string;
  auc: Estimate;
  /** Gets another mark. Default: false. */
  isOther?: boolean;
}

/** Draws the AUC of each experiment and of predictors that see no lung, with 95% intervals. */
export function aucFigure({ experiments, shortcuts, borders, best }: Summary): Figure {
  const { colour } = experimentStyle(best.experiment);
  return areasFigure("Area under the ROC curve, with 95% intervals", [
    ...experiments.map(({ experiment, scores }) => (
      { name: experiment, colour: experimentStyle(experiment).colour, auc: scores.auc }
    )),
    { name: `${best.experiment}, border blanked`, colour, auc: borders.blanked },
    { name: `${best.experiment}, border alone`, colour, auc: borders.borderAlone },
    ...shortcuts.map(({ shortcut, auc }) => (
      { name: `logistic regression: ${shortcut}`, colour: NEUTRAL_COLOUR, auc }
    )),
  ]);
}

/**
 * Draws the AUC of each experiment on its own test films and on an external set, and of predictors
 * that see no lung beneath, with 95% intervals.
 */
export function externalFigure({ name, networks, shortcuts }: ExternalReport): Figure {
  const both = (
    who: string,
    colour: string,
    { ownAuc, auc }: Record<"ownAuc" | "auc", Estimate>,
  ) => [
    { name: `${who}, own test films`, colour, auc: ownAuc },
    { name: `${who}, ${name}`, colour, auc, isOther: true },
  ];
  return areasFigure(
    `Own test films and ${name}: area under the ROC curve`,
    [
      ...networks.flatMap((each) =>
        both(each.experiment, experimentStyle(each.experiment).colour, each)
      ),
      ...shortcuts.flatMap((each) => both(each.shortcut, NEUTRAL_COLOUR, each)),
    ],
  );
}

/** Draws the best network and the shortcuts on all test films and on matched pairs. */
export function matchedFigure({ matched = [], best }: Pick<Summary, "matched" | "best">): Figure {
  const { colour } = experimentStyle(best.experiment);
  const point = (value: number) => ({ value, low: value, high: value });
  const [first] = matched;
  return areasFigure("All test films, and pairs that a shortcut cannot tell apart", [
    ...first === undefined ? [] : [
      { name: `${best.experiment}, all test films`, colour, auc: point(first.before.network) },
    ],
    ...matched.map(({ shortcut, after }) => ({
      ...{ name: `${best.experiment}, pairs by ${shortcut}`, colour },
      ...{ auc: after.network, isOther: true },
    })),
    ...matched.flatMap(({ shortcut, before, after }) => [
      {
        ...{ name: `${shortcut}, all test films`, colour: NEUTRAL_COLOUR },
        auc: point(before.shortcut),
      },
      {
        ...{ name: `${shortcut}, pairs by ${shortcut}`, colour: NEUTRAL_COLOUR },
        ...{ auc: after.shortcut, isOther: true },
      },
    ]),
  ]);
}

/** Draws areas, or shares of pairs, a row each; those that are not defined are left out. */
function areasFigure(title: string, all: readonly AreaRow[]): Figure {
  const rows = all.filter(({ auc }) => !Number.isNaN(auc.value));
  const data = rows.map((
    { name, colour, auc: { value, low, high }, isOther = false },
  ): Plot => ({
    type: "scatter",
    mode: "markers",
    x: [value],
    y: [name],
    error_x: { type: "data", array: [high - value], arrayminus: [value - low] },
    marker: { color: colour, size: 11, ...isOther && { symbol: "diamond" } },
  }));
  const lowest = Math.floor(10 * Math.min(0.5, ...rows.map(({ auc }) => auc.low))) / 10;
  return figure(data, {
    title,
    height: 34 * data.length + 120,
    margin: { l: 320 },
    xaxis: { title: { text: "Area under the ROC curve (0.5 is chance)" }, range: [lowest, 1.01] },
    yaxis: { autorange: "reversed" },
  });
}

/** Draws the F1 of each run by experiment, with mean and standard deviation over the seeds. */
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
    width: Math.max(FIGURE_SIZE.width, NAME_WIDTH * (spreads.length + 1)),
    xaxis: { title: { text: "Experiment" } },
    yaxis: { title: { text: `Test F1 of ${classes[1]} after ${count(epochs, "epoch")}` } },
  });
}

/** Draws the AUC of each fold, and the folds' mean with its 95% interval. */
export function foldsFigure({ experiments }: FoldsReport): Figure {
  const data = experiments.flatMap(({ experiment, folds, auc: { value, low, high } }): Plot[] => {
    const { colour, symbol } = experimentStyle(experiment);
    return [
      {
        type: "scatter",
        mode: "markers",
        x: folds.map(() => experiment),
        y: folds.map(({ auc }) => auc.value),
        marker: { color: colour, symbol, size: 10 },
      },
      {
        type: "scatter",
        mode: "markers",
        x: [experiment],
        y: [value],
        error_y: { type: "data", array: [high - value], arrayminus: [value - low] },
        marker: { color: INK, symbol: "x", size: 9 },
      },
    ];
  });
  return figure(data, {
    title: "Area under the ROC curve of every fold; crosses: mean and its 95% interval",
    width: Math.max(FIGURE_SIZE.width, NAME_WIDTH * (experiments.length + 1)),
    xaxis: { title: { text: "Experiment" } },
    yaxis: { title: { text: "Area under the ROC curve (0.5 is chance)" } },
  });
}

/** Draws sensitivity against 1 - specificity at every threshold. */
export function rocFigure(curves: readonly ExperimentCurves[]): Figure {
  const data = curves.map(({ experiment, roc }) => curveTrace(experiment, roc));
  return figure([...data, diagonal("chance")], {
    title: "ROC curves on the test films",
    ...square("1 - specificity", "Sensitivity"),
  });
}

/** Draws precision against recall at every threshold. */
export function precisionRecallFigure(
  curves: readonly ExperimentCurves[],
  { classes }: { classes: ClassNames },
): Figure {
  const data = curves.map(({ experiment, precisionRecall }) =>
    curveTrace(experiment, precisionRecall)
  );
  return figure(data, {
    title: `Precision and recall of ${classes[1]} on the test films`,
    ...square("Recall (sensitivity)", "Precision"),
  });
}

/** Makes a dotted line from 0, 0 to 1, 1. */
function diagonal(name: string): Plot {
  const line = { color: NEUTRAL_COLOUR, dash: "dot", width: 2 } as const;
  return { type: "scatter", mode: "lines", name, x: [0, 1], y: [0, 1], line };
}

function square(x: string, y: string): Layout {
  return {
    height: 520,
    xaxis: { title: { text: x }, ...SHARE_AXIS },
    yaxis: { title: { text: y }, ...SHARE_AXIS },
  };
}

function curveTrace(name: string, points: readonly Point[]): Plot {
  const line = { color: experimentStyle(name).colour, width: 2.5 };
  const [x, y] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  return { type: "scatter", mode: "lines", name, x, y, line };
}

/**
 * Draws the share of TB films among films of about one probability. On the diagonal the
 * probabilities are right. Most films are at the ends, so a mark grows with the logarithm of its
 * number of films.
 */
export function reliabilityFigure({ experiments, classes: [, positive] }: Summary): Figure {
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
  return figure([...data, diagonal("calibrated")], {
    title: "Reliability on the test films; the larger a mark, the more films",
    ...square(`Mean probability of ${positive} of a bin's films`, `Share that has ${positive}`),
  });
}

/** Draws how the probability of TB falls when marked places, or random ones, are covered. */
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
