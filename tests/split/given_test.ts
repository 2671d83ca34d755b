import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { dirname, join } from "node:path";
import { parseClasses } from "@/films/classes.ts";
import { openGiven, parseGiven, requireFilmsApart } from "@/split/given.ts";
import { inFolder } from "../in_folder.ts";

const classes = parseClasses("NORMAL,PNEUMONIA");

/** Kermany's layout: two films of each class in each set. */
const PLACES = ["train", "test", "val"].flatMap((set) =>
  ["NORMAL", "PNEUMONIA"].flatMap((name) =>
    [1, 2].map((i) => `${set}/${name}/${set}-person${i}_${name}.jpeg`)
  )
);

/** Runs a test with a data folder. Each film holds its own path. */
function withFilms(test: (root: string) => Promise<void>): Promise<void> {
  return inFolder(async (folder) => {
    const root = join(await Deno.realPath(folder), "chest_xray");
    for (const place of PLACES) {
      await Deno.mkdir(dirname(join(root, place)), { recursive: true });
      await Deno.writeTextFile(join(root, place), place);
    }
    await test(root);
  });
}

const OPTIONS = { classes, data: undefined, elsewhere: "/nowhere", followLinks: false };
const ofSet = (set: string) =>
  PLACES.filter((place) => place.startsWith(set))
    .map((filename) => ({ filename, label: filename.split("/")[1]! }));

Deno.test("parseGiven() reads the sets, and refuses a missing, unknown or repeated one", () => {
  assertEquals(parseGiven("train=a/b=c, test=d"), { train: "a/b=c", test: "d" });
  assertEquals(parseGiven("test=t.csv,train=a,validation=v"), {
    ...{ train: "a", test: "t.csv", validation: "v" },
  });
  const bad = ["", "train=a", "train=a,test=", "train=a,test=b,val=c", "train=a,test=b,test=c"];
  for (const text of bad) {
    assertThrows(() => parseGiven(text), RangeError, `Cannot take --given ${text}: it must name`);
  }
});

Deno.test("openGiven() reads folders, and finds their common folder", () =>
  withFilms(async (root) => {
    const sets = { train: join(root, "train"), test: join(root, "test") };
    assertEquals(await openGiven(sets, OPTIONS), {
      root,
      folders: [sets.train, sets.test],
      split: { train: ofSet("train"), test: ofSet("test"), validation: null },
    });
    const above = dirname(root);
    const named = await openGiven(sets, { ...OPTIONS, data: above });
    assertEquals(named.root, above);
    assertEquals(named.split.test[0]!.filename, "chest_xray/test/NORMAL/test-person1_NORMAL.jpeg");
    await assertRejects(
      () => openGiven(sets, { ...OPTIONS, data: join(root, "train") }),
      Error,
      `${join(root, "test")} is not in the data folder ${join(root, "train")}`,
    );
  }));

Deno.test("openGiven() lists validation films among the training films, class by class", () =>
  withFilms(async (root) => {
    const { split } = await openGiven({
      ...{ train: join(root, "train"), test: join(root, "test"), validation: join(root, "val") },
    }, OPTIONS);
    assertEquals(split.validation, ofSet("val"));
    assertEquals(
      split.train.map(({ filename }) => filename.split("/").slice(0, 2).join("/")),
      ["train", "train", "val", "val"].map((set) => `${set}/NORMAL`)
        .concat(["train", "train", "val", "val"].map((set) => `${set}/PNEUMONIA`)),
    );
  }));

Deno.test("openGiven() reads CSV files, and a folder beside one", () =>
  withFilms(async (root) => {
    const csv = join(dirname(root), "test.csv");
    const rows = ofSet("test").map(({ filename, label }) => `${filename},${label}\n`).join("");
    await Deno.writeTextFile(csv, `filename,label\n${rows.replaceAll("/", "\\")}`);
    const sets = { train: join(root, "train"), test: csv };
    for (const options of [{ data: root }, { elsewhere: root }]) {
      const { split } = await openGiven(sets, { ...OPTIONS, ...options });
      assertEquals([split.train, split.test], [ofSet("train"), ofSet("test")]);
    }
    await Deno.writeTextFile(csv, "filename,label\ntest/NORMAL/none.jpeg,NORMAL\n");
    await assertRejects(
      () => openGiven(sets, { ...OPTIONS, data: root }),
      RangeError,
      'the given test set: it has no film of "PNEUMONIA"',
    );
    await Deno.writeTextFile(csv, `filename,label\n${rows}test/NORMAL/none.jpeg,NORMAL\n`);
    await assertRejects(
      () => openGiven(sets, { ...OPTIONS, data: root }),
      Error,
      "Cannot find 1 of 5 films",
    );
  }));

Deno.test("openGiven() refuses a patient in two sets", () =>
  withFilms(async (root) => {
    const sets = { train: join(root, "train"), test: join(root, "test") };
    await openGiven(sets, { ...OPTIONS, patient: /^\w+-person\d/ });
    const error = await assertRejects(
      () => openGiven(sets, { ...OPTIONS, patient: /person\d/ }),
      RangeError,
    );
    assertStringIncludes(error.message, "the patient person1 is in the train set (train-person1_");
    assertStringIncludes(error.message, "and in the test set (test-person1_NORMAL.jpeg)");
  }));

Deno.test("requireFilmsApart() names films with the same content in two sets", () =>
  withFilms(async (root) => {
    const sets = { train: join(root, "train"), test: join(root, "test") };
    const { split } = await openGiven({ ...sets, validation: join(root, "val") }, OPTIONS);
    const seen: number[] = [];
    await requireFilmsApart(split, { root, classes, onFilm: (done) => seen.push(done) });
    assertEquals(seen.at(-1), 12);
    const [first, second] = ["NORMAL/test-person1_NORMAL", "PNEUMONIA/test-person2_PNEUMONIA"];
    await Deno.copyFile(join(root, PLACES[0]!), join(root, `test/${first}.jpeg`));
    await Deno.copyFile(join(root, ofSet("val")[0]!.filename), join(root, `test/${second}.jpeg`));
    const error = await assertRejects(
      () => requireFilmsApart(split, { root, classes }),
      RangeError,
    );
    assertEquals(error.message.split("\n").slice(1), [
      `  ${PLACES[0]} (train) = test/${first}.jpeg (test)`,
      `  ${ofSet("val")[0]!.filename} (validation) = test/${second}.jpeg (test)`,
      "Remove them from one of the sets",
    ]);
  }));
