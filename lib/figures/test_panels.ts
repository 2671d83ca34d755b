/**
 * Test accuracy and AUC after each epoch, side by side: of the experiments, and of the baseline
 * here and with PyTorch.
 * @module
 */
import type { Plot } from "nodeplotlib";
import type { BesidePyTorch, TrainedWith } from "@/analysis/beside_pytorch.ts";
import { epochAxis, shareRange } from "@/figures/curves.ts";
import { type Axis, type Figure, figure } from "@/figures/figure.ts";
import { experimentStyle } from "@/figures/style.ts";
import type { EpochRow, ExperimentRows } from "@/runs/epochs.ts";

/** The panels from left to right. */
const PANELS = [
  { title: "Test accuracy", field: "testAccuracy", domain: [0, 0.44] },
  { title: "Test area under the ROC curve", field: "testAuc", domain: [0.56, 1] },
] as const;

/** A training run with a curve in each panel. */
interface TestCurve {
  name: string;
  epochs: readonly Pick<EpochRow, "epoch" | typeof PANELS[number]["field"]>[];
  colour: string;
  symbol: string;
  dash: "solid" | "dash";
}

/** Draws the experiments after each epoch. */
export function experimentsFigure(runs: readonly ExperimentRows[]): Figure {
  const curves = runs.map(({ experiment, rows }): TestCurve => ({
    name: experiment,
    epochs: rows,
    ...experimentStyle(experiment),
    dash: "solid",
  }));
  return panels(curves, "The experiments, scored on the test films");
}

/** The colour and line of each trainer's curves ... */
const TRAINER_STYLES = {
  here: { colour: "#0072b2", dash: "solid" },
  PyTorch: { colour: "#d55e00", dash: "dash" },
} as const satisfies Record<TrainedWith, unknown>;

/** ... and the marks of its seeds, in order. */
const SEED_SYMBOLS = ["circle", "square", "diamond", "triangle-up", "triangle-down"] as const;

/** Draws every seed here and with PyTorch after each epoch. */
export function besideFigure({ epochs }: Pick<BesidePyTorch, "epochs">): Figure {
  const runs = Map.groupBy(epochs, ({ trainer, seed }) => `${trainer}, seed ${seed}`);
  const curves = [...runs].map(([name, run]): TestCurve => ({
    name,
    epochs: run,
    ...TRAINER_STYLES[run[0]!.trainer],
    symbol: SEED_SYMBOLS[run[0]!.seed % SEED_SYMBOLS.length]!,
  }));
  return panels(curves, "The baseline in fp32, here and with PyTorch");
}

function panels(curves: readonly TestCurve[], title: string): Figure {
  const all = curves.flatMap(({ epochs }) => epochs);
  const count = 1 + Math.max(...all.map(({ epoch }) => epoch));
  const axes: Record<string, Axis> = {};
  const data = PANELS.flatMap(({ title, field, domain }, panel) => {
    const number = panel === 0 ? "" : String(panel + 1);
    axes[`xaxis${number}`] = {
      ...epochAxis(count),
      domain: [...domain],
      anchor: `y${number}` as "y",
    };
    axes[`yaxis${number}`] = {
      title: { text: title },
      anchor: `x${number}` as "x",
      range: shareRange(all.map((each) => each[field])),
    };
    return curves.map(({ name, epochs, colour, symbol, dash }): Plot => ({
      type: "scatter",
      mode: "lines+markers",
      name,
      showlegend: panel === 0,
      x: epochs.map(({ epoch }) => epoch),
      y: epochs.map((each) => each[field]),
      xaxis: `x${number}`,
      yaxis: `y${number}`,
      line: { color: colour, dash, width: 2.5 },
      marker: { color: colour, symbol, size: 9 },
    }));
  });
  return figure(data, { title, ...axes });
}
