/**
 * Copies of the films of a split: a folder for each set, each with the films where the data folder has them, so that
 * each can be used as a data folder itself. A copy is a hard link where the disk allows one, and takes no room then.
 * @module
 */
import { dirname, join, relative } from "node:path";
import { type FilmClasses, TBX11K_CLASSES } from "@/film_classes.ts";
import { exists, writeAtomic } from "@/files.ts";
import { placeOf, type Split } from "@/split.ts";

/** The sets that are copied. The films that validate are among those that train. */
const SETS = ["train", "test"] as const;

/** What {@linkcode copySets} is told. */
export interface CopyOptions {
  /** The data folder: holds the class folders. */
  root: string;
  /** Gets the folders `train` and `test`. */
  folder: string;
  classes?: FilmClasses;
  /** Told after each film how many are there. */
  onFilm?: (done: number) => void;
}

/**
 * Makes `train/` and `test/` hold the films of these sets and no others. What is there already is compared with its
 * film and kept; copies of films that have left a set are removed. Stopped half way, it goes on where it was.
 *
 * @returns How many films were linked or copied now.
 * @throws {Error} If a film cannot be copied, or a set's folder holds a file that is no copy of a film.
 */
export async function copySets(
  split: Pick<Split, "train" | "test">,
  { root, folder, classes = TBX11K_CLASSES, onFilm }: CopyOptions,
): Promise<number> {
  let done = 0;
  let made = 0;
  for (const set of SETS) {
    const places = split[set].map((film) => placeOf(film, classes));
    await removeOthers(join(folder, set), { root, places });
    for (const place of places) {
      if (await copyFilm(join(root, place), join(folder, set, place))) made++;
      onFilm?.(++done);
    }
  }
  return made;
}

/**
 * Links or copies a film, unless that is done.
 *
 * @returns Whether it had to be done.
 * @throws {Error} If it cannot be, or what was written is not what the film holds.
 */
async function copyFilm(source: string, target: string): Promise<boolean> {
  try {
    // Of a link, the file that it leads to.
    const film = await Deno.realPath(source);
    if (await exists(target) && await isSame(film, target)) return false;
    await Deno.mkdir(dirname(target), { recursive: true });
    if (!await link(film, target)) await writeAtomic(target, [await Deno.readFile(film)]);
    if (!await isSame(film, target)) throw new Error("the copy differs from the film");
    return true;
  } catch (error) {
    throw new Error(`Cannot copy ${source} to ${target}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/**
 * Makes a hard link, in the place of what is there.
 *
 * @returns Whether the disk allowed it.
 */
async function link(film: string, target: string): Promise<boolean> {
  const temporary = `${target}.${crypto.randomUUID()}.tmp`;
  try {
    await Deno.link(film, temporary);
  } catch {
    return false;
  }
  await Deno.rename(temporary, target);
  return true;
}

/** Whether two files are one, or hold the same. */
async function isSame(film: string, copy: string): Promise<boolean> {
  const [a, b] = await Promise.all([Deno.stat(film), Deno.stat(copy)]);
  if (a.ino !== null && a.ino === b.ino && a.dev === b.dev) return true;
  if (a.size !== b.size) return false;
  const [bytes, others] = await Promise.all([Deno.readFile(film), Deno.readFile(copy)]);
  return bytes.every((byte, i) => byte === others[i]);
}

/** Removes from a set's folder the copies of films that are not in the set, and what was left half made. */
async function removeOthers(
  folder: string,
  { root, places }: { root: string; places: readonly string[] },
): Promise<void> {
  const wanted = new Set(places.map((place) => join(folder, place)));
  for (const path of await filesIn(folder)) {
    if (wanted.has(path)) continue;
    const film = join(root, relative(folder, path));
    const isCopy = /\.[\da-f-]{36}\.tmp$/.test(path) ||
      await exists(film) && await isSame(film, path);
    if (!isCopy) {
      throw new Error(
        `Cannot copy films into ${folder}: ${path} is there, which is no copy of a film of ${root}. ` +
          `Move or remove ${folder}`,
      );
    }
    await Deno.remove(path);
  }
}

/** The files of a folder and its folders; none if there is no such folder. */
async function filesIn(folder: string): Promise<string[]> {
  if (!await exists(folder)) return [];
  const entries = await Array.fromAsync(Deno.readDir(folder));
  const found = await Promise.all(entries.map(({ name, isDirectory }) => {
    const path = join(folder, name);
    return isDirectory ? filesIn(path) : [path];
  }));
  return found.flat();
}
