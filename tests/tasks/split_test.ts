import { assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, join } from "node:path";
import { exists } from "@/common/files.ts";
import { fromRoot } from "@/common/paths.ts";
import { createPrng } from "@/common/random.ts";
import { placeOf } from "@/films/film.ts";
import { openRunFilms } from "@/runs/films.ts";
import { readSplit } from "@/split/files.ts";
import { splitOfFold } from "@/split/folds.ts";
import { inFolder } from "../in_folder.ts";

/** The number of kills: 3, or that of `XRAY_TEST_KILLS`. */
const KILLS = Number(Deno.env.get("XRAY_TEST_KILLS") ?? 3);

/** Runs `deno task split`, without the set-up. */
async function split(args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", fromRoot("lib/tasks/split.ts"), ...args],
    env: { NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

async function makeFiles(root: string, places: string[]): Promise<void> {
  for (const place of places) {
    await Deno.mkdir(dirname(join(root, place)), { recursive: true });
    await Deno.writeTextFile(join(root, place), place);
  }
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

Deno.test("deno task split splits Kermany's folders by patient", () =>
  inFolder(async (folder) => {
    const data = join(folder, "films");
    await makeFiles(data, [
      ...numbers(6).map((i) => `NORMAL/IM-000${i}-0001.jpeg`),
      ...numbers(6).map((i) => `PNEUMONIA/person${i}_virus_1.jpeg`),
      "PNEUMONIA/person1_virus_2.jpeg",
    ]);
    const out = join(folder, "out");
    const classes = "NORMAL=Normal,PNEUMONIA=Pneumonia";
    const patient = "^(person\\d+|IM-\\d+)";
    const { code, stdout, stderr } = await split(
      ["--data", data, "--out", out, "--classes", classes, "--patient", patient],
    );
    assertEquals([code, stderr], [0, ""]);
    const table = [
      "set    label      films  first                 last",
      "-----  ---------  -----  --------------------  --------------------",
      "train  Normal         5  IM-0002-0001.jpeg     IM-0006-0001.jpeg",
      "train  Pneumonia      5  person2_virus_1.jpeg  person6_virus_1.jpeg",
      "test   Normal         1  IM-0001-0001.jpeg     IM-0001-0001.jpeg",
      "test   Pneumonia      2  person1_virus_1.jpeg  person1_virus_2.jpeg",
    ];
    assertStringIncludes(stdout, table.join("\n"));
    assertEquals(
      await Deno.readTextFile(join(out, "test_data.csv")),
      "filename,label\nIM-0001-0001.jpeg,Normal\nperson1_virus_1.jpeg,Pneumonia\n" +
        "person1_virus_2.jpeg,Pneumonia\n",
    );
    const copy = join(out, "test/PNEUMONIA/person1_virus_2.jpeg");
    assertEquals(await Deno.readTextFile(copy), "PNEUMONIA/person1_virus_2.jpeg");
  }));

Deno.test("deno task split splits the films of a CSV file, wherever they lie", () =>
  inFolder(async (folder) => {
    await makeFiles(folder, numbers(9).map((i) => `films/all/${i}.png`));
    const rows = numbers(9).map((i) => `all/${i}.png,${i > 4 ? "Healthy" : "TB"}\n`);
    const csv = join(folder, "films.csv");
    await Deno.writeTextFile(csv, `filename,label\n${rows.join("")}`);
    const args = ["--data", join(folder, "films"), "--csv", csv, "--out", join(folder, "out")];
    const { code } = await split([...args, "--test", "0.4", "--no-copies"]);
    assertEquals(code, 0);
    assertEquals(
      await Deno.readTextFile(join(folder, "out/test_data.csv")),
      "filename,label\nall/5.png,Healthy\nall/6.png,Healthy\nall/1.png,TB\n",
    );
    await Deno.remove(join(folder, "films/all/3.png"));
    const { code: failed, stderr } = await split(args);
    assertEquals(failed, 1);
    assertStringIncludes(stderr, "Cannot find 1 of 9 films");
    assertStringIncludes(stderr, "all/3.png");
  }));

/** Makes two films each of 12 healthy patients and 6 others, and an augmented copy of the first. */
async function makePatients(root: string): Promise<void> {
  const names = (patient: number) => [1, 2].map((i) => `p${patient}_${i}.png`);
  await makeFiles(root, [
    ...numbers(12).flatMap((i) => names(i).map((name) => `health/${name}`)),
    ...numbers(6).flatMap((i) => names(20 + i).map((name) => `tb/${name}`)),
    ...numbers(6).map((i) => `tb/p${20 + i}_1.aug.png`),
  ]);
}

Deno.test("deno task split makes folds by patient, of which fold 0 is the split", () =>
  inFolder(async (folder) => {
    const [data, out] = ["films", "out"].map((name) => join(folder, name)) as [string, string];
    await makePatients(data);
    const args = ["--data", data, "--out", out, "--folds", "3", "--patient", "^p\\d+"];
    const { code, stdout, stderr } = await split([...args, "--train-only", "\\.aug"]);
    assertEquals([code, stderr], [0, ""]);
    const table = [
      "fold  test Healthy  test TB  train Healthy  train TB",
      "----  ------------  -------  -------------  --------",
      "   0             8        4             16        12",
      "   1             8        4             16        12",
      "   2             8        4             16        12",
    ];
    assertStringIncludes(stdout, table.join("\n"));
    const { folds, flags, ...sets } = await readSplit(out);
    assertEquals([folds!.count, folds!.seed, folds!.validationShare], [3, 0, 0]);
    assertEquals(flags, [...args, "--train-only", "\\.aug"]);
    const { train, test } = splitOfFold(folds!, 0);
    assertEquals([sets.train, sets.test], [train, test]);
    assertEquals(folds!.films.find(({ filename }) => filename === "p21_1.aug.png"), {
      ...{ filename: "p21_1.aug.png", label: "TB", group: "p21", fold: null },
    });
    const copies = (await filesIn(join(out, "test"))).sort();
    assertEquals(copies, test.map(({ filename }) => filename).sort());
    await split(["--data", data, "--out", out, "--no-copies"]);
    assertEquals((await readSplit(out)).folds, undefined, "A split without folds removes them");
  }));

Deno.test("deno task split makes folds by a list of patients, with a seed and validation films", () =>
  inFolder(async (folder) => {
    const [data, out] = ["films", "out"].map((name) => join(folder, name)) as [string, string];
    await makeFiles(
      data,
      ["health", "tb"].flatMap((name) => numbers(8).map((i) => `${name}/${i}.png`)),
    );
    const groups = join(folder, "groups.csv");
    const rows = ["health", "tb"].flatMap((name) =>
      numbers(8).map((i) => `${name}/${i}.png,${name}${i % 4}`)
    );
    const write = (rows: string[]) =>
      Deno.writeTextFile(groups, ["filename,group", ...rows, ""].join("\n"));
    await write(rows);
    const args = ["--data", data, "--out", out, "--no-copies", "--folds", "2", "--groups", groups];
    const options = ["--validation", "0.3", "--seed"];
    const { code, stdout, stderr } = await split([...args, ...options, "5"]);
    assertEquals([code, stderr], [0, ""]);
    assertStringIncludes(stdout, "Films that validate are among those listed for training");
    const { folds, validation } = await readSplit(out);
    assertEquals([folds!.seed, folds!.validationShare], [5, 0.3]);
    assertEquals(folds!.films[3]!.group, "health0");
    // 30% of 4 is one film of each class, whose patient has another one.
    assertEquals(validation!.length, 4);
    assertEquals(validation, splitOfFold(folds!, 0).validation);
    await write(rows.toSpliced(9, 1));
    const missing = await split(args);
    assertEquals(missing.code, 1);
    assertStringIncludes(missing.stderr, "1 of 16 films are missing, such as tb/2.png");
  }));

Deno.test("deno task split refuses flags of folds that do not go together, and patterns of no use", () =>
  inFolder(async (folder) => {
    const data = join(folder, "films");
    await makePatients(data);
    const out = join(folder, "out");
    const refuses = async (args: string[], message: string) => {
      const { code, stderr } = await split(["--data", data, "--out", out, ...args]);
      assertEquals(code, 1);
      assertStringIncludes(stderr, message);
      assertEquals(await exists(out), false);
    };
    const folds = ["--folds", "2"];
    await refuses(["--folds", "1"], "Cannot take --folds 1: it must be a whole number from 2");
    await refuses(["--folds", "2.5"], "Cannot take --folds 2.5: it must be a whole number from 2");
    await refuses([...folds, "--seed", "x"], "Cannot take --seed x: it must be a whole number");
    await refuses([...folds, "--test", "0.2"], "Cannot take --test with --folds, which chooses");
    await refuses([...folds, "--given", "train=a,test=b"], "Cannot take --given with --folds");
    await refuses(["--seed", "1"], "Cannot take --seed without --folds: name their number");
    await refuses(["--groups", "g.csv"], "Cannot take --groups without --folds");
    await refuses(["--train-only", "aug"], "Cannot take --train-only without --folds");
    await refuses(
      [...folds, "--patient", "^p", "--groups", "g.csv"],
      "Cannot take --patient with --groups: both name the patients. Omit one",
    );
    await refuses([...folds, "--train-only", "("], "Cannot take --train-only (");
    await refuses(
      [...folds, "--train-only", "flipped"],
      "Cannot take --train-only flipped: it matches no film's name, such as p10_1.png",
    );
    await refuses([...folds, "--train-only", "p2\\d"], 'all films of "TB" only train');
    await refuses(["--folds", "7", "--patient", "^p\\d+"], "too few patients, 6");
  }));

Deno.test("deno task split takes given sets, and refuses flags that do not go with them", () =>
  inFolder(async (folder) => {
    const sets = ["train", "test"].flatMap((set) =>
      numbers(2).flatMap((i) => [`${set}/NORMAL/${set}${i}.png`, `${set}/PNEUMONIA/${set}${i}.png`])
    );
    await makeFiles(join(folder, "chest_xray"), sets);
    const out = join(folder, "out");
    const given = ["train", "test"].map((set) => `${set}=${join(folder, "chest_xray", set)}`);
    const args = ["--given", given.join(), "--classes", "NORMAL,PNEUMONIA", "--out", out];
    const { code, stdout, stderr } = await split(args);
    assertEquals([code, stderr], [0, ""]);
    assertStringIncludes(stdout, `${join(folder, "chest_xray")}\n`);
    const { train, test, data } = await readSplit(out);
    assertEquals(data, join(folder, "chest_xray"));
    assertEquals([...train, ...test].map(({ filename }) => filename).sort(), sets.toSorted());
    assertEquals(await exists(join(out, "train")), false, "Nothing is copied");
    const refused = await split([...args, "--test", "0.3"]);
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.stderr, "Cannot take --test with --given");
    const path = join(folder, "chest_xray", sets[0]!);
    await Deno.writeTextFile(path, sets.find((place) => place.startsWith("test/"))!);
    assertStringIncludes((await split(args)).stderr, `${sets[0]} (train) = test/NORMAL/test1.png`);
  }));

Deno.test("deno task split refuses links out of the folder, or follows them for good", () =>
  inFolder(async (folder) => {
    const blobs = numbers(10).map((i) => `blobs/${i}`);
    await makeFiles(folder, [...blobs, "imgs/health/.keep", "imgs/tb/.keep"]);
    for (const [i, blob] of blobs.entries()) {
      const link = join(folder, "imgs", i < 5 ? "health" : "tb", `${i}.png`);
      await Deno.symlink(`../../${blob}`, link);
    }
    const [data, out] = [join(folder, "imgs"), join(folder, "out")];
    const refused = await split(["--data", data, "--out", out]);
    assertStringIncludes(refused.stderr, "is meant, split with --follow-links");
    assertEquals(await exists(out), false);
    const { code } = await split(["--data", data, "--out", out, "--follow-links"]);
    assertEquals(code, 0);
    const { test } = await openRunFilms({ dataset: out });
    assertEquals(await Deno.readTextFile(test[0]!.path), "blobs/1");
    assertEquals(await Deno.readTextFile(join(out, "test/health/0.png")), "blobs/1");
  }));

Deno.test("deno task split takes the folder and the classes of the existing split if none are named", () =>
  inFolder(async (folder) => {
    const [data, out] = [join(folder, "films"), join(folder, "out")];
    const names = ["NORMAL", "PNEUMONIA"];
    await makeFiles(data, names.flatMap((name) => numbers(10).map((i) => `${name}/${i}.png`)));
    await split(["--data", data, "--classes", "NORMAL=Normal,PNEUMONIA=Pneumonia", "--out", out]);
    const { code, stdout } = await split(["--test", "0.5", "--out", out]);
    assertEquals(code, 0);
    assertStringIncludes(stdout, `${data}\n`);
    const { test, train } = await readSplit(out);
    assertEquals([test.length, train.length], [10, 10]);
    assertEquals(test[0]!.label, "Normal");
  }));

/** Starts a split, and kills it some milliseconds after it prints what it is about to write. */
async function killSplit(data: string, out: string, milliseconds: number): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", fromRoot("lib/tasks/split.ts"), "--data", data, "--out", out],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const output = child.stdout.getReader();
  await output.read();
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended already.
  }
  await child.status;
  await output.cancel();
}

