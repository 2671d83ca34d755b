/**
 * Copies of a split's films: a folder for each set, in the data folder's layout, so that it can be
 * used as one. A copy is a hard link where the disk allows it, and then takes no room.
 *
 * A record lists the copies. Only listed files with their original content are ever removed.
 * @module
 */
import { dirname, join } from "node:path";
import * as z from "zod";
import { parseCsv, toCsv } from "@/common/csv.ts";
import {
  exists,
  isHalfWritten,
  isMissing,
  readText,
  sha256Of,
  writeAtomic,
} from "@/common/files.ts";
import { type FilmClasses, placeOf, TBX11K_CLASSES } from "@/films/film.ts";
import type { Split } from "@/split/split.ts";

/** The sets that are copied. Validation films are among the training films. */
const SETS = ["train", "test"] as const;

/** The schema of {@linkcode Copy}. */
export const COPY = z.object({
  /** The set's folder and the film's path from the data folder, as in `train/tb/tb0001.png`. */
  place: z.string(),
  /** The SHA-256 of the film's file, in hexadecimal digits. */
  sha256: z.string(),
});
/** The copy of a film. */
type Copy = z.infer<typeof COPY>;

/** The columns of the record. */
const COLUMNS = ["place", "sha256"] as const;

/** The record's name in a split's folder. */
const RECORD = ".copies.csv";

/**
 * Plans the copies, and hashes every film for them.
 *
 * @param options.root The data folder.
 * @param options.onFilm Called after each film, with the number of films so far.
 * @throws {Error} If a film cannot be read.
 */
export async function planCopies(
  split: Pick<Split, "train" | "test">,
  { root, classes = TBX11K_CLASSES, onFilm }: {
    root: string;
    classes?: FilmClasses;
    onFilm?: (done: number) => void;
  },
): Promise<Copy[]> {
  const copies: Copy[] = [];
  for (const set of SETS) {
    for (const film of split[set]) {
      const place = placeOf(film, classes);
      const sha256 = await sha256Of(join(root, place));
      copies.push({ place: `${set}/${place}`, sha256 });
      onFilm?.(copies.length);
    }
  }
  return copies;
}

/**
 * Checks that the sets' folders hold copies alone, and adds the planned ones to the record.
 *
 * @param options.sources The data folders of the splits before. A hard link to a film there is a
 * copy, even if the film was edited since. Without a record, which older versions did not keep, a
 * file that equals its film there is a copy too.
 * @returns The places of the existing copies.
 * @throws {Error} If a file is not a copy or has changed since; nothing is written then.
 */
export async function claimCopies(
  copies: readonly Copy[],
  { folder, sources }: { folder: string; sources: readonly string[] },
): Promise<string[]> {
  const recorded = await readRecord(folder);
  const known = Map.groupBy([...recorded ?? [], ...copies], ({ place }) => place);
  const kept: Copy[] = [];
  for (const place of await placesIn(folder)) {
    const path = join(folder, place);
    const films = sources.map((source) => join(source, place.slice(place.indexOf("/") + 1)));
    const sha256 = isHalfWritten(place) ? "" : await sha256Of(path);
    const compare = recorded === null ? isSame : isLinked;
    const isOurs = isHalfWritten(place) ||
      known.get(place)?.some((copy) => copy.sha256 === sha256) ||
      (await Promise.all(films.map((film) => compare(film, path)))).includes(true);
    if (!isOurs) {
      const set = join(folder, place.split("/")[0]!);
      throw new Error(
        `Cannot copy films into ${set}: ${path} is not a copy that this project made. Move it ` +
          "elsewhere, then split again",
      );
    }
    kept.push({ place, sha256 });
  }
  await writeRecord(folder, [...kept.filter(({ place }) => !isHalfWritten(place)), ...copies]);
  return kept.map(({ place }) => place);
}

/**
 * Makes `train/` and `test/` hold exactly these copies: keeps existing ones, removes others. The
 * next call completes an interrupted one.
 *
 * @param options.root The data folder.
 * @param options.there The result of {@linkcode claimCopies}.
 * @returns The number of films that were linked or copied now.
 * @throws {Error} If a film cannot be copied.
 */
