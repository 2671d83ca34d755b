/**
 * External sets: films of another source, on which no network is trained and nothing is chosen.
 * @module
 */
import { dirname, join } from "node:path";
import { exists, isMissing } from "@/common/files.ts";
import { fromRoot } from "@/common/paths.ts";
import { parseClasses } from "@/films/classes.ts";
import type { Film, FilmClasses, LabelledFilm } from "@/films/film.ts";
import { locateFilms } from "@/films/folder.ts";
import { describeOthers, listFolder } from "@/films/listing.ts";
import { readFilmList } from "@/split/list.ts";

/** An external set that a command line asks for. */
export interface ExternalRequest {
  /** Its name in tables and figures. */
  name: string;
  /** The absolute path of a folder of class folders, or of a CSV file. */
  path: string;
  /** Its own classes, in the order of the run's. Null: they have the run's names. */
  classes: FilmClasses | null;
}

/** An external set whose files are found. */
export interface ExternalSet {
  name: string;
  /** The folder of its films, absolute. */
  root: string;
  films: LabelledFilm[];
  /** Entries of the folders that are no films, by kind; null if there are none. */
  others: string | null;
  /** Whether nobody named it, so that it is left out if a network is gone. Default: false. */
  isDefault?: boolean;
}

/**
 * Reads the external sets that a command line names.
 *
 * @param sets Each `NAME=FOLDER` or `NAME=FILE.csv`.
 * @param classes Each `NAME=A,B`, with A and B as `parseClasses()` reads them.
 * @throws {RangeError} If a text has another form, or a name is missing or named twice.
 */
export function parseExternal(
  sets: readonly string[],
  classes: readonly string[] = [],
): ExternalRequest[] {
  const named = pairsOf("--external", sets, "NAME=FOLDER or NAME=FILE.csv");
  const classNames = pairsOf("--external-classes", classes, "NAME=A,B");
  for (const name of classNames.keys()) {
    if (named.has(name)) continue;
    throw new RangeError(
      `Cannot take --external-classes ${name}=${
        classNames.get(name)
      }: no --external has the name ` +
        name,
    );
  }
  return [...named].map(([name, path]) => {
    const own = classNames.get(name);
    return { name, path: fromRoot(path), classes: own === undefined ? null : parseClasses(own) };
  });
}

function pairsOf(flag: string, texts: readonly string[], form: string): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const text of texts) {
    const [, name, value] =
      /^([\p{L}\p{N}](?:[\p{L}\p{N} ._-]*[\p{L}\p{N}._-])?)=(.+)$/su.exec(text) ?? [];
    if (name === undefined || value === undefined) {
      throw new RangeError(
        `Cannot take ${flag} ${text}: it must be ${form}. A name begins with a letter or a digit`,
      );
    }
    if (pairs.has(name)) {
      throw new RangeError(`Cannot take ${flag} ${text}: ${name} is named twice`);
    }
    pairs.set(name, value);
  }
  return pairs;
}

/**
 * Finds the films of an external set. It may have one class alone. Links are followed.
 *
 * @param options.classes The run's classes, which a set without its own has.
 * @param options.own The run's films, none of which may be among them.
 * @throws {Error} If the folder, the file or a film is missing.
 * @throws {RangeError} If the classes have other names, or a film is one of the run's.
 */
export async function openExternal(
  { name, path, classes: named }: ExternalRequest,
  { classes: ofRun, own }: { classes: FilmClasses; own: readonly LabelledFilm[] },
): Promise<ExternalSet> {
  const classes = named ?? ofRun;
  const set = `the external set ${name}`;
  const howToName = `--external-classes ${name}=A,B`;
  const isFile = await requirePath({ name, path });
  const root = isFile ? dirname(path) : await findRoot(path, classes);
  const { films, others } = isFile
    ? { films: await readFilmList(path, { data: root, classes, howToName }), others: null }
    : await listClasses(root, { classes, set, howToName });
  if (films.length === 0) {
    throw new RangeError(
      `Cannot use ${path} as ${set}: it has no film${others === null ? "" : `. ${others}`}`,
    );
  }
  const advice = `A filename in ${path} is the film's path from there`;
  const located = await locateFilms(films, { root, classes, followLinks: true, advice });
  await requireElsewhere(located, { own, path, set });
  return { name, root, films: located, others };
}

