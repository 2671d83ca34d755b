/**
 * `deno task split`: chooses the films that train and those that test, writes them to CSV files and
 * copies them into a folder per set.
 * @module
 */
import { fromRoot } from "@/common/paths.ts";
import { openProgress } from "@/common/progress.ts";
import { textTable } from "@/common/table.ts";
import { namesOf, parseClasses } from "@/films/classes.ts";
import { type Film, type FilmClasses, TBX11K_CLASSES } from "@/films/film.ts";
import {
  describeLeftOut,
  listFilms,
  locateFilms,
  openDataFolder,
  openFolderOf,
} from "@/films/folder.ts";
import { chooseData, isSplitOf } from "@/runs/films.ts";
import { readSource, writeSplit } from "@/split/files.ts";
import { countFolds, type Folds, makeFolds, splitOfFold } from "@/split/folds.ts";
import { openGiven, parseGiven, requireFilmsApart } from "@/split/given.ts";
import { readGroups } from "@/split/groups.ts";
import { readFilmList } from "@/split/list.ts";
import { countSplit, patientNamed, type Split, splitFilms } from "@/split/split.ts";
import { type Command, type FlagValues, helpText, parseCommandLine } from "@/tasks/flags.ts";
import { defined, namedData, runTask, share, wholeNumber } from "@/tasks/task.ts";

const COMMAND = {
  name: "split",
  flags: {
    "data FOLDER":
      "holds the class folders (default: XRAY_DATA, else the folder of the existing split, " +
      "else phantom films)",
    "classes A,B": "the folders of class 0 and class 1, with their labels if those differ: " +
      "NORMAL=Normal,PNEUMONIA=Pneumonia (default: those of the existing split of this folder, " +
      "else health=Healthy,tb=TB)",
    "csv FILE":
      "the films and their labels (filename,label), instead of all in the class folders; a " +
      "filename is the path from the data folder, or a name in the class's folder or in the data " +
      "folder itself",
    "given SETS":
      "takes given sets: train=A,test=B or train=A,test=B,validation=C, each a folder of " +
      "class folders or a CSV file. No film, and with --patient no patient, may be in two of " +
      "them. Nothing is copied",
    "test SHARE": "the share of each class's films that test, the first by name (default: 0.2)",
    "validation SHARE":
      "the share of each class's training films that validate, the last by name (default: " +
      "0, no validation set)",
    "patient PATTERN":
      "a regular expression whose first group, or whole match, is the patient in a film's " +
      "name: no patient is then in two sets. For Kermany's films: " +
      "'^(person\\d+|(?:NORMAL2-)?IM-\\d+)'",
    "folds K":
      "deals the films into K folds for a cross-validation: each fold tests its own films and " +
      "trains on the others, with all films of a patient in one fold and the classes spread " +
      "evenly. Fold 0 is the split; split.json holds all folds. With --patient or --groups no " +
      "patient may be in both classes",
    "seed N": "with --folds: draws which patients share a fold (default: 0)",
    "groups FILE":
      "with --folds, instead of --patient: a CSV file with the patient of every film " +
      "(filename,group); a filename is the film's name, or its path from the data folder",
    "train-only PATTERN":
      "with --folds: a regular expression for the names of films that never test or validate, " +
      "such as augmented copies ('\\.aug'). They train in the folds where no film of their " +
      "patient tests or validates: name the patients by --patient or --groups",
    "follow-links": "takes films that are links to files outside of the data folder",
    "no-copies": "writes the CSV files alone",
    "out FOLDER": "gets the CSV files, train/ and test/ (default: dataset)",
  },
  notes: "Without any flag it splits the same films again as before.",
} as const satisfies Command;

type Flags = FlagValues<typeof COMMAND["flags"]>;

