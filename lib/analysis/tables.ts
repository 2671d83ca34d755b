/**
 * The analysis as tables.
 * @module
 */
import {
  deletionTable,
  errorsTable,
  nearDuplicatesTable,
  shortcutsTable,
} from "@/analysis/film_tables.ts";
import type { ExperimentCurves, Summary } from "@/analysis/summary.ts";
import { type AnalysisTable, spread } from "@/analysis/table_files.ts";
import { calibrationTable, operatingPointsTable } from "@/analysis/use_tables.ts";
import { count, decimalInterval, percentInterval } from "@/analysis/words.ts";
import type { Point } from "@/statistics/curves.ts";

/** All tables of an analysis. */
export function analysisTables(summary: Summary): AnalysisTable[] {
  return [
    scores(summary),
    comparisons(summary),
    selection(summary),
    seeds(summary),
    operatingPointsTable(summary),
    calibrationTable(summary),
    shortcutsTable(summary),
    nearDuplicatesTable(summary),
    deletionTable(summary),
    errorsTable(summary),
  ];
}

/** The curves' points, a row each. */
export function curveTables(
  curves: readonly ExperimentCurves[],
): Pick<AnalysisTable, "name" | "csv">[] {
  const rows = (pick: (of: ExperimentCurves) => Point[], [x, y]: [string, string]) =>
    curves.flatMap((of) =>
      pick(of).map((point) => ({ experiment: of.experiment, [x]: point.x, [y]: point.y }))
    );
  return [
    { name: "roc", csv: rows(({ roc }) => roc, ["one_minus_specificity", "sensitivity"]) },
    {
      name: "precision_recall",
      csv: rows(({ precisionRecall }) => precisionRecall, ["recall", "precision"]),
    },
  ];
}

function scores({ experiments }: Summary): AnalysisTable {
  const names = ["accuracy", "sensitivity", "specificity", "f1", "auc"] as const;
  return {
    name: "scores",
    title: "Scores with 95% intervals",
    csv: experiments.map(({ experiment, epoch, chosenBy, scores, averagePrecision }) => ({
      experiment,
      epoch,
      chosen_by: chosenBy,
      ...Object.assign({}, ...names.map((name) => spread(name, scores[name]))),
      auc_bootstrap_low: scores.aucBootstrap.low,
      auc_bootstrap_high: scores.aucBootstrap.high,
      average_precision: averagePrecision,
      ...scores.confusion,
    })),
    markdown: experiments.map(({ experiment, epoch, chosenBy, scores }) => ({
      "Experiment": experiment,
      "Epoch": `${epoch} (${chosenBy})`,
      "Accuracy": percentInterval(scores.accuracy),
      "Sensitivity": percentInterval(scores.sensitivity),
      "Specificity": percentInterval(scores.specificity),
      "F1": decimalInterval(scores.f1),
      "AUC": decimalInterval(scores.auc),
    })),
  };
}

function comparisons({ comparisons }: Summary): AnalysisTable {
  return {
    name: "comparisons",
    title: "Differences between experiments",
    csv: comparisons.map(({ first, second, decisions, auc }) => ({
      first,
      second,
      only_first_right: decisions.onlyFirst,
      only_second_right: decisions.onlySecond,
      mcnemar_p: decisions.p,
      mcnemar_p_holm: decisions.corrected,
      ...spread("auc_difference", auc),
      delong_p: auc.p,
      delong_p_holm: auc.corrected,
    })),
    markdown: comparisons.map(({ first, second, decisions, auc, words }) => ({
      "Pair": `${first}, ${second}`,
      "Right in one alone": `${decisions.onlyFirst}, ${decisions.onlySecond}`,
      "McNemar p (Holm)": `${decisions.p.toFixed(3)} (${decisions.corrected.toFixed(3)})`,
      "AUC difference": decimalInterval(auc, { signed: true }),
      "DeLong p (Holm)": `${auc.p.toFixed(3)} (${auc.corrected.toFixed(3)})`,
      "In words": words,
    })),
  };
}

function selection({ experiments }: Summary): AnalysisTable {
  const choices = experiments.flatMap(({ experiment, selection }) =>
    selection.choices.map((choice) => ({ experiment, ...choice }))
  );
  return {
    name: "selection",
    title: "What choosing the epoch adds",
    csv: choices.map(({ experiment, reason, epoch, accuracy, f1, auc }) => ({
      experiment,
      chosen_by: reason,
      epoch,
      accuracy,
      f1,
      auc,
    })),
    markdown: choices.map(({ experiment, reason, epoch, accuracy, f1, auc }) => ({
      "Experiment": experiment,
      "Epoch chosen by": reason,
      "Epoch": String(epoch),
      "Accuracy": `${(100 * accuracy).toFixed(2)}%`,
      "F1": f1.toFixed(4),
      "AUC": auc.toFixed(4),
    })),
  };
}

function seeds({ seeds: { epochs, spreads } }: Summary): AnalysisTable {
  const names = ["accuracy", "f1", "auc"] as const;
  const text = (digits: number) => ({ mean, deviation }: { mean: number; deviation: number }) =>
    Number.isNaN(deviation)
      ? mean.toFixed(digits)
      : `${mean.toFixed(digits)} ± ${deviation.toFixed(digits)}`;
  return {
    name: "seeds",
    title: `Over seeds, after ${count(epochs, "epoch")}: mean ± standard deviation`,
    csv: spreads.map((spread) => ({
      experiment: spread.experiment,
      seeds: spread.seeds.join(" "),
      epochs,
      ...Object.assign(
        {},
        ...names.map((name) => ({
          [`${name}_mean`]: spread[name].mean,
          [`${name}_deviation`]: spread[name].deviation,
        })),
      ),
    })),
    markdown: spreads.map((spread) => ({
      "Experiment": spread.experiment,
      "Seeds": spread.seeds.join(", "),
      "Accuracy": text(4)(spread.accuracy),
      "F1": text(4)(spread.f1),
      "AUC": text(4)(spread.auc),
    })),
  };
}
