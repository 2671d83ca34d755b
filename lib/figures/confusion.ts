/**
 * Confusion matrices as heat maps.
 * @module
 */
import type { Layout, Plot } from "nodeplotlib";
import { type Axis, type Figure, figure } from "@/figures/figure.ts";
import { FONT_SIZE, INK, SHARE_COLOURS } from "@/figures/style.ts";
import { CLASS_NAMES, type ClassNames } from "@/films/film.ts";
import { type ExperimentRows, testConfusion } from "@/runs/epochs.ts";
import type { Confusion } from "@/statistics/classification.ts";

/** Maximum of confusion matrices in a row. */
const IN_A_ROW = 3;

/** Size of a matrix, and of the space around all of them, in pixels. */
const CELL = { width: 268, height: 270 } as const;
const AROUND = { width: 56, height: 60 } as const;

/**
 * Draws the runs' confusion matrices at the last epoch side by side: rows are the true class,
 * columns the predicted one. A cell shows its number of films and, by its colour too, their share
 * of the row.
 */
export function confusionFigure(runs: readonly ExperimentRows[]): Figure {
  const classes = runs[0]?.classes ?? CLASS_NAMES;
  const columns = Math.min(IN_A_ROW, runs.length);
  const rows = Math.ceil(runs.length / columns);
  const data: Plot[] = [];
  const axes: Record<string, Axis> = {};
  const annotations: NonNullable<Layout["annotations"]> = [];
  runs.forEach(({ experiment, rows: epochs }, i) => {
    const cells = cellsOf(testConfusion(epochs.at(-1)!));
    const number = i === 0 ? "" : String(i + 1);
    const [x, y] = [`x${number}`, `y${number}`];
    const column = i % columns;
    const left = (column + 0.24) / columns;
    const right = (column + 0.99) / columns;
    const row = Math.floor(i / columns);
    const top = 1 - (row + 0.14) / rows;
    const bottom = 1 - (row + 0.78) / rows;
    axes[`xaxis${number}`] = {
      domain: [left, right],
      anchor: y as "y",
      title: { text: "predicted", standoff: 28 },
      ...PLAIN,
    };
    axes[`yaxis${number}`] = {
      domain: [bottom, top],
      anchor: x as "x",
      autorange: "reversed",
      ...PLAIN,
      ...(column === 0 ? { title: { text: "true", standoff: 68 } } : {}),
    };
    data.push({
      type: "heatmap",
      x: [...classes],
      y: [...classes],
      z: cells.map((row) => row.map(({ share }) => share)),
      zmin: 0,
      zmax: 1,
      colorscale: [[0, SHARE_COLOURS[0]], [1, SHARE_COLOURS[1]]],
      showscale: false,
      xaxis: x,
      yaxis: y,
    });
    annotations.push(...cellTexts(cells, { x, y, classes }), {
      text: experiment,
      showarrow: false,
      xref: "paper",
      yref: "paper",
      x: (left + right) / 2,
      y: top + 0.06 / rows,
      font: { size: FONT_SIZE.axis },
    });
  });
  return figure(data, {
    title: "Test films at the last epoch",
    width: columns * CELL.width + AROUND.width,
    height: rows * CELL.height + AROUND.height,
    margin: { t: 44, b: 16, l: 36, r: 20 },
    ...axes,
    annotations,
  });
}

const PLAIN: Axis = { type: "category", showgrid: false, ticks: "", showline: false };

/** Gives each cell's films and their share of the row, 0 for a class without films. */
function cellsOf({ tn, fp, fn, tp }: Confusion) {
  return [[tn, fp], [fn, tp]].map((row) => {
    const films = row[0]! + row[1]!;
    return row.map((count) => ({ count, share: films === 0 ? 0 : count / films }));
  });
}

function cellTexts(
  cells: ReturnType<typeof cellsOf>,
  { x, y, classes }: { x: string; y: string; classes: ClassNames },
): NonNullable<Layout["annotations"]> {
  return cells.flatMap((row, i) =>
    row.map(({ count, share }, j) => ({
      text: `${count}<br>${(100 * share).toFixed(1)}%`,
      showarrow: false,
      xref: x as "x",
      yref: y as "y",
      x: classes[j]!,
      y: classes[i]!,
      font: { size: FONT_SIZE.axis, color: share > 0.5 ? SHARE_COLOURS[0] : INK },
    }))
  );
}
