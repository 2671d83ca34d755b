/**
 * The split: which films train and which test. File names ascending within each class, the first 20% are the test
 * set, the rest the training set, as the assignment has it; written as `train_data.csv` and `test_data.csv`.
 * @module
 */
import { parse, stringify } from "@std/csv";
import { type FilmClasses, TBX11K_CLASSES } from "@/film_classes.ts";
import type { Label } from "@/metrics.ts";

/** A row of a split's CSV file. */
export interface Film {
  /** The film's file in its class's folder; with a `/` in it, its path from the data folder. */
  filename: string;
  /** The name of its class, such as `Healthy`. */
  label: string;
}

/** A film that can be read. */
export interface LabelledFilm {
  /** Absolute. */
  path: string;
  /** As in the split's CSV file. */
  filename: string;
  label: Label;
}

/** What {@linkcode splitFilms} may be told. */
export interface SplitOptions {
  /** Share of each class that tests, in (0, 1). Default: 0.2. */
  testShare?: number;
  /** Share of each class's training films, the last ones, that validate, in [0, 1). Default: 0. */
  validationShare?: number;
  /** Gives the patient: the first group, or the whole match, in a film's name. Default: each film is its own. */
  patient?: RegExp;
}

/** The sets of a split. Films of one class stand together, the classes in order, names ascending. */
export interface Split {
  /** All that does not test, the validation films included. */
  train: Film[];
  test: Film[];
  /** Null without a validation share. Training leaves these out. */
  validation: Film[] | null;
}

/**
 * Splits the films of each class: names ascending, the first `int(testShare * n)` test, the others train.
 *
 * With a `patient` pattern, every film of a patient follows the first of them that this rule takes, so that no
 * patient is in two sets; the test set may then be a little larger than its share.
 *
 * @param films Of all classes, in any order.
 * @throws {RangeError} If a share is out of its range, or a class is too small to be in every set.
 * @throws {Error} If a film's name has no patient by the pattern, or stands twice in a class.
 */
export function splitFilms(
  films: readonly Film[],
  { testShare = 0.2, validationShare = 0, patient }: SplitOptions = {},
): Split {
  requireShare(testShare > 0 && testShare < 1, "test share", testShare, "(0, 1)");
  requireShare(
    validationShare >= 0 && validationShare < 1,
    "validation share",
    validationShare,
    "[0, 1)",
  );
  const patientOf = (film: Film) => patient === undefined ? film : patientNamed(film, patient);
  const classes = [...Map.groupBy(films, ({ label }) => label)]
    .map(([label, ofClass]) => ({ label, films: inOrder(ofClass) }));

  const tested = new Set(
    classes.flatMap(({ films }) => films.slice(0, Math.trunc(testShare * films.length))).map(
      patientOf,
    ),
  );
  const trains = (film: Film) => !tested.has(patientOf(film));
  const validated = new Set(
    classes.map(({ films }) => films.filter(trains))
      .flatMap((train) => train.slice(train.length - Math.trunc(validationShare * train.length)))
      .map(patientOf),
  );

  const sets = { test: [] as Film[], train: [] as Film[], validation: [] as Film[] };
  for (const { label, films } of classes) {
    const test = films.filter((film) => !trains(film));
    const train = films.filter(trains);
    const validation = train.filter((film) => validated.has(patientOf(film)));
    const smallest = Math.min(
      test.length,
      train.length - validation.length,
      ...(validationShare > 0 ? [validation.length] : []),
    );
    if (smallest === 0) {
      throw new RangeError(
        `Cannot split ${films.length} films of "${label}": one of the sets would have none of them. ` +
          "More films, or other shares, are needed",
      );
    }
    sets.test.push(...test);
    sets.train.push(...train);
    sets.validation.push(...validation);
  }
  return { ...sets, validation: validationShare > 0 ? sets.validation : null };
}

function requireShare(holds: boolean, name: string, value: number, range: string): void {
  if (!holds) {
    throw new RangeError(`Cannot split: the ${name} is ${value}, and must be in ${range}`);
  }
}

function patientNamed({ filename }: Film, pattern: RegExp): string {
  const match = new RegExp(pattern, pattern.flags.replace(/[gy]/g, "")).exec(filename);
  const patient = match?.[1] ?? match?.[0];
  if (!patient) {
    throw new Error(`Cannot tell the patient of ${filename}: its name does not match ${pattern}`);
  }
  return patient;
}

/** Names ascending by code unit, as Python's `sorted` has them for all names but those beyond U+FFFF. */
function inOrder(films: readonly Film[]): Film[] {
  const sorted = films.toSorted((a, b) =>
    a.filename < b.filename ? -1 : Number(a.filename > b.filename)
  );
  sorted.forEach(({ filename, label }, i) => {
    if (filename === sorted[i + 1]?.filename) {
      throw new Error(`Cannot split: "${filename}" stands twice among the films of "${label}"`);
    }
  });
  return sorted;
}

