/**
 * `deno task check-data FOLDER`: reads every film of a data folder and lists what is wrong.
 * @module
 */
import { count } from "@/analysis/format.ts";
import { exists } from "@/common/files.ts";
import { fromRoot, PROJECT_ROOT } from "@/common/paths.ts";
import { openProgress } from "@/common/progress.ts";
import { textTable } from "@/common/table.ts";
import { type CheckedFilm, checkFilms, type Finding } from "@/films/check.ts";
import { parseClasses } from "@/films/classes.ts";
import { type Film, type FilmClasses, placeOf, TBX11K_CLASSES } from "@/films/film.ts";
import {
  describeLeftOut,
  labelFilm,
  listFilms,
  locateFilms,
  openDataFolder,
  openFolderOf,
} from "@/films/folder.ts";
import { placeInSet, summarizeCheck, writeDataCheck } from "@/notebooks/check_report.ts";
import { chooseData, isSplitOf } from "@/runs/films.ts";
import { hasSplit, readSplit, type SavedSplit } from "@/split/files.ts";
import { type Split, splitFilms } from "@/split/split.ts";
import { type Command, type CommandLine, runCommand } from "@/tasks/flags.ts";
import { namedData } from "@/tasks/task.ts";

/** The most findings of each kind that are listed without `--all`. */
const SHOWN = 20;

const COMMAND = {
  name: "check-data",
  positionals: {
    "[FOLDER]": "holds the class folders (default: XRAY_DATA, else the folder of the split, else " +
      "phantom films). Of the folder of the split, only the films in the split are checked",
  },
  flags: {
    "data FOLDER": "the same as FOLDER",
    "classes A,B":
      "the folders of class 0 and class 1 (default: those of the split, else health,tb)",
    "dataset FOLDER":
      "holds the split, which tells the sets of the films (default: dataset; without a split " +
      "of these films: the sets that `deno task split` would make)",
    all: `lists all findings, not only the first ${SHOWN} of each kind`,
    lenient: "exits with 0 in spite of errors",
  },
  notes: "The findings in the project's split are also written to results/data_check.json, which " +
    "01_split shows.\nThe exit code is 1 if there are errors, and 0 if there are only warnings.",
} as const satisfies Command;

async function main({ flags, positionals }: CommandLine<typeof COMMAND>): Promise<void> {
  if (positionals.length > 0 && flags.data !== undefined) {
    throw new RangeError(
      `Cannot check ${positionals[0]} and --data ${flags.data}: name one folder`,
    );
  }
  const dataset = fromRoot(flags.dataset ?? "dataset");
  const { root, films, split, classes, others } = await findFilms({
    data: await chooseData(namedData(positionals[0] ?? flags.data), dataset),
    named: flags.classes === undefined ? null : parseClasses(flags.classes),
    dataset,
  });
  const checked = await check(films);
  const { findings } = checked;
  const errors = findings.filter(({ severity }) => severity === "error").length;
  console.log(reportText(findings, { shown: flags.all ? Infinity : SHOWN, classes }));
  // The notebooks show the project's split alone.
  if (split !== null && flags.dataset === undefined) {
    const summary = summarizeCheck(checked, { split, classes, scope: "all films" });
    await writeDataCheck(summary, PROJECT_ROOT);
  }
  if (others > 0) {
    const are = others === 1 ? "is" : "are";
    console.log(`${count(others, "film")} of the class folders ${are} not in the split`);
  }
  const leftOut = await describeLeftOut([root], { classes });
  if (leftOut !== null) console.log(leftOut);
  console.log(
    `${root}: ${films.length} films, ${errors} errors, ${findings.length - errors} warnings`,
  );
  if (errors > 0 && !flags.lenient) Deno.exitCode = 1;
}

async function check(films: readonly CheckedFilm[]): ReturnType<typeof checkFilms> {
  const bar = await openProgress("checking", { total: films.length, unit: "films" });
  let done = 0;
  try {
    return await checkFilms(films, { onFilm: () => bar.update(++done) });
  } finally {
    await bar.close();
  }
}

