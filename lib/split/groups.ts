/**
 * Lists of patients: CSV files with the columns `filename` and `group`, for films whose names do
 * not tell the patient.
 * @module
 */
import { parseCsv } from "@/common/csv.ts";
import { excerpt, readText } from "@/common/files.ts";
import { type Film, type FilmClasses, placeOf } from "@/films/film.ts";

/**
 * Reads the patient of each film. A film is listed by its name or by its path from the data folder,
 * which is needed if each class has a film of that name.
 *
 * @param options.films The films that are split, all of which must be listed.
 * @returns The patient of one of these films.
 * @throws {SyntaxError} If the file is not CSV with the columns `filename` and `group`.
 * @throws {RangeError} If a film is unknown, missing, or listed twice; the message names it.
 * @throws {Error} If the file cannot be read.
 */
export async function readGroups(
  path: string,
  { films, classes }: { films: readonly Film[]; classes: FilmClasses },
): Promise<(film: Film) => string> {
  const [header, ...rows] = parseCsv(await readText(path), path);
  if (header?.length !== 2 || header[0] !== "filename" || header[1] !== "group") {
    throw new SyntaxError(
      `Cannot read ${path}: its first line is "${
        excerpt(`${header ?? ""}`)
      }", not "filename,group"`,
    );
  }
  const place = (film: Film) => placeOf(film, classes);
  const named = Map.groupBy(films, ({ filename }) => filename);
  const placed = new Map(films.map((film) => [place(film), film]));
  const groups = new Map<string, string>();
  rows.forEach((fields, i) => {
    const refuse = (reason: string) =>
      new RangeError(`Cannot read ${path}: row ${i + 2} (${excerpt(fields.join(","))}) ${reason}`);
    const [written = "", spaced = ""] = fields;
    const group = spaced.trim();
    if (fields.length !== 2) throw refuse("does not have two fields");
    // Windows writes paths with backslashes.
    const name = written.replaceAll("\\", "/");
    const [film = placed.get(name), other] = named.get(name) ?? [];
    if (film === undefined) throw refuse("is none of the films to split. Remove the row");
    if (other !== undefined) {
      throw refuse(`may be ${place(film)} or ${place(other)}. Write the path instead`);
    }
    if (group === "") throw refuse("names no group: write the film's patient");
    if (groups.has(place(film))) throw refuse("lists its film again. Keep one of its rows");
    groups.set(place(film), group);
  });
  const missing = films.filter((film) => !groups.has(place(film)));
  if (missing.length > 0) {
    throw new RangeError(
      `Cannot read ${path}: ${missing.length} of ${films.length} films are missing, such as ` +
        `${excerpt(place(missing[0]!))}. Add a row for each`,
    );
  }
  return (film) => groups.get(place(film))!;
}
