/**
 * Given sets: films that are split already, each set in a folder or a CSV file, such as Kermany's
 * `chest_xray/train` and `chest_xray/test`.
 * @module
 */
import { join, relative } from "node:path";
import { excerpt, readText, sha256Of } from "@/common/files.ts";
import { fromRoot } from "@/common/paths.ts";
import { type Film, type FilmClasses, placeOf } from "@/films/film.ts";
import { listFilms, locateFilms, openFolderOf } from "@/films/folder.ts";
import { fromCsv, patientNamed, type Split } from "@/split/split.ts";

const SETS = ["train", "test", "validation"] as const;
type SetName = (typeof SETS)[number];

/** The folder or CSV file of each set. */
interface GivenSets {
  train: string;
  test: string;
  validation?: string;
}

/** Options of {@linkcode openGiven}. */
interface GivenOptions {
  classes: FilmClasses;
  /** The data folder. Default: `elsewhere` for CSV files, else the common folder of the sets. */
  data: string | undefined;
  /** The default data folder of CSV files. */
  elsewhere: string;
  /** Matches the patient in a film's name, as in `splitFilms()`. Default: no patients. */
  patient?: RegExp | undefined;
  followLinks: boolean;
}

/** A given set: its films by their paths from `root`, or if it is null, from the data folder. */
interface GivenSet {
  name: SetName;
  root: string | null;
  films: Film[];
}

/**
 * Reads text such as `train=chest_xray/train,test=chest_xray/test`.
 *
 * @throws {RangeError} If the training or test set is missing, or a set is unknown or named twice.
 */
export function parseGiven(text: string): GivenSets {
  const pairs = text.split(",").map((part) => {
    const at = part.indexOf("=");
    return [part.slice(0, at).trim(), part.slice(at + 1).trim()] as const;
  });
  const sets = Object.fromEntries(pairs);
  const { train, test, validation } = sets;
  const isKnown = pairs.every(([name, path]) => path !== "" && SETS.some((set) => set === name));
  if (!isKnown || Object.keys(sets).length < pairs.length || !train || !test) {
    throw new RangeError(
      `Cannot take --given ${text}: it must name a folder or a CSV file for each set, as in ` +
        "train=FOLDER,test=FOLDER or train=FILE.csv,test=FILE.csv,validation=FILE.csv",
    );
  }
  return { train, test, ...validation && { validation } };
}

/**
 * Reads given sets. {@linkcode requireFilmsApart} compares their films.
 *
 * @returns The split, its data folder, and the sets' folders.
 * @throws {Error} If a set cannot be read, lacks a class, or shares a patient with another set.
 */
export async function openGiven(
  given: GivenSets,
  { classes, data, elsewhere, patient, followLinks }: GivenOptions,
): Promise<{ root: string; folders: string[]; split: Split }> {
  const sets = await Promise.all(
    SETS.flatMap((name) => given[name] === undefined ? [] : readSet(name, given[name], classes)),
  );
  for (const { name, films } of sets) {
    const missing = classes.find(({ label }) => films.every((film) => film.label !== label));
    if (missing === undefined) continue;
    const reason = `it has no film of "${missing.label}", and needs both classes`;
    throw new RangeError(`Cannot take the given ${name} set: ${reason}`);
  }
  if (patient !== undefined) requirePatientsApart(sets, patient);

  const root = await findRoot(sets, { classes, data, elsewhere });
  const placed = new Map(sets.map((set) => [set.name, placeFilms(set, { root, classes })]));
  for (const films of placed.values()) await locateFilms(films, { root, classes, followLinks });

  const validation = placed.get("validation") ?? null;
  const inOrder = (films: Film[]) =>
    classes.flatMap(({ label }) => films.filter((film) => film.label === label));
  return {
    root,
    folders: sets.flatMap(({ root }) => root ?? []),
    split: {
      train: inOrder([...placed.get("train")!, ...validation ?? []]),
      test: inOrder(placed.get("test")!),
      validation: validation && inOrder(validation),
    },
  };
}

