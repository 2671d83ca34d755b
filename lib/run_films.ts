/**
 * The films that a run works on: the data folder, split as `dataset/*.csv` say.
 * @module
 */
import { join } from "node:path";
import { findUnreadable } from "@/batches.ts";
import type { FilmCache } from "@/film_cache.ts";
import { listFilms, locateFilms } from "@/film_folder.ts";
import { exists, writeAtomic } from "@/files.ts";
import { fromRoot } from "@/paths.ts";
import { writePhantoms } from "@/phantom.ts";
import type { RunFilms } from "@/run_config.ts";
import {
  type Film,
  fromCsv,
  type LabelledFilm,
  requireDisjoint,
  type Split,
  splitFilms,
  toCsv,
} from "@/split.ts";

/** The folder of the phantom films that stand in where no data is named. */
const PHANTOM_FOLDER = "data/phantom/imgs";

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
  const root = await openDataFolder(data);
  const split = await openSplit(fromRoot(dataset), { root, validation });
  const films = await locateSets(split, root);
  return {
    train: firstOfEach(films.train, subset),
    test: firstOfEach(films.test, subset),
    validation: films.validation && firstOfEach(films.validation, subset),
  };
}

/** How many films there are in all sets. */
export function countFilms({ train, test, validation }: RunFilms): number {
  return train.length + test.length + (validation?.length ?? 0);
}

/**
 * Reads every film once, so that a run does not stop at one that cannot be read.
 *
 * @param skipBad Leaves such films out of the result instead of refusing.
 * @param onFilm Told the number of films read.
 * @throws {Error} If films cannot be read; the message lists them.
 */
export async function requireReadable(
  films: RunFilms,
  { cache, skipBad = false, onFilm }: {
    cache: FilmCache;
    skipBad?: boolean;
    onFilm?: (done: number) => void;
  },
): Promise<RunFilms> {
  const { train, test, validation } = films;
  let done = 0;
  const unreadable = await findUnreadable([...train, ...test, ...validation ?? []], {
    cache,
    onFilm: () => onFilm?.(++done),
  });
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
    train: good(train),
    test: good(test),
    validation: validation && good(validation),
    skipped: [...bad].map(({ filename }) => filename),
  };
}

/**
 * The folder that holds the class folders.
 *
 * @param data As {@linkcode RunFilmsOptions} has it.
 */
export async function openDataFolder(data = Deno.env.get("XRAY_DATA")): Promise<string> {
  if (data !== undefined) return (await listFilms(fromRoot(data))).root;
  const root = fromRoot(PHANTOM_FOLDER);
  await writePhantoms(root);
  return root;
}

/** Reads the split of a folder of CSV files, which is written first if there is none. */
async function openSplit(
  folder: string,
  { root, validation }: { root: string; validation: number },
): Promise<Split> {
  const path = (set: string) => join(folder, `${set}_data.csv`);
  if (!await exists(path("train")) && !await exists(path("test"))) {
    const split = splitFilms((await listFilms(root)).films, { validationShare: validation });
    for (const [set, films] of Object.entries(split)) {
      if (films !== null) await writeAtomic(path(set), toCsv(films));
    }
  }
  const read = async (set: string) =>
    fromCsv(await Deno.readTextFile(path(set)), { path: path(set) });
  const hasValidation = await exists(path("validation"));
  if (validation > 0 && !hasValidation) {
    throw new Error(
      `Cannot validate: there is a split in ${folder}, but no ${path("validation")}; ` +
        "split again with `deno task split --validation SHARE`",
    );
  }
  const split = {
    train: await read("train"),
    test: await read("test"),
    validation: hasValidation ? await read("validation") : null,
  };
  requireDisjoint(split);
  return split;
}

/** Finds the files of each set. Films that validate do not train. */
async function locateSets({ train, test, validation }: Split, root: string): Promise<RunFilms> {
  const key = ({ filename, label }: Film) => `${label}/${filename}`;
  const held = new Set(validation?.map(key));
  return {
    train: await locateFilms(train.filter((film) => !held.has(key(film))), { root }),
    test: await locateFilms(test, { root }),
    validation: validation && await locateFilms(validation, { root }),
  };
}

/** The first films of each class. */
function firstOfEach(films: readonly LabelledFilm[], count: number): LabelledFilm[] {
  const ofClass = (label: number) => films.filter((film) => film.label === label).slice(0, count);
  return [...ofClass(0), ...ofClass(1)];
}