export async function applyCopies(
  copies: readonly Copy[],
  { folder, root, there }: { folder: string; root: string; there: readonly string[] },
): Promise<number> {
  const wanted = new Set(copies.map(({ place }) => place));
  for (const place of there) {
    if (!wanted.has(place)) await removeCopy(place, folder);
  }
  let made = 0;
  for (const { place } of copies) {
    const film = join(root, place.slice(place.indexOf("/") + 1));
    if (await copyFilm(film, join(folder, place))) made++;
  }
  await writeRecord(folder, copies);
  return made;
}

/** Removes a copy, and its folders if they are empty then. */
async function removeCopy(place: string, folder: string): Promise<void> {
  await Deno.remove(join(folder, place));
  for (let parent = dirname(place); parent !== "."; parent = dirname(parent)) {
    // Removing a folder fails if it is not empty.
    if (!await Deno.remove(join(folder, parent)).then(() => true, () => false)) return;
  }
}

/**
 * Links or copies a film, unless the target already holds it.
 *
 * @returns Whether a link or copy was made.
 * @throws {Error} If the film cannot be copied, or the copy differs from it.
 */
async function copyFilm(source: string, target: string): Promise<boolean> {
  try {
    // Follows a link to its file.
    const film = await Deno.realPath(source);
    if (await isSame(film, target)) return false;
    await Deno.mkdir(dirname(target), { recursive: true });
    const linked = `${target}.${crypto.randomUUID()}.tmp`;
    const isAllowed = await Deno.link(film, linked).then(() => true, () => false);
    if (isAllowed) await Deno.rename(linked, target);
    else await writeAtomic(target, [await Deno.readFile(film)]);
    if (!await isSame(film, target)) throw new Error("the copy differs from the film");
    return true;
  } catch (cause) {
    const { message } = cause as Error;
    throw new Error(`Cannot copy ${source} to ${target}: ${message}`, { cause });
  }
}

/** Tells whether two files exist and have the same content. */
async function isSame(film: string, copy: string): Promise<boolean> {
  if (await isLinked(film, copy)) return true;
  if (!await exists(film) || !await exists(copy)) return false;
  const [bytes, others] = await Promise.all([Deno.readFile(film), Deno.readFile(copy)]);
  return bytes.length === others.length && bytes.every((byte, i) => byte === others[i]);
}

/** Tells whether two paths exist and are the same file. */
async function isLinked(film: string, copy: string): Promise<boolean> {
  const stat = (path: string) =>
    Deno.stat(path).catch((error) => {
      if (isMissing(error)) return null;
      throw error;
    });
  const [a, b] = await Promise.all([stat(film), stat(copy)]);
  return a !== null && b !== null && a.ino !== null && a.ino === b.ino && a.dev === b.dev;
}

/** Lists the files in the sets' folders, by their paths from the split's folder. */
async function placesIn(folder: string): Promise<string[]> {
  const list = async (place: string): Promise<string[]> => {
    if (!await exists(join(folder, place))) return [];
    const entries = await Array.fromAsync(Deno.readDir(join(folder, place)));
    const found = await Promise.all(entries.map(({ name, isDirectory }) => {
      const inside = `${place}/${name}`;
      return isDirectory ? list(inside) : [inside];
    }));
    return found.flat();
  };
  return (await Promise.all(SETS.map(list))).flat().toSorted();
}

/** Reads the record; null if there is none. */
async function readRecord(folder: string): Promise<Copy[] | null> {
  const path = join(folder, RECORD);
  if (!await exists(path)) return null;
  try {
    const [header, ...rows] = parseCsv(await readText(path), path);
    const isRow = (row: string[]) => row.length === 2 && /^[\da-f]{64}$/.test(row[1]!);
    if (header?.join() !== COLUMNS.join() || !rows.every(isRow)) throw new Error("wrong columns");
    return rows.map(([place, sha256]) => ({ place: place!, sha256: sha256! }));
  } catch (error) {
    throw new SyntaxError(
      `Cannot read ${path}, the record of the copies in ${folder}: it is damaged. If the folder ` +
        "holds no films of your own, remove it and split again",
      { cause: error },
    );
  }
}

async function writeRecord(folder: string, copies: readonly Copy[]): Promise<void> {
  const path = join(folder, RECORD);
  if (copies.length === 0 && !await exists(path)) return;
  await writeAtomic(path, toCsv(copies, COLUMNS));
}
