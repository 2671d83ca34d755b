import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { createPrng, shuffle } from "@/common/random.ts";
import type { Film } from "@/films/film.ts";
import { countFolds, FOLDS, type Folds, makeFolds, splitOfFold } from "@/split/folds.ts";
import { splitFilms } from "@/split/split.ts";
import reference from "../reference/folds.json" with { type: "json" };

const LABELS = ["Healthy", "TB"];
/** The films of the reference, class 0 first. */
const FILMS: Film[] = LABELS.flatMap((label) =>
  reference.films.filter((film) => film.label === label)
    .map(({ filename }) => ({ filename, label }))
);
/** Gives `p07` for `p07_1.png`. */
const groupOf = ({ filename }: Film) => filename.split("_")[0]!;

const film = (filename: string, label = "TB"): Film => ({ filename, label });
/** Makes 10 healthy films and 6 with tuberculosis, each of its own patient. */
const alone = [
  ...Array.from({ length: 10 }, (_, i) => film(`${i}.png`, "Healthy")),
  ...Array.from({ length: 6 }, (_, i) => film(`${i}.png`)),
];
/** Gives every film three augmented copies. */
const withCopies = (films: readonly Film[]) =>
  films.flatMap(({ filename, label }) =>
    ["", ".aug1", ".aug2", ".aug3"].map((ending) =>
      film(filename.replace(".png", `${ending}.png`), label)
    )
  );
const isCopy = ({ filename }: Film) => filename.includes(".aug");

const keyOf = ({ filename, label }: Film) => `${label}/${filename}`;
const keys = (films: readonly Film[]) => films.map(keyOf);
const patients = (films: readonly Film[]) => new Set(films.map(groupOf));
const numbers = ({ count }: Folds) => Array.from({ length: count }, (_, fold) => fold);
const splits = (folds: Folds) => numbers(folds).map((fold) => splitOfFold(folds, fold));
const foldOf = ({ films }: Folds) => new Map(films.map((film) => [keyOf(film), film.fold]));
const countOf = (films: readonly Film[]) =>
  LABELS.map((label) => films.filter((film) => film.label === label).length);

Deno.test("makeFolds() tests each film once, and no patient is in the training and the test set", () => {
  for (const count of [2, 3, 5, 10]) {
    const folds = makeFolds(FILMS, { count, groupOf });
    const made = splits(folds);
    assertEquals(keys(made.flatMap(({ test }) => test)).sort(), keys(FILMS).sort());
    for (const { train, test } of made) {
      assertEquals(train.length + test.length, FILMS.length);
      assert(patients(train).isDisjointFrom(patients(test)));
    }
  }
});

/** Measures folds of counted films: per class, its largest fold less its smallest one. */
const spreads = (counts: number[][]) =>
  LABELS.map((_, label) => {
    const ofClass = counts.map((count) => count[label]!);
    return Math.max(...ofClass) - Math.min(...ofClass);
  });

/** Measures the largest distance between the share of TB in a fold and in all films. */
const distance = (counts: number[][]) => {
  const [healthy, tb] = countOf(FILMS) as [number, number];
  const shares = counts.map(([healthy, tb]) => tb! / (healthy! + tb!));
  return Math.max(...shares.map((share) => Math.abs(share - tb / (healthy + tb))));
};

Deno.test("makeFolds() spreads the classes as evenly as scikit-learn's StratifiedGroupKFold, or more", () => {
  for (const { count, seed, films } of reference.cases) {
    for (const own of [0, 1, 2, 3]) {
      const folds = makeFolds(FILMS, { count, seed: own, groupOf });
      const counts = splits(folds).map(({ test }) => countOf(test));
      const where = `${count} folds, seed ${own} and scikit-learn's ${seed}`;
      spreads(counts).forEach((spread, label) => {
        assert(spread <= spreads(films)[label]!, `${where}: ${LABELS[label]} differs by ${spread}`);
      });
      assert(distance(counts) <= distance(films), where);
    }
  }
});

Deno.test("makeFolds() deals the patient with the most films first, each to the emptiest fold", () => {
  // Patient e has 4 films, d 3, and a to c one each: 4 and 3 films, then 1 to the second fold, and
  // 1 to each. Of TB, the first patient goes to fold 0, the other to fold 1.
  const healthy = ["a1", "b1", "c1", "d1", "d2", "d3", "e1", "e2", "e3", "e4"];
  const films = [...healthy.map((name) => film(`${name}.png`, "Healthy")), film("x1"), film("y1")];
  for (const seed of [0, 1, 2]) {
    const folds = makeFolds(films, { count: 2, seed, groupOf: ({ filename }) => filename[0]! });
    assertEquals(splits(folds).map(({ test }) => countOf(test)), [[5, 1], [5, 1]]);
    const [e, d] = [6, 3].map((i) => folds.films[i]!.fold);
    assertEquals([e, d], [0, 1]);
  }
});

