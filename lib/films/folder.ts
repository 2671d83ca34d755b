/**
 * The data folder: the two class folders with the films in them.
 * @module
 */
import { join, relative, resolve } from "node:path";
import { excerpt, exists, isMissing } from "@/common/files.ts";
import { fromRoot } from "@/common/paths.ts";
import {
  type Film,
  type FilmClasses,
  type Label,
  type LabelledFilm,
  placeOf,
  TBX11K_CLASSES,
} from "@/films/film.ts";
import { describeOthers, FILM_ENDINGS, listFolder } from "@/films/listing.ts";
import { writePhantoms } from "@/films/phantom_files.ts";

const HOW_TO_BRING_FILMS =
  "Name the folder that holds the two class folders with --data or XRAY_DATA (TBX11K's is TBX11K/imgs); " +
  "where they have other names, split with `deno task split --classes A,B`";

const HOW_TO_FIND = "If its films have changed, `deno task split` splits them again as before";

const HOW_TO_TAKE_SETS = "Films that are split already are taken as they are with " +
  "`deno task split --given train=FOLDER,test=FOLDER --classes A,B`, where A and B are in each FOLDER";

/**
 * Finds the data folder.
 *
 * @param root The data folder, or the folder that holds it as `imgs`.
 * @param folders The folders that must be in it.
 * @returns Its absolute path.
 * @throws {Error} If the folder is missing, is a file, or lacks one of these folders.
 */
async function findDataFolder(root: string, folders: readonly string[]): Promise<string> {
  const found = await subfolders(root);
  const areThere = await Promise.all(folders.map((folder) => exists(join(root, folder))));
  const missing = folders.filter((_, i) => !areThere[i]);
  if (missing.length === 0) return resolve(root);
  if (found.includes("imgs")) return await findDataFolder(join(root, "imgs"), folders);
  throw new Error(
    `Cannot use ${root} as the data folder: it has no folder ` +
      `${missing.slice(0, 8).join(" and no folder ")} (in it: ` +
      `${found.slice(0, 8).join(", ") || "no folder"}). ${
        found.includes("train") && found.includes("test") ? HOW_TO_TAKE_SETS : HOW_TO_BRING_FILMS
      }`,
  );
}

/**
 * Lists the films of the class folders, without hidden and other files.
 *
 * @param root The data folder, or the folder that holds it as `imgs`.
 * @returns The absolute path of the data folder, and its films.
 * @throws {Error} If the folder is missing, or a class folder holds no film.
 */
