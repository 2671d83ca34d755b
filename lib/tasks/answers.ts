/**
 * The films that `deno task predict` is asked about, and the table of its answers.
 * @module
 */
import { join } from "node:path";
import type { FileAnswer, FileError } from "@/analysis/trained_network.ts";
import { fromRoot } from "@/common/paths.ts";
import type { ClassNames } from "@/films/film.ts";
import { describeOthers, listFolder } from "@/films/listing.ts";

/**
 * Gives a film's path, or the paths of a folder's films by name. Prints what else the folder holds.
 *
 * @throws {Error} If the folder holds no film.
 */
export async function filmsAt(path: string): Promise<string[]> {
  const absolute = fromRoot(path);
  const isFolder = await Deno.stat(absolute).then(({ isDirectory }) => isDirectory, () => false);
  if (!isFolder) return [absolute];
  const { films, others } = await listFolder(absolute);
  const leftOut = describeOthers(others);
  if (films.length === 0) {
    throw new Error(`Cannot find a film in ${absolute}${leftOut === null ? "" : `. ${leftOut}`}`);
  }
  if (leftOut !== null) console.error(`${absolute}: ${leftOut}`);
  return films.map((name) => join(absolute, name));
}

/** Makes the header and the lines of a table whose widths do not depend on the films. */
export function answerTable(
  classes: ClassNames,
): { header: string; line: (answer: FileAnswer | FileError) => string } {
  const share = `P(${classes[1]})`;
  const room = Math.max(share.length, 6);
  const width = Math.max(...classes.map(({ length }) => length), "label".length);
  const columns = (label: string, probability: string, milliseconds: string, film: string) =>
    [label.padEnd(width), probability.padStart(room), milliseconds.padStart(7), film].join("  ");
  return {
    header: columns("label", share, "ms/film", "film"),
    line(answer) {
      if ("error" in answer) return columns("-", "-", "-", `${answer.path}: ${answer.error}`);
      const { label, probability, milliseconds, path } = answer;
      return columns(label, probability.toFixed(4), milliseconds.toFixed(1), path);
    },
  };
}
