/**
 * The house style: one colour and one mark for each experiment wherever it is drawn, sizes that can be read at half the
 * size, and a solid white ground, so that a figure reads on a light page and on a dark one.
 *
 * The colours are Okabe and Ito's (https://jfly.uni-koeln.de/color/), which the colour-blind can tell apart; marks say the
 * same again.
 * @module
 */

/** How a series is drawn. */
export interface SeriesStyle {
  colour: string;
  /** A plotly marker symbol. */
  symbol: "circle" | "square" | "diamond" | "triangle-up" | "triangle-down" | "cross" | "x";
}

const EXPERIMENT_STYLES: Readonly<Record<string, SeriesStyle>> = {
  baseline: { colour: "#0072b2", symbol: "circle" },
  l2: { colour: "#d55e00", symbol: "square" },
  dropout: { colour: "#009e73", symbol: "triangle-up" },
  sharpness: { colour: "#cc79a7", symbol: "diamond" },
  contrast: { colour: "#e69f00", symbol: "triangle-down" },
};

/** For experiments of one's own. */
const FURTHER_STYLE: SeriesStyle = { colour: "#56b4e9", symbol: "cross" };

/** The style of an experiment, whatever else is in the figure. */
export function experimentStyle(name: string): SeriesStyle {
  return EXPERIMENT_STYLES[name] ?? FURTHER_STYLE;
}

/** The colours of the classes, Healthy and TB. */
export const CLASS_COLOURS = ["#56b4e9", "#d55e00"] as const;

/** What is neither an experiment nor a class: guide lines, references. */
export const NEUTRAL_COLOUR = "#777777";

/** Of text and axes. */
export const INK = "#222222";

/** Of the lines behind the data. */
export const GRID_COLOUR = "#dddddd";

/** Of the figure. */
export const GROUND = "#ffffff";

/** From a share of 0 to a share of 1, as in confusion matrices. */
export const SHARE_COLOURS = ["#ffffff", "#08519c"] as const;

/** In pixels of the figure, at its full size. */
export const FONT_SIZE = { title: 19, axis: 16, tick: 14 } as const;

/** Width and height of a figure that asks for no other, in pixels. */
export const FIGURE_SIZE = { width: 860, height: 420 } as const;
