/**
 * A split on the disk: a folder with a CSV file for each set and `split.json`, which says what was split. A split of one's
 * own needs no `split.json` where its classes are TBX11K's.
 * @module
 */
import { isAbsolute, join, relative } from "node:path";
import * as z from "zod";
import { exists, readText, removeIfAny, writeAtomic } from "@/files.ts";
import { type FilmClasses, requireClasses, TBX11K_CLASSES } from "@/film_classes.ts";
import { parseJson } from "@/json.ts";
import { fromRoot, PROJECT_ROOT } from "@/paths.ts";
import { fromCsv, requireDisjoint, type Split, toCsv } from "@/split.ts";

/** A split, and what was split. */
export interface SavedSplit extends Split {
  classes: FilmClasses;
  /** The data folder, absolute; null if that is not known. */
  data: string | null;
}

/** Of `split.json`. Its classes are checked by `requireClasses()`, as those of a command line are. */
const SOURCE = z.object({ data: z.string().nullable().default(null), classes: z.unknown() });

/** The file of a set. */
function csvPath(folder: string, set: keyof Split): string {
  return join(folder, `${set}_data.csv`);
}

function sourcePath(folder: string): string {
  return join(folder, "split.json");
}

/**
 * Writes a split: `train_data.csv`, `test_data.csv` and, with a validation set, `validation_data.csv`. The files of a
 * split before are removed first, so that a folder never holds sets of two splits.
 *
 * @throws {Error} If a file cannot be written.
 */
export async function writeSplit(
  folder: string,
  { classes, data, ...split }: SavedSplit,
): Promise<void> {
  await removeSplit(folder);
  const source = { data: data && fromProject(data), classes };
  await writeAtomic(sourcePath(folder), `${JSON.stringify(source, null, 2)}\n`);
  // The training set comes last: without it there is no split.
  for (const set of ["validation", "test", "train"] as const) {
    const films = split[set];
    if (films !== null) await writeAtomic(csvPath(folder, set), toCsv(films));
  }
}

/** The path from the project's folder, if it is in there: the project may be moved. */
function fromProject(path: string): string {
  const inside = relative(PROJECT_ROOT, path);
  return inside.startsWith("..") || isAbsolute(inside) ? path : inside;
}

/** Whether a folder holds a split. */
export function hasSplit(folder: string): Promise<boolean> {
  return exists(csvPath(folder, "train"));
}

/** Removes the files of a split, if there are any. */
async function removeSplit(folder: string): Promise<void> {
  const sets = ["train", "test", "validation"] as const;
  for (const path of [...sets.map((set) => csvPath(folder, set)), sourcePath(folder)]) {
    await removeIfAny(path);
  }
}

/**
 * Reads a split.
 *
 * @throws {SyntaxError | RangeError} If a file is not what it should be, or a film is in the test set and in another.
 * @throws {Error} If a file cannot be read.
 */
export async function readSplit(folder: string): Promise<SavedSplit> {
  const source = await readSource(folder) ?? { data: null, classes: TBX11K_CLASSES };
  const { classes } = source;
  const read = async (set: keyof Split) => {
    const path = csvPath(folder, set);
    return fromCsv(await readSet(path), { path, classes });
  };
  const split = {
    train: await read("train"),
    test: await read("test"),
    validation: await exists(csvPath(folder, "validation")) ? await read("validation") : null,
  };
  requireDisjoint(split, classes);
  return { ...split, ...source };
}

async function readSet(path: string): Promise<string> {
  try {
    return await readText(path);
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`${message}. Split the films with \`deno task split\``, { cause: error });
  }
}

/**
 * What was split, as the `split.json` of a folder says; null if there is none.
 *
 * @throws {SyntaxError} If the file is not what it should be.
 */
export async function readSource(
  folder: string,
): Promise<Pick<SavedSplit, "data" | "classes"> | null> {
  const path = sourcePath(folder);
  return await exists(path) ? parseSource(await readText(path), path) : null;
}

function parseSource(text: string, path: string): Pick<SavedSplit, "data" | "classes"> {
  try {
    const { data, classes } = parseJson(text, SOURCE, (reason) => reason);
    return { data: data && fromRoot(data), classes: requireClasses(classes) };
  } catch (error) {
    throw new SyntaxError(`Cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}
