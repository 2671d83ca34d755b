/**
 * SVG as PNG, with letters from a font that comes with the project: machines without fonts draw them, too, and all
 * machines draw the same.
 * @module
 */
import { fileURLToPath } from "node:url";
import { Resvg } from "@resvg/resvg-js";

/** Pixels of the picture for one of the figure: sharp on screens with two dots a pixel, and not twice as large. */
const SCALE = 1.5;

const FONT_FILES = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"];

/**
 * Draws an SVG text.
 *
 * @throws {Error} If it is no SVG.
 */
export function toPng(
  svg: string,
  { scale = SCALE }: { scale?: number } = {},
): Uint8Array<ArrayBuffer> {
  const drawn = new Resvg(svg, {
    fitTo: { mode: "zoom", value: scale },
    font: {
      fontFiles: FONT_FILES.map((name) =>
        fileURLToPath(import.meta.resolve(`dejavu-fonts-ttf/ttf/${name}`))
      ),
      loadSystemFonts: false,
      defaultFontFamily: "DejaVu Sans",
    },
  });
  return new Uint8Array(drawn.render().asPng());
}
