/**
 * Films and their two classes.
 * @module
 */
import * as z from "zod";
import { excerpt } from "@/common/files.ts";

/** A film's class: 0 Healthy, 1 TB. */
export type Label = 0 | 1;

/** The classes' names, by label. */
export type ClassNames = readonly [negative: string, positive: string];

/** The names of TBX11K's classes, which are the default. */
export const CLASS_NAMES: ClassNames = ["Healthy", "TB"];

/** A class of films. */
export interface FilmClass {
  /** The class's folder: a path from the data folder, with `/`. */
  readonly folder: string;
  /** The class's name in a split's CSV files. */
  readonly label: string;
}

/** The class of label 0, then that of label 1. */
export type FilmClasses = readonly [FilmClass, FilmClass];

/** TBX11K's classes. */
export const TBX11K_CLASSES: FilmClasses = [
  { folder: "health", label: CLASS_NAMES[0] },
  { folder: "tb", label: CLASS_NAMES[1] },
];

/** The schema of {@linkcode Film}. */
export const FILM = z.object({
  /** A file in the class's folder, or with a `/`, a path from the data folder (`./1.png`). */
  filename: z.string(),
  /** The class's name, such as `Healthy`. */
  label: z.string(),
});
/** A row of a split's CSV file. */
export type Film = z.infer<typeof FILM>;

/** A film's file and its class. */
export interface LabelledFilm {
  /** The absolute path. */
  path: string;
  /** The name in the split's CSV file. */
  filename: string;
  label: Label;
}

/** The prefix of a film directly in the data folder. */
export const IN_DATA_FOLDER = "./";

/**
 * Gives a film's path from the data folder, with `/`. `1.png` is in its class's folder, so that
 * each class may have one. `./1.png` is in the data folder itself.
 *
 * @throws {RangeError} If the film's label is unknown.
 */
export function placeOf({ filename, label }: Film, classes: FilmClasses = TBX11K_CLASSES): string {
  const ofFilm = classes.find((filmClass) => filmClass.label === label);
  if (ofFilm === undefined) {
    throw new RangeError(
      `Cannot find ${excerpt(filename)}: its label "${excerpt(label)}" is unknown`,
    );
  }
  if (filename.startsWith(IN_DATA_FOLDER)) return filename.slice(IN_DATA_FOLDER.length);
  return filename.includes("/") ? filename : `${ofFilm.folder}/${filename}`;
}

/**
 * Takes the first films of each class, class 0 first.
 *
 * @param count The number for each class, or one for class 0 and one for class 1.
 */
export function firstOfEachClass(
  films: readonly LabelledFilm[],
  count: number | readonly [number, number],
): LabelledFilm[] {
  const counts = typeof count === "number" ? [count, count] : count;
  return counts.flatMap((count, label) =>
    films.filter((film) => film.label === label).slice(0, count)
  );
}

/**
 * Pixels from 0 to 255 in rows from the top: `[H,W,C]`. One channel is grey, three are RGB. RGB
 * with equal channels is held as grey, which gives the same in every transform.
 */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly pixels: Uint8Array<ArrayBuffer>;
}

/** The network's output for one film. */
export interface Prediction {
  filename: string;
  label: Label;
  /** The probability of class 1, a float32 in [0, 1]. */
  probability: number;
}
