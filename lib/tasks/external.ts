/**
 * The flags that name films of other sources.
 * @module
 */
import { fromRoot } from "@/common/paths.ts";
import { TBX11K_CLASSES } from "@/films/film.ts";
import { isPhantom, openOtherHospital } from "@/films/folder.ts";
import type { OpenedFilms } from "@/runs/films.ts";
import { type ExternalSet, openExternal, parseExternal } from "@/split/external.ts";
import { readSource } from "@/split/files.ts";
import type { Command, FlagValues } from "@/tasks/flags.ts";

/** The flags. */
export const EXTERNAL_FLAGS = {
  "external NAME=FOLDER...":
    "films of another source, to ask the networks about: class folders, or NAME=FILE.csv with " +
    "filename,label. May be repeated",
  "external-classes NAME=A,B...":
    "the folders, or labels, of class 0 and class 1 of an --external (default: the run's own)",
} as const satisfies Command["flags"];

/**
 * Finds the films that the flags name; on phantom films by default those of a second hospital.
 *
 * @param films The runs' own films.
 * @throws {Error} If a set cannot be used.
 */
export async function openExternals(
  { external, "external-classes": classNames }: FlagValues<typeof EXTERNAL_FLAGS>,
  { root, train, test, validation }: OpenedFilms,
): Promise<ExternalSet[]> {
  const named = parseExternal(external ?? [], classNames);
  const isDefault = external === undefined && isPhantom(root);
  const requests = isDefault
    ? [{ name: "SECOND HOSPITAL", path: await openOtherHospital(), classes: null }]
    : named;
  const { classes = TBX11K_CLASSES } = await readSource(fromRoot("dataset")) ?? {};
  const own = [...train, ...test, ...validation ?? []];
  const sets: ExternalSet[] = [];
  for (const request of requests) {
    sets.push({ ...await openExternal(request, { classes, own }), isDefault });
  }
  return sets;
}
