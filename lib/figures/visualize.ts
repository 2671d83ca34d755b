/**
 * Writes the curves of a run as the pictures that the assignment asks for:
 * `visualize/<experiment>/train_acc.png`, `train_loss.png` and so on.
 * @module
 */
import { join } from "node:path";
import { experimentCurves, QUANTITIES } from "@/figures/curves.ts";
import { saveFigure } from "@/figures/show.ts";
import type { ExperimentRows } from "@/runs/epochs.ts";

/** The pictures, by name. */
const PICTURES = {
  train_loss: { quantity: QUANTITIES.loss, sets: ["train"] },
  train_acc: { quantity: QUANTITIES.accuracy, sets: ["train"] },
  test_loss: { quantity: QUANTITIES.loss, sets: ["test"] },
  test_acc: { quantity: QUANTITIES.accuracy, sets: ["test"] },
  test_f_1: { quantity: QUANTITIES.f1, sets: ["test"] },
  test_auc: { quantity: QUANTITIES.auc, sets: ["test"] },
} as const;

/** Writes the pictures of a run into `visualize/` of the folder `root`; gives their paths there. */
export async function writeCurves(
  run: ExperimentRows,
  { root }: { root: string },
): Promise<string[]> {
  const paths: string[] = [];
  for (const [name, curves] of Object.entries(PICTURES)) {
    const path = join("visualize", run.experiment, `${name}.png`);
    await saveFigure(experimentCurves(run, curves), join(root, path));
    paths.push(path);
  }
  return paths;
}
