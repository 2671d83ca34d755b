/**
 * The films that a run works on: the data folder, split as `dataset/*.csv` say.
 * @module
 */
import { join } from "node:path";
import { fromRoot } from "@/common/paths.ts";
import { findUnreadable } from "@/films/batches.ts";
import type { FilmCache } from "@/films/cache.ts";
import { namesOf } from "@/films/classes.ts";
import {
  type ClassNames,
  type Film,
  firstOfEachClass,
  type LabelledFilm,
  placeOf,
  TBX11K_CLASSES,
} from "@/films/film.ts";
import {
  listFilms,
  locateFilms,
  openDataFolder,
  openFolderOf,
  PHANTOM_FOLDER,
} from "@/films/folder.ts";
import type { DataSummary } from "@/runs/config.ts";
import type { RunFilms } from "@/runs/settings.ts";
import { hasSplit, readSource, readSplit, type SavedSplit, writeSplit } from "@/split/files.ts";
import { type Folds, splitOfFold } from "@/split/folds.ts";
import { splitFilms } from "@/split/split.ts";

/** Epochs on phantom films, which are easy to tell apart. */
export const PHANTOM_EPOCHS = 2;

/** Options of {@linkcode openRunFilms}. */
export interface RunFilmsOptions {
  /** The data folder that is named, if any: {@linkcode chooseData} takes it. */
  data?: string | undefined;
  /** Holds the split's CSV files, written if missing. Default: `dataset` in the project. */
  dataset?: string;
  /** Share of the training films that validate, of a split that is written. Default: 0. */
  validation?: number;
  /** The fold of the split. Default: 0. */
  fold?: number;
  /** Takes so many films of each class and set, the first ones, for a quick try. Default: all. */
  subset?: number;
}

/** The films of a run, and where they are. */
export interface OpenedFilms extends RunFilms {
  /** The data folder, absolute. */
  root: string;
  classes: ClassNames;
}

/**
 * Finds the films of a run.
 *
 * @throws {Error} If the data folder or the split cannot be used.
 */
export async function openRunFilms(
  { data, dataset = "dataset", validation = 0, fold = 0, subset = Infinity }: RunFilmsOptions = {},
): Promise<OpenedFilms> {
  const folder = fromRoot(dataset);
  const named = await chooseData(data, folder);
  const split = foldOf(await openSplit(folder, { named, validation }), { fold, folder });
  const films = await locateSets(split, { named, folder });
  return {
    ...films,
    train: firstOfEachClass(films.train, subset),
    test: firstOfEachClass(films.test, subset),
    validation: films.validation && firstOfEachClass(films.validation, subset),
  };
}

/** Counts the films of all sets. */
export function countFilms({ train, test, validation }: RunFilms): number {
  return train.length + test.length + (validation?.length ?? 0);
}

/**
 * Reads every film once, so that a run does not stop at one that cannot be read.
 *
 * @param size Pixels a side that the network is given. Default: 224.
 * @param augmented Whether training changes its films at full size.
 * @param skipBad Leaves unreadable films out of the result instead of refusing.
 * @param onFilm Told the number of films read.
 * @throws {Error} If films cannot be read; the message lists them.
 */
export async function requireReadable(
  films: RunFilms,
  { cache, size, augmented = false, skipBad = false, onFilm }: {
    cache: FilmCache;
    size?: number;
    augmented?: boolean;
    skipBad?: boolean;
    onFilm?: (done: number) => void;
  },
): Promise<RunFilms> {
  const { train, test, validation } = films;
  let done = 0;
  const options = { cache, ...size && { size }, onFilm: () => onFilm?.(++done) };
  const unreadable = [
    ...await findUnreadable(train, { ...options, augmented }),
    ...await findUnreadable([...test, ...validation ?? []], options),
  ];
  if (unreadable.length === 0) return films;
  if (!skipBad) {
    throw new Error(
      `Cannot train: ${unreadable.length} of ${countFilms(films)} films cannot be read.\n` +
        unreadable.map(({ error }) => `  ${error.message}\n`).join("") +
        "Repair or remove them, or leave them out with --skip-bad",
    );
  }
  const bad = new Set(unreadable.map(({ film }) => film));
  const good = (set: readonly LabelledFilm[]) => set.filter((film) => !bad.has(film));
  return {
    ...films,
    train: good(train),
    test: good(test),
    validation: validation && good(validation),
    skipped: [...bad].map(({ filename }) => filename),
  };
}

/**
 * Lists the films of a set that a run used: without the unreadable ones, and of a quick try the
 * first ones.
 *
 * @param summary Of the set, as the run's config has it.
 * @param skipped Names of films that could not be read.
 */
