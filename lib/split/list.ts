/**
 * Lists of films: CSV files with the columns `filename` and `label`.
 * @module
 */
import { join } from "node:path";
import { exists, readText } from "@/common/files.ts";
import { type Film, type FilmClasses, IN_DATA_FOLDER } from "@/films/film.ts";
import { fromCsv } from "@/split/split.ts";

/**
 * Reads a list of films. A name without a folder is in its class's folder, or if there are no class
 * folders, in the data folder itself.
 *
 * @param options.data The data folder.
 * @param options.howToName Advice on the labels, for an error.
 * @throws {SyntaxError | RangeError} If a row is invalid; the message names it.
 * @throws {Error} If the file cannot be read.
 */
export async function readFilmList(
  path: string,
  { data, classes, howToName }: { data: string; classes: FilmClasses; howToName?: string },
): Promise<Film[]> {
  const films = fromCsv(await readText(path), { path, classes, ...howToName && { howToName } });
  if (!await areFlat(films, { data, classes })) return films;
  return films.map(({ filename, label }) => ({ filename: `${IN_DATA_FOLDER}${filename}`, label }));
}

/** Tells whether the films lie in the data folder itself, which then has no class folders. */
async function areFlat(
  films: readonly Film[],
  { data, classes }: { data: string; classes: FilmClasses },
): Promise<boolean> {
  if (films.some(({ filename }) => filename.includes("/"))) return false;
  const folders = await Promise.all(classes.map(({ folder }) => exists(join(data, folder))));
  if (folders.includes(true)) return false;
  for (const { filename } of films) if (await exists(join(data, filename))) return true;
  return false;
}
