/**
 * The figures of runs and of their analysis.
 * @module
 */
import { join } from "node:path";
import { readAnalysis } from "@/analysis/read_analysis.ts";
import { suggest } from "@/common/closest.ts";
import { exists } from "@/common/files.ts";
import {
  aucFigure,
  deletionFigure,
  externalFigure,
  foldsFigure,
  matchedFigure,
  precisionRecallFigure,
  reliabilityFigure,
  rocFigure,
  seedsFigure,
} from "@/figures/analysis.ts";
import { confusionFigure } from "@/figures/confusion.ts";
import { compareCurves, experimentCurves, QUANTITIES } from "@/figures/curves.ts";
import type { Figure } from "@/figures/figure.ts";
import type { FinishedRun } from "@/notebooks/finished.ts";

/**
 * Makes the figures of one run.
 *
 * @throws {RangeError} If it has no results. The message lists the runs that have.
 */
export function figuresOfRun(name: string, runs: readonly FinishedRun[]): Figure[] {
  const run = runs.find(({ experiment }) => experiment === name);
  if (run === undefined) {
    const words = runs.map(({ experiment }) => experiment);
    const rest = `there are results of ${words.join(", ")}`;
    throw new RangeError(`Cannot show ${name}: ${suggest(name, { words, rest })}`);
  }
  return [
    experimentCurves(run, { quantity: QUANTITIES.crossEntropy }),
    experimentCurves(run, { quantity: QUANTITIES.accuracy }),
    confusionFigure([run]),
  ];
}

/** Makes the figures of all runs, and of their analysis if there is one. */
export async function figuresOfAll(
  runs: readonly FinishedRun[],
  { root }: { root: string },
): Promise<Figure[]> {
  const compare = (name: keyof typeof QUANTITIES, set: "train" | "test") =>
    compareCurves(runs, { quantity: QUANTITIES[name], set });
  const figures = [
    ...[compare("crossEntropy", "train"), compare("crossEntropy", "test")],
    ...[compare("accuracy", "train"), compare("accuracy", "test"), compare("f1", "test")],
    confusionFigure(runs),
  ];
  if (!await exists(join(root, "results/summary.json"))) return figures;
  const { summary, curves } = await readAnalysis({ root });
  return [
    ...figures,
    ...[rocFigure(curves), precisionRecallFigure(curves, runs[0]!), reliabilityFigure(summary)],
    ...[aucFigure(summary), deletionFigure(summary), seedsFigure(summary)],
    ...summary.folds === undefined ? [] : [foldsFigure(summary.folds)],
    ...summary.matched === undefined ? [] : [matchedFigure(summary)],
    ...(summary.external ?? []).map(externalFigure),
  ];
}
