/**
 * The folds of a cross-validation. Each fold tests on its own films and trains on those of the
 * others, so that every film is tested once. All films of a patient are in one fold, and the folds
 * have as even a number of films of each class as their patients allow.
 * @module
 */
import * as z from "zod";
import { excerpt } from "@/common/files.ts";
import { COUNT } from "@/common/json.ts";
import { createPrng, shuffle } from "@/common/random.ts";
import { FILM, type Film } from "@/films/film.ts";
import { inOrder, setsAround, type Split } from "@/split/split.ts";

/** The schema of {@linkcode FoldFilm}. */
const FOLD_FILM = FILM.extend({
  /** The patient. */
  group: z.string(),
  /** The fold that tests the film; null for one that only trains. */
  fold: COUNT.nullable(),
});
/** A film and its fold. */
type FoldFilm = z.infer<typeof FOLD_FILM>;

/** The schema of {@linkcode Folds}. */
export const FOLDS = z.object({
  /** The number of folds. They are numbered from 0. */
  count: z.int().min(2),
  seed: COUNT,
  /** The share of each class's last training films that validate, in [0, 1). */
  validationShare: z.number().min(0).lt(1),
  /** The films of class 0, then of class 1, by ascending names. */
  films: z.array(FOLD_FILM),
}).refine(({ count, films }) => films.every(({ fold }) => (fold ?? 0) < count), {
  path: ["films"],
  error: "a fold is not below the count",
});
/** Films in folds. */
export type Folds = z.infer<typeof FOLDS>;

/** Options of {@linkcode makeFolds}. */
interface FoldOptions {
  /** The number of folds, from 2. */
  count: number;
  /** Draws the order in which patients are dealt. Default: 0. */
  seed?: number;
  /** The share of each class's last training films that validate, in [0, 1). Default: 0. */
  validationShare?: number;
  /** Names the patient of a film. Default: every film is its own patient. */
  groupOf?: (film: Film) => string;
  /** Tells whether a film only trains. Default: every film may test. */
  trainsOnly?: (film: Film) => boolean;
}

/**
 * Deals films into folds. The same films and seed give the same folds, however the films of a class
 * are listed.
 *
 * @param films The films of all classes, those of class 0 first.
 * @throws {RangeError} If the count or the share is out of its range, a class has fewer patients
 * than folds, a patient has films of two classes, or a class is too small for all sets of a fold.
 * @throws {Error} If a film's name is twice in a class.
 */
export function makeFolds(
  films: readonly Film[],
  { count, seed = 0, validationShare = 0, groupOf = onItsOwn, trainsOnly = () => false }:
    FoldOptions,
): Folds {
  if (!Number.isSafeInteger(count) || count < 2) {
    throw new RangeError(`Cannot make ${count} folds: it must be a whole number from 2`);
  }
  const grouped = inOrder(films).map((film) => ({ ...film, group: groupOf(film) }));
  requireOneClass(grouped);
  const training = new Set(grouped.filter(trainsOnly));
  const tests = grouped.filter((film) => !training.has(film));
  requirePatients(new Set(grouped.map(({ label }) => label)), { count, tests });
  const foldOf = dealPatients(tests, { count, seed });
  const folds = {
    ...{ count, seed, validationShare },
    films: grouped.map((film) => {
      const { filename, label, group } = film;
      return { filename, label, group, fold: training.has(film) ? null : foldOf.get(group)! };
    }),
  };
  // Throws if a set of a fold would be empty.
  for (let fold = 0; fold < count; fold++) splitOfFold(folds, fold);
  return folds;
}

/** Names a patient after the only film. The classes may have films of the same name. */
function onItsOwn({ filename, label }: Film): string {
  return `${label}/${filename}`;
}

/** A film and its patient. */
type GroupedFilm = Omit<FoldFilm, "fold">;

