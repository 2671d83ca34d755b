/**
 * The films and the split of the run that the notebooks show. Phantoms stand in for the films of a kept run.
 * @module
 */
import { type FilmClasses, TBX11K_CLASSES } from "@/film_classes.ts";
import { listFilms, locateFilms } from "@/film_folder.ts";
import { openPhantoms, openRunFilms } from "@/run_films.ts";
import { inShownRun, isKept } from "@/shown_run.ts";
import { type LabelledFilm, splitFilms } from "@/split.ts";
import { readSplit, type SavedSplit } from "@/split_files.ts";

/** The split of the run. The project's own is written first if there is none. */
export async function readShownSplit(): Promise<SavedSplit> {
  if (!isKept()) await openRunFilms();
  return await readSplit(inShownRun("dataset"));
}

/** Films that are there to be looked at. */
export interface ShownFilms {
  /** Those that train, then those that test. */
  films: LabelledFilm[];
  classes: FilmClasses;
}

/** The films of the run; of a kept one, phantoms. */
export async function openShownFilms(): Promise<ShownFilms> {
  if (isKept()) return await openPhantomFilms(await openPhantoms());
  const { train, test } = await openRunFilms();
  const { classes } = await readSplit(inShownRun("dataset"));
  return { films: [...train, ...test], classes };
}

/** The phantoms of a folder, in the order of their split. */
export async function openPhantomFilms(root: string): Promise<ShownFilms> {
  const { films } = await listFilms(root);
  const { train, test } = splitFilms(films);
  return { films: await locateFilms([...train, ...test], { root }), classes: TBX11K_CLASSES };
}
