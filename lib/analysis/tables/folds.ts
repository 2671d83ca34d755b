/**
 * The tables over the folds of a split.
 * @module
 */
import type { FoldsReport } from "@/analysis/folds_report.ts";
import { decimalInterval, percentInterval } from "@/analysis/format.ts";
import type { Summary } from "@/analysis/summary.ts";
import { absent, type AnalysisTable, spread } from "@/analysis/tables/table.ts";

/** Makes the tables over folds, or one that says that none were trained. */
export function foldTables({ folds }: Summary): AnalysisTable[] {
  if (folds === undefined || folds.experiments.length === 0) {
    return [absent("folds", "Every film tested once: no experiment was trained on all folds")];
  }
  return [means(folds), each(folds)];
}

function means({ experiments }: FoldsReport): AnalysisTable {
  return {
    name: "folds",
    title: "Every film tested once: the mean of the folds",
    csv: experiments.map(({ experiment, folds, auc, lowest, highest, purpose, ...rest }) => ({
      ...{ experiment, folds: folds.length, ...spread("auc", auc), lowest, highest, purpose },
      ...spread("sensitivity", rest.sensitivity),
      ...spread("specificity", rest.specificity),
      ...rest.confusion,
    })),
    markdown: experiments.map(({ experiment, folds, auc, lowest, highest, purpose, ...rest }) => ({
      ...{ "Experiment": experiment, "Folds": String(folds.length) },
      "Mean AUC": decimalInterval(auc),
      "Lowest and highest fold": `${lowest.toFixed(3)}, ${highest.toFixed(3)}`,
      "Threshold for": purpose,
      "Sensitivity": percentInterval(rest.sensitivity),
      "Specificity": percentInterval(rest.specificity),
    })),
  };
}

function each({ experiments }: FoldsReport): AnalysisTable {
  const rows = experiments.flatMap(({ experiment, folds }) =>
    folds.map((fold) => ({ experiment, ...fold }))
  );
  return {
    name: "each_fold",
    title: "Every film tested once: each fold",
    csv: rows.map(({ experiment, fold, epoch, chosenBy, healthy, tb, auc, threshold }) => ({
      ...{ experiment, fold, epoch, chosen_by: chosenBy, healthy, tb },
      ...{ ...spread("auc", auc), threshold },
    })),
    markdown: rows.map(({ experiment, fold, epoch, chosenBy, healthy, tb, auc, threshold }) => ({
      ...{ "Experiment": experiment, "Fold": String(fold), "Epoch": `${epoch} (${chosenBy})` },
      "Test films": `${healthy} + ${tb}`,
      "AUC": decimalInterval(auc),
      "Threshold": threshold.toPrecision(3),
    })),
  };
}