/** Throws if a patient has films of two classes. */
function requireOneClass(films: readonly GroupedFilm[]): void {
  const firsts = new Map<string, Film>();
  for (const film of films) {
    const first = firsts.get(film.group) ?? film;
    firsts.set(film.group, first);
    if (first.label === film.label) continue;
    const [one, other] = [first, film].map(({ filename, label }) =>
      `${excerpt(filename)} (${label})`
    );
    throw new RangeError(
      `Cannot make folds: the patient "${excerpt(film.group)}" has films of two classes, ${one} ` +
        `and ${other}. Leave out the films of one class, or name the patients otherwise`,
    );
  }
}

/** Throws if a class has fewer patients, of the films that may test, than folds. */
function requirePatients(
  labels: ReadonlySet<string>,
  { count, tests }: { count: number; tests: readonly GroupedFilm[] },
): void {
  for (const label of labels) {
    const ofClass = tests.filter((film) => film.label === label);
    const patients = new Set(ofClass.map(({ group }) => group)).size;
    if (patients === 0) {
      throw new RangeError(
        `Cannot make folds: all films of "${label}" only train. Let some of them test`,
      );
    }
    if (patients >= count) continue;
    const fewer = patients > 1 ? `Make at most ${patients} folds, or add` : "Add";
    throw new RangeError(
      `Cannot make ${count} folds: the films of "${label}" that may test have too few patients, ` +
        `${patients}, as each fold needs one. ${fewer} films of other patients`,
    );
  }
}

/** Gives the fold of each patient. The films are in the order of their names. */
function dealPatients(
  films: readonly GroupedFilm[],
  { count, seed }: { count: number; seed: number },
): Map<string, number> {
  const foldOf = new Map<string, number>();
  const filmsIn = new Array<number>(count).fill(0);
  const classes = Map.groupBy(films, ({ label }) => label);
  for (const label of [...classes.keys()].toSorted()) {
    const patients = Map.groupBy(classes.get(label)!, ({ group }) => group);
    const shuffled = shuffle([...patients.keys()], createPrng(`${seed}/folds/${label}`));
    const size = (patient: string) => patients.get(patient)!.length;
    const ofClassIn = new Array<number>(count).fill(0);
    for (const patient of shuffled.toSorted((a, b) => size(b) - size(a))) {
      const fold = emptiest(ofClassIn, filmsIn);
      foldOf.set(patient, fold);
      ofClassIn[fold]! += size(patient);
      filmsIn[fold]! += size(patient);
    }
  }
  return foldOf;
}

/** Finds the fold with the fewest films of a class; of several, the one with the fewest in all. */
function emptiest(ofClassIn: readonly number[], filmsIn: readonly number[]): number {
  // The sort is stable, so that the lowest of equal folds is the first.
  const folds = [...ofClassIn.keys()];
  return folds.toSorted((a, b) => ofClassIn[a]! - ofClassIn[b]! || filmsIn[a]! - filmsIn[b]!)[0]!;
}

/**
 * Gives the sets of one fold. A film that only trains is left out if its patient tests or
 * validates.
 *
 * @throws {RangeError} If there is no such fold.
 */
export function splitOfFold({ count, validationShare, films }: Folds, fold: number): Split {
  if (!Number.isInteger(fold) || fold < 0 || fold >= count) {
    throw new RangeError(`Cannot find fold ${fold}: the split has the folds 0 to ${count - 1}`);
  }
  const { train, test, validation } = setsAround(films, {
    tests: (film) => film.fold === fold,
    patientOf: ({ group }) => group,
    validationShare,
    mayTest: (film) => film.fold !== null,
  });
  const plain = ({ filename, label }: FoldFilm): Film => ({ filename, label });
  return {
    train: train.map(plain),
    test: test.map(plain),
    validation: validation && validation.map(plain),
  };
}

/** Counts the films of each class that test and train in each fold, for a table. */
export function countFolds(folds: Folds): Record<string, number>[] {
  const labels = [...new Set(folds.films.map(({ label }) => label))];
  return Array.from({ length: folds.count }, (_, fold) => {
    const { test, train } = splitOfFold(folds, fold);
    const counts = Object.entries({ test, train }).flatMap(([set, films]) =>
      labels.map((label) => {
        const ofClass = films.filter((film) => film.label === label);
        return [`${set} ${label}`, ofClass.length] as const;
      })
    );
    return { fold, ...Object.fromEntries(counts) };
  });
}
