/**
 * The run that the notebooks show: the project's own, or a kept run in the folder that `XRAY_RUN`
 * names, such as `reference_run/`. A kept run is text alone: nothing is trained there, and phantoms
 * replace its films.
 * @module
 */
import { join } from "node:path";
import { fromRoot, PROJECT_ROOT } from "@/common/paths.ts";
import { type Film, type FilmClasses, type LabelledFilm, TBX11K_CLASSES } from "@/films/film.ts";
import { listFilms, locateFilms, openPhantoms } from "@/films/folder.ts";
import { openRunFilms } from "@/runs/films.ts";
import type { RunFilms } from "@/runs/settings.ts";
import { readSplit, type SavedSplit } from "@/split/files.ts";
import { splitFilms } from "@/split/split.ts";

/** The environment variable that names a kept run. */
export const SHOWN_RUN_VARIABLE = "XRAY_RUN";

/** The run that a notebook shows. */
export interface ShownRun {
  /** Absolute path of the folder that holds `results/` and `dataset/`. */
  root: string;
  /** Whether it is a kept run. */
  isKept: boolean;
  /** The data folder that `XRAY_DATA` names. Default: the split's. */
  data: string | undefined;
}

/** Reads from the environment which run to show. Notebooks do so once, and pass it on. */
export function shownRun(env: Record<string, string> = Deno.env.toObject()): ShownRun {
  const root = fromRoot(env[SHOWN_RUN_VARIABLE] ?? "");
  return { root, isKept: root !== PROJECT_ROOT, data: env.XRAY_DATA };
}

/** Reads the run's split. The project's own is written first if it is missing. */
export async function readShownSplit({ root, isKept, data }: ShownRun): Promise<SavedSplit> {
  if (!isKept) await openRunFilms({ data });
  return await readSplit(join(root, "dataset"));
}

/** Finds the films of the run; for a kept run, phantoms. */
export async function openShownFilms(
  { root, isKept, data }: ShownRun,
): Promise<Pick<RunFilms, "train" | "test"> & { classes: FilmClasses }> {
  if (!isKept) {
    const { train, test } = await openRunFilms({ data });
    const { classes } = await readSplit(join(root, "dataset"));
    return { train, test, classes };
  }
  const phantoms = await openPhantoms();
  const { train, test } = splitFilms((await listFilms(phantoms)).films);
  const locate = (films: readonly Film[]) => locateFilms(films, { root: phantoms });
  return { train: await locate(train), test: await locate(test), classes: TBX11K_CLASSES };
}

/**
 * Finds the shown run's films by name and class.
 *
 * @returns A function that gives a film's path; it throws a RangeError if the film is missing.
 */
export async function locateShownFilms(shown: ShownRun): Promise<
  (film: Pick<LabelledFilm, "filename" | "label">) => string
> {
  const { train, test } = await openShownFilms(shown);
  return ({ filename, label }) => {
    const found = [...train, ...test].find((film) =>
      film.filename === filename && film.label === label
    );
    if (found !== undefined) return found.path;
    throw new RangeError(
      `Cannot show ${filename}: it is not among the films of the run. ` +
        "Name the folder that the runs were tested on: XRAY_DATA",
    );
  };
}
