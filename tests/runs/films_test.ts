import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { exists } from "@/common/files.ts";
import { fromRoot } from "@/common/paths.ts";
import { openFilmCache } from "@/films/cache.ts";
import { parseClasses } from "@/films/classes.ts";
import { listFilms, openDataFolder, PHANTOM_FOLDER } from "@/films/folder.ts";
import { chooseData, countFilms, openRunFilms, requireReadable, usedFilms } from "@/runs/films.ts";
import { writeSplit } from "@/split/files.ts";
import { splitFilms } from "@/split/split.ts";
import { inFolder } from "../in_folder.ts";
import { drawDataFolder } from "../small_run.ts";

/** Draws a data folder of 20 healthy and 10 TB films, and names a folder for the split. */
async function dataFolder(folder: string): Promise<{ data: string; dataset: string }> {
  return { data: await drawDataFolder(folder), dataset: join(folder, "dataset") };
}

Deno.test("openRunFilms() splits as the assignment does, writes the split, and keeps to it", () =>
  inFolder(async (folder) => {
    const options = await dataFolder(folder);
    const films = await openRunFilms(options);
    // 20% of each class test: the first 4 of 20 and the first 2 of 10 names.
    const healthy = ["01", "02", "04", "05"].map((n) => `film${n}.png`);
    assertEquals(films.test.map(({ filename }) => filename), [
      ...healthy,
      "film00.png",
      "film03.png",
    ]);
    assertEquals([films.train.length, films.validation, countFilms(films)], [24, null, 30]);
    assertEquals(films.test[4]!.path, join(options.data, "tb", "film00.png"));
    // A split that is there is used as it is.
    await Deno.writeTextFile(
      join(options.dataset, "test_data.csv"),
      "filename,label\nfilm01.png,Healthy\nfilm00.png,TB\n",
    );
    assertEquals((await openRunFilms(options)).test.length, 2);
  }));

Deno.test("openRunFilms() does not train on films that validate, and takes a subset of each class", () =>
  inFolder(async (folder) => {
    const options = { ...await dataFolder(folder), validation: 0.25 };
    const { train, validation } = await openRunFilms(options);
    // Of 16 and 8 training films the last quarter.
    assertEquals([train.length, validation!.length], [18, 6]);
    const trained = new Set(train.map(({ path }) => path));
    assertEquals(validation!.some(({ path }) => trained.has(path)), false);
    const few = await openRunFilms({ ...options, subset: 1 });
    assertEquals(countFilms(few), 6);
    assertEquals(few.test.map(({ filename }) => filename), ["film01.png", "film00.png"]);
  }));

Deno.test("openRunFilms() refuses to validate on a split without a validation set", () =>
  inFolder(async (folder) => {
    const options = await dataFolder(folder);
    await openRunFilms(options);
    await assertRejects(
      () => openRunFilms({ ...options, validation: 0.1 }),
      Error,
      "has no validation set; split again",
    );
  }));

Deno.test("openRunFilms() does not take a split for one of other data with films of the same names", () =>
  inFolder(async (folder) => {
    const { data, dataset } = await dataFolder(folder);
    await openRunFilms({ data, dataset });
    const other = join(folder, "other");
    await Deno.rename(data, other);
    const error = await assertRejects(() => openRunFilms({ data: other, dataset }), Error);
    assertStringIncludes(error.message, `it is one of ${data}, and the data folder is ${other}`);
  }));

Deno.test("openRunFilms() takes the split's own folder where none is named, and reads its class folders", () =>
  inFolder(async (folder) => {
    const { data, dataset } = await dataFolder(folder);
    await Deno.rename(join(data, "tb"), join(data, "PNEUMONIA"));
    const classes = parseClasses("health=Healthy,PNEUMONIA=TB");
    const { films } = await listFilms(data, { classes });
    await writeSplit(dataset, { ...splitFilms(films), classes, data });
    const { root, test } = await openRunFilms({ dataset });
    assertEquals(root, data);
    assertEquals(test.at(-1)!.path.startsWith(join(data, "PNEUMONIA")), true);
    // An empty variable is none.
    assertEquals(await chooseData("", dataset), data);
    assertEquals(await chooseData("other", dataset), fromRoot("other"));
    assertEquals(await chooseData("", join(folder, "none")), fromRoot(PHANTOM_FOLDER));
    await Deno.rename(data, `${data}2`);
    await assertRejects(() => openRunFilms({ dataset }), Error, `Cannot use ${data} as the data`);
  }));

Deno.test("openRunFilms() finds films of other class folders by the split's classes", () =>
  inFolder(async (folder) => {
    const { data, dataset } = await dataFolder(folder);
    await Deno.rename(join(data, "health"), join(data, "NORMAL"));
    await Deno.rename(join(data, "tb"), join(data, "PNEUMONIA"));
    const classes = parseClasses("NORMAL=Normal,PNEUMONIA=Pneumonia");
    const { films } = await listFilms(data, { classes });
    await writeSplit(dataset, { ...splitFilms(films), classes, data });
    const { test } = await openRunFilms({ data, dataset });
    assertEquals(test.map(({ label }) => label), [0, 0, 0, 0, 1, 1]);
    assertEquals(test[4]!.path, join(data, "PNEUMONIA", "film00.png"));
  }));

Deno.test("openRunFilms() and openDataFolder() write nothing for a folder that cannot be used", () =>
  inFolder(async (folder) => {
    const dataset = join(folder, "dataset");
    const data = join(folder, "nowhere");
    const error = await assertRejects(() => openRunFilms({ data, dataset }), Error);
    assertStringIncludes(error.message, `Cannot use ${data} as the data folder`);
    assertEquals(await exists(dataset), false);
    await assertRejects(() => openDataFolder(folder), Error, "it has no folder health");
  }));

Deno.test("requireReadable() lists all films that cannot be read, or leaves them out", () =>
  inFolder(async (folder) => {
    const options = await dataFolder(folder);
    const films = await openRunFilms(options);
    const cache = openFilmCache({ folder: join(folder, "cache") });
    const bad = [films.train[3]!, films.test[0]!];
    await Deno.writeTextFile(bad[0]!.path, "no film");
    await Deno.writeTextFile(bad[1]!.path, "");

    const done: number[] = [];
    const error = await assertRejects(
      () => requireReadable(films, { cache, onFilm: (count) => done.push(count) }),
      Error,
      "Cannot train: 2 of 30 films cannot be read",
    );
    for (const { path } of bad) assertStringIncludes(error.message, path);
    assertStringIncludes(error.message, "--skip-bad");
    assertEquals(done.at(-1), 30);

    const good = await requireReadable(films, { cache, skipBad: true });
    assertEquals([good.train.length, good.test.length], [23, 5]);
    assertEquals([...good.skipped!].sort(), bad.map(({ filename }) => filename).sort());
  }));

Deno.test("usedFilms() leaves out what the run left out, unreadable films and those after the first ones", () => {
  const film = (filename: string, label: 0 | 1) => ({ path: `/${filename}`, filename, label });
  const films = [film("a", 0), film("b", 0), film("c", 0), film("d", 1), film("e", 1)];
  const summary = { healthy: 1, tb: 1, fingerprint: "" };
  const used = usedFilms(films, { summary, skipped: ["a", "e"] });
  assertEquals(used.map(({ filename }) => filename), ["b", "d"]);
});
