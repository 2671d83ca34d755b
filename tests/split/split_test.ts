import { assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { createPrng, shuffle } from "@/common/random.ts";
import { type Film, firstOfEachClass, placeOf } from "@/films/film.ts";
import {
  countSplit,
  fromCsv,
  requireDisjoint,
  type Split,
  splitCsv,
  splitFilms,
} from "@/split/split.ts";

const REFERENCE = join(import.meta.dirname!, "..", "reference");
const readReference = (set: string) =>
  Deno.readTextFileSync(join(REFERENCE, `tbx11k_${set}_data.csv`));
const read = (text: string) => fromCsv(text, { path: "films.csv" });

const named = (label: string, names: string[]): Film[] =>
  names.map((filename) => ({ filename, label }));
const numbered = (label: string, count: number): Film[] =>
  named(label, Array.from({ length: count }, (_, i) => `${label}${100 + i}.png`));

Deno.test("splitFilms() makes the assignment's split of TBX11K's films", () => {
  const [train, test] = [readReference("train"), readReference("test")];
  const all = shuffle([...read(train), ...read(test)], createPrng("any order"))
    .toSorted((a, b) => a.label < b.label ? -1 : Number(a.label > b.label));
  const split = splitFilms(all);
  assertEquals(splitCsv(split.train), train);
  assertEquals(splitCsv(split.test), test);
  assertEquals(split.validation, null);
  assertEquals(countSplit(split).map(({ set, label, films }) => [set, label, films]), [
    ["train", "Healthy", 3040],
    ["train", "TB", 640],
    ["test", "Healthy", 760],
    ["test", "TB", 160],
  ]);
});

Deno.test("splitFilms() rounds the share down, as int() does", () => {
  const { test, train } = splitFilms([...numbered("a", 9), ...numbered("b", 5)]);
  assertEquals(test.map(({ filename }) => filename), ["a100.png", "b100.png"]);
  assertEquals(train.length, 12);
});

Deno.test("splitFilms() validates on the last training films, which the training set still lists", () => {
  const split = splitFilms([...numbered("a", 30), ...numbered("b", 20)], { validationShare: 0.1 });
  assertEquals(split.train.length, 24 + 16);
  assertEquals(split.validation!.map(({ filename }) => filename), [
    "a128.png",
    "a129.png",
    "b119.png",
  ]);
});

Deno.test("splitFilms() puts no patient into two sets, even across classes", () => {
  const films = [
    ...named("a", ["p1_1.png", "p1_2.png", "p2_1.png", "p3_1.png", "p4_1.png"]),
    ...named("b", ["p2_9.png", "p5_1.png", "p1_7.png", "p6_1.png", "p7_1.png"]),
  ];
  const { test, train } = splitFilms(films, { patient: /^(p\d+)_/ });
  // The rule takes p1_1 of a and p1_7 of b. Patient 1's other film follows.
  assertEquals(test.map(({ filename }) => filename), ["p1_1.png", "p1_2.png", "p1_7.png"]);
  assertEquals(train.length, 7);
});

Deno.test("splitFilms() refuses films and shares that make no split", () => {
  const films = [...numbered("a", 10), ...numbered("b", 4)];
  assertThrows(() => splitFilms(films), RangeError, '4 films of "b"');
  assertThrows(() => splitFilms(films, { testShare: 1 }), RangeError, "test share is 1");
  assertThrows(() => splitFilms(films, { testShare: NaN }), RangeError, "test share is NaN");
  assertThrows(() => splitFilms(films, { validationShare: -0.1 }), RangeError, "validation share");
  assertThrows(() => splitFilms([...films, films[0]!]), Error, '"a100.png" is twice among');
  assertThrows(() => splitFilms(films, { patient: /^x(\d)/ }), Error, "the patient of a100.png");
});

Deno.test("fromCsv() reads CRLF, a byte-order mark, quotes and names of any script", () => {
  const text = '\uFEFFfilename,label\r\n"a, ""b"".png",Healthy\r\nбронх é.png,TB\r\n';
  assertEquals(read(text), [
    { filename: 'a, "b".png', label: "Healthy" },
    { filename: "бронх é.png", label: "TB" },
  ]);
  assertEquals(read(splitCsv(read(text))), read(text));
});

Deno.test("fromCsv() reads the same name in both classes as two films", () => {
  assertEquals(read("filename,label\n1.png,Healthy\n1.png,TB\n").length, 2);
});

const refuses = (rows: string, message: string) =>
  assertThrows(() => read(`filename,label\n${rows}`), RangeError, message);

Deno.test("fromCsv() names the wrong row", () => {
  refuses("a.png,TB\nb.png,Tb\n", "row 3 (b.png,Tb) has a label other than Healthy and TB");
  refuses("a.png,TB\na.png,TB\n", "row 3 (a.png,TB) is listed twice");
  refuses(
    "x/a.png,TB\nx/a.png,Healthy\n",
    "row 3 (x/a.png,Healthy) is also listed under another label",
  );
  refuses("a.png,TB\ntb/a.png,TB\n", "row 3 (tb/a.png,TB) is listed twice");
  refuses(
    "a.png,TB\ntb/a.png,Healthy\n",
    "row 3 (tb/a.png,Healthy) is also listed under another label",
  );
  refuses("a.png\n", "row 2 (a.png) does not have two fields");
  for (
    const name of [
      "../a.png",
      "x/../../a.png",
      "/etc/passwd",
      "C:\\a.png",
      "..\\a.png",
      "x/",
      "",
      "././a.png",
      "./x/a.png",
      "x//a.png",
      "a\0.png",
    ]
  ) {
    refuses(`${name},TB\n`, "does not name a file in the data folder");
  }
});

Deno.test("fromCsv() reads backslashes, as Windows writes them, as folder separators", () => {
  assertEquals(read("filename,label\nx\\y\\a.png,TB\n"), [{ filename: "x/y/a.png", label: "TB" }]);
  refuses("x\\a.png,TB\nx/a.png,TB\n", "row 3 (x/a.png,TB) is listed twice");
});

Deno.test("fromCsv() says which flags name other labels", () => {
  refuses("a.png,Effusion\n", "row 2 (a.png,Effusion) has a label other than Healthy and TB");
  refuses(
    "a.png,Effusion\n",
    "deno task split --classes A,B with --csv FILE, or with --given train=",
  );
});

Deno.test("fromCsv() quotes at most 200 characters of a file", () => {
  const long = "x".repeat(20_000);
  const printed = (text: string) => {
    try {
      read(`filename,label\n${text}`);
    } catch (error) {
      return (error as Error).message.match(/x+/)![0].length;
    }
  };
  assertEquals(printed(`${long}.png,TB,${long}\n`), 199);
  assertThrows(() => read(`${"column,".repeat(3000)}\n`), SyntaxError, "column,col…");
});

Deno.test("fromCsv() refuses a file that is not a split", () => {
  assertThrows(() => read(""), SyntaxError, 'its first line is ""');
  assertThrows(() => read("name,class\n"), SyntaxError, 'its first line is "name,class"');
  assertThrows(() => read('filename,label\n"a.png,TB\n'), SyntaxError, "films.csv as CSV");
});

Deno.test("requireDisjoint() names a test film that is in another set", () => {
  const film = { filename: "a.png", label: "TB" };
  const path = { filename: "tb/a.png", label: "TB" };
  const sets = { train: [film], test: [{ ...film, label: "Healthy" }], validation: [film] };
  requireDisjoint(sets);
  const refuses = (changed: Partial<Split>) =>
    assertThrows(() => requireDisjoint({ ...sets, ...changed }), RangeError, "a.png (TB)");
  refuses({ test: [film] });
  refuses({ test: [path] });
  refuses({ train: [], test: [film] });
});

Deno.test("placeOf() gives the path from the data folder", () => {
  assertEquals(placeOf({ filename: "1.png", label: "TB" }), "tb/1.png");
  assertEquals(placeOf({ filename: "more/1.png", label: "TB" }), "more/1.png");
  assertEquals(placeOf({ filename: "./1.png", label: "TB" }), "1.png");
  assertThrows(
    () => placeOf({ filename: "1.png", label: "Sick" }),
    RangeError,
    '"Sick" is unknown',
  );
});

Deno.test("firstOfEachClass() takes class 0 first, in the films' order, and all films if there are fewer", () => {
  const film = (filename: string, label: 0 | 1) => ({ path: `/${filename}`, filename, label });
  const films = [film("tb1", 1), film("h1", 0), film("h2", 0), film("tb2", 1), film("h3", 0)];
  const namesOf = (count: number | [number, number]) =>
    firstOfEachClass(films, count).map(({ filename }) => filename);
  assertEquals(namesOf(1), ["h1", "tb1"]);
  assertEquals(namesOf(9), ["h1", "h2", "h3", "tb1", "tb2"]);
  assertEquals(namesOf([2, 1]), ["h1", "h2", "tb1"]);
});