/** The films to check, and their split if there is one. */
interface Found {
  root: string;
  classes: FilmClasses;
  films: CheckedFilm[];
  split: SavedSplit | null;
  /** The number of films in the class folders that are not in the split. */
  others: number;
}

/** Finds the films of the split if it is one of these data and classes, else all in the folders. */
async function findFilms(
  { data, named, dataset }: { data: string; named: FilmClasses | null; dataset: string },
): Promise<Found> {
  const split = await hasSplit(dataset) ? await readSplit(dataset) : null;
  const isItsOwn = split !== null && isSplitOf(split.data, data) &&
    (named === null || JSON.stringify(named) === JSON.stringify(split.classes));
  if (!isItsOwn) return await listFolder(data, named ?? TBX11K_CLASSES);
  const { classes } = split;
  const known = [...split.train, ...split.test];
  const root = await openFolderOf(known, { data, classes });
  const places = new Set(known.map((film) => placeOf(film, classes)));
  // The class folders may be missing, if the split names paths.
  const { films } = await listFilms(root, { classes }).catch(() => ({ films: [] }));
  return {
    ...{ root, classes, split },
    films: await labelAll(known, { ...split, root }),
    others: films.filter((film) => !places.has(placeOf(film, classes))).length,
  };
}

/** Lists the films of the class folders, each with the set that a new split would give it. */
async function listFolder(data: string, classes: FilmClasses): Promise<Found> {
  const opened = await openDataFolder(data, classes.map(({ folder }) => folder));
  const { root, films } = await listFilms(opened, { classes });
  let split: Split = { train: [], test: [], validation: null };
  try {
    split = splitFilms(films);
  } catch (error) {
    // A RangeError means that they are too few to split.
    if (!(error instanceof RangeError)) throw error;
  }
  return {
    ...{ root, classes, split: null, others: 0 },
    films: await labelAll(films, { ...split, root, classes }),
  };
}

/** Labels films with their sets. A missing film becomes a finding; a link may be refused. */
async function labelAll(
  films: readonly Film[],
  { root, classes, followLinks = false, ...split }: Split & {
    root: string;
    classes: FilmClasses;
    followLinks?: boolean;
  },
): Promise<CheckedFilm[]> {
  const place = (film: Film) => placeOf(film, classes);
  const sets = new Map<string, string>();
  for (const set of ["train", "test", "validation"] as const) {
    for (const film of split[set] ?? []) sets.set(place(film), set);
  }
  const found = films.map((film): CheckedFilm => ({
    ...labelFilm(film, { root, classes }),
    set: sets.get(place(film)) ?? null,
  }));
  const there = await Promise.all(found.map(({ path }) => exists(path)));
  await locateFilms(films.filter((_, i) => there[i]), { root, classes, followLinks });
  return found;
}

/** Writes the report: the films of each kind of finding, and a table of counts. */
function reportText(
  findings: readonly Finding[],
  { shown, classes }: { shown: number; classes: FilmClasses },
): string {
  const kinds = [...Map.groupBy(findings, ({ kind }) => kind)];
  const counts = kinds.map(([kind, all]) => ({
    severity: all[0]!.severity,
    found: kind,
    times: all.length,
    films: new Set(all.flatMap(({ films }) => films)).size,
  })).toSorted((a, b) => a.severity < b.severity ? -1 : Number(a.severity > b.severity));
  const lists = kinds.map(([kind, all]) => {
    const lines = all.slice(0, shown).map(({ films, detail }) =>
      `  ${films.map((film) => placeInSet(film, classes)).join(" = ")}${detail && `: ${detail}`}\n`
    );
    const more = all.length - lines.length;
    return `${kind}\n${lines.join("")}${more > 0 ? `  and ${more} more: --all lists them\n` : ""}`;
  });
  return counts.length === 0 ? "Nothing is wrong" : `${lists.join("")}\n${textTable(counts)}`;
}

if (import.meta.main) await runCommand(COMMAND, main);
