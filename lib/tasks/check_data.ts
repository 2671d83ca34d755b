/**
 * `deno task check-data FOLDER`: reads every film of a data folder and says what is wrong with them.
 * @module
 */
import { parseArgs } from "node:util";
import { type CheckedFilm, checkFilms, type Finding } from "@/check_data.ts";
import { summarizeCheck, writeDataCheck } from "@/data_check.ts";
import { type FilmClasses, parseClasses, TBX11K_CLASSES } from "@/film_classes.ts";
import { labelFilm, listFilms, locateFilms } from "@/film_folder.ts";
import { exists } from "@/files.ts";
import { fromRoot } from "@/paths.ts";
import { openProgress } from "@/progress.ts";
import { hasSplitOf, openDataFolder } from "@/run_films.ts";
import { type Film, placeOf, type Split, splitFilms } from "@/split.ts";
import { hasSplit, readSource, readSplit, type SavedSplit } from "@/split_files.ts";
import { runTask } from "@/tasks/task.ts";
import { textTable } from "@/text_table.ts";

/** How much is listed of each kind. */
const SHOWN = 20;

const HELP = `deno task check-data [FOLDER]
  FOLDER             holds the class folders (default: XRAY_DATA, else phantom films)
  --classes A,B      the folders of class 0 and class 1 (default: those of the split, else health,tb)
  --dataset FOLDER   holds the split, which says what trains and what tests (default: dataset; where
                     there is none of these films: as \`deno task split\` would split them)
  --all              lists everything that is found, not only the first ${SHOWN} of a kind
  --lenient          exits with 0 in spite of errors
What is found in the project's split is also written to results/data_check.json, which 01_split shows.
The exit code is 1 where there are errors, and 0 where there are only warnings.`;

const FLAGS = {
  classes: { type: "string" },
  dataset: { type: "string" },
  all: { type: "boolean" },
  lenient: { type: "boolean" },
  help: { type: "boolean" },
} as const;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    args: Deno.args,
    allowPositionals: true,
    options: FLAGS,
  });
  if (values.help || positionals.length > 1) {
    console.log(HELP);
    return;
  }
  const dataset = fromRoot(values.dataset ?? "dataset");
  const classes = await chooseClasses(values.classes, { data: positionals[0], dataset });
  const { root, films, split } = await findFilms(positionals[0], { classes, dataset });
  const checked = await check(films);
  const { findings } = checked;
  const errors = findings.filter(({ severity }) => severity === "error").length;
  console.log(reportText(findings, { shown: values.all ? Infinity : SHOWN, classes }));
  // What the notebooks show is of the project's split alone.
  if (split !== null && values.dataset === undefined) {
    await writeDataCheck(summarizeCheck(checked, { split, classes, scope: "all films" }));
  }
  console.log(
    `${root}: ${films.length} films, ${errors} errors, ${findings.length - errors} warnings`,
  );
  if (errors > 0 && !values.lenient) Deno.exitCode = 1;
}

/** The classes that are named, those of the split if it is one of the data folder, or else TBX11K's. */
async function chooseClasses(
  named: string | undefined,
  { data = Deno.env.get("XRAY_DATA"), dataset }: { data: string | undefined; dataset: string },
): Promise<FilmClasses> {
  if (named !== undefined) return parseClasses(named);
  const source = await hasSplitOf(data, dataset) ? await readSource(dataset) : null;
  return source?.classes ?? TBX11K_CLASSES;
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

/** The films of the class folders, each with the set it is in; and the split, if one of them is written. */
async function findFilms(
  data: string | undefined,
  { classes, dataset }: { classes: FilmClasses; dataset: string },
): Promise<{ root: string; films: CheckedFilm[]; split: SavedSplit | null }> {
  const folders = classes.map(({ folder }) => folder);
  const { root, films } = await listFilms(await openDataFolder(data, folders), { classes });
  const place = (film: Film) => placeOf(film, classes);
  const saved = await findSplit({ root, dataset });
  const split = saved ?? splitIfEnough(films);
  const sets = new Map<string, string>();
  for (const set of ["train", "test", "validation"] as const) {
    for (const film of split?.[set] ?? []) sets.set(place(film), set);
  }
  const found = films.map((film): CheckedFilm => ({
    ...labelFilm(film, { root, classes }),
    set: sets.get(place(film)) ?? null,
  }));
  // One that is gone, or a link to nowhere, is a finding; a link out of the folder is refused.
  const there = await Promise.all(found.map(({ path }) => exists(path)));
  await locateFilms(films.filter((_, i) => there[i]), { root, classes });
  return { root, split: saved, films: found };
}

/** The split of the data folder's films that is written; null if there is none. */
async function findSplit(
  { root, dataset }: { root: string; dataset: string },
): Promise<SavedSplit | null> {
  const saved = await hasSplit(dataset) ? await readSplit(dataset) : null;
  return saved !== null && (saved.data ?? root) === root ? saved : null;
}

/** The split of films as it would be; null where they are too few for one. */
function splitIfEnough(films: readonly Film[]): Split | null {
  try {
    return splitFilms(films);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Counts of each kind of finding, and the films. */
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
  const name = ({ filename, label, set }: CheckedFilm) => {
    const place = placeOf({ filename, label: classes[label].label }, classes);
    return set === null ? place : `${place} (${set})`;
  };
  const lists = kinds.map(([kind, all]) => {
    const lines = all.slice(0, shown).map(({ films, detail }) =>
      `  ${films.map(name).join(" = ")}${detail && `: ${detail}`}\n`
    );
    const more = all.length - lines.length;
    return `${kind}\n${lines.join("")}${more > 0 ? `  and ${more} more: --all lists them\n` : ""}`;
  });
  return counts.length === 0 ? "Nothing is wrong" : `${lists.join("")}\n${textTable(counts)}`;
}

if (import.meta.main) await runTask(main);
