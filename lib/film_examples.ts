/**
 * Films to be looked at: examples of each class, and what an augmentation does to one.
 * @module
 */
import type { FilmClasses } from "@/film_classes.ts";
import { type CaptionedFilm, difference } from "@/figures/films.ts";
import { readImage } from "@/images.ts";
import type { Label } from "@/metrics.ts";
import { openShownFilms } from "@/shown_films.ts";
import type { LabelledFilm } from "@/split.ts";
import { adjust, type Adjustment, type Image } from "@/transforms.ts";

/**
 * Reads films, captioned by name and class.
 *
 * @throws {ImageError} If one cannot be read.
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

/** The film, what each adjustment makes of it, and the difference multiplied by 8: rows of three. */
export function adjustedFilms(film: Image, adjustments: readonly Adjustment[]): CaptionedFilm[] {
  return adjustments.flatMap((adjustment) => {
    const adjusted = adjust(film, adjustment);
    return [
      { image: film, caption: "before" },
      { image: adjusted, caption: `${adjustment.kind} x ${adjustment.factor}` },
      { image: difference(film, adjusted, { gain: 8 }), caption: "difference x 8" },
    ];
  });
}

/**
 * Finds films by name and class among those of the run that is shown.
 *
 * @returns Gives the path of a film; it throws a RangeError if the film is not among them.
 */
export async function locateShownFilms(): Promise<
  (film: Pick<LabelledFilm, "filename" | "label">) => string
> {
  const { films } = await openShownFilms();
  return ({ filename, label }) => {
    const found = films.find((film) => film.filename === filename && film.label === label);
    if (found !== undefined) return found.path;
    throw new RangeError(
      `Cannot show ${filename}: it is not among the films of the run. ` +
        "Name the folder that the runs were tested on: XRAY_DATA",
    );
  };
}
