/**
 * The tables on films that a shortcut cannot tell apart.
 * @module
 */
import { decimalInterval, percent, percentInterval } from "@/analysis/format.ts";
import type { MatchedReport } from "@/analysis/matched.ts";
import type { Summary } from "@/analysis/summary.ts";
import { absent, type AnalysisTable, spread } from "@/analysis/tables/table.ts";

/** Makes the table on matched films, or one that says that the analysis is older. */
export function matchedTables({ matched = [], best }: Summary): AnalysisTable[] {
  if (matched.length === 0) return [absent("matched", "Pairs of films: this analysis is older")];
  return [{
    name: "matched",
    title: `Pairs of films that a shortcut cannot tell apart: ${best.experiment}`,
    csv: matched.map(({ shortcut, pairs, before, after }) => ({
      ...{ shortcut, pairs, shortcut_auc: before.shortcut, network_auc: before.network },
      ...spread("shortcut_auc_refitted", after.shortcut),
      ...spread("network_ranks_rightly", after.network),
      ...balance("before", before.balance),
      ...balance("after", after.balance),
    })),
    markdown: matched.map(({ shortcut, pairs, before, after, words }) => ({
      ...{ "Matched by": shortcut, "Pairs": String(pairs) },
      "Shortcut's AUC, refitted": `${before.shortcut.toFixed(3)}, ${
        decimalInterval(after.shortcut)
      }`,
      "Network, all films": percent(before.network),
      "Network, pairs ranked rightly": percentInterval(after.network),
      "Largest standardized difference": [before, after].map(({ balance }) => balance.largest)
        .map((value) => Number.isNaN(value) ? "-" : value.toFixed(2)).join(", after: "),
      "In words": words,
    })),
  }];
}

function balance(
  when: string,
  { largest, mean, balanced }: MatchedReport["before"]["balance"],
): Record<string, number> {
  return {
    [`largest_difference_${when}`]: largest,
    [`mean_difference_${when}`]: mean,
    [`share_below_0.1_${when}`]: balanced,
  };
}
