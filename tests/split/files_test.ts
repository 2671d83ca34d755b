import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { basename, dirname, join } from "node:path";
import { PROJECT_ROOT } from "@/common/paths.ts";
import { parseClasses } from "@/films/classes.ts";
import { TBX11K_CLASSES } from "@/films/film.ts";
import { hasSplit, readSource, readSplit, type SavedSplit, writeSplit } from "@/split/files.ts";
import { makeFolds, splitOfFold } from "@/split/folds.ts";
import { inFolder } from "../in_folder.ts";

const film = (filename: string, label = "TB") => ({ filename, label });
const SPLIT = {
  train: [film("1.png", "Healthy"), film("1.png"), film("2.png")],
  test: [film("3.png")],
  validation: [film("2.png")],
  classes: TBX11K_CLASSES,
  data: "/films/imgs",
};
const namesIn = async (folder: string) =>
  (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();

Deno.test("readSplit() reads a split of writeSplit()", () =>
  inFolder(async (folder) => {
    assertEquals(await hasSplit(folder), false);
    await writeSplit(folder, SPLIT);
    assertEquals(await hasSplit(folder), true);
    assertEquals(await readSplit(folder), SPLIT);
    assertEquals(
      await Deno.readTextFile(join(folder, "train_data.csv")),
      "filename,label\n1.png,Healthy\n1.png,TB\n2.png,TB\n",
    );
  }));

Deno.test("writeSplit() removes the old split, and keeps other files", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "notes.txt"), "");
    await writeSplit(folder, SPLIT);
    await writeSplit(folder, { ...SPLIT, validation: null });
    assertEquals(await namesIn(folder), [
      ".lock",
      "notes.txt",
      "split.json",
      "test_data.csv",
      "train_data.csv",
    ]);
  }));

Deno.test("writeSplit() names a folder that it cannot write", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "file"), "");
    const write = () => writeSplit(join(folder, "file/dataset"), SPLIT);
    await assertRejects(write, Error, "Cannot write");
  }));

/** Makes a data folder whose films hold their paths, and a split that tests on the last one. */
async function makeFilms(root: string, places: string[]): Promise<SavedSplit> {
  for (const place of places) {
    await Deno.mkdir(dirname(join(root, place)), { recursive: true });
    await Deno.writeTextFile(join(root, place), `${root} ${place}`);
  }
  const label = (place: string) => place.startsWith("tb") ? "TB" : "Healthy";
  const films = places.map((place) => film(basename(place), label(place)));
  return {
    train: films.slice(0, -1),
    test: films.slice(-1),
    ...{ validation: null, classes: TBX11K_CLASSES, data: root },
  };
}

/** Reads the files of a folder, without hidden ones. */
async function contents(folder: string, within = ""): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { name, isDirectory } of Deno.readDir(join(folder, within))) {
    if (name.startsWith(".")) continue;
    const place = join(within, name);
    if (isDirectory) Object.assign(found, await contents(folder, place));
    else found[place] = await Deno.readTextFile(join(folder, place));
  }
  return found;
}

const PLACES = ["health/1.png", "tb/1.png", "tb/2.png"];

Deno.test("writeSplit() replaces a split and its copies by another with the same names", () =>
  inFolder(async (folder) => {
    const [a, b] = [join(folder, "a"), join(folder, "b")];
    const first = await makeFilms(a, ["health/0.png", ...PLACES]);
    const second = await makeFilms(b, PLACES);
    const dataset = join(folder, "dataset");
    await writeSplit(dataset, { ...first, copies: true });
    assertEquals(Object.keys(await contents(dataset)).length, 3 + 4);
    await writeSplit(dataset, { ...second, copies: true });
    const { "split.json": _source, ...files } = await contents(dataset);
    assertEquals(files, {
      "train_data.csv": "filename,label\n1.png,Healthy\n1.png,TB\n",
      "test_data.csv": "filename,label\n2.png,TB\n",
      "train/health/1.png": `${b} health/1.png`,
      "train/tb/1.png": `${b} tb/1.png`,
      "test/tb/2.png": `${b} tb/2.png`,
    });
    await writeSplit(dataset, first);
    assertEquals(await namesIn(dataset), [
      ...[".copies.csv", ".lock", "split.json", "test_data.csv", "train_data.csv"],
    ]);
    assertEquals(Object.keys(await contents(a)).length, 4, "The films themselves stay");
  }));

