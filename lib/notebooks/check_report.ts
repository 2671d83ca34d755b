/**
 * The results of a check of the split's films. `deno task check-data` writes them to
 * `results/data_check.json`, the notebooks read them.
 * @module
 */
import { join } from "node:path";
import * as z from "zod";
import { exists, readText, writeAtomic } from "@/common/files.ts";
import { COUNT, parseJson } from "@/common/json.ts";
import type { TableRow } from "@/common/table.ts";
import {
  type Appearance,
  type CheckedFilm,
  checkFilms,
  type Fault,
  type Finding,
} from "@/films/check.ts";
import { namesOf } from "@/films/classes.ts";
import type { Flaw } from "@/films/decode.ts";
import { type FilmClasses, firstOfEachClass, placeOf } from "@/films/film.ts";
import { meanShares } from "@/films/grey_values.ts";
import type { ShownRun } from "@/notebooks/shown.ts";
import { openRunFilms } from "@/runs/films.ts";
import { countSplit, type Split } from "@/split/split.ts";

const FILE = "results/data_check.json";

/** Films of each class that are checked where `deno task check-data` was not run. */
const QUICK = 20;

const UNREADABLE = "cannot be read";

/** The table's names of the kinds of findings, in its order. */
const LOOKED_FOR: Readonly<Record<Flaw | Fault, string>> = {
  "unreadable": UNREADABLE,
  "zero bytes": UNREADABLE,
  "not an image": UNREADABLE,
  "truncated": UNREADABLE,
  "damaged": UNREADABLE,
  "too large": UNREADABLE,
  "under two labels": "the same film in both classes",
  "identical across sets": "the same film in two sets",
  "identical": "the same film twice in a set",
  "near-identical across labels": "nearly the same film in both classes",
  "near-identical across sets": "nearly the same film in two sets",
  "near-identical": "nearly the same film twice in a set",
  "under 64 pixels": "under 64 pixels wide or high",
  "under 16 grey values": "fewer than 16 grey values",
  "colour": "coloured",
  "white blocks": "white blocks, as they cover names",
};

const DATA_CHECK = z.object({
  /** In words, which films were checked. */
  scope: z.string(),
  /** The split of those films. */
  split: z.array(z.object({
    ...{ set: z.string(), label: z.string() },
    ...{ films: COUNT, first: z.string(), last: z.string() },
  })),
  /** The number of films of each class and size. */
  sizes: z.array(z.object({ label: z.string(), size: z.string(), films: COUNT })),
  greys: z.array(z.object({ label: z.string(), films: COUNT, shares: z.array(z.number()) })),
  findings: z.array(z.object({
    kind: z.enum(Object.keys(LOOKED_FOR) as (Flaw | Fault)[]),
    ...{ films: z.array(z.string()), detail: z.string() },
  })),
});

/** The results of a check. */
type DataCheck = z.infer<typeof DATA_CHECK>;

/** Gives a film's path from the data folder, and its set: `health/1.png (train)`. */
export function placeInSet(
  { filename, label, set }: CheckedFilm,
  classes: FilmClasses,
): string {
  const place = placeOf({ filename, label: classes[label].label }, classes);
  return set === null ? place : `${place} (${set})`;
}

/** Sums up a check of films. */
export function summarizeCheck(
  { findings, appearances }: { findings: readonly Finding[]; appearances: readonly Appearance[] },
  { split, classes, scope }: { split: Split; classes: FilmClasses; scope: string },
): DataCheck {
  const name = (film: CheckedFilm) => placeInSet(film, classes);
  const ofClasses = namesOf(classes).map((label, i) => ({
    label,
    films: appearances.filter(({ film }) => film.label === i),
  }));
  return {
    scope,
    split: countSplit(split),
    sizes: ofClasses.flatMap(({ label, films }) =>
      [...Map.groupBy(films, ({ size }) => size)]
        .map(([size, { length }]) => ({ label, size, films: length }))
        .toSorted((a, b) => b.films - a.films)
    ),
    greys: ofClasses.map(({ label, films }) => ({
      label,
      films: films.length,
      shares: meanShares(films.map(({ greys }) => greys)),
    })),
    findings: findings.map(({ kind, films, detail }) => ({ kind, films: films.map(name), detail })),
  };
}

/** Writes the results of a check into the `results/` of a folder. */
export async function writeDataCheck(check: DataCheck, root: string): Promise<void> {
  await writeAtomic(join(root, FILE), `${JSON.stringify(check, null, 1)}\n`);
}

/**
 * Reads the results of the shown run's check. If they are missing or of another split, the first
 * films of each class are checked now.
 *
 * @throws {Error} If the results of a kept run are missing or of another split.
 * @throws {SyntaxError} If the file is damaged.
 */
export async function openDataCheck(
  split: Split & { classes: FilmClasses },
  { root, isKept, data }: ShownRun,
): Promise<DataCheck> {
  const path = join(root, FILE);
  const complaint = (reason: string) =>
    `Cannot read ${path}: ${reason}. Write it again: deno task check-data`;
  const written = await exists(path)
    ? parseJson(await readText(path), DATA_CHECK, complaint)
    : null;
  if (JSON.stringify(written?.split) === JSON.stringify(countSplit(split))) return written!;
  if (isKept) throw new Error(`Cannot show ${path}: it checks other films than the split`);
  const { train, test } = await openRunFilms({ data });
  const films = (["train", "test"] as const).flatMap((set) =>
    firstOfEachClass({ train, test }[set], QUICK / 2).map((film) => ({ ...film, set }))
  );
  return summarizeCheck(await checkFilms(films), {
    split,
    classes: split.classes,
    scope: `the first ${QUICK} films of each class (\`deno task check-data\` checks all)`,
  });
}

/** Counts the films of each size. */
export function sizesTable({ sizes }: DataCheck): TableRow[] {
  return sizes.map(({ label, size, films }) => ({ "Class": label, "Size": size, "Films": films }));
}

/** Counts the findings of each kind, and names the first. */
export function checksTable({ findings }: DataCheck): TableRow[] {
  return [...new Set(Object.values(LOOKED_FOR))].map((what) => {
    const found = findings.filter(({ kind }) => LOOKED_FOR[kind] === what);
    return {
      "Looked for": what,
      "Found": found.length,
      "The first": found.slice(0, 1).map(({ films }) => films.join(" and ")).join(),
    };
  });
}
