/**
 * Shows and saves figures. In a notebook one output holds three forms of a figure: plotly's
 * description, interactive where the front end can draw it; a PNG, which shows everywhere; and
 * text.
 * @module
 */
import { writeAtomic } from "@/common/files.ts";
import { inNotebook, type MimeBundle, show, showLive } from "@/common/show.ts";
import { describeFigure, type Figure } from "@/figures/figure.ts";
import { toPng, toSmallPng } from "@/figures/png.ts";
import { FIGURE_SIZE } from "@/figures/style.ts";
import { toSvg } from "@/figures/svg.ts";

/** Plotly's MIME type in notebooks. */
export const PLOTLY_MIME = "application/vnd.plotly.v1+json";

/** Shows a figure below the cell, or as text on a terminal. */
export async function showFigure(figure: Figure): Promise<void> {
  await show(await bundleOf(figure), { metadata: metadataOf(figure) });
}

/** Shows a figure that can be updated in place. */
export async function showLiveFigure(figure: Figure) {
  const output = await showLive(await bundleOf(figure), { metadata: metadataOf(figure) });
  return { update: async (figure: Figure) => await output.update(await bundleOf(figure)) };
}

/** Makes all forms of a figure, or only the text outside of a notebook. */
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
