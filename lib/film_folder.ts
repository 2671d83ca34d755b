/**
 * The data folder: the two class folders with the films in them.
 * @module
 */
import { extname, join, relative, resolve } from "node:path";
import { isMissing } from "@/files.ts";
import { type FilmClasses, TBX11K_CLASSES } from "@/film_classes.ts";
import { type Film, type LabelledFilm, placeOf } from "@/split.ts";

/** The file names that are films, by their endings. */
const FILM_ENDINGS = new Set([".png", ".jpg", ".jpeg", ".dcm"]);

const HOW_TO_BRING_FILMS =
  "Name the folder that holds the two class folders with --data or XRAY_DATA (TBX11K's is TBX11K/imgs); " +
  "where they have other names, split with `deno task split --classes A,B`";

/**
 * Finds the data folder.
 *
 * @param root The data folder, or the folder whose `imgs` is it.
 * @param folders What must be in it.
 * @returns Its absolute path.
 * @throws {Error} If the folder is missing, is no folder, or lacks one of those; the message says what is in it.
 */
export async function findDataFolder(root: string, folders: readonly string[]): Promise<string> {
  const found = await subfolders(root);
  const missing = folders.filter((folder) => !found.includes(folder));
  if (missing.length === 0) return resolve(root);
  if (found.includes("imgs")) return await findDataFolder(join(root, "imgs"), folders);
  throw new Error(
    `Cannot use ${root} as the data folder: it has no folder ` +
      `${missing.slice(0, 8).join(" and no folder ")} (in it: ` +
      `${found.slice(0, 8).join(", ") || "no folder"}). ${HOW_TO_BRING_FILMS}`,
  );
}

/**
 * Lists the films of the class folders. Hidden files and files that are no films by their endings are left out.
 *
 * @param root As `findDataFolder()` takes it.
 * @returns The folder that holds the class folders, absolute, and the films in it.
 * @throws {Error} If there is no such folder, or a class folder holds no film.
 */
export async function listFilms(
  root: string,
  { classes = TBX11K_CLASSES }: { classes?: FilmClasses } = {},
): Promise<{ root: string; films: Film[] }> {
  const dataFolder = await findDataFolder(root, classes.map(({ folder }) => folder));
  const films: Film[] = [];
  for (const { folder, label } of classes) {
    const names = await filmNames(join(dataFolder, folder));
    if (names.length === 0) {
      throw new Error(
        `Cannot use ${dataFolder} as the data folder: ${join(dataFolder, folder)} holds no film ` +
          `(${[...FILM_ENDINGS].join(", ")}). ${HOW_TO_BRING_FILMS}`,
      );
    }
    films.push(...names.map((filename) => ({ filename, label })));
  }
  return { root: dataFolder, films };
}

async function subfolders(root: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(root));
    const isFolder = async ({ name, isDirectory, isSymlink }: Deno.DirEntry) =>
      isDirectory || (isSymlink && (await Deno.stat(join(root, name))).isDirectory);
    const flags = await Promise.all(entries.map((entry) => isFolder(entry).catch(() => false)));
    return entries.filter((_, i) => flags[i]).map(({ name }) => name).sort();
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound
      ? "there is no such folder"
      : error instanceof Deno.errors.NotADirectory
      ? "it is a file"
      : (error as Error).message;
    throw new Error(`Cannot use ${root} as the data folder: ${reason}. ${HOW_TO_BRING_FILMS}`, {
      cause: error,
    });
  }
}

async function filmNames(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isFilm(name) && !isDirectory) names.push(name);
  }
  // A folder lists its files in any order.
  return names.sort();
}

async function isLink(path: string): Promise<boolean> {
  try {
    return (await Deno.lstat(path)).isSymlink;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Whether a file is a film, by its name. Hidden files are not. */
export function isFilm(name: string): boolean {
  return FILM_ENDINGS.has(extname(name).toLowerCase()) && !name.startsWith(".");
}

/** A film with the path where it should be, and its class as a number. */
export function labelFilm(
  film: Film,
  { root, classes = TBX11K_CLASSES }: { root: string; classes?: FilmClasses },
): LabelledFilm {
  const index = classes.findIndex(({ label }) => label === film.label);
  return {
    path: resolve(root, placeOf(film, classes)),
    filename: film.filename,
    label: index as 0 | 1,
  };
}

/**
 * Finds the file of each film.
 *
 * @param films Rows of a split.
 * @param options.root The folder that holds the class folders.
 * @throws {Error} If files are missing, naming the first ones, or a film is a link that leads out of the folder or nowhere.
 * @throws {RangeError} If a film's label is none of the classes'.
 */
export async function locateFilms(
  films: readonly Film[],
  { root, classes = TBX11K_CLASSES }: { root: string; classes?: FilmClasses },
): Promise<LabelledFilm[]> {
  const realRoot = await Deno.realPath(root);
  const missing: string[] = [];
  const located = await Promise.all(films.map(async (film) => {
    const labelled = labelFilm(film, { root, classes });
    const { path, filename } = labelled;
    try {
      const realPath = await Deno.realPath(path);
      if (relative(realRoot, realPath).startsWith("..")) {
        throw new Error(`Cannot use ${path}: it is a link that leads out of the data folder`);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      if (await isLink(path)) {
        throw new Error(
          `Cannot use ${path}: it is a link to a file that is not there. Bring the file back, or remove the link ` +
            "and split again (`deno task split`)",
        );
      }
      missing.push(filename);
    }
    return labelled;
  }));
  if (missing.length > 0) {
    const shown = missing.slice(0, 5).join(", ") + (missing.length > 5 ? ", ..." : "");
    throw new Error(
      `Cannot find ${missing.length} of ${films.length} films in ${root}: ${shown}. ` +
        "Split the folder again if its films have changed (`deno task split`)",
    );
  }
  return located;
}