export async function listFilms(
  root: string,
  { classes = TBX11K_CLASSES }: { classes?: FilmClasses } = {},
): Promise<{ root: string; films: Film[] }> {
  const dataFolder = await findDataFolder(root, classes.map(({ folder }) => folder));
  const films: Film[] = [];
  for (const { folder, label } of classes) {
    const path = join(dataFolder, folder);
    const { films: names } = await listFolder(path);
    if (names.length === 0) {
      const inside = await subfolders(path);
      const reason = inside.length > 0
        ? `folders (${inside.slice(0, 8).join(", ")}) and no film. Name the one with the films, ` +
          `as in \`deno task split --classes ${folder}/${inside[0]}=${label},...\``
        : `no film (${FILM_ENDINGS.join(", ")}, or DICOM without an ending). ${HOW_TO_BRING_FILMS}`;
      throw new Error(`Cannot use ${dataFolder} as the data folder: ${path} holds ${reason}`);
    }
    const slashed = names.find((name) => name.includes("\\"));
    if (slashed !== undefined) {
      throw new Error(
        `Cannot use ${join(path, slashed)}: in a CSV file, a backslash separates folders. Rename ` +
          "the file",
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

/**
 * Describes the entries of class folders that are not films; null if there are none.
 *
 * @param roots The folders that hold the class folders.
 */
export async function describeLeftOut(
  roots: readonly string[],
  { classes }: { classes: FilmClasses },
): Promise<string | null> {
  const folders = roots.flatMap((root) => classes.map(({ folder }) => join(root, folder)));
  const others = await Promise.all(
    folders.map(async (folder) => await exists(folder) ? (await listFolder(folder)).others : []),
  );
  return describeOthers(others.flat());
}

/** Adds a film's path and the number of its class. */
export function labelFilm(
  film: Film,
  { root, classes = TBX11K_CLASSES }: { root: string; classes?: FilmClasses },
): LabelledFilm {
  const path = resolve(root, placeOf(film, classes));
  const label = classes.findIndex(({ label }) => label === film.label) as Label;
  return { path, filename: film.filename, label };
}

/**
 * Finds the file of each film.
 *
 * @param films Rows of a split.
 * @param options.root The data folder.
 * @param options.followLinks Allows links to files outside of the data folder. Default: false.
 * @param options.advice Says what to do about missing films. Default: to split them again.
 * @throws {Error} If files are missing, or a film is a broken link or a link out of the folder.
 * @throws {RangeError} If a film's label is unknown.
 */
export async function locateFilms(
  films: readonly Film[],
  { root, classes = TBX11K_CLASSES, followLinks = false, advice = HOW_TO_FIND }: {
    root: string;
    classes?: FilmClasses;
    followLinks?: boolean;
    advice?: string;
  },
): Promise<LabelledFilm[]> {
  const realRoot = await Deno.realPath(root);
  const missing: string[] = [];
  const located = await Promise.all(films.map(async (film) => {
    const labelled = labelFilm(film, { root, classes });
    const { path, filename } = labelled;
    try {
      const realPath = await Deno.realPath(path);
      if (!followLinks && relative(realRoot, realPath).startsWith("..")) {
        throw new Error(
          `Cannot use ${path}: it is a link that leads out of the data folder, to ${realPath}. If ` +
            "that film is meant, split with --follow-links",
        );
      }
    } catch (error) {
      const { message } = error as Error;
      if (/^Cannot /.test(message)) throw error;
      if (!isMissing(error)) throw new Error(`Cannot use ${path}: ${message}`, { cause: error });
      if (await Deno.lstat(path).then(({ isSymlink }) => isSymlink, () => false)) {
        throw new Error(
          `Cannot use ${path}: it is a link to a missing file. Bring the file back, or remove the ` +
            "link and split again (`deno task split`)",
        );
      }
      missing.push(filename);
    }
    return labelled;
  }));
  if (missing.length > 0) {
    const shown = excerpt(missing.slice(0, 5).join(", ")) + (missing.length > 5 ? ", ..." : "");
    throw new Error(
      `Cannot find ${missing.length} of ${films.length} films in ${root}: ${shown}. ${advice}`,
    );
  }
  return located;
}

/** The folder of the phantom films, which replace missing data. */
export const PHANTOM_FOLDER = "data/phantom/imgs";

/** The folder of a second hospital's phantom films, on which none is trained. */
const OTHER_HOSPITAL_FOLDER = "data/phantom_hospital/imgs";

/** Draws missing phantom films of the second hospital, and gives their folder. */
export async function openOtherHospital(): Promise<string> {
  await writePhantoms(fromRoot(OTHER_HOSPITAL_FOLDER), "other");
  return fromRoot(OTHER_HOSPITAL_FOLDER);
}

/** Draws missing phantom films, and gives their folder. */
export async function openPhantoms(): Promise<string> {
  await writePhantoms(fromRoot(PHANTOM_FOLDER));
  return fromRoot(PHANTOM_FOLDER);
}

/** Tells whether a data folder is that of the phantom films. */
export function isPhantom(data: string): boolean {
  return fromRoot(data) === fromRoot(PHANTOM_FOLDER);
}

/**
 * Opens a data folder, and draws missing phantom films if it is theirs.
 *
 * @param data The data folder, or the folder that holds it as `imgs`.
 * @param folders The folders that must be in it. Default: TBX11K's class folders.
 * @returns Its absolute path.
 * @throws {Error} If the folder is missing or lacks one of these folders.
 */
export async function openDataFolder(
  data: string,
  folders: readonly string[] = TBX11K_CLASSES.map(({ folder }) => folder),
): Promise<string> {
  return await findDataFolder(isPhantom(data) ? await openPhantoms() : data, folders);
}

/**
 * Opens the data folder that holds a split's films.
 *
 * @param data The data folder, or the folder that holds it as `imgs`.
 * @throws {Error} If the folder is missing or lacks a folder of a film.
 */
export async function openFolderOf(
  films: readonly Film[],
  { data, classes = TBX11K_CLASSES }: { data: string; classes?: FilmClasses },
): Promise<string> {
  const places = films.map((film) => placeOf(film, classes)).filter((place) => place.includes("/"));
  return await openDataFolder(data, [...new Set(places.map((place) => place.split("/")[0]!))]);
}