Deno.test(`deno task split killed ${KILLS} times leaves a whole split, the old or the new one`, () =>
  inFolder(async (folder) => {
    const out = join(folder, "out");
    const folders = ["a", "b"].map((name) => join(folder, name));
    const places = ["health", "tb"].flatMap((name) => numbers(60).map((i) => `${name}/${i}.png`));
    for (const data of folders) {
      await makeFiles(data, places);
      for (const place of places) await Deno.writeTextFile(join(data, place), `${data} ${place}`);
    }
    await split(["--data", folders[1]!, "--out", out]);
    const { integer } = createPrng("kills");
    const outcomes = new Set<string>();
    for (let kill = 0; kill < KILLS; kill++) {
      await killSplit(folders[kill % 2]!, out, integer(400));
      const { train, test, data } = await readSplit(out);
      assertEquals([train.length, test.length], [96, 24]);
      for (const [set, films] of Object.entries({ train, test })) {
        for (const film of films) {
          const copy = join(out, set, placeOf(film));
          assertEquals(await Deno.readTextFile(copy), `${data} ${placeOf(film)}`);
        }
        assertEquals((await filesIn(join(out, set))).length, films.length);
      }
      outcomes.add(data === folders[kill % 2] ? "the next" : "the one before");
    }
    if (KILLS > 10) assertEquals([...outcomes].sort(), ["the next", "the one before"]);
    await split(["--data", folders[0]!, "--out", out]);
    assertEquals((await filesIn(out)).filter((name) => /next|tmp/.test(name)), []);
  }));

