/**
 * The figure of training here beside PyTorch's.
 * @module
 */
import type { Plot } from "nodeplotlib";
import type { BesidePyTorch, TrainedEpoch, Trainer } from "@/beside_pytorch.ts";
import { epochTicks, shareRange } from "@/figures/curves.ts";
import { type Axis, type Figure, figure } from "@/figures/figure.ts";

/** How each trainer's curves are drawn ... */
const STYLES = {
  here: { colour: "#0072b2", dash: "solid" },
  PyTorch: { colour: "#d55e00", dash: "dash" },
} as const satisfies Record<Trainer, unknown>;

/** ... and the marks of its seeds, in their order. */
const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "triangle-down"] as const;

/** The panels from left to right. */
const PANELS = [
  { title: "Test accuracy", field: "testAccuracy", domain: [0, 0.44] },
  { title: "Test area under the ROC curve", field: "testAuc", domain: [0.56, 1] },
] as const;

/** Test accuracy and area under the ROC curve after each epoch, of every seed here and with PyTorch. */
export function besideFigure({ epochs }: Pick<BesidePyTorch, "epochs">): Figure {
  const count = 1 + Math.max(...epochs.map(({ epoch }) => epoch));
  const runs = [...Map.groupBy(epochs, ({ trainer, seed }) => `${trainer}, seed ${seed}`)];
  const axes: Record<string, Axis> = {};
  const data = PANELS.flatMap(({ title, field, domain }, panel) => {
    const number = panel === 0 ? "" : String(panel + 1);
    axes[`xaxis${number}`] = {
      title: { text: "Epoch (the first is 0)" },
      domain: [...domain],
      anchor: `y${number}` as "y",
      range: [-0.4, count - 0.6],
      ...epochTicks(count),
    };
    axes[`yaxis${number}`] = {
      title: { text: title },
      anchor: `x${number}` as "x",
      range: shareRange(epochs.map((each) => each[field])),
    };
    return runs.map(([name, run]) => curve(run, { name, field, number }));
  });
  return figure(data, {
    title: "The baseline in fp32, here and with PyTorch",
    ...axes,
  });
}

function curve(
  run: readonly TrainedEpoch[],
  { name, field, number }: {
    name: string;
    field: typeof PANELS[number]["field"];
    number: string;
  },
): Plot {
  const { trainer, seed } = run[0]!;
  const { colour, dash } = STYLES[trainer];
  return {
    type: "scatter",
    mode: "lines+markers",
    name,
    showlegend: number === "",
    x: run.map(({ epoch }) => epoch),
    y: run.map((each) => each[field]),
    xaxis: `x${number}`,
    yaxis: `y${number}`,
    line: { color: colour, dash, width: 2.5 },
    marker: { color: colour, symbol: SYMBOLS[seed % SYMBOLS.length]!, size: 9 },
  };
}
