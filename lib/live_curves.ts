/**
 * A run's curves in a notebook, changing in place while it goes on.
 * @module
 */
import { experimentCurves, QUANTITIES } from "@/figures/curves.ts";
import { showLiveFigure } from "@/figures/show.ts";
import type { EpochRow } from "@/metrics.ts";
import { inNotebook } from "@/notebook.ts";

/** The curves of a run. */
export interface LiveCurves {
  /** Draws the epochs up to now, unless it has just drawn. */
  update(rows: readonly EpochRow[]): Promise<void>;
  /** Draws the epochs up to now if they are not drawn yet. */
  finish(rows: readonly EpochRow[]): Promise<void>;
}

/** Time between two drawings at least, in milliseconds: a run that goes on has its earlier epochs at once. */
const INTERVAL = 1000;

/** Opens the curves of loss and accuracy. Off a notebook there are none. */
export function openCurves(experiment: string): LiveCurves {
  if (!inNotebook()) return { update: nothing, finish: nothing };
  const outputs: Awaited<ReturnType<typeof showLiveFigure>>[] = [];
  let drawn = 0;
  let next = 0;
  const draw = async (rows: readonly EpochRow[]) => {
    for (const [i, quantity] of [QUANTITIES.loss, QUANTITIES.accuracy].entries()) {
      const figure = experimentCurves({ experiment, rows }, { quantity });
      if (outputs[i] === undefined) outputs[i] = await showLiveFigure(figure);
      else await outputs[i].update(figure);
    }
    drawn = rows.length;
    next = performance.now() + INTERVAL;
  };
  return {
    async update(rows) {
      if (performance.now() >= next) await draw(rows);
    },
    async finish(rows) {
      if (rows.length > drawn) await draw(rows);
    },
  };
}

function nothing(): Promise<void> {
  return Promise.resolve();
}