/** Lists the names of all files below a folder. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  const found = entries.map(({ name, isDirectory }) =>
    isDirectory ? filesIn(join(folder, name)) : [name]
  );
  return (await Promise.all(found)).flat();
}

Deno.test("deno task split takes the films of a CSV file from a flat folder, or names the place it searched", () =>
  inFolder(async (folder) => {
    const [data, out, csv] = ["flat", "out", "films.csv"].map((name) => join(folder, name));
    await makeFiles(data!, numbers(20).map((i) => `${i}.png`));
    const rows = numbers(20).map((i) => `${i}.png,${i > 10 ? "yes" : "no"}\n`).join("");
    await Deno.writeTextFile(csv!, `filename,label\n${rows}`);
    const args = ["--data", data!, "--csv", csv!, "--classes", "no,yes", "--out", out!];
    assertEquals((await split(args)).code, 0);
    const { test } = await openRunFilms({ dataset: out! });
    assertEquals(test.map(({ path }) => path), [1, 10, 11, 12].map((i) => join(data!, `${i}.png`)));
    assertEquals(await Deno.readTextFile(join(out!, "test/11.png")), "11.png");
    await Deno.writeTextFile(
      csv!,
      `filename,label\n${rows.replaceAll(/^/gm, "imagez/").slice(0, -7)}`,
    );
    const { code, stderr } = await split(args);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "it has no folder imagez");
    assertStringIncludes(stderr, `In ${csv} a film's name is its path from there`);
  }));

Deno.test("deno task split explains an error, and writes nothing", () =>
  inFolder(async (folder) => {
    await makeFiles(folder, ["films/health/1.png", "films/tb/1.png"]);
    const out = join(folder, "out");
    const refuses = async (args: string[], message: string) => {
      const { code, stderr } = await split(["--out", out, ...args]);
      assertEquals(code, 1);
      assertStringIncludes(stderr, message);
      assertEquals(await Deno.stat(out).catch(() => null), null);
    };
    await refuses(["--data", join(folder, "none")], "there is no such folder");
    await refuses(["--data", join(folder, "films")], 'Cannot split 1 films of "Healthy"');
    await refuses(["--data", join(folder, "films"), "--patient", "("], "Cannot take --patient (");
  }));
