/**
 * The analysis as tables.
 * @module
 */
import { count, decimalInterval, percentInterval } from "@/analysis/format.ts";
import type { ExperimentCurves, Summary } from "@/analysis/summary.ts";
import { externalTables } from "@/analysis/tables/external.ts";
import { foldTables } from "@/analysis/tables/folds.ts";
import { matchedTables } from "@/analysis/tables/matched.ts";
import { type AnalysisTable, spread } from "@/analysis/tables/table.ts";
import { titleOf } from "@/runs/own.ts";

/** Makes all tables of an analysis. */
export function analysisTables(summary: Summary): AnalysisTable[] {
  const all = [
    ...[scores, comparisons, selection, seeds, operatingPoints, calibration],
    ...[shortcuts, nearDuplicates, deletion, errors],
  ];
  return [
    ...all.map((table) => table(summary)),
    ...[...foldTables(summary), ...matchedTables(summary), ...externalTables(summary)],
  ];
}

/** Lists the curves' points, a row each. */
export function curveTables(
  curves: readonly ExperimentCurves[],
): Pick<AnalysisTable, "name" | "csv">[] {
  const rows = (curve: "roc" | "precisionRecall", [x, y]: [string, string]) =>
    curves.flatMap(({ experiment, [curve]: points }) =>
      points.map((point) => ({ experiment, [x]: point.x, [y]: point.y }))
    );
  return [
    { name: "roc", csv: rows("roc", ["one_minus_specificity", "sensitivity"]) },
    { name: "precision_recall", csv: rows("precisionRecall", ["recall", "precision"]) },
  ];
}

