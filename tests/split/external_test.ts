import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { dirname, join } from "node:path";
import { writeAtomic } from "@/common/files.ts";
import { fromRoot } from "@/common/paths.ts";
import { parseClasses } from "@/films/classes.ts";
import { type LabelledFilm, TBX11K_CLASSES } from "@/films/film.ts";
import { openExternal, parseExternal } from "@/split/external.ts";
import { inFolder } from "../in_folder.ts";

const OPTIONS = { classes: TBX11K_CLASSES, own: [] as LabelledFilm[] };

/** Writes files, each with its own path as content. */
async function writeFiles(root: string, places: readonly string[]): Promise<void> {
  for (const place of places) await writeAtomic(join(root, place), place);
}

/** Opens a folder or file as the external set A, and lists its films with their labels. */
async function filmsOf(path: string, { classes = "", own = OPTIONS.own } = {}): Promise<string[]> {
  const flags = classes === "" ? [] : [`A=${classes}`];
  const [request] = parseExternal([`A=${path}`], flags);
  const { name, root, films } = await openExternal(request!, { ...OPTIONS, own });
  assertEquals(name, "A");
  return films.map(({ path, label }) => `${path.slice(root.length + 1)} ${label}`);
}

Deno.test("parseExternal() reads names, paths and classes, and refuses other forms", () => {
  const classes = parseClasses("NORMAL=Normal,TB");
  assertEquals(
    parseExternal(["MONTGOMERY=a=b", "Clinic 2=/c.csv"], ["Clinic 2=NORMAL=Normal,TB"]),
    [
      { name: "MONTGOMERY", path: fromRoot("a=b"), classes: null },
      { name: "Clinic 2", path: "/c.csv", classes },
    ],
  );
  for (const text of ["", "folder", "=folder", "A=", "../A=folder", "A|B=folder", "A =folder"]) {
    assertThrows(
      () => parseExternal([text]),
      RangeError,
      `Cannot take --external ${text}: it must be NAME=FOLDER or NAME=FILE.csv`,
    );
  }
  assertThrows(() => parseExternal(["A=a", "A=b"]), RangeError, "A is named twice");
  assertThrows(
    () => parseExternal(["A=a"], ["B=x,y"]),
    RangeError,
    "no --external has the name B",
  );
  assertThrows(() => parseExternal(["A=a"], ["A=x"]), RangeError, "as classes");
});

Deno.test("openExternal() lists class folders by the run's names or its own, and those in imgs", () =>
  inFolder(async (folder) => {
    const root = await Deno.realPath(folder);
    await writeFiles(root, ["a/health/1.png", "a/tb/2.png", "a/tb/3.dcm", "a/tb/notes.txt"]);
    assertEquals(await filmsOf(join(root, "a")), ["health/1.png 0", "tb/2.png 1", "tb/3.dcm 1"]);
    await writeFiles(root, ["b/imgs/NORMAL/1.png", "b/imgs/Sick/x/2.png"]);
    assertEquals(
      await filmsOf(join(root, "b"), { classes: "NORMAL,Sick/x=Sick" }),
      ["NORMAL/1.png 0", "Sick/x/2.png 1"],
    );
    // One class alone is a set, too.
    await writeFiles(root, ["c/tb/2.png"]);
    await Deno.mkdir(join(root, "d/health"), { recursive: true });
    await writeFiles(root, ["d/tb/2.png"]);
    for (const name of ["c", "d"]) assertEquals(await filmsOf(join(root, name)), ["tb/2.png 1"]);
  }));