Deno.test("writeSplit() keeps the old split if a foreign film is among its copies", () =>
  inFolder(async (folder) => {
    const dataset = join(folder, "dataset");
    await writeSplit(dataset, { ...await makeFilms(join(folder, "a"), PLACES), copies: true });
    const second = await makeFilms(join(folder, "b"), PLACES);
    await Deno.writeTextFile(join(dataset, "train/tb/mine.png"), "mine");
    const before = await contents(dataset);
    for (const copies of [true, false]) {
      const error = await assertRejects(() => writeSplit(dataset, { ...second, copies }), Error);
      assertStringIncludes(error.message, join(dataset, "train/tb/mine.png"));
    }
    assertEquals(await contents(dataset), before);
    assertEquals((await readSplit(dataset)).data, join(folder, "a"));
  }));

Deno.test("writeSplit() refuses its own copies as the data folder", () =>
  inFolder(async (folder) => {
    const dataset = join(folder, "dataset");
    const split = await makeFilms(join(folder, "a"), PLACES);
    await writeSplit(dataset, { ...split, copies: true });
    const data = join(dataset, "train");
    const own = { ...split, test: [], data, copies: true };
    await assertRejects(
      () => writeSplit(dataset, own),
      Error,
      "its films are copies that an earlier split made there",
    );
    assertEquals(Object.keys(await contents(data)).length, 2);
    await writeSplit(join(folder, "other"), own);
  }));

Deno.test("readSplit() completes an interrupted split, or names the obstacle", () =>
  inFolder(async (folder) => {
    const [dataset, b] = [join(folder, "dataset"), join(folder, "b")];
    await writeSplit(dataset, { ...await makeFilms(join(folder, "a"), PLACES), copies: true });
    const second = await makeFilms(b, PLACES);
    // All films are read before anything is written. Then a film is moved, which stops the second
    // step.
    const onFilm = (done: number) => done === 3 && Deno.renameSync(join(b, "tb"), join(b, "away"));
    const write = () => writeSplit(dataset, { ...second, copies: true, onFilm });
    await assertRejects(write, Error, `Cannot copy ${join(b, "tb/1.png")}`);
    assertEquals(await hasSplit(dataset), true);
    assertEquals((await readSource(dataset))!.data, b);
    const error = await assertRejects(() => readSplit(dataset), Error);
    assertStringIncludes(error.message, `Cannot complete the split in ${dataset}`);
    assertStringIncludes(error.message, "or split again (`deno task split`)");
    await Deno.rename(join(b, "away"), join(b, "tb"));
    const { train, data } = await readSplit(dataset);
    assertEquals([train, data], [second.train, b]);
    assertEquals(await contents(join(dataset, "train")), {
      "health/1.png": `${b} health/1.png`,
      "tb/1.png": `${b} tb/1.png`,
    });
  }));

Deno.test("writeSplit() replaces an interrupted split that cannot be completed", () =>
  inFolder(async (folder) => {
    const [dataset, lost] = [join(folder, "dataset"), join(folder, "lost")];
    const second = await makeFilms(lost, PLACES);
    const onFilm = (done: number) => done === 3 && Deno.removeSync(join(lost, "tb/1.png"));
    const write = () => writeSplit(dataset, { ...second, copies: true, onFilm });
    await assertRejects(write, Error, "Cannot copy");
    assertEquals(Object.keys(await contents(dataset)), ["train/health/1.png"]);
    const first = await makeFilms(join(folder, "a"), ["health/2.png", ...PLACES.slice(1)]);
    await Deno.remove(lost, { recursive: true });
    await writeSplit(dataset, { ...first, copies: true });
    const { data, train } = await readSplit(dataset);
    assertEquals([data, train], [join(folder, "a"), first.train]);
    const copies = Object.keys(await contents(join(dataset, "train")));
    assertEquals(copies.sort(), ["health/2.png", "tb/1.png"]);
  }));

/** Makes a split in folds, of films that are made as by `makeFilms()`. */
async function makeFolded(root: string): Promise<SavedSplit> {
  const places = ["health", "tb"].flatMap((name) => [1, 2, 3, 4].map((i) => `${name}/${i}.png`));
  const { train, test, ...origin } = await makeFilms(root, places);
  const folds = makeFolds([...train, ...test], { count: 4, seed: 2, validationShare: 0.4 });
  return { ...origin, ...splitOfFold(folds, 0), folds };
}

Deno.test("readSplit() reads the folds of writeSplit(), which a later split without folds removes", () =>
  inFolder(async (folder) => {
    const [dataset, root] = [join(folder, "dataset"), join(folder, "a")];
    const folded = await makeFolded(root);
    await writeSplit(dataset, folded);
    assertEquals(await readSplit(dataset), folded);
    assertEquals((await readSource(dataset))!.folds, folded.folds);
    const { folds: _, ...plain } = folded;
    await writeSplit(dataset, plain);
    assertEquals(await readSplit(dataset), plain);
  }));

