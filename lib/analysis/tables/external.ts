/**
 * The tables on films of other sources.
 * @module
 */
import { decimalInterval, percentInterval } from "@/analysis/format.ts";
import type { ExternalReport } from "@/analysis/external_report.ts";
import type { Summary } from "@/analysis/summary.ts";
import { absent, type AnalysisTable, spread } from "@/analysis/tables/table.ts";

type Network = ExternalReport["networks"][number];

/** Makes the tables on films of other sources, or one that says that none were named. */
export function externalTables({ external = [], classes }: Summary): AnalysisTable[] {
  if (external.length === 0) return [absent("external", "Films of other sources: none were named")];
  return [ranking, points, calibration, sets].map((table) => table(external, classes));
}

function ranking(external: readonly ExternalReport[]): AnalysisTable {
  const rows = external.flatMap(({ name, networks, shortcuts }) => [
    ...networks.flatMap(({ experiment, epoch, chosenBy, folds, ...areas }) => [
      { name, who: experiment, epoch: `${epoch} (${chosenBy})`, ...areas },
      ...folds === undefined ? [] : foldRows(folds).map((row) => (
        { name, epoch: "", ...row, who: `${experiment}, ${row.who}` }
      )),
    ]),
    ...shortcuts.map(({ shortcut, ...areas }) => (
      { name, who: `logistic regression: ${shortcut}`, epoch: "", ...areas }
    )),
  ]);
  return {
    name: "external",
    title: "Films of other sources: area under the ROC curve",
    csv: rows.map(({ name, who, epoch, auc, ownAuc, drop }) => ({
      ...{ set: name, model: who, epoch },
      ...{ ...spread("auc", auc), ...spread("own_auc", ownAuc), ...spread("drop", drop) },
    })),
    markdown: rows.map(({ name, who, epoch, auc, ownAuc, drop }) => ({
      ...{ "Set": name, "Who": who, "Epoch": epoch },
      "AUC there": decimalInterval(auc),
      "AUC on its own test films": decimalInterval(ownAuc),
      "Drop": decimalInterval(drop, { signed: true }),
    })),
  };
}

/** Makes rows of the folds' networks: their mean with their range, and their ensemble. */
function foldRows({ mean, lowest, highest, ensemble }: NonNullable<Network["folds"]>) {
  const none = { value: NaN, low: NaN, high: NaN };
  const others = { ownAuc: none, drop: none };
  return [
    {
      who: "mean of the folds [range]",
      auc: { value: mean, low: lowest, high: highest },
      ...others,
    },
    { who: "ensemble of the folds", auc: ensemble, ...others },
  ];
}

/** The set that chose a threshold, in words. */
const CHOSEN_ON = {
  validation: "validation films",
  test: "own test films (optimistic at home)",
} as const;

function points(external: readonly ExternalReport[]): AnalysisTable {
  const rows = external.flatMap(({ name, networks }) =>
    networks.flatMap(({ experiment, points }) =>
      points.map((point) => ({ name, experiment, ...point }))
    )
  );
  // Thresholds that were chosen on test films stand apart, below all others.
  const apart = rows.toSorted((a, b) =>
    Number(a.chosenOn === "test") - Number(b.chosenOn === "test")
  );
  return {
    name: "external_points",
    title: "Films of other sources: sensitivity and specificity",
    csv: apart.map(({ name, experiment, purpose, chosenOn, threshold, ...point }) => ({
      ...{ set: name, experiment, purpose, threshold_chosen_on: chosenOn, threshold },
      ...spread("sensitivity", point.sensitivity),
      ...spread("specificity", point.specificity),
    })),
    markdown: apart.map(({ name, experiment, purpose, chosenOn, threshold, ...point }) => ({
      ...{ "Set": name, "Experiment": experiment, "Threshold for": purpose },
      "Chosen on": chosenOn === null ? "fixed" : CHOSEN_ON[chosenOn],
      "Threshold": Number.isFinite(threshold) ? threshold.toPrecision(3) : "above all",
      "Sensitivity": percentInterval(point.sensitivity),
      "Specificity": percentInterval(point.specificity),
    })),
  };
}

function calibration(external: readonly ExternalReport[]): AnalysisTable {
  const rows = external.flatMap(({ name, networks }) =>
    networks.map(({ experiment, calibration }) => ({ name, experiment, ...calibration }))
  );
  return {
    name: "external_calibration",
    title: "Films of other sources: calibration",
    csv: rows.map((
      { name, experiment, intercept, slope, observedOverExpected, expectedError },
    ) => ({
      ...{ set: name, experiment },
      ...{ ...spread("intercept", intercept), ...spread("slope", slope) },
      ...spread("observed_over_expected", observedOverExpected),
      expected_error: expectedError,
    })),
    markdown: rows.map((row) => ({
      ...{ "Set": row.name, "Experiment": row.experiment },
      "Intercept (0 is best)": decimalInterval(row.intercept, { signed: true }),
      "Slope (1 is best)": decimalInterval(row.slope),
      "Observed/expected (1 is best)": decimalInterval(row.observedOverExpected),
      "Expected calibration error": row.expectedError.toFixed(4),
    })),
  };
}

function sets(
  external: readonly ExternalReport[],
  [negative, positive]: Summary["classes"],
): AnalysisTable {
  return {
    name: "external_sets",
    title: "Films of other sources: the sets and their limits",
    csv: external.map(({ name, healthy, tb, unreadable, leftOut, notes }) => ({
      ...{ set: name, healthy, tb },
      ...{ unreadable: unreadable.length, left_out: leftOut.length, notes: notes.join(" ") },
    })),
    markdown: external.map(({ name, healthy, tb, unreadable, leftOut, notes }) => ({
      "Set": name,
      [negative]: String(healthy),
      [positive]: String(tb),
      "Unreadable": String(unreadable.length),
      "Seen before, left out": String(leftOut.length),
      "Limits": notes.join(" "),
    })),
  };
}