Deno.test("openExternal() reads a CSV file whose films lie beside it, in class folders, or elsewhere by links", () =>
  inFolder(async (folder) => {
    const root = await Deno.realPath(folder);
    await writeFiles(root, ["flat/1.png", "flat/2.png", "deep/x/1.png", "deep/tb/2.png"]);
    const write = async (place: string, rows: string) => {
      await Deno.writeTextFile(join(root, place), `filename,label\n${rows}`);
      return join(root, place);
    };
    const flat = await write("flat/films.csv", "1.png,Healthy\n2.png,TB\n");
    assertEquals(await filmsOf(flat), ["1.png 0", "2.png 1"]);
    const deep = await write("deep/films.csv", "x/1.png,0\n2.png,1\n");
    assertEquals(await filmsOf(deep, { classes: "no=0,tb=1" }), ["x/1.png 0", "tb/2.png 1"]);
    await assertRejects(
      () => filmsOf(deep),
      RangeError,
      "has a label other than Healthy and TB. Name the labels of the two classes, the one to " +
        "detect last: --external-classes A=A,B",
    );
    await Deno.mkdir(join(root, "linked/tb"), { recursive: true });
    await Deno.symlink(join(root, "flat/2.png"), join(root, "linked/tb/2.png"));
    assertEquals(await filmsOf(join(root, "linked")), ["tb/2.png 1"]);
  }));

Deno.test("openExternal() says which flag maps other class names, and refuses what is missing or empty", () =>
  inFolder(async (folder) => {
    const root = await Deno.realPath(folder);
    await writeFiles(root, [
      "both/NORMAL/1.png",
      "both/SICK/2.png",
      "one/tb/1.png",
      "one/SICK/2.png",
    ]);
    const message = "Name its folders of Healthy and TB, in this order: --external-classes A=A,B";
    await assertRejects(
      () => filmsOf(join(root, "both")),
      RangeError,
      `it has no folder health and no folder tb (in it: NORMAL, SICK). ${message}`,
    );
    // A class may be missing because it has another name.
    await assertRejects(
      () => filmsOf(join(root, "one")),
      RangeError,
      `it has no folder health (in it: SICK, tb). ${message}`,
    );
    for (const missing of ["nowhere", "nowhere.csv"]) {
      await assertRejects(
        () => filmsOf(join(root, missing)),
        Error,
        `Cannot use ${join(root, missing)} as the external set A: there is no such folder or file`,
      );
    }
    await Deno.mkdir(join(root, "empty/tb"), { recursive: true });
    await assertRejects(() => filmsOf(join(root, "empty")), RangeError, "it has no film");
    // A class folder without films is not taken for a class that is not there.
    await writeFiles(root, ["bmp/health/1.png", "bmp/tb/2.bmp", "bmp/tb/deeper/3.png"]);
    await assertRejects(
      () => filmsOf(join(root, "bmp")),
      RangeError,
      `${join(root, "bmp/tb")} has no film. Left out as no films: 1 .bmp, 1 folder`,
    );
    await writeFiles(root, ["file/health/1.png", "file/tb"]);
    await assertRejects(() => filmsOf(join(root, "file")), Error, "as the external set A");
    await writeFiles(root, ["loop/health/1.png"]);
    await Deno.symlink("2.png", join(root, "loop/health/2.png"));
    await assertRejects(() => filmsOf(join(root, "loop")), Error, "Cannot use");
    await assertRejects(() => filmsOf("/dev/null"), Error, "it is no folder and no file");
    await writeFiles(root, ["list.csv"]);
    await Deno.writeTextFile(join(root, "list.csv"), "filename,label\ngone.png,TB\n");
    await assertRejects(() => filmsOf(join(root, "list.csv")), Error, "A filename in");
  }));

Deno.test("openExternal() refuses the runs' own films, by another path too", () =>
  inFolder(async (folder) => {
    const root = await Deno.realPath(folder);
    await writeFiles(root, ["own/health/1.png", "own/tb/2.png"]);
    const path = join(root, "own/tb/2.png");
    const own: LabelledFilm[] = [{ path, filename: "2.png", label: 1 }];
    await Deno.symlink(join(root, "own"), join(root, "alias"));
    for (const name of ["own", "alias"]) {
      await assertRejects(
        () => filmsOf(join(root, name), { own }),
        RangeError,
        `1 of its 2 films are those that the runs were trained and tested on (${path})`,
      );
    }
    assertEquals(dirname(path).endsWith("tb"), true);
  }));