/** Gives the arguments. None mean those of the existing split of these films. */
async function commandLine(): Promise<string[]> {
  if (Deno.args.length > 0) return Deno.args;
  const { data = null, flags = [] } = await readSource(fromRoot("dataset")) ?? {};
  if (flags.length === 0 || !isSplitOf(data, await chooseData(namedData(undefined)))) return [];
  console.log(`As before: deno task split ${flags.join(" ")}`);
  return flags;
}

async function main(): Promise<void> {
  const args = await commandLine();
  const line = parseCommandLine(COMMAND, args);
  if (line === null) return console.log(helpText(COMMAND));
  const { flags } = line;
  const folder = fromRoot(flags.out ?? "dataset");
  const data = await chooseData(namedData(flags.data), folder);
  const classes = await chooseClasses(flags, { data, folder });
  const { root, folders, split, folds } = await findSplit(flags, { data, classes });
  const followLinks = flags["follow-links"] ?? false;
  console.log(`${root}\n${textTable(countSplit(split))}`);
  const leftOut = await describeLeftOut(folders, { classes });
  if (leftOut !== null) console.log(leftOut);
  if (split.validation !== null) {
    console.log("Films that validate are among those listed for training, and do not train");
  }
  if (folds !== undefined) {
    console.log(`\n${textTable(countFolds(folds))}\nOther commands use fold 0, listed above it`);
  }
  const saved = {
    ...{ ...split, data: root, classes, flags: args },
    ...{ ...followLinks && { followLinks }, ...folds && { folds } },
  };
  const copies = flags.given === undefined && !flags["no-copies"];
  await withBar("copying", split, (onFilm) => writeSplit(folder, { ...saved, copies, onFilm }));
  console.log(`Written to ${folder}`);
}

/** Chooses the named classes, else those of this data folder's split, else TBX11K's. */
async function chooseClasses(
  { classes: named }: Flags,
  { data, folder }: { data: string; folder: string },
): Promise<FilmClasses> {
  if (named !== undefined) return parseClasses(named);
  const source = await readSource(folder);
  return source !== null && isSplitOf(source.data, data) ? source.classes : TBX11K_CLASSES;
}

/** A split and its origin. */
interface FoundSplit {
  /** The data folder, which holds the films. */
  root: string;
  /** The folders whose class folders were listed. */
  folders: readonly string[];
  split: Split;
  /** The folds, if there are any: the split is fold 0. */
  folds?: Folds;
}

/** Makes the split. */
async function findSplit(
  flags: Flags,
  { data, classes }: { data: string; classes: FilmClasses },
): Promise<FoundSplit> {
  requireFlagsTogether(flags);
  const patient = pattern("--patient", flags.patient);
  const testShare = share("--test", flags.test);
  const validationShare = share("--validation", flags.validation);
  if (flags.given !== undefined) return await takeGiven(flags, { data, classes, patient });
  const { root, films } = await findFilms(flags, { data, classes });
  await locateFilms(films, { root, classes, followLinks: flags["follow-links"] ?? false });
  const folders = flags.csv === undefined ? [root] : [];
  const count = wholeNumber("--folds", { text: flags.folds, from: 2 });
  if (count === undefined) {
    const split = splitFilms(films, defined({ patient, testShare, validationShare }));
    return { root, folders, split };
  }
  const seed = wholeNumber("--seed", { text: flags.seed });
  const groupOf = await chooseGroups(flags, { films, classes, patient });
  const trainsOnly = chooseTraining(flags, films);
  const options = defined({ seed, validationShare, groupOf, trainsOnly });
  const folds = makeFolds(films, { count, ...options });
  return { root, folders, split: splitOfFold(folds, 0), folds };
}

/** Refuses flags that exclude each other, and those that need `--folds`. */
function requireFlagsTogether(
  { folds, patient, groups, seed, test, given, ...flags }: Flags,
): void {
  const first = (flags: Record<string, string | undefined>) =>
    Object.entries(flags).find(([, value]) => value !== undefined)?.[0];
  const needing = first({ seed, groups, "train-only": flags["train-only"] });
  if (folds === undefined && needing !== undefined) {
    throw new RangeError(`Cannot take --${needing} without --folds: name their number, --folds K`);
  }
  const excluded = first({ test, given });
  if (folds !== undefined && excluded !== undefined) {
    throw new RangeError(
      `Cannot take --${excluded} with --folds, which chooses the films that test. Omit one of them`,
    );
  }
  if (patient !== undefined && groups !== undefined) {
    throw new RangeError("Cannot take --patient with --groups: both name the patients. Omit one");
  }
}

