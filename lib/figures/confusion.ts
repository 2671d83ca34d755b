/**
 * Confusion matrices as heat maps.
 * @module
 */
import type { Layout, Plot } from "nodeplotlib";
import { type Axis, type Figure, figure } from "@/figures/figure.ts";
import { FONT_SIZE, INK, SHARE_COLOURS } from "@/figures/style.ts";
import { CLASS_NAMES, type ClassNames, type Confusion } from "@/metrics.ts";

/** Confusion matrices that stand in one row, at most. */
const IN_A_ROW = 3;

/** What one of them takes, and what is around them, in pixels. */
const CELL = { width: 268, height: 270 } as const;
const AROUND = { width: 56, height: 60 } as const;

/** A confusion matrix with what it is of. */
export interface TitledConfusion {
  title: string;
  confusion: Confusion;
}

/**
 * Draws confusion matrices side by side: rows are the true class, columns the predicted one. A cell has the number of films,
 * and their share of the row, which its colour shows.
 */
export function confusionFigure(
  matrices: readonly TitledConfusion[],
  { title, classes = CLASS_NAMES }: { title: string; classes?: ClassNames },
): Figure {
  const columns = Math.min(IN_A_ROW, matrices.length);
  const rows = Math.ceil(matrices.length / columns);
  const data: Plot[] = [];
  const axes: Record<string, Axis> = {};
  const annotations: NonNullable<Layout["annotations"]> = [];
  matrices.forEach(({ title, confusion }, i) => {
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
    data.push({ ...heatmapOf(confusion, classes), xaxis: x, yaxis: y });
    annotations.push(...cellTexts(confusion, { x, y, classes }), {
      text: title,
      showarrow: false,
      xref: "paper",
      yref: "paper",
      x: (left + right) / 2,
      y: top + 0.06 / rows,
      font: { size: FONT_SIZE.axis },
    });
  });
  return figure(data, {
    title,
    width: columns * CELL.width + AROUND.width,
    height: rows * CELL.height + AROUND.height,
    margin: { t: 44, b: 16, l: 36, r: 20 },
    ...axes,
    annotations,
  });
}

const PLAIN: Axis = { type: "category", showgrid: false, ticks: "", showline: false };

function heatmapOf(confusion: Confusion, classes: ClassNames): Plot {
  return {
    type: "heatmap",
    x: [...classes],
    y: [...classes],
    z: sharesOf(confusion),
    zmin: 0,
    zmax: 1,
    colorscale: [[0, SHARE_COLOURS[0]], [1, SHARE_COLOURS[1]]],
    showscale: false,
  };
}

function countsOf({ tn, fp, fn, tp }: Confusion): number[][] {
  return [[tn, fp], [fn, tp]];
}

/** Shares of each row; 0 where a class has no film. */
function sharesOf(confusion: Confusion): number[][] {
  return countsOf(confusion).map((row) => {
    const films = row[0]! + row[1]!;
    return row.map((count) => films === 0 ? 0 : count / films);
  });
}

function cellTexts(
  confusion: Confusion,
  { x, y, classes }: { x: string; y: string; classes: ClassNames },
): NonNullable<Layout["annotations"]> {
  const shares = sharesOf(confusion);
  return countsOf(confusion).flatMap((row, i) =>
    row.map((count, j) => ({
      text: `${count}<br>${(100 * shares[i]![j]!).toFixed(1)}%`,
      showarrow: false,
      xref: x as "x",
      yref: y as "y",
      x: classes[j]!,
      y: classes[i]!,
      font: { size: FONT_SIZE.axis, color: shares[i]![j]! > 0.5 ? SHARE_COLOURS[0] : INK },
    }))
  );
}
