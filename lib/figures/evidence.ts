/**
 * A network's evidence maps, drawn over the films.
 * @module
 */
import type { Case } from "@/analysis/evidence.ts";
import type { EvidenceMap } from "@/analysis/trained_network.ts";
import type { CaptionedFilm, LegendEntry } from "@/figures/films.ts";
import { readImage } from "@/films/decode.ts";
import { CLASS_NAMES, type ClassNames, type Image } from "@/films/film.ts";
import { toRgb } from "@/films/transforms.ts";

/** The colours of evidence for TB and for Healthy, vermilion and blue, as RGB. */
const FOR_TB = [213, 94, 0] as const;
const FOR_HEALTHY = [0, 114, 178] as const;

/** Opacity of the strongest evidence over the film. */
const OPACITY = 0.65;

/** Makes the legend of the evidence's colours. */
export function evidenceLegend(classes: ClassNames = CLASS_NAMES): LegendEntry[] {
  return [FOR_TB, FOR_HEALTHY].map((colour, i) => ({
    colour: `rgb(${colour.join(",")})`,
    text: `speaks for ${classes[1 - i]}`,
  }));
}

/** Gives the film of each case, followed by one map a method: rows of three. */
export async function evidenceFilms(
  cases: readonly Case[],
  { pathOf, classes = CLASS_NAMES }: {
    pathOf: (film: Case) => string;
    classes?: ClassNames;
  },
): Promise<CaptionedFilm[]> {
  const rows = await Promise.all(cases.map(async (film) => {
    const { label, probability, maps } = film;
    const image = await readImage(pathOf(film));
    const caption = `${classes[label]}, called ${(100 * probability).toFixed(1)}% ${classes[1]}`;
    return [
      { image, caption },
      ...Object.entries(maps).map(([method, map]) => ({
        image: overlay(image, map),
        caption: method,
      })),
    ];
  }));
  return rows.flat();
}

/**
 * Colours a film by a map, smoothly from cell to cell: vermilion for TB, blue for Healthy. Stronger
 * evidence is more opaque; the map's strongest cell has the full colour.
 */
function overlay(image: Image, { cells, values }: EvidenceMap): Image {
  const { width, height } = image;
  const pixels = toRgb(image).slice();
  const strongest = Math.max(...values.map(Math.abs)) || 1;
  for (let y = 0, o = 0; y < height; y++) {
    const row = (y + 0.5) * cells / height - 0.5;
    for (let x = 0; x < width; x++) {
      const value = between(values, { cells, row, column: (x + 0.5) * cells / width - 0.5 }) /
        strongest;
      const colour = value > 0 ? FOR_TB : FOR_HEALTHY;
      const weight = OPACITY * Math.abs(value);
      for (const part of colour) {
        pixels[o] = Math.round((1 - weight) * pixels[o]! + weight * part);
        o++;
      }
    }
  }
  return { width, height, channels: 3, pixels };
}

/** Interpolates bilinearly between the centres of four cells; beyond the outer ones, clamps. */
function between(
  values: readonly number[],
  { cells, row, column }: { cells: number; row: number; column: number },
): number {
  const inside = (place: number) => Math.min(cells - 1, Math.max(0, place));
  const [r, c] = [inside(row), inside(column)];
  const [top, left] = [Math.floor(r), Math.floor(c)];
  const [bottom, right] = [Math.min(cells - 1, top + 1), Math.min(cells - 1, left + 1)];
  const at = (i: number, j: number) => values[i * cells + j]!;
  const [v, u] = [r - top, c - left];
  return (1 - v) * ((1 - u) * at(top, left) + u * at(top, right)) +
    v * ((1 - u) * at(bottom, left) + u * at(bottom, right));
}