/** One class in one set. */
export interface SplitCount {
  set: string;
  label: string;
  films: number;
  /** The first film's name, ascending. */
  first: string;
  last: string;
}

/** Counts the films of each class in each set, and names the first and the last. */
export function countSplit({ train, test, validation }: Split): SplitCount[] {
  const sets = { train, test, ...(validation === null ? {} : { validation }) };
  return Object.entries(sets).flatMap(([set, films]) =>
    [...Map.groupBy(films, ({ label }) => label)].map(([label, ofClass]) => ({
      set,
      label,
      films: ofClass.length,
      first: ofClass[0]!.filename,
      last: ofClass.at(-1)!.filename,
    }))
  );
}

/**
 * The first films of each class, class 0 first.
 *
 * @param count Of each class, or of class 0 and of class 1.
 */
export function firstOfEachClass(
  films: readonly LabelledFilm[],
  count: number | readonly [number, number],
): LabelledFilm[] {
  const counts = typeof count === "number" ? [count, count] : count;
  return counts.flatMap((count, label) =>
    films.filter((film) => film.label === label).slice(0, count)
  );
}

/** The text of a split's CSV file: `filename,label`, lines ended by LF. */
export function toCsv(films: readonly Film[]): string {
  const rows = films.map(({ filename, label }) => ({ filename, label }));
  return stringify(rows, { columns: ["filename", "label"] }).replaceAll("\r\n", "\n");
}

/**
 * Reads the text of a split's CSV file.
 *
 * @param options.path Of the file, for messages.
 * @throws {SyntaxError} If it is no CSV with the columns `filename` and `label`.
 * @throws {RangeError} If a label is unknown, a row stands twice, a film has two labels, or a name leads out of the
 * data folder; the message names the row.
 */
export function fromCsv(
  text: string,
  { path, classes = TBX11K_CLASSES }: { path: string; classes?: FilmClasses },
): Film[] {
  const [header, ...rows] = parseRows(text, path);
  if (header?.length !== 2 || header[0] !== "filename" || header[1] !== "label") {
    throw new SyntaxError(
      `Cannot read ${path}: its first line is "${header ?? ""}" where "filename,label" is wanted`,
    );
  }
  const labels = classes.map(({ label }) => label);
  const seen = new Map<string, string>();
  return rows.map((fields, i) => {
    const refuse = (reason: string) =>
      new RangeError(`Cannot read ${path}: row ${i + 2} (${fields.join(",")}) ${reason}`);
    const [filename = "", label = ""] = fields;
    if (fields.length !== 2) throw refuse("does not have two fields");
    if (!labels.includes(label)) throw refuse(`has a label other than ${labels.join(" and ")}`);
    if (!staysInside(filename)) throw refuse("names no file inside the data folder");
    const place = placeOf({ filename, label }, classes);
    if (seen.has(place)) {
      throw refuse(
        seen.get(place) === label ? "stands there twice" : "is there under another label, too",
      );
    }
    seen.set(place, label);
    return { filename, label };
  });
}

/**
 * The path of a film from the data folder, with `/`. A name without a folder is one of its class's folder: each class
 * may have an `1.png`.
 *
 * @throws {RangeError} If the film's label is none of the classes'.
 */
export function placeOf({ filename, label }: Film, classes: FilmClasses = TBX11K_CLASSES): string {
  const ofFilm = classes.find((filmClass) => filmClass.label === label);
  if (ofFilm === undefined) {
    throw new RangeError(`Cannot find ${filename}: its label "${label}" is unknown`);
  }
  return filename.includes("/") ? filename : `${ofFilm.folder}/${filename}`;
}

function parseRows(text: string, path: string): string[][] {
  try {
    return parse(text);
  } catch (error) {
    throw new SyntaxError(`Cannot read ${path} as CSV: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Whether a name is a path downwards, written in its one plain form, so that equal films have equal names. */
function staysInside(filename: string): boolean {
  const isPlain = (part: string) => part !== "" && part !== "." && part !== "..";
  return filename.split(/[/\\]/).every(isPlain) && !/^[a-z]:|\0/i.test(filename);
}

/**
 * Checks that no film that tests also trains or validates.
 *
 * @throws {RangeError} Naming the first one that does.
 */
export function requireDisjoint(
  { train, test, validation }: Split,
  classes: FilmClasses = TBX11K_CLASSES,
): void {
  const tested = new Set(test.map((film) => placeOf(film, classes)));
  const inBoth = (film: Film) => tested.has(placeOf(film, classes));
  const both = train.find(inBoth) ?? validation?.find(inBoth);
  if (both !== undefined) {
    throw new RangeError(
      `Cannot train: ${both.filename} (${both.label}) is in the test set and in another`,
    );
  }
}
