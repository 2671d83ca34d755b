/**
 * Figures shown and saved. In a notebook one output holds a figure in three forms: plotly's description, interactive
 * where there is a renderer for it; a PNG, which shows everywhere; and text.
 * @module
 */
import { describeFigure, type Figure } from "@/figures/figure.ts";
import { toPng, toSmallPng } from "@/figures/png.ts";
import { FIGURE_SIZE } from "@/figures/style.ts";
import { toSvg } from "@/figures/svg.ts";
import { writeAtomic } from "@/files.ts";
import { inNotebook, type LiveOutput, type MimeBundle, show, showLive } from "@/notebook.ts";

/** Plotly's MIME type for notebooks. */
export const PLOTLY_MIME = "application/vnd.plotly.v1+json";

/** Shows a figure, below the cell or as text on a terminal. */
export async function showFigure(figure: Figure): Promise<void> {
  await show(await bundleOf(figure), { metadata: metadataOf(figure) });
}

/** Shows a figure that will change. */
export async function showLiveFigure(
  figure: Figure,
): Promise<{ update(figure: Figure): Promise<void> }> {
  const output: LiveOutput = await showLive(await bundleOf(figure), {
    metadata: metadataOf(figure),
  });
  return { update: async (figure) => await output.update(await bundleOf(figure)) };
}

/** All forms of a figure; off a notebook only text, for that is all a terminal takes. */
async function bundleOf(figure: Figure): Promise<MimeBundle> {
  const text = describeFigure(figure);
  if (!inNotebook()) return { "text/plain": text };
  return {
    [PLOTLY_MIME]: { data: figure.data, layout: figure.layout },
    "image/png": await toSmallPng(toSvg(figure)),
    "text/plain": text,
  };
}

function metadataOf({ layout: { width = FIGURE_SIZE.width } }: Figure) {
  return { "image/png": { width } };
}

/** Writes a figure as a PNG file. */
export async function saveFigure(figure: Figure, path: string): Promise<void> {
  await writeAtomic(path, [toPng(toSvg(figure))]);
}

/**
 * Opens a figure in a window of the browser with nodeplotlib, which serves it from this machine and takes plotly from the
 * network. The process stays until it is ended.
 */
export async function openInBrowser({ data, layout }: Figure): Promise<void> {
  const { plot } = await import("nodeplotlib");
  plot(data, layout);
}
