import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { parseClasses, TBX11K_CLASSES } from "@/film_classes.ts";
import { PROJECT_ROOT } from "@/paths.ts";
import { hasSplit, readSplit, writeSplit } from "@/split_files.ts";
import { inFolder } from "./in_folder.ts";

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

Deno.test("readSplit() reads what writeSplit() wrote", () =>
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

Deno.test("writeSplit() leaves nothing of the split before, and other files alone", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "notes.txt"), "");
    await writeSplit(folder, SPLIT);
    await writeSplit(folder, { ...SPLIT, validation: null });
    assertEquals(await namesIn(folder), [
      "notes.txt",
      "split.json",
      "test_data.csv",
      "train_data.csv",
    ]);
  }));

Deno.test("writeSplit() says where it cannot write", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "file"), "");
    const write = () => writeSplit(join(folder, "file/dataset"), SPLIT);
    await assertRejects(write, Error, "Cannot remove");
  }));

Deno.test("readSplit() knows a data folder in the project wherever the project is moved", () =>
  inFolder(async (folder) => {
    await writeSplit(folder, { ...SPLIT, data: join(PROJECT_ROOT, "data/imgs") });
    const { data } = JSON.parse(await Deno.readTextFile(join(folder, "split.json")));
    assertEquals(data, "data/imgs");
    assertEquals((await readSplit(folder)).data, join(PROJECT_ROOT, "data/imgs"));
  }));

Deno.test("readSplit() reads CSV files of one's own, of TBX11K's classes", () =>
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

Deno.test("readSplit() refuses a split that is not whole or not one", () =>
  inFolder(async (folder) => {
    const refuses = (message: string) => assertRejects(() => readSplit(folder), Error, message);
    await refuses("train_data.csv: there is no such file. Split the films with `deno task split`");
    await writeSplit(folder, { ...SPLIT, test: [film("1.png")] });
    await refuses("1.png (TB) is in the test set and in another");
    await writeSplit(folder, SPLIT);
    for (const text of ["{", "null", '{"data": 1}', '{"classes": []}', '{"classes": [1, 2]}']) {
      await Deno.writeTextFile(join(folder, "split.json"), text);
      await refuses("split.json: ");
    }
  }));