/** Chooses what names the patient of a film; undefined if nothing does. */
async function chooseGroups(
  { groups }: Flags,
  { films, classes, patient }: {
    films: readonly Film[];
    classes: FilmClasses;
    patient: RegExp | undefined;
  },
): Promise<((film: Film) => string) | undefined> {
  if (groups !== undefined) return await readGroups(fromRoot(groups), { films, classes });
  return patient && ((film) => patientNamed(film, patient));
}

/** Chooses what tells the films that only train; undefined if all may test. */
function chooseTraining(
  { "train-only": text }: Flags,
  films: readonly Film[],
): ((film: Film) => boolean) | undefined {
  const named = pattern("--train-only", text);
  if (named === undefined) return undefined;
  const trainsOnly = ({ filename }: Film) => named.test(filename);
  if (films.some(trainsOnly)) return trainsOnly;
  throw new RangeError(
    `Cannot take --train-only ${text}: it matches no film's name, such as ` +
      `${films[0]?.filename}. Correct it, or omit it`,
  );
}

async function takeGiven(
  { given = "", data: named, csv, test, validation, "follow-links": followLinks = false }: Flags,
  { data, ...options }: { data: string; classes: FilmClasses; patient: RegExp | undefined },
): Promise<FoundSplit> {
  const others = Object.entries({ csv, test, validation }).find(([, value]) => value !== undefined);
  if (others !== undefined) {
    throw new RangeError(
      `Cannot take --${others[0]} with --given, which already names the films of each set`,
    );
  }
  const found = await openGiven(parseGiven(given), {
    ...{ ...options, data: namedData(named), elsewhere: data, followLinks },
  });
  const { root, split } = found;
  const { classes } = options;
  await withBar(
    "comparing",
    split,
    (onFilm) => requireFilmsApart(split, { root, classes, onFilm }),
  );
  return found;
}

/** Lists the films to split: those of a CSV file, or all in the class folders. */
async function findFilms(
  { csv }: Flags,
  { data, classes }: { data: string; classes: FilmClasses },
): Promise<{ root: string; films: Film[] }> {
  if (csv === undefined) {
    const root = await openDataFolder(data, classes.map(({ folder }) => folder));
    return await listFilms(root, { classes });
  }
  const path = fromRoot(csv);
  const films = await readFilmList(path, { data, classes });
  return {
    root: await openFolderOf(films, { data, classes }).catch((error) => {
      throw new Error(
        `${(error as Error).message}. In ${path} a film's name is its path from there, as in ` +
          "images_001/1.png; without a folder it is in its class's folder, or in the data folder itself",
        { cause: error },
      );
    }),
    films: namesOf(classes).flatMap((label) => films.filter((film) => film.label === label)),
  };
}

/** Reads a flag's value as a regular expression. Undefined stays undefined. */
function pattern(flag: string, text: string | undefined): RegExp | undefined {
  if (text === undefined) return undefined;
  try {
    return new RegExp(text, "u");
  } catch (error) {
    throw new SyntaxError(`Cannot take ${flag} ${text}: ${(error as Error).message}`);
  }
}

/** Runs a step over the films of a split with a progress bar. */
async function withBar(
  title: string,
  { train, test }: Split,
  step: (onFilm: (done: number) => void) => Promise<void>,
): Promise<void> {
  const bar = await openProgress(title, { total: train.length + test.length, unit: "films" });
  try {
    await step((done) => bar.update(done));
  } finally {
    await bar.close();
  }
}

if (import.meta.main) await runTask(main);
