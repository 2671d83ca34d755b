/**
 * `deno task split`: writes which films train and which test, and copies them into a folder for each set.
 * @module
 */
import { parseArgs } from "node:util";
import { type FilmClasses, parseClasses, TBX11K_CLASSES } from "@/film_classes.ts";
import { listFilms, locateFilms } from "@/film_folder.ts";
import { readText } from "@/files.ts";
import { fromRoot } from "@/paths.ts";
import { openProgress } from "@/progress.ts";
import { openDataFolder, openFolderOf } from "@/run_films.ts";
import { countSplit, type Film, fromCsv, splitFilms } from "@/split.ts";
import { copySets } from "@/split_copies.ts";
import { type SavedSplit, writeSplit } from "@/split_files.ts";
import { defined, runTask, share } from "@/tasks/task.ts";
import { textTable } from "@/text_table.ts";

const HELP = `deno task split
  --data FOLDER      holds the class folders (default: XRAY_DATA, else phantom films)
  --classes A,B      the folders of class 0 and class 1 (default: health=Healthy,tb=TB), with their
                     labels if those are others: NORMAL=Normal,PNEUMONIA=Pneumonia
  --csv FILE         the films and their labels (filename,label), instead of all in the class folders
  --test SHARE       of each class's films, the first by name (default: 0.2)
  --validation SHARE of each class's training films, the last by name (default: 0: no validation set)
  --patient PATTERN  a regular expression that gives the patient in a film's name (its first group, or all
                     of it): no patient is then in two sets. Kermany's films: '^(person\\d+|(?:NORMAL2-)?IM-\\d+)'
  --no-copies        writes the CSV files alone
  --out FOLDER       gets the CSV files, train/ and test/ (default: dataset)`;

const FLAGS = {
  data: { type: "string" },
  classes: { type: "string" },
  csv: { type: "string" },
  test: { type: "string" },
  validation: { type: "string" },
  patient: { type: "string" },
  "no-copies": { type: "boolean" },
  out: { type: "string" },
  help: { type: "boolean" },
} as const;

/** What the command line says of the films to split. */
interface Source {
  data?: string;
  csv?: string;
  classes: FilmClasses;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ args: Deno.args, options: FLAGS });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const folder = fromRoot(values.out ?? "dataset");
  const classes = values.classes === undefined ? TBX11K_CLASSES : parseClasses(values.classes);
  const { root, films } = await findFilms({ ...values, classes });
  const split = splitFilms(films, {
    ...defined({
      testShare: share("--test", values.test),
      validationShare: share("--validation", values.validation),
      patient: values.patient === undefined ? undefined : pattern(values.patient),
    }),
  });
  const saved = { ...split, data: root, classes };
  await writeSplit(folder, saved);
  console.log(`${root}\n${textTable(countSplit(split))}`);
  if (split.validation !== null) {
    console.log("Films that validate are among those listed for training, and do not train");
  }
  if (!values["no-copies"]) await copyFilms(saved, { root, folder });
  console.log(`Written to ${folder}`);
}

/** The films to split: those of a CSV file, or all of the class folders. */
async function findFilms(
  { data, csv, classes }: Source,
): Promise<{ root: string; films: Film[] }> {
  if (csv === undefined) {
    return await listFilms(await openDataFolder(data, classes.map(({ folder }) => folder)), {
      classes,
    });
  }
  const path = fromRoot(csv);
  const films = fromCsv(await readText(path), { path, classes });
  const root = await openFolderOf(films, { data, classes });
  await locateFilms(films, { root, classes });
  return {
    root,
    films: classes.flatMap(({ label }) => films.filter((film) => film.label === label)),
  };
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text, "u");
  } catch (error) {
    throw new SyntaxError(`Cannot take --patient ${text}: ${(error as Error).message}`);
  }
}

async function copyFilms(
  split: SavedSplit,
  { root, folder }: { root: string; folder: string },
): Promise<void> {
  const total = split.train.length + split.test.length;
  const bar = await openProgress("copying", { total, unit: "films" });
  try {
    await copySets(split, {
      root,
      folder,
      classes: split.classes,
      onFilm: (done) => bar.update(done),
    });
  } finally {
    await bar.close();
  }
}

if (import.meta.main) await runTask(main);
