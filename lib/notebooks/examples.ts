/**
 * Films with captions: examples of each class, and the effect of augmentations.
 * @module
 */
import { type CaptionedFilm, difference } from "@/figures/films.ts";
import { readImage } from "@/films/decode.ts";
import type { FilmClasses, Image, Label, LabelledFilm } from "@/films/film.ts";
import { adjust, type Adjustment } from "@/films/transforms.ts";

/**
 * Reads films, captioned by name and class.
 *
 * @throws {ImageError} If a film cannot be read.
 */
export async function readCaptioned(
  films: readonly LabelledFilm[],
  classes: FilmClasses,
): Promise<(CaptionedFilm & { label: Label })[]> {
  return await Promise.all(films.map(async ({ path, filename, label }) => ({
    image: await readImage(path),
    label,
    caption: `${filename}: ${classes[label].label}`,
  })));
}

/** Adjusts a film. A row of three shows the film, the adjusted film and their difference x 8. */
export function adjustedFilms(film: Image, adjustments: readonly Adjustment[]): CaptionedFilm[] {
  return adjustments.flatMap((adjustment) => {
    const adjusted = adjust(film, adjustment);
    return [
      { image: film, caption: "before" },
      { image: adjusted, caption: `${adjustment.kind} x ${adjustment.factor}` },
      { image: difference(film, adjusted), caption: "difference x 8" },
    ];
  });
}