Deno.test("makeFolds() gives an odd film of the second class to the fold with the fewest films in all", () => {
  // Class a has 3 films, two of them in fold 0. Class b has 3, too: fold 1 gets the odd one.
  const films = ["a", "b"].flatMap((label) => [1, 2, 3].map((i) => film(`${i}.png`, label)));
  const folds = makeFolds(films, { count: 2 });
  assertEquals(countFolds(folds), [
    { fold: 0, "test a": 2, "test b": 1, "train a": 1, "train b": 2 },
    { fold: 1, "test a": 1, "test b": 2, "train a": 2, "train b": 1 },
  ]);
});

Deno.test("makeFolds() repeats the folds of a seed, and another seed gives others", () => {
  const make = (seed?: number) =>
    makeFolds(FILMS, { count: 5, groupOf, ...seed !== undefined && { seed } });
  assertEquals(make(1), make(1));
  assertEquals(make(), make(0));
  const made = [0, 1, 2, 3].map((seed) => JSON.stringify([...foldOf(make(seed))]));
  assertEquals(new Set(made).size, 4);
});

Deno.test("makeFolds() deals the same films alike in any order of listing", () => {
  const options = { count: 5, seed: 3, groupOf };
  const folds = makeFolds(FILMS, options);
  const mixed = ["a", "b", "c"].map((key) => shuffle(FILMS, createPrng(key)));
  for (const films of [FILMS.toReversed(), ...mixed]) {
    const others = makeFolds(films, options);
    const all = [...foldOf(folds)].sort();
    assertEquals([...foldOf(others)].sort(), all);
    const inClasses = LABELS.flatMap((label) => films.filter((film) => film.label === label));
    assertEquals(makeFolds(inClasses, options), folds);
  }
});

Deno.test("makeFolds() takes films of one name in both classes as two patients", () => {
  const folds = makeFolds(alone, { count: 3 });
  assertEquals(splits(folds).map(({ test }) => countOf(test)), [[4, 2], [3, 2], [3, 2]]);
  assertEquals(folds.films[0]!.group, "Healthy/0.png");
});

Deno.test("makeFolds() trains on films that only train, but never in a fold that tests their patient", () => {
  const films = withCopies(FILMS);
  const folds = makeFolds(films, {
    count: 5,
    // Every copy has its film's patient.
    groupOf,
    trainsOnly: isCopy,
  });
  const made = splits(folds);
  assertEquals(keys(made.flatMap(({ test }) => test)).sort(), keys(FILMS).sort());
  for (const { train, test } of made) {
    assert(patients(train).isDisjointFrom(patients(test)));
    // All others train, with their three copies.
    assertEquals(train.length, 4 * (FILMS.length - test.length));
  }
  // The copies do not change the folds of the films themselves.
  const without = foldOf(makeFolds(FILMS, { count: 5, groupOf }));
  for (const [key, fold] of without) assertEquals(foldOf(folds).get(key), fold);
});

Deno.test("makeFolds() trains a patient without a film that may test in every fold", () => {
  const folds = makeFolds([...alone, film("extra.png")], {
    count: 2,
    trainsOnly: ({ filename }) => filename === "extra.png",
  });
  assertEquals(folds.films.filter(({ fold }) => fold === null), [
    { filename: "extra.png", label: "TB", group: "TB/extra.png", fold: null },
  ]);
  for (const { train } of splits(folds)) assert(keys(train).includes("TB/extra.png"));
});

Deno.test("splitOfFold() tests the films of the fold and trains on the others, class 0 first, by name", () => {
  const folds = makeFolds(alone, { count: 3, seed: 1 });
  for (const fold of numbers(folds)) {
    const { train, test, validation } = splitOfFold(folds, fold);
    const tests = (film: Film) => foldOf(folds).get(keyOf(film)) === fold;
    assertEquals(test, alone.filter(tests));
    assertEquals(train, alone.filter((film) => !tests(film)));
    assertEquals(validation, null);
  }
});

Deno.test("splitOfFold() validates on the last films by name that train, as splitFilms() does", () => {
  const folds = makeFolds(alone, { count: 2, validationShare: 0.4 });
  for (const { train, validation } of splits(folds)) {
    // 40% of 5 are 2, and of 3 are 1.
    const [healthy, tb] = LABELS.map((label) => train.filter((film) => film.label === label));
    assertEquals(validation, [...healthy!.slice(-2), ...tb!.slice(-1)]);
  }
  // The same films as a split of the training films alone would choose, of patients too.
  const options = { validationShare: 0.3, patient: /^(p\d+)/ };
  const split = splitFilms(FILMS, options);
  const tested = new Set(keys(split.test));
  const films = FILMS.map((film) => ({
    ...{ ...film, group: groupOf(film) },
    fold: tested.has(keyOf(film)) ? 0 : 1,
  }));
  assertEquals(splitOfFold({ count: 2, seed: 0, validationShare: 0.3, films }, 0), split);
});