export function usedFilms(
  films: readonly LabelledFilm[],
  { summary, skipped }: { summary: DataSummary; skipped: readonly string[] },
): LabelledFilm[] {
  const bad = new Set(skipped);
  const good = films.filter(({ filename }) => !bad.has(filename));
  return firstOfEachClass(good, [summary.healthy, summary.tb]);
}

/**
 * Chooses the data folder: the one that is named, else that of the split, else that of the phantom
 * films.
 *
 * @param data The folder that a flag or `XRAY_DATA` names; an empty text names none.
 * @param dataset Holds the split. Default: the project's.
 * @returns Its absolute path. It need not exist.
 * @throws {SyntaxError} If the split does not say its folder because it is damaged.
 */
export async function chooseData(
  data: string | undefined,
  dataset = fromRoot("dataset"),
): Promise<string> {
  return fromRoot(data || (await readSource(dataset))?.data || PHANTOM_FOLDER);
}

/**
 * Tells whether a split may be one of the films of a data folder.
 *
 * @param split The folder that was split; null if that is not known.
 * @param data As {@linkcode chooseData} returns it.
 */
export function isSplitOf(split: string | null, data: string): boolean {
  return split === null || split === data || split === join(data, "imgs");
}

/**
 * Makes sure that the split of a folder, if it holds one, is one of the films of a data folder:
 * others may have films of the same names.
 *
 * @throws {Error} If it is not.
 */
export async function requireSplitOf(data: string, dataset: string): Promise<void> {
  const split = (await readSource(dataset))?.data ?? null;
  if (isSplitOf(split, data)) return;
  throw new Error(
    `Cannot use the split in ${dataset}: it is one of ${split}, and the data folder is ${data}. ` +
      `Split the films there, \`deno task split --data ${data}\`, or name the other folder with --data or XRAY_DATA. ` +
      "\`deno task run-all --restart\` splits them and removes the results of the others",
  );
}

/**
 * Lists the folds of the project's split.
 *
 * @param data The data folder that is named, if any.
 * @throws {RangeError} If it has none.
 */
export async function foldsOfSplit(data: string | undefined): Promise<number[]> {
  const folder = fromRoot("dataset");
  const { folds } = await openSplit(folder, { named: await chooseData(data), validation: 0 });
  if (folds === undefined) throw withoutFolds(folder);
  return Array.from({ length: folds.count }, (_, fold) => fold);
}

/** Finds the films of each fold of the project's split; undefined if it has none. */
export async function openFolds(
  data: string | undefined,
): Promise<{ folds: Folds; films: OpenedFilms[] } | undefined> {
  const { folds } = await openSplit(fromRoot("dataset"), {
    ...{ named: await chooseData(data), validation: 0 },
  });
  if (folds === undefined) return undefined;
  const films: OpenedFilms[] = [];
  for (let fold = 0; fold < folds.count; fold++) films.push(await openRunFilms({ data, fold }));
  return { folds, films };
}

function withoutFolds(folder: string): RangeError {
  return new RangeError(
    `Cannot take a fold: the split in ${folder} has none. Make them: deno task split --folds K`,
  );
}

/** Takes a fold of a split. */
function foldOf(
  split: SavedSplit,
  { fold, folder }: { fold: number; folder: string },
): SavedSplit {
  if (fold === 0) return split;
  if (split.folds === undefined) throw withoutFolds(folder);
  return { ...split, ...splitOfFold(split.folds, fold) };
}

/** Reads a folder's split. If there is none, writes that of TBX11K's class folders first. */
async function openSplit(
  folder: string,
  { named, validation }: { named: string; validation: number },
): Promise<SavedSplit> {
  if (!await hasSplit(folder)) {
    const { films, root } = await listFilms(await openDataFolder(named));
    await locateFilms(films, { root });
    const split = splitFilms(films, { validationShare: validation });
    await writeSplit(folder, { ...split, data: root, classes: TBX11K_CLASSES });
  }
  const split = await readSplit(folder);
  if (validation > 0 && split.validation === null) {
    throw new Error(
      `Cannot validate: the split in ${folder} has no validation set; ` +
        "split again with `deno task split --validation SHARE`",
    );
  }
  return split;
}

/** Finds the files of each set. Films that validate do not train. */
async function locateSets(
  { train, test, validation, classes, followLinks = false }: SavedSplit,
  { named, folder }: { named: string; folder: string },
): Promise<OpenedFilms> {
  const place = (film: Film) => placeOf(film, classes);
  // Before phantoms are drawn that nobody asked for.
  await requireSplitOf(named, folder);
  const root = await openFolderOf([...train, ...test], { data: named, classes });
  const locate = (films: readonly Film[]) => locateFilms(films, { root, classes, followLinks });
  const held = new Set(validation?.map(place));
  return {
    root,
    train: await locate(train.filter((film) => !held.has(place(film)))),
    test: await locate(test),
    validation: validation && await locate(validation),
    classes: namesOf(classes),
  };
}
