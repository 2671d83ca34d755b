/**
 * The house style: one colour and one mark for each experiment in all figures, text that is
 * readable at half the size, and a solid white ground for light and dark pages.
 *
 * The colours are Okabe and Ito's (https://jfly.uni-koeln.de/color/), which colour-blind people can
 * tell apart. Marks repeat the distinction.
 * @module
 */

/** The style of a series. */
interface SeriesStyle {
  colour: string;
  /** A plotly marker symbol. */
  symbol: "circle" | "square" | "diamond" | "triangle-up" | "triangle-down" | "cross" | "x";
}

const EXPERIMENT_STYLES: ReadonlyMap<string, SeriesStyle> = new Map([
  ["baseline", { colour: "#0072b2", symbol: "circle" }],
  ["l2", { colour: "#d55e00", symbol: "square" }],
  ["dropout", { colour: "#009e73", symbol: "triangle-up" }],
  ["sharpness", { colour: "#cc79a7", symbol: "diamond" }],
  ["contrast", { colour: "#e69f00", symbol: "triangle-down" }],
]);

/** Colours and marks of custom runs, in order. */
const OWN_COLOURS = ["#56b4e9", "#000000", "#8c564b", "#999933", "#882255"] as const;
const OWN_SYMBOLS = ["cross", "x"] as const;

/** Custom runs in the order in which they were first drawn. */
const ownRuns: string[] = [];

/** Gives the style of an experiment or a custom run, the same in every figure. */
export function experimentStyle(name: string): SeriesStyle {
  const style = EXPERIMENT_STYLES.get(name);
  if (style !== undefined) return style;
  if (!ownRuns.includes(name)) ownRuns.push(name);
  const place = ownRuns.indexOf(name);
  return {
    colour: OWN_COLOURS[place % OWN_COLOURS.length]!,
    symbol: OWN_SYMBOLS[place % OWN_SYMBOLS.length]!,
  };
}

/** The colours of the classes: Healthy, TB. */
export const CLASS_COLOURS = ["#56b4e9", "#d55e00"] as const;

/** The colour of guide lines and references. */
export const NEUTRAL_COLOUR = "#777777";

/** The colour of text and axes. */
export const INK = "#222222";

/** The colour of the lines behind the data. */
export const GRID_COLOUR = "#dddddd";

/** The figure's background. */
export const GROUND = "#ffffff";

/** The colours of the shares 0 and 1 in confusion matrices. */
export const SHARE_COLOURS = ["#ffffff", "#08519c"] as const;

/** Font sizes, in pixels of the figure at its full size. */
export const FONT_SIZE = { title: 19, axis: 16, tick: 14 } as const;

/** Default width and height of a figure, in pixels. */
export const FIGURE_SIZE = { width: 860, height: 420 } as const;