Deno.test("splitOfFold() lets no patient train and validate, and no film that only trains validates", () => {
  const options = { count: 4, validationShare: 0.25, groupOf };
  const folds = makeFolds(withCopies(FILMS), { ...options, trainsOnly: isCopy });
  const without = splits(makeFolds(FILMS, options));
  for (const [fold, { train, test, validation }] of splits(folds).entries()) {
    assertEquals(validation, without[fold]!.validation, "The share is that of the other films");
    assert(validation !== null && validation.length > 0);
    assertEquals(validation.filter(isCopy), []);
    const held = new Set(keys(validation));
    assert(new Set(keys(train)).isSupersetOf(held));
    const trained = train.filter((film) => !held.has(keyOf(film)));
    assert(patients(trained).isDisjointFrom(patients(validation)));
    assert(patients(train).isDisjointFrom(patients(test)));
    assertEquals(trained.filter(isCopy).length, 3 * trained.filter((film) => !isCopy(film)).length);
  }
});

Deno.test("splitOfFold() names a fold that is missing, and those that there are", () => {
  const folds = makeFolds(alone, { count: 5 });
  for (const fold of [7, 5, -1, 0.5, NaN]) {
    const message = `Cannot find fold ${fold}: the split has the folds 0 to 4`;
    assertThrows(() => splitOfFold(folds, fold), RangeError, message);
  }
});

type Options = Partial<Parameters<typeof makeFolds>[1]>;
const refuses = (films: readonly Film[], options: Options, message: string) =>
  assertThrows(() => makeFolds(films, { count: 2, ...options }), RangeError, message);

Deno.test("makeFolds() refuses a number of folds that is not whole, or below 2", () => {
  for (const count of [1, 0, -2, 2.5, NaN, Infinity]) {
    refuses(alone, { count }, `Cannot make ${count} folds: it must be a whole number from 2`);
  }
});

Deno.test("makeFolds() refuses a class with fewer patients than folds, and says how many there may be", () => {
  refuses(
    alone,
    { count: 7 },
    'Cannot make 7 folds: the films of "TB" that may test have too few patients, 6, as each fold ' +
      "needs one. Make at most 6 folds, or add films of other patients",
  );
  const trainsOnly = ({ filename, label }: Film) => label === "TB" && filename > "1.png";
  refuses(alone, { count: 3, trainsOnly }, "too few patients, 2, as each fold needs one");
  const groupOf = ({ label }: Film) => label;
  refuses(alone, { groupOf }, "too few patients, 1, as each fold needs one. Add films of other");
});

Deno.test("makeFolds() refuses to let all films of a class only train", () => {
  const trainsOnly = ({ label }: Film) => label === "TB";
  refuses(alone, { trainsOnly }, 'Cannot make folds: all films of "TB" only train. Let some');
});

Deno.test("makeFolds() names a patient with films of two classes, and two of the films", () => {
  const films = [...FILMS, film("p00_9.png", "Healthy"), film("p01_9.png", "Healthy")];
  const message = 'Cannot make folds: the patient "p00" has films of two classes, ';
  refuses(films, { groupOf }, `${message}p00_9.png (Healthy) and p00_0.png (TB). Leave out`);
  // Films that only train have patients, too.
  const trainsOnly = ({ filename }: Film) => filename.includes("_9");
  refuses(films, { groupOf, trainsOnly }, message);
});

Deno.test("makeFolds() refuses a validation share that is none, or leaves a set empty", () => {
  for (const share of [1, -0.1, NaN]) {
    refuses(alone, { validationShare: share }, `the validation share is ${share}, and must be in`);
  }
  refuses(alone, { validationShare: 0.1 }, "one of the sets would have none");
});

Deno.test("makeFolds() refuses a name that is twice in a class", () => {
  assertThrows(() => makeFolds([...alone, alone[0]!], { count: 2 }), Error, '"0.png" is twice');
});

Deno.test("countFolds() counts films of each class, validation films among those that train", () => {
  const folds = makeFolds(alone, { count: 3, validationShare: 0.4 });
  assertEquals(countFolds(folds), [
    { fold: 0, "test Healthy": 4, "test TB": 2, "train Healthy": 6, "train TB": 4 },
    { fold: 1, "test Healthy": 3, "test TB": 2, "train Healthy": 7, "train TB": 4 },
    { fold: 2, "test Healthy": 3, "test TB": 2, "train Healthy": 7, "train TB": 4 },
  ]);
});

Deno.test("FOLDS takes folds as JSON, and no fold outside of the count", () => {
  const folds = makeFolds(alone, { count: 2, seed: 9 });
  assertEquals(FOLDS.parse(JSON.parse(JSON.stringify(folds))), folds);
  assertNotEquals(folds.films[0]!.fold, null);
  const [first, ...others] = folds.films;
  for (const fold of [2, -1, 0.5]) {
    const films = [{ ...first!, fold }, ...others];
    assertEquals(FOLDS.safeParse({ ...folds, films }).success, false, `fold ${fold}`);
  }
});
