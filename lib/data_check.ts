/**
 * What was found in the films of the split, kept in `results/data_check.json`: `deno task check-data` writes it, the
 * notebooks read it.
 * @module
 */
import * as z from "zod";
import {
  type Appearance,
  type CheckedFilm,
  checkFilms,
  type Fault,
  type Finding,
} from "@/check_data.ts";
import { exists, readText, writeAtomic } from "@/files.ts";
import { type FilmClasses, namesOf } from "@/film_classes.ts";
import { meanShares } from "@/grey_values.ts";
import type { Flaw } from "@/images.ts";
import { COUNT, parseJson } from "@/json.ts";
import { openRunFilms } from "@/run_films.ts";
import { inShownRun, isKept } from "@/shown_run.ts";
import { countSplit, firstOfEachClass, placeOf, type Split, type SplitCount } from "@/split.ts";
import type { TableRow } from "@/tables.ts";

const FILE = "results/data_check.json";

/** Films of each class that are looked at where the check was not run. */
const QUICK = 20;

/** The mean grey values of a class's films. */
export interface ClassGreys {
  label: string;
  films: number;
  /** As `greyShares()` gives them. */
  shares: number[];
}

/** What was found. */
export interface DataCheck {
  /** In words, which films were checked. */
  scope: string;
  /** The split whose films they are. */
  split: SplitCount[];
  /** How many films of each class have one size. */
  sizes: { label: string; size: string; films: number }[];
  greys: ClassGreys[];
  findings: { kind: Finding["kind"]; films: string[]; detail: string }[];
}

/** Sums up a check of films. */
export function summarizeCheck(
  { findings, appearances }: { findings: readonly Finding[]; appearances: readonly Appearance[] },
  { split, classes, scope }: { split: Split; classes: FilmClasses; scope: string },
): DataCheck {
  const name = ({ filename, label, set }: CheckedFilm) => {
    const place = placeOf({ filename, label: classes[label].label }, classes);
    return set === null ? place : `${place} (${set})`;
  };
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

/** Writes what was found. */
export async function writeDataCheck(check: DataCheck): Promise<void> {
  await writeAtomic(inShownRun(FILE), `${JSON.stringify(check, null, 1)}\n`);
}

/**
 * What was found in the films of the run that is shown. Where that was not written, or is of another split, the first
 * films of each class are checked now.
 *
 * @throws {Error} If the run is a kept one and what was found is not kept with it.
 * @throws {SyntaxError} If the file is damaged.
 */
export async function openDataCheck(
  split: Split & { classes: FilmClasses },
): Promise<DataCheck> {
  const path = inShownRun(FILE);
  const written = await exists(path) ? await readDataCheck(path) : null;
  if (JSON.stringify(written?.split) === JSON.stringify(countSplit(split))) return written!;
  if (isKept()) throw new Error(`Cannot show ${path}: it is not of the split beside it`);
  const { train, test } = await openRunFilms();
  const films = (["train", "test"] as const).flatMap((set) =>
    firstOfEachClass({ train, test }[set], QUICK / 2).map((film) => ({ ...film, set }))
  );
  return summarizeCheck(await checkFilms(films), {
    split,
    classes: split.classes,
    scope: `the first ${QUICK} films of each class (\`deno task check-data\` checks all)`,
  });
}

/**
 * Reads what was found.
 *
 * @throws {SyntaxError} If the file is damaged.
 */
async function readDataCheck(path: string): Promise<DataCheck> {
  return parseJson(
    await readText(path),
    DATA_CHECK,
    (reason) => `Cannot read ${path}: ${reason}. Write it anew: deno task check-data`,
  );
}

/** Films of each size. */
export function sizesTable({ sizes }: DataCheck): TableRow[] {
  return sizes.map(({ label, size, films }) => ({ "Class": label, "Size": size, "Films": films }));
}

const UNREADABLE = "cannot be read";

/** What each kind of finding is called in the table, which has them in this order. */
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
  "colour": "coloured",
  "white blocks": "white blocks, as they cover names",
};

const DATA_CHECK: z.ZodType<DataCheck> = z.object({
  scope: z.string(),
  split: z.array(z.object({
    ...{ set: z.string(), label: z.string() },
    ...{ films: COUNT, first: z.string(), last: z.string() },
  })),
  sizes: z.array(z.object({ label: z.string(), size: z.string(), films: COUNT })),
  greys: z.array(z.object({
    ...{ label: z.string(), films: COUNT, shares: z.array(z.number()) },
  })),
  findings: z.array(z.object({
    kind: z.enum(Object.keys(LOOKED_FOR) as (Flaw | Fault)[]),
    ...{ films: z.array(z.string()), detail: z.string() },
  })),
});

/** How often what is looked for was found, and where first. */
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
