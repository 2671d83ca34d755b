/**
 * The assignment's split: of each class, in order of file names, the first 20% are the test set and
 * the rest the training set. `train_data.csv` and `test_data.csv` hold them.
 * @module
 */
import * as z from "zod";
import { parseCsv, toCsv } from "@/common/csv.ts";
import { excerpt } from "@/common/files.ts";
import { FILM, type Film, type FilmClasses, placeOf, TBX11K_CLASSES } from "@/films/film.ts";

/** Options of {@linkcode splitFilms}. */
interface SplitOptions {
  /** The share of each class in the test set, in (0, 1). Default: 0.2. */
  testShare?: number;
  /** The share of each class's last training films that validate, in [0, 1). Default: 0. */
  validationShare?: number;
  /** Matches the patient in a film's name, as in {@linkcode patientNamed}. Default: no patients. */
  patient?: RegExp;
}

/** The schema of {@linkcode Split}. */
export const SPLIT = z.object({
  /** All films outside of the test set, the validation films included. */
  train: z.array(FILM),
  test: z.array(FILM),
  /** The films that validate, and do not train; null without a validation set. */
  validation: z.array(FILM).nullable(),
});
/** The sets of a split. Each lists class 0, then class 1, by ascending names. */
export type Split = z.infer<typeof SPLIT>;

/**
 * Splits the films of each class: in order of names, the first `int(testShare * n)` test, and the
 * others train.
 *
 * With a `patient` pattern, all films of a patient are in the set of the first one, so that no
 * patient is in two sets. The test set may then be a little larger than its share.
 *
 * @param films The films of all classes, in any order.
 * @throws {RangeError} If a share is out of its range, or a class is too small for all sets.
 * @throws {Error} If a film's name does not match the pattern, or is twice in a class.
 */
export function splitFilms(
  films: readonly Film[],
  { testShare = 0.2, validationShare = 0, patient }: SplitOptions = {},
): Split {
  if (!(testShare > 0 && testShare < 1)) throw wrongShare("test", testShare, "(0, 1)");
  const patientOf = (film: Film) => patient === undefined ? film : patientNamed(film, patient);
  const sorted = inOrder(films);
  const firsts = ofEachClass(sorted).flatMap((ofClass) =>
    ofClass.slice(0, Math.trunc(testShare * ofClass.length))
  );
  const tested = new Set(firsts.map(patientOf));
  const tests = (film: Film) => tested.has(patientOf(film));
  return setsAround(sorted, { tests, patientOf, validationShare });
}

/**
 * Makes the sets around a test set: all other patients train. Of each class's training films, the
 * last `int(validationShare * n)` validate, with the other films of their patients.
 *
 * @param films The films of all classes, in the order of {@linkcode inOrder}.
 * @param options.mayTest Tells whether a film may test or validate. The others train, unless their
 * patient tests or validates. Default: all may.
 * @throws {RangeError} If the share is out of its range, or a class is too small for all sets.
 */
export function setsAround<AFilm extends Film>(
  films: readonly AFilm[],
  { tests, patientOf, validationShare, mayTest = () => true }: {
    tests: (film: AFilm) => boolean;
    patientOf: (film: AFilm) => unknown;
    validationShare: number;
    mayTest?: (film: AFilm) => boolean;
  },
): { train: AFilm[]; test: AFilm[]; validation: AFilm[] | null } {
  if (!(validationShare >= 0 && validationShare < 1)) {
    throw wrongShare("validation", validationShare, "[0, 1)");
  }
  const test = films.filter(tests);
  const tested = new Set(test.map(patientOf));
  const others = films.filter((film) => !tested.has(patientOf(film)));
  const lasts = ofEachClass(others.filter(mayTest)).flatMap((ofClass) =>
    ofClass.slice(ofClass.length - Math.trunc(validationShare * ofClass.length))
  );
  const validated = new Set(lasts.map(patientOf));
  const validates = (film: AFilm) => validated.has(patientOf(film));
  const train = others.filter((film) => mayTest(film) || !validates(film));
  const validation = validationShare > 0 ? train.filter(validates) : null;
  requireAllSets(films, { train, test, validation });
  return { train, test, validation };
}

/** Throws if a set has no film of a class, or none of it trains. */
function requireAllSets(films: readonly Film[], { train, test, validation }: Split): void {
  for (const ofClass of ofEachClass(films)) {
    const { label } = ofClass[0]!;
    const count = (set: readonly Film[]) => set.filter((film) => film.label === label).length;
    const validating = validation === null ? 0 : count(validation);
    const lacksValidation = validation !== null && validating === 0;
    if (count(test) > 0 && count(train) > validating && !lacksValidation) continue;
    throw new RangeError(
      `Cannot split ${ofClass.length} films of "${label}": one of the sets would have none. Add ` +
        "films, or change the shares",
    );
  }
}

