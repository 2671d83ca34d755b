/**
 * Films side by side with captions.
 * @module
 */
import sharp from "sharp";
import { show } from "@/common/show.ts";
import { toSmallPng } from "@/figures/png.ts";
import { FONT_SIZE, GROUND, INK } from "@/figures/style.ts";
import type { Image } from "@/films/film.ts";
import { resize } from "@/films/transforms.ts";

/** A film with its caption. */
export interface CaptionedFilm {
  image: Image;
  caption: string;
}

/** A colour and its meaning. */
export interface LegendEntry {
  colour: string;
  text: string;
}

/** The layout of films. */
interface FilmLayout {
  /** Films in a row. */
  columns: number;
  /** Shown above the films. Default: none. */
  legend?: readonly LegendEntry[];
}

/** Size of a film, and the gap between films, in pixels. */
const FILM_SIZE = 200;
const GAP = 12;
/** Height of a caption, and of the legend, in pixels. */
const CAPTION = 26;
/** Size of a legend's patch of colour, in pixels. */
const PATCH = 14;

/** Shows films in rows of four, unless `columns` differs. */
export async function showFilms(
  films: readonly CaptionedFilm[],
  { columns = 4, legend = [] }: Partial<FilmLayout> = {},
): Promise<void> {
  const svg = await filmsSvg(films, { columns, legend });
  const width = columns * (FILM_SIZE + GAP) - GAP;
  await show({
    "image/png": await toSmallPng(svg, { scale: 1 }),
    "text/plain": [...legend.map(({ text }) => text), ...films.map(({ caption }) => caption)]
      .join("\n"),
  }, { metadata: { "image/png": { width } } });
}

/** Draws films in rows as SVG. */
export async function filmsSvg(
  films: readonly CaptionedFilm[],
  { columns, legend = [] }: FilmLayout,
): Promise<string> {
  const rows = Math.ceil(films.length / columns);
  const width = columns * (FILM_SIZE + GAP) - GAP;
  const top = legend.length > 0 ? CAPTION : 0;
  const height = top + rows * (FILM_SIZE + CAPTION + GAP) - GAP;
  const patches = legend.map(({ colour, text }, i) => {
    const x = i * (FILM_SIZE + GAP);
    return `<rect x="${x}" width="${PATCH}" height="${PATCH}" fill="${colour}"/>` +
      `<text x="${x + PATCH + 6}" y="${PATCH - 1}" fill="${INK}">${escape(text)}</text>`;
  });
  const tiles = await Promise.all(films.map(async ({ image, caption }, i) => {
    const x = (i % columns) * (FILM_SIZE + GAP);
    const y = top + Math.floor(i / columns) * (FILM_SIZE + CAPTION + GAP);
    const href = await dataUri(image);
    return `<image x="${x}" y="${y}" width="${FILM_SIZE}" height="${FILM_SIZE}" href="${href}"/>` +
      `<text x="${x}" y="${y + FILM_SIZE + 18}" fill="${INK}">${escape(caption)}</text>`;
  }));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `font-family="DejaVu Sans" font-size="${FONT_SIZE.tick}">` +
    `<rect width="${width}" height="${height}" fill="${GROUND}"/>` +
    [...patches, ...tiles].join("") + "</svg>";
}

/** Encodes a film as PNG, resized to its size on the page. */
async function dataUri(image: Image): Promise<string> {
  const { pixels, ...raw } = resize(image, { width: FILM_SIZE, height: FILM_SIZE });
  const png = await sharp(pixels, { raw }).png().toBuffer();
  return `data:image/png;base64,${png.toString("base64")}`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

/**
 * Computes the difference of two films, pixel by pixel, times 8. Mid-grey means no difference.
 *
 * @throws {RangeError} If they differ in shape.
 */
export function difference(before: Image, after: Image): Image {
  if (before.pixels.length !== after.pixels.length || before.width !== after.width) {
    throw new RangeError(
      `Cannot compare films of ${before.width}x${before.height}x${before.channels} and ` +
        `${after.width}x${after.height}x${after.channels}`,
    );
  }
  const pixels = before.pixels.map((value, i) =>
    Math.min(255, Math.max(0, 128 + 8 * (after.pixels[i]! - value)))
  );
  return { ...before, pixels };
}
