/**
 * Converts SVG to PNG with the project's own font, so that all machines draw the same, even those
 * without fonts.
 * @module
 */
import { fileURLToPath } from "node:url";
import { Resvg } from "@resvg/resvg-js";
import sharp from "sharp";

/** Scale of a PNG: sharp enough for screens with two dots a pixel, smaller than twice the size. */
const SCALE = 1.5;

/**
 * Draws SVG as PNG.
 *
 * @throws {Error} If the text is no SVG.
 */
export function toPng(
  svg: string,
  { scale = SCALE }: { scale?: number } = {},
): Uint8Array<ArrayBuffer> {
  const drawn = new Resvg(svg, {
    fitTo: { mode: "zoom", value: scale },
    font: {
      fontFiles: ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((name) =>
        fileURLToPath(import.meta.resolve(`dejavu-fonts-ttf/ttf/${name}`))
      ),
      loadSystemFonts: false,
      defaultFontFamily: "DejaVu Sans",
    },
  });
  return new Uint8Array(drawn.render().asPng());
}

/**
 * Draws SVG as a PNG of a third of the bytes, for notebooks, in base64: as grey values if it has no
 * colour, else with 256 colours.
 */
export async function toSmallPng(svg: string, options: { scale?: number } = {}): Promise<string> {
  const drawn = sharp(toPng(svg, options)).flatten();
  const { data, info } = await drawn.clone().raw().toBuffer({ resolveWithObject: true });
  const isGrey = data.every((value, i) => value === data[i - i % info.channels]);
  const small = isGrey
    ? drawn.toColourspace("b-w").png({ compressionLevel: 9, adaptiveFiltering: true })
    : drawn.png({ palette: true, compressionLevel: 9 });
  return (await small.toBuffer()).toString("base64");
}