Deno.test("readSplit() names the folds' field that is damaged", () =>
  inFolder(async (folder) => {
    const folded = await makeFolded(join(folder, "a"));
    const dataset = join(folder, "dataset");
    await writeSplit(dataset, folded);
    const path = join(dataset, "split.json");
    const source = JSON.parse(await Deno.readTextFile(path));
    const [first, ...others] = source.folds.films;
    const damages = {
      "folds": 1,
      "folds.count": { ...source.folds, count: 1 },
      "folds.seed": { ...source.folds, seed: null },
      "folds.validationShare": { ...source.folds, validationShare: 1 },
      "folds.films": { ...source.folds, films: [{ ...first, fold: 4 }, ...others] },
      "folds.films.0.fold": { ...source.folds, films: [{ ...first, fold: "0" }, ...others] },
      "folds.films.0.group": { ...source.folds, films: [{ ...first, group: 1 }, ...others] },
    };
    for (const [field, folds] of Object.entries(damages)) {
      await Deno.writeTextFile(path, JSON.stringify({ ...source, folds }));
      const message = `Cannot read ${path}: its "${field}" is wrong`;
      await assertRejects(() => readSplit(dataset), SyntaxError, message);
    }
  }));

Deno.test("readSplit() completes an interrupted split with its folds, or without those of the old one", () =>
  inFolder(async (folder) => {
    const dataset = join(folder, "dataset");
    const folded = await makeFolded(join(folder, "a"));
    const plain = await makeFilms(join(folder, "b"), PLACES);
    for (const [old, next] of [[plain, folded], [folded, plain]] as const) {
      await writeSplit(dataset, { ...old, copies: true });
      const [films, away] = ["tb", "away"].map((name) => join(next.data!, name));
      // A film that is moved after all were read stops the second step, as above.
      const onFilm = (done: number) =>
        done === next.train.length + next.test.length && Deno.renameSync(films!, away!);
      const write = () => writeSplit(dataset, { ...next, copies: true, onFilm });
      await assertRejects(write, Error, "Cannot copy");
      const kept = JSON.parse(await Deno.readTextFile(join(dataset, "split.json")));
      assertEquals(kept.folds, old.folds, "The old split's files are as they were");
      await Deno.rename(away!, films!);
      assertEquals(await readSplit(dataset), next);
    }
  }));

Deno.test("readSplit() finds a data folder in the project after the project was moved", () =>
  inFolder(async (folder) => {
    await writeSplit(folder, { ...SPLIT, data: join(PROJECT_ROOT, "data/imgs") });
    const { data } = JSON.parse(await Deno.readTextFile(join(folder, "split.json")));
    assertEquals(data, "data/imgs");
    assertEquals((await readSplit(folder)).data, join(PROJECT_ROOT, "data/imgs"));
  }));

Deno.test("readSplit() reads your own CSV files of TBX11K's classes", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "train_data.csv"), "filename,label\r\na.png,TB\r\n");
    await Deno.writeTextFile(join(folder, "test_data.csv"), "filename,label\nb.png,Healthy\n");
    assertEquals(await readSplit(folder), {
      train: [film("a.png")],
      test: [film("b.png", "Healthy")],
      validation: null,
      classes: TBX11K_CLASSES,
      data: null,
    });
  }));

Deno.test("readSplit() reads the labels of other classes", () =>
  inFolder(async (folder) => {
    const classes = parseClasses("NORMAL=Normal,PNEUMONIA=Pneumonia");
    const sets = { train: [film("1.jpeg", "Normal")], test: [film("1.jpeg", "Pneumonia")] };
    await writeSplit(folder, { ...sets, validation: null, data: null, classes });
    assertEquals((await readSplit(folder)).test, [film("1.jpeg", "Pneumonia")]);
    await writeSplit(folder, { ...SPLIT, classes });
    await assertRejects(() => readSplit(folder), RangeError, "a label other than Normal and Pneum");
  }));

Deno.test("readSplit() refuses an incomplete or invalid split", () =>
  inFolder(async (folder) => {
    const refuses = (message: string) => assertRejects(() => readSplit(folder), Error, message);
    await refuses("train_data.csv: there is no such file. Split the films with `deno task split`");
    await writeSplit(folder, { ...SPLIT, test: [film("1.png")] });
    await refuses("1.png (TB) is in the test set and in another");
    await writeSplit(folder, SPLIT);
    for (
      const text of ["{", "null", "{}", '{"data": 1}', '{"classes": []}', '{"classes": [1, 2]}']
    ) {
      await Deno.writeTextFile(join(folder, "split.json"), text);
      await refuses("split.json: ");
    }
  }));
