/**
 * The tables of what films and networks show: shortcuts, the deletion test, wrong films.
 * @module
 */
import type { Summary } from "@/analysis/summary.ts";
import { type AnalysisTable, spread } from "@/analysis/table_files.ts";
import { decimalInterval } from "@/analysis/words.ts";

/** Baselines and network, by what they see. */
export function shortcutsTable({ shortcuts, borders, best }: Summary): AnalysisTable {
  const network = [
    [`${best.experiment}, whole films`, borders.whole],
    [`${best.experiment}, border blanked`, borders.blanked],
    [`${best.experiment}, border alone`, borders.borderAlone],
  ] as const;
  return {
    name: "shortcuts",
    title: "Shortcut audit",
    csv: [
      ...shortcuts.map(({ shortcut, features, auc }) => ({
        model: "logistic regression",
        sees: shortcut,
        features,
        ...spread("auc", auc),
      })),
      ...network.map(([sees, auc]) => ({
        model: "network",
        sees,
        features: null,
        ...spread("auc", auc),
      })),
    ],
    markdown: [
      ...shortcuts.map(({ sees, auc, words }) => ({
        "Who, seeing what": `Logistic regression, ${sees}`,
        "AUC": decimalInterval(auc),
        "In words": words,
      })),
      ...network.map(([sees, auc]) => ({
        "Who, seeing what": sees,
        "AUC": decimalInterval(auc),
        "In words": "",
      })),
    ],
  };
}

/** Both methods in the deletion test. */
export function deletionTable({ deletion }: Summary): AnalysisTable {
  return {
    name: "deletion",
    title: "Deletion test",
    csv: deletion.flatMap(({ method, films, shares, byMap, byChance }) =>
      shares.map((share, i) => ({
        method,
        films,
        share_covered: share,
        probability_by_map: byMap[i]!,
        probability_by_chance: byChance[i]!,
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

/** Films of the two sets that are nearly the same. */
export function nearDuplicatesTable({ nearDuplicates }: Summary): AnalysisTable {
  return {
    name: "near_duplicates",
    title: "Near-identical films across training and test set",
    csv: nearDuplicates,
    markdown: nearDuplicates.map(({ train, test, distance }) => ({
      "Training film": train,
      "Test film": test,
      "Bits that differ, of 255": String(distance),
    })),
  };
}

/** Films that an experiment has wrong. */
export function errorsTable({ errors: { films } }: Summary): AnalysisTable {
  return {
    name: "errors",
    title: "Films that are called wrong",
    csv: films.map(({ filename, label, wrong, verdicts }) => ({
      filename,
      label,
      wrong_in: wrong,
      ...Object.assign(
        {},
        ...verdicts.map(({ experiment, probability, rank }) => ({
          [`${experiment}_probability`]: probability,
          [`${experiment}_rank`]: rank,
        })),
      ),
    })),
    markdown: films.map(({ filename, label, wrong, verdicts }) => ({
      "Film": filename,
      "Is": label,
      "Wrong in": `${wrong} of ${verdicts.length}`,
      ...Object.fromEntries(
        verdicts.map(({ experiment, probability, rank, right }) => [
          experiment,
          `${probability.toFixed(3)} (rank ${rank})${right ? "" : " wrong"}`,
        ]),
      ),
    })),
  };
}