/**
 * Makes sure that the folder or file of an external set exists, and tells whether it is a file.
 *
 * @throws {Error} If it does not, or is neither.
 */
export async function requirePath(
  { name, path }: Pick<ExternalRequest, "name" | "path">,
): Promise<boolean> {
  const refuse = (reason: string, cause?: unknown) =>
    new Error(`Cannot use ${path} as the external set ${name}: ${reason}`, { cause });
  const { isFile, isDirectory } = await Deno.stat(path).catch((error) => {
    throw refuse(isMissing(error) ? "there is no such folder or file" : error.message, error);
  });
  if (!isFile && !isDirectory) throw refuse("it is no folder and no file");
  return isFile;
}

/** Finds the folder of the class folders: this one, or the `imgs` in it. */
async function findRoot(path: string, classes: FilmClasses): Promise<string> {
  const inside = await subfoldersOf(path);
  const hasClass = classes.some(({ folder }) => inside.includes(firstPart(folder)));
  return !hasClass && inside.includes("imgs") ? join(path, "imgs") : path;
}

/** Lists the films of the class folders. A missing one has none, if nothing else may be meant. */
async function listClasses(
  root: string,
  { classes, set, howToName }: { classes: FilmClasses; set: string; howToName: string },
): Promise<{ films: Film[]; others: string | null }> {
  const inside = await subfoldersOf(root);
  const areThere = await Promise.all(classes.map(({ folder }) => exists(join(root, folder))));
  const missing = classes.filter((_, i) => !areThere[i]);
  const others = inside.filter((name) => !classes.some(({ folder }) => firstPart(folder) === name));
  if (missing.length === 2 || missing.length === 1 && others.length > 0) {
    throw new RangeError(
      `Cannot use ${root} as ${set}: it has no folder ` +
        `${missing.map(({ folder }) => folder).join(" and no folder ")} (in it: ` +
        `${inside.slice(0, 8).join(", ") || "no folder"}). Name its folders of ` +
        `${classes.map(({ label }) => label).join(" and ")}, in this order: ${howToName}`,
    );
  }
  const films: Film[] = [];
  const leftOut: string[] = [];
  for (const { folder, label } of classes.filter((filmClass) => !missing.includes(filmClass))) {
    const path = join(root, folder);
    const { films: names, others } = await listFolder(path).catch((error) => {
      throw new Error(`Cannot use ${root} as ${set}: ${error.message}`, { cause: error });
    });
    if (names.length === 0 && others.length > 0) {
      throw new RangeError(
        `Cannot use ${root} as ${set}: ${path} has no film. ${describeOthers(others)}`,
      );
    }
    films.push(...names.map((filename) => ({ filename, label })));
    leftOut.push(...others);
  }
  return { films, others: describeOthers(leftOut) };
}

function firstPart(folder: string): string {
  return folder.split("/")[0]!;
}

async function subfoldersOf(path: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(path));
  const isFolder = async ({ name, isDirectory, isSymlink }: Deno.DirEntry) =>
    isDirectory ||
    isSymlink && await Deno.stat(join(path, name)).then((stat) => stat.isDirectory, () => false);
  const flags = await Promise.all(entries.map(isFolder));
  return entries.map(({ name }) => name).filter((name, i) => flags[i] && !name.startsWith("."))
    .toSorted();
}

/** Refuses a set that has a film of the run. */
async function requireElsewhere(
  films: readonly LabelledFilm[],
  { own, path, set }: { own: readonly LabelledFilm[]; path: string; set: string },
): Promise<void> {
  const realPaths = (of: readonly LabelledFilm[]) =>
    Promise.all(of.map((f) => Deno.realPath(f.path)));
  const ofRun = new Set(await realPaths(own));
  const shared = (await realPaths(films)).filter((film) => ofRun.has(film));
  if (shared.length === 0) return;
  throw new RangeError(
    `Cannot use ${path} as ${set}: ${shared.length} of its ${films.length} films are those that the ` +
      `runs were trained and tested on (${shared[0]}). Name a folder of other films`,
  );
}
