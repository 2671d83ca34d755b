/**
 * SVG as PNG, with letters from a font that comes with the project: machines without fonts draw them, too, and all
 * machines draw the same.
 * @module
 */
import { fileURLToPath } from "node:url";
import { Resvg } from "@resvg/resvg-js";
import sharp from "sharp";

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

/**
 * Draws an SVG text in a third of the bytes, for notebooks, which are kept: as grey values if it has no colour, else with
 * 256 colours.
 */
export async function toSmallPng(svg: string, options: { scale?: number } = {}): Promise<string> {
  const drawn = sharp(toPng(svg, options)).flatten();
  const { data, info } = await drawn.clone().raw().toBuffer({ resolveWithObject: true });
  const small = isGrey(data, info.channels)
    ? drawn.toColourspace("b-w").png({ compressionLevel: 9, adaptiveFiltering: true })
    : drawn.png({ palette: true, compressionLevel: 9 });
  return (await small.toBuffer()).toString("base64");
}

/** Whether all channels of each pixel are the same. */
function isGrey(pixels: Uint8Array, channels: number): boolean {
  return pixels.every((value, i) => value === pixels[i - i % channels]);
}
