/**
 * The films that a run works on: the data folder, split as `dataset/*.csv` say.
 * @module
 */
import { join } from "node:path";
import { findUnreadable } from "@/batches.ts";
import type { FilmCache } from "@/film_cache.ts";
import { type FilmClasses, namesOf, TBX11K_CLASSES } from "@/film_classes.ts";
import { findDataFolder, listFilms, locateFilms } from "@/film_folder.ts";
import { fromRoot } from "@/paths.ts";
import { writePhantoms } from "@/phantom.ts";
import type { DataSummary } from "@/results.ts";
import type { RunFilms } from "@/run_config.ts";
import { type Film, firstOfEachClass, type LabelledFilm, placeOf, splitFilms } from "@/split.ts";
import { hasSplit, readSource, readSplit, type SavedSplit, writeSplit } from "@/split_files.ts";

/** The folder of the phantom films that stand in where no data is named. */
export const PHANTOM_FOLDER = "data/phantom/imgs";

/** What {@linkcode openRunFilms} may be told. */
export interface RunFilmsOptions {
  /** The data folder. Default: what `XRAY_DATA` says, else phantom films, which are drawn if need be. */
  data?: string;
  /** Holds the split's CSV files; they are written if there are none. Default: `dataset` in the project. */
  dataset?: string;
  /** Share of the training films that validate, of a split that is written. Default: 0. */
  validation?: number;
  /** Takes only so many films of each class and set, the first ones, for a quick try. Default: all. */
  subset?: number;
}

/**
 * Finds the films of a run.
 *
 * @throws {Error} If the data folder or the split cannot be used.
 */
export async function openRunFilms(
  { data, dataset = "dataset", validation = 0, subset = Infinity }: RunFilmsOptions = {},
): Promise<RunFilms> {
  const split = await openSplit(fromRoot(dataset), { data, validation });
  const films = await locateSets(split, { data, dataset });
  return {
    ...films,
    train: firstOfEachClass(films.train, subset),
    test: firstOfEachClass(films.test, subset),
    validation: films.validation && firstOfEachClass(films.validation, subset),
  };
}

/** How many films there are in all sets. */
export function countFilms({ train, test, validation }: RunFilms): number {
  return train.length + test.length + (validation?.length ?? 0);
}

/**
 * Reads every film once, so that a run does not stop at one that cannot be read.
 *
 * @param augmented Whether training changes its films at full size.
 * @param skipBad Leaves such films out of the result instead of refusing.
 * @param onFilm Told the number of films read.
 * @throws {Error} If films cannot be read; the message lists them.
 */
export async function requireReadable(
  films: RunFilms,
  { cache, augmented = false, skipBad = false, onFilm }: {
    cache: FilmCache;
    augmented?: boolean;
    skipBad?: boolean;
    onFilm?: (done: number) => void;
  },
): Promise<RunFilms> {
  const { train, test, validation } = films;
  let done = 0;
  const options = { cache, onFilm: () => onFilm?.(++done) };
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
 * Of a set's films those that a run used: without those that could not be read, and of a quick try the first ones.
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

/** The folder of the phantom films, which are drawn if need be. */
export async function openPhantoms(): Promise<string> {
  await writePhantoms(fromRoot(PHANTOM_FOLDER));
  return fromRoot(PHANTOM_FOLDER);
}

/**
 * The data folder.
 *
 * @param data As {@linkcode RunFilmsOptions} has it.
 * @param folders What must be in it. Default: TBX11K's class folders.
 */
export async function openDataFolder(
  data = Deno.env.get("XRAY_DATA"),
  folders = TBX11K_CLASSES.map(({ folder }) => folder),
): Promise<string> {
  return await findDataFolder(data === undefined ? await openPhantoms() : fromRoot(data), folders);
}

/**
 * The data folder that holds films of a split.
 *
 * @param data As {@linkcode RunFilmsOptions} has it.
 */
export async function openFolderOf(
  films: readonly Film[],
  { data, classes = TBX11K_CLASSES }: { data?: string | undefined; classes?: FilmClasses } = {},
): Promise<string> {
  const folders = films.map((film) => placeOf(film, classes).split("/")[0]!);
  return await openDataFolder(data, [...new Set(folders)]);
}

/**
 * Whether a folder holds a split of the films of a data folder, as far as it says of which it is.
 *
 * @param data As {@linkcode RunFilmsOptions} has it.
 */
export async function hasSplitOf(data: string | undefined, dataset: string): Promise<boolean> {
  if (!await hasSplit(dataset)) return false;
  const split = (await readSource(dataset))?.data ?? null;
  const named = fromRoot(data ?? PHANTOM_FOLDER);
  return split === null || split === named || split === join(named, "imgs");
}

/** Reads the split of a folder, which is written first, of TBX11K's class folders, if there is none. */
async function openSplit(
  folder: string,
  { data, validation }: { data: string | undefined; validation: number },
): Promise<SavedSplit> {
  if (!await hasSplit(folder)) {
    const { films, root } = await listFilms(await openDataFolder(data));
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
  { train, test, validation, classes, data: splitRoot }: SavedSplit,
  { data, dataset }: { data: string | undefined; dataset: string },
): Promise<RunFilms> {
  const place = (film: Film) => placeOf(film, classes);
  // Other data may have films of the same names.
  const requireSplitOf = (root: string) => {
    if (splitRoot === null || splitRoot === root) return;
    throw new Error(
      `Cannot use the split in ${dataset}: it is one of ${splitRoot}, and the data folder is ${root}. ` +
        "Split again with `deno task split`, or name the other folder with --data or XRAY_DATA",
    );
  };
  // Before phantoms are drawn that nobody asked for.
  if ((data ?? Deno.env.get("XRAY_DATA")) === undefined) requireSplitOf(fromRoot(PHANTOM_FOLDER));
  const root = await openFolderOf([...train, ...test], { data, classes });
  requireSplitOf(root);
  const held = new Set(validation?.map(place));
  return {
    train: await locateFilms(train.filter((film) => !held.has(place(film))), { root, classes }),
    test: await locateFilms(test, { root, classes }),
    validation: validation && await locateFilms(validation, { root, classes }),
    classes: namesOf(classes),
  };
}
