/**
 * The two classes of films: where they lie and what they are called. TBX11K's unless it is said otherwise.
 * @module
 */
import { CLASS_NAMES, type ClassNames } from "@/metrics.ts";

/** A class of films. */
export interface FilmClass {
  /** Its folder in the data folder. */
  readonly folder: string;
  /** Its name in a split's CSV files. */
  readonly label: string;
}

/** The two classes: the one that is label 0, then the one that is label 1. */
export type FilmClasses = readonly [FilmClass, FilmClass];

/** TBX11K's folders. */
export const TBX11K_CLASSES: FilmClasses = [
  { folder: "health", label: CLASS_NAMES[0] },
  { folder: "tb", label: CLASS_NAMES[1] },
];

/** The names of the classes, by label. */
export function namesOf([negative, positive]: FilmClasses): ClassNames {
  return [negative.label, positive.label];
}

/** A class's name within a sentence: a word such as `Healthy` is written small, `TB` and `COVID-19` as they are. */
export function inSentence(name: string): string {
  return /^\p{Lu}\p{Ll}+$/u.test(name) ? name.toLowerCase() : name;
}

/**
 * Reads classes from text such as `NORMAL,PNEUMONIA` or `NORMAL=Normal,PNEUMONIA=Pneumonia`: the folder and the label of
 * class 0, then of class 1. The label of a folder that has none is the folder's name.
 *
 * @throws {RangeError} As `requireClasses()`.
 */
export function parseClasses(text: string): FilmClasses {
  const classes = text.split(",").map((part) => {
    const [folder = "", label = folder, ...others] = part.split("=").map((name) => name.trim());
    return { folder, label: [label, ...others].join("=") };
  });
  return requireClasses(classes);
}

/**
 * Checks classes that come from outside.
 *
 * @throws {RangeError} If they are not two, each with a folder and a label, all different.
 */
export function requireClasses(classes: unknown): FilmClasses {
  const [first, second, ...others] = Array.isArray(classes) ? classes as unknown[] : [];
  if (
    others.length > 0 || !isClass(first) || !isClass(second) || first.folder === second.folder ||
    first.label === second.label
  ) {
    throw new RangeError(
      `Cannot take ${JSON.stringify(classes)} as classes: two different folders with different ` +
        "labels are needed, such as NORMAL=Normal,PNEUMONIA=Pneumonia",
    );
  }
  return [first, second];
}

function isClass(value: unknown): value is FilmClass {
  const { folder, label } = value as Partial<Record<string, unknown>> ?? {};
  const isName = (name: unknown) =>
    typeof name === "string" && name !== "" && name !== "." && name !== ".." &&
    !/[/\\\0]/.test(name);
  return isName(folder) && isName(label);
}
