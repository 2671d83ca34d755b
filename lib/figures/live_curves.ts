/**
 * A run's curves in a notebook, updated in place during training.
 * @module
 */
import { inNotebook } from "@/common/show.ts";
import { experimentCurves, QUANTITIES } from "@/figures/curves.ts";
import { showLiveFigure } from "@/figures/show.ts";
import type { EpochRow } from "@/runs/epochs.ts";

/** Minimum time between drawings, in ms: a resumed run yields its earlier epochs all at once. */
const INTERVAL = 1000;

/** Opens the curves of loss and accuracy. Outside of a notebook it draws nothing. */
export function openCurves(experiment: string) {
  const outputs: Awaited<ReturnType<typeof showLiveFigure>>[] = [];
  let drawn = 0;
  let next = 0;
  const draw = async (rows: readonly EpochRow[]) => {
    if (!inNotebook()) return;
    for (const [i, quantity] of [QUANTITIES.loss, QUANTITIES.accuracy].entries()) {
      const figure = experimentCurves({ experiment, rows }, { quantity });
      if (outputs[i] === undefined) outputs[i] = await showLiveFigure(figure);
      else await outputs[i].update(figure);
    }
    drawn = rows.length;
    next = performance.now() + INTERVAL;
  };
  return {
    /** Draws the epochs, unless the last drawing was less than a second ago. */
    async update(rows: readonly EpochRow[]) {
      if (performance.now() >= next) await draw(rows);
    },
    /** Draws the epochs that are not drawn yet. */
    async finish(rows: readonly EpochRow[]) {
      if (rows.length > drawn) await draw(rows);
    },
  };
}
