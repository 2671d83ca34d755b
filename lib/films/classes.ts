/**
 * The two classes of films: their folders and their names. The default is TBX11K's.
 * @module
 */
import { excerpt } from "@/common/files.ts";
import type { ClassNames, FilmClass, FilmClasses } from "@/films/film.ts";

/** Gives the names of the classes, by label. */
export function namesOf([negative, positive]: FilmClasses): ClassNames {
  return [negative.label, positive.label];
}

/** Writes a class's name within a sentence: `Healthy` in lower case, `TB` as it is. */
export function inSentence(name: string): string {
  return /^\p{Lu}\p{Ll}+$/u.test(name) ? name.toLowerCase() : name;
}

/**
 * Reads class 0 and class 1 from text such as `NORMAL,PNEUMONIA` (folders, which are the labels
 * too) or `Normal/images=Normal,COVID/images=COVID` (folders and labels).
 *
 * @throws {RangeError} If `requireClasses()` refuses them.
 */
export function parseClasses(text: string): FilmClasses {
  const classes = text.split(",").map((part) => {
    const [folder = "", label = folder, ...others] = part.split("=").map((name) => name.trim());
    return { folder, label: [label, ...others].join("=") };
  });
  return requireClasses(classes);
}

/**
 * Checks classes from a file or a command line.
 *
 * @throws {RangeError} If they are not two classes with different folders and different labels.
 */
export function requireClasses(classes: unknown): FilmClasses {
  const [first, second, ...others] = Array.isArray(classes) ? classes as unknown[] : [];
  if (
    others.length > 0 || !isClass(first) || !isClass(second) || first.folder === second.folder ||
    first.label === second.label
  ) {
    throw new RangeError(
      `Cannot take ${excerpt(JSON.stringify(classes) ?? "nothing")} as classes: two different ` +
        "folders with different labels are needed, such as NORMAL=Normal,PNEUMONIA=Pneumonia",
    );
  }
  return [first, second];
}

function isClass(value: unknown): value is FilmClass {
  const { folder, label } = value as Partial<Record<string, unknown>> ?? {};
  const isName = (name: unknown) =>
    typeof name === "string" && name !== "" && name !== "." && name !== ".." &&
    !/[/\\\0]/.test(name);
  return typeof folder === "string" && folder.split("/").every(isName) && isName(label);
}