async function readSet(name: SetName, given: string, classes: FilmClasses): Promise<GivenSet> {
  const path = fromRoot(given);
  const isFile = await Deno.stat(path).then((stat) => stat.isFile, () => false);
  if (!isFile) return { name, ...await listFilms(path, { classes }) };
  return { name, root: null, films: fromCsv(await readText(path), { path, classes }) };
}

function requirePatientsApart(sets: readonly GivenSet[], pattern: RegExp): void {
  const seen = new Map<string, { name: SetName; filename: string }>();
  for (const { name, films } of sets) {
    for (const film of films) {
      const { filename } = film;
      const patient = patientNamed(film, pattern);
      const before = seen.get(patient) ?? { name, filename };
      if (before.name !== name) {
        const [first, second] = [excerpt(before.filename), excerpt(filename)];
        throw new RangeError(
          `Cannot take the given sets: the patient ${excerpt(patient)} is in the ${before.name} ` +
            `set (${first}) and in the ${name} set (${second}). Split the films without --given, ` +
            "or remove the patient's films from one of the sets",
        );
      }
      seen.set(patient, before);
    }
  }
}

/** Finds the data folder, from which all films' names start. */
async function findRoot(
  sets: readonly GivenSet[],
  { classes, data, elsewhere }: Pick<GivenOptions, "classes" | "data" | "elsewhere">,
): Promise<string> {
  const named = data === undefined ? undefined : fromRoot(data);
  const listed = sets.filter(({ root }) => root === null).flatMap(({ films }) => films);
  const root = listed.length > 0
    ? await openFolderOf(listed, { data: named ?? elsewhere, classes })
    : named ?? commonFolder(sets.flatMap(({ root }) => root ?? []));
  const outside = sets.find((set) =>
    set.root !== null && relative(root, set.root).startsWith("..")
  );
  if (outside === undefined) return root;
  throw new Error(
    `Cannot take the given sets: ${outside.root} is not in the data folder ${root}. Name a folder ` +
      "that holds all sets with --data",
  );
}

/** Finds the deepest folder that holds all folders, or is one of them. */
function commonFolder([first = "", ...others]: readonly string[]): string {
  const isInside = (path: string, folder: string) => !relative(folder, path).startsWith("..");
  let folder = first;
  while (!others.every((path) => isInside(path, folder))) folder = join(folder, "..");
  return folder;
}

/** Names a set's films by their paths from the data folder. */
function placeFilms(set: GivenSet, { root, classes }: { root: string; classes: FilmClasses }) {
  return set.films.map((film): Film => {
    const place = placeOf(film, classes);
    const filename = set.root === null ? place : relative(root, join(set.root, place));
    return { filename: filename.replaceAll("\\", "/"), label: film.label };
  });
}

/**
 * Compares the films of a split by their files' content.
 *
 * @param options.onFilm Called after each film, with the number of films so far.
 * @throws {RangeError} If films are in two sets; the message names up to 20.
 */
export async function requireFilmsApart(
  { train, test, validation }: Split,
  { root, classes, onFilm }: {
    root: string;
    classes: FilmClasses;
    onFilm?: (done: number) => void;
  },
): Promise<void> {
  const seen = new Map<string, { set: SetName; filename: string }>();
  const twice: string[] = [];
  const validates = new Set(validation);
  for (const [i, film] of [...train, ...test].entries()) {
    const { filename } = film;
    const set = validates.has(film) ? "validation" : i < train.length ? "train" : "test";
    const sha256 = await sha256Of(join(root, placeOf(film, classes)));
    const before = seen.get(sha256);
    if (before === undefined) seen.set(sha256, { set, filename });
    else if (before.set !== set) {
      twice.push(`${before.filename} (${before.set}) = ${filename} (${set})`);
    }
    onFilm?.(i + 1);
  }
  if (twice.length === 0) return;
  const shown = twice.slice(0, 20).map((pair) => `  ${excerpt(pair)}\n`).join("");
  const more = twice.length > 20 ? `  and ${twice.length - 20} more\n` : "";
  throw new RangeError(
    `Cannot take the given sets: some films are in two of them.\n${shown}${more}` +
      "Remove them from one of the sets",
  );
}
