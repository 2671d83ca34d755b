/**
 * The curves of a run as pictures, `visualize/<experiment>/train_acc.png`, `train_loss.png` and so on, as the assignment
 * keeps them.
 * @module
 */
import { join } from "node:path";
import { experimentCurves, type ExperimentRows, QUANTITIES } from "@/figures/curves.ts";
import { saveFigure } from "@/figures/show.ts";
import { inShownRun } from "@/shown_run.ts";

/** The pictures, by their names. */
const PICTURES = {
  train_loss: { quantity: QUANTITIES.loss, sets: ["train"] },
  train_acc: { quantity: QUANTITIES.accuracy, sets: ["train"] },
  test_loss: { quantity: QUANTITIES.loss, sets: ["test"] },
  test_acc: { quantity: QUANTITIES.accuracy, sets: ["test"] },
  test_f_1: { quantity: QUANTITIES.f1, sets: ["test"] },
  test_auc: { quantity: QUANTITIES.auc, sets: ["test"] },
} as const;

/**
 * Writes the pictures of a run.
 *
 * @param options.root Folder that gets `visualize/`. Default: that of the run that is shown.
 * @returns Their paths in there.
 */
export async function writeCurves(
  run: ExperimentRows,
  { root = inShownRun() }: { root?: string } = {},
): Promise<string[]> {
  const paths: string[] = [];
  for (const [name, curves] of Object.entries(PICTURES)) {
    const path = join("visualize", run.experiment, `${name}.png`);
    await saveFigure(experimentCurves(run, curves), join(root, path));
    paths.push(path);
  }
  return paths;
}