function scores({ experiments }: Summary): AnalysisTable {
  const names = ["accuracy", "sensitivity", "specificity", "f1", "auc"] as const;
  return {
    name: "scores",
    title: "Scores with 95% intervals",
    csv: experiments.map(({ experiment, epoch, chosenBy, scores, averagePrecision }) => ({
      ...{ experiment, epoch, chosen_by: chosenBy },
      ...Object.assign({}, ...names.map((name) => spread(name, scores[name]))),
      auc_bootstrap_low: scores.aucBootstrap.low,
      auc_bootstrap_high: scores.aucBootstrap.high,
      average_precision: averagePrecision,
      ...scores.confusion,
    })),
    markdown: experiments.map(({ experiment, own, epoch, chosenBy, scores }) => ({
      ...{ "Experiment": titleOf(experiment, own), "Epoch": `${epoch} (${chosenBy})` },
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
      ...{ first, second },
      ...{ only_first_right: decisions.onlyFirst, only_second_right: decisions.onlySecond },
      ...{ mcnemar_p: decisions.p, mcnemar_p_holm: decisions.corrected },
      ...spread("auc_difference", auc),
      ...{ delong_p: auc.p, delong_p_holm: auc.corrected },
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
    csv: choices.map(({ experiment, reason, ...at }) => ({ experiment, chosen_by: reason, ...at })),
    markdown: choices.map(({ experiment, reason, epoch, accuracy, f1, auc }) => ({
      ...{ "Experiment": experiment, "Epoch chosen by": reason, "Epoch": String(epoch) },
      "Accuracy": `${(100 * accuracy).toFixed(2)}%`,
      "F1": f1.toFixed(4),
      "AUC": auc.toFixed(4),
    })),
  };
}

function seeds({ seeds: { epochs, spreads } }: Summary): AnalysisTable {
  const names = ["accuracy", "f1", "auc"] as const;
  const text = ({ mean, deviation }: { mean: number; deviation: number }) =>
    mean.toFixed(4) + (Number.isNaN(deviation) ? "" : ` ± ${deviation.toFixed(4)}`);
  return {
    name: "seeds",
    title: `Over seeds, after ${count(epochs, "epoch")}: mean ± standard deviation`,
    csv: spreads.map((spread) => ({
      ...{ experiment: spread.experiment, seeds: spread.seeds.join(" "), epochs },
      ...Object.fromEntries(names.flatMap((name) => [
        [`${name}_mean`, spread[name].mean],
        [`${name}_deviation`, spread[name].deviation],
      ])),
    })),
    markdown: spreads.map(({ experiment, seeds, accuracy, f1, auc }) => ({
      ...{ "Experiment": experiment, "Seeds": seeds.join(", ") },
      ...{ "Accuracy": text(accuracy), "F1": text(f1), "AUC": text(auc) },
    })),
  };
}

function operatingPoints({ experiments, classes: [, positiveName] }: Summary): AnalysisTable {
  const points = experiments.flatMap(({ experiment, operatingPoints }) =>
    operatingPoints.map((point) => ({ experiment, ...point }))
  );
  return {
    name: "operating_points",
    title: "Operating points and predictive values",
    csv: points.map(({ experiment, purpose, chosenOn, threshold, predictiveValues, ...point }) => ({
      ...{ experiment, purpose, threshold_chosen_on: chosenOn, threshold },
      ...spread("sensitivity", point.sensitivity),
      ...spread("specificity", point.specificity),
      ...Object.assign(
        {},
        ...predictiveValues.map(({ prevalence, positive, negative }) => ({
          ...spread(`ppv_at_${100 * prevalence}_percent`, positive),
          ...spread(`npv_at_${100 * prevalence}_percent`, negative),
        })),
      ),
    })),
    markdown: points.map(({ experiment, purpose, predictiveValues, ...point }) => ({
      ...{ "Experiment": experiment, "Purpose": purpose },
      "Threshold": Number.isFinite(point.threshold) ? point.threshold.toPrecision(3) : "above all",
      "Sensitivity": percentInterval(point.sensitivity),
      "Specificity": percentInterval(point.specificity),
      ...Object.fromEntries(
        predictiveValues.map(({ prevalence, positive }) => [
          `${positiveName} of those called ${positiveName}, at ${100 * prevalence}% prevalence`,
          percentInterval(positive),
        ]),
      ),
    })),
  };
}

function calibration({ experiments }: Summary): AnalysisTable {
  const rows = experiments.flatMap(({ experiment, calibration: { raw, scaled } }) => [
    { experiment, temperature: 1, ...raw },
    ...(scaled === null ? [] : [{ experiment, ...scaled }]),
  ]);
  return {
    name: "calibration",
    title: "Calibration",
    csv: rows.flatMap(({ experiment, temperature, expectedError, brier, bins }) =>
      bins.map((bin) => ({
        ...{ experiment, temperature, expected_error: expectedError, brier },
        ...{ bin_low: bin.low, bin_high: bin.high, films: bin.films },
        ...{ mean_probability: bin.meanProbability, share_tb: bin.shareTb },
      }))
    ),
    markdown: rows.map(({ experiment, temperature, expectedError, brier }) => ({
      "Experiment": experiment,
      "Temperature": temperature.toFixed(3),
      "Expected calibration error": expectedError.toFixed(4),
      "Brier score": brier.toFixed(4),
    })),
  };
}

function shortcuts({ shortcuts, borders, best }: Summary): AnalysisTable {
  const network = Object.entries({
    "whole films": borders.whole,
    "border blanked": borders.blanked,
    "border alone": borders.borderAlone,
  }).map(([films, auc]) => ({ sees: `${best.experiment}, ${films}`, auc }));
  return {
    name: "shortcuts",
    title: "Shortcut audit",
    csv: [
      ...shortcuts.map(({ shortcut, features, auc }) => (
        { model: "logistic regression", sees: shortcut, features, ...spread("auc", auc) }
      )),
      ...network.map(({ sees, auc }) => (
        { model: "network", sees, features: null, ...spread("auc", auc) }
      )),
    ],
    markdown: [
      ...shortcuts.map((each) => ({ ...each, sees: `Logistic regression, ${each.sees}` })),
      ...network.map((each) => ({ ...each, words: "" })),
    ].map(({ sees, auc, words }) => (
      { "Who, seeing what": sees, "AUC": decimalInterval(auc), "In words": words }
    )),
  };
}

function deletion({ deletion }: Summary): AnalysisTable {
  return {
    name: "deletion",
    title: "Deletion test",
    csv: deletion.flatMap(({ method, films, shares, byMap, byChance }) =>
      shares.map((share, i) => ({
        ...{ method, films, share_covered: share },
        ...{ probability_by_map: byMap[i]!, probability_by_chance: byChance[i]! },
      }))
    ),
    markdown: deletion.map(({ method, films, difference, words }) => ({
      "Method": method,
      "Films": String(films),
      "Probability lower than by chance": decimalInterval(difference, { signed: true }),
      "In words": words,
    })),
  };
}

function nearDuplicates({ nearDuplicates }: Summary): AnalysisTable {
  return {
    name: "near_duplicates",
    title: "Near-identical films across training and test set",
    csv: nearDuplicates,
    markdown: nearDuplicates.map(({ train, test, distance }) => (
      { "Training film": train, "Test film": test, "Bits that differ, of 255": String(distance) }
    )),
  };
}

function errors({ errors: { films } }: Summary): AnalysisTable {
  return {
    name: "errors",
    title: "Films that are called wrong",
    csv: films.map(({ filename, label, wrong, verdicts }) => ({
      ...{ filename, label, wrong_in: wrong },
      ...Object.fromEntries(verdicts.flatMap(({ experiment, probability, rank }) => [
        [`${experiment}_probability`, probability],
        [`${experiment}_rank`, rank],
      ])),
    })),
    markdown: films.map(({ filename, label, wrong, verdicts }) => ({
      ...{ "Film": filename, "Is": label, "Wrong in": `${wrong} of ${verdicts.length}` },
      ...Object.fromEntries(
        verdicts.map(({ experiment, probability, rank, right }) => [
          experiment,
          `${probability.toFixed(3)} (rank ${rank})${right ? "" : " wrong"}`,
        ]),
      ),
    })),
  };
}