function wrongShare(set: string, share: number, range: string): RangeError {
  return new RangeError(`Cannot split: the ${set} share is ${share}, and must be in ${range}`);
}

/**
 * Finds the patient in a film's name.
 *
 * @param pattern Matches the patient, in its first group or as a whole.
 * @throws {Error} If the name does not match.
 */
export function patientNamed({ filename }: Film, pattern: RegExp): string {
  const match = new RegExp(pattern, pattern.flags.replace(/[gy]/g, "")).exec(filename);
  const patient = match?.[1] ?? match?.[0];
  if (!patient) {
    throw new Error(
      `Cannot find the patient of ${excerpt(filename)}: its name does not match ${pattern}`,
    );
  }
  return patient;
}

/**
 * Sorts films by class, as each first appears, and then by name, by code unit. Equals Python's
 * `sorted` for names up to U+FFFF.
 *
 * @throws {Error} If a name is twice in a class.
 */
export function inOrder(films: readonly Film[]): Film[] {
  return ofEachClass(films).flatMap((ofClass) => {
    const sorted = ofClass.toSorted((a, b) =>
      a.filename < b.filename ? -1 : Number(a.filename > b.filename)
    );
    sorted.forEach(({ filename, label }, i) => {
      if (filename === sorted[i + 1]?.filename) {
        throw new Error(
          `Cannot split: "${excerpt(filename)}" is twice among the films of "${label}"`,
        );
      }
    });
    return sorted;
  });
}

/** Groups films by class. */
function ofEachClass<AFilm extends Film>(films: readonly AFilm[]): AFilm[][] {
  return [...Map.groupBy(films, ({ label }) => label).values()];
}

/** The films of one class in one set. */
export interface SplitCount {
  set: string;
  label: string;
  films: number;
  /** The names of the first and the last film. */
  first: string;
  last: string;
}

/** Counts the films of each class in each set, and names the first and the last one. */
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

/** Writes the text of a set's CSV file. */
export function splitCsv(films: readonly Film[]): string {
  return toCsv(films, ["filename", "label"]);
}

const HOW_TO_NAME = "deno task split --classes A,B with --csv FILE, or with --given " +
  "train=FILE,test=FILE if the sets are split already";

/**
 * Reads the text of a set's CSV file.
 *
 * @param options.path The file's path, for messages.
 * @param options.howToName Advice on the labels, for an error.
 * @throws {SyntaxError} If it is not CSV with the columns `filename` and `label`.
 * @throws {RangeError} If a label is unknown, a film is listed twice, or a name leads out of the
 * data folder; the message names the row.
 */
export function fromCsv(
  text: string,
  { path, classes = TBX11K_CLASSES, howToName = HOW_TO_NAME }: {
    path: string;
    classes?: FilmClasses;
    howToName?: string;
  },
): Film[] {
  const [header, ...rows] = parseCsv(text, path);
  if (header?.length !== 2 || header[0] !== "filename" || header[1] !== "label") {
    const first = excerpt(`${header ?? ""}`);
    throw new SyntaxError(
      `Cannot read ${path}: its first line is "${first}", not "filename,label". In a table with ` +
        "more columns, keep the film's file and its class, under these names",
    );
  }
  const labels = classes.map(({ label }) => label);
  const seen = new Map<string, string>();
  return rows.map((fields, i) => {
    const refuse = (reason: string) =>
      new RangeError(`Cannot read ${path}: row ${i + 2} (${excerpt(fields.join(","))}) ${reason}`);
    const [written = "", label = ""] = fields;
    // Windows writes paths with backslashes.
    const filename = written.replaceAll("\\", "/");
    if (fields.length !== 2) throw refuse("does not have two fields");
    if (!labels.includes(label)) {
      throw refuse(
        `has a label other than ${labels.join(" and ")}. Name the labels of the two classes, the ` +
          `one to detect last: ${howToName}`,
      );
    }
    if (!staysInside(filename)) {
      throw refuse("does not name a file in the data folder: write its path from there");
    }
    const place = placeOf({ filename, label }, classes);
    const before = seen.get(place);
    if (before === label) throw refuse("is listed twice");
    if (before !== undefined) throw refuse("is also listed under another label");
    seen.set(place, label);
    return { filename, label };
  });
}

/** Tells whether a name is a path down into a folder in its simplest form, which is unique. */
function staysInside(filename: string): boolean {
  const isPlain = (part: string) => part !== "" && part !== "." && part !== "..";
  const path = filename.replace(/^\.\/(?=[^/]+$)/, "");
  return path.split("/").every(isPlain) && !/^[a-z]:|\0/i.test(filename);
}

/**
 * Checks that no test film is in another set.
 *
 * @throws {RangeError} If one is; the message names the first.
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
      `Cannot train: ${excerpt(both.filename)} (${both.label}) is in the test set and in another`,
    );
  }
}
