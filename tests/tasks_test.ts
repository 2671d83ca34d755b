import {
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { join } from "node:path";
import { EXPERIMENTS } from "@/experiments.ts";
import { openFilmCache } from "@/film_cache.ts";
import { parseClasses } from "@/film_classes.ts";
import { listFilms } from "@/film_folder.ts";
import { CLASS_NAMES, type EpochRow } from "@/metrics.ts";
import { readPredictions, runFolders } from "@/results.ts";
import { runExperiment } from "@/run_experiment.ts";
import { splitFilms } from "@/split.ts";
import { writeSplit } from "@/split_files.ts";
import { chooseEpoch, scoreText } from "@/tasks/evaluate.ts";
import { answerTable } from "@/tasks/predict.ts";
import { defined, oneOf, share, wholeNumber } from "@/tasks/task.ts";
import { parseCommand } from "@/tasks/train.ts";
import { inFolder } from "./in_folder.ts";
import { drawDataFolder, SMALL_EXPERIMENT, SMALL_NETWORK } from "./small_run.ts";

Deno.test("parseCommand() names one experiment or all, and one seed or many", () => {
  const one = parseCommand(["l2"])!;
  assertEquals(one, { experiments: [EXPERIMENTS[1]!], seeds: [0], options: {} });
  const all = parseCommand(["all", "--epochs", "2", "--seeds", "3"])!;
  assertEquals(all.experiments.map(({ name, epochs }) => `${name} ${epochs}`), [
    ...["baseline 2", "l2 2", "dropout 2", "sharpness 2", "contrast 2"],
  ]);
  assertEquals([all.seeds, all.options], [[0, 1, 2], { keep: "best" }]);
});

Deno.test("parseCommand() reads every flag", () => {
  const args = [
    ...["baseline", "--data", "films", "--epochs", "7", "--seed", "4", "--precision", "bf16"],
    ...["--validation", "0.1", "--subset", "9", "--keep", "last", "--init", "w.safetensors"],
    ...["--stride-on", "3x3", "--skip-bad", "--restart", "--out", "elsewhere"],
  ];
  const { experiments, seeds, options } = parseCommand(args)!;
  assertEquals([experiments[0]!.epochs, seeds], [7, [4]]);
  assertEquals(options, {
    data: "films",
    precision: "bf16",
    validation: 0.1,
    subset: 9,
    keep: "last",
    init: "w.safetensors",
    network: { strideOn: "3x3" },
    skipBad: true,
    restart: true,
    out: "elsewhere",
  });
});

Deno.test("parseCommand() gives null for help and without a name, and refuses what it does not know", () => {
  for (const args of [["--help"], [], ["baseline", "l2"]]) assertEquals(parseCommand(args), null);
  const refused = [
    [["basline"], 'Cannot find the experiment "basline"'],
    [["baseline", "--epoch", "3"], "Unknown option '--epoch'"],
    [["baseline", "--epochs", "0"], "Cannot take --epochs 0: it must be a whole number from 1"],
    [["baseline", "--precision", "fp16"], "Cannot take --precision fp16: it must be fp32 or bf16"],
    [["baseline", "--validation", "10"], "Cannot take --validation 10: it must be a share"],
  ] as const;
  for (const [args, message] of refused) {
    assertThrows(() => parseCommand([...args]), Error, message);
  }
});

Deno.test("wholeNumber(), share() and oneOf() take what they should and leave undefined be", () => {
  assertEquals(wholeNumber("--n", { text: "12" }), 12);
  assertEquals(wholeNumber("--n", { text: undefined }), undefined);
  for (const text of ["", "-1", "1.5", "1e3", "0x10", "99999999999999999999"]) {
    assertThrows(() => wholeNumber("--n", { text }), RangeError, `Cannot take --n ${text}`);
  }
  assertEquals([share("--s", "0.25"), share("--s", undefined)], [0.25, undefined]);
  for (const text of ["", "1", "-0.1", "x"]) {
    assertThrows(() => share("--s", text), RangeError, `Cannot take --s ${text}`);
  }
  assertEquals(oneOf("--w", { text: "b", words: ["a", "b"] }), "b");
  assertEquals(oneOf("--w", { text: undefined, words: ["a"] }), undefined);
  assertThrows(() => oneOf("--w", { text: "c", words: ["a", "b"] }), RangeError, "a or b");
});

Deno.test("defined() leaves out what is undefined, and only that", () => {
  assertEquals(defined({ a: 0, b: undefined, c: null, d: "" }), { a: 0, c: null, d: "" });
});

Deno.test("chooseEpoch() finds an epoch by number or by what it is", () => {
  const rows = [0.5, 0.9, 0.7].map((testF1, epoch) => ({
    ...{ epoch, testF1, validationF1: null as number | null },
  })) as EpochRow[];
  assertEquals(chooseEpoch(rows, "0").epoch, 0);
  assertEquals(chooseEpoch(rows, "best"), { epoch: 1, reason: "highest test F1" });
  assertEquals(chooseEpoch(rows, "last"), { epoch: 2, reason: "last epoch" });
  assertThrows(() => chooseEpoch(rows, "3"), RangeError, "the run has the epochs 0 to 2");
  assertThrows(() => chooseEpoch(rows, "first"), RangeError, "Cannot take the epoch first: ");
  assertThrows(() => chooseEpoch(rows, "validation"), RangeError, "has no validation set");
  rows[0]!.validationF1 = 1;
  assertEquals(chooseEpoch(rows, "validation").epoch, 0);
});

Deno.test("scoreText() prints accuracy, F1 and the matrix as the assignment reports them", () => {
  const counts = { tn: 756, fp: 4, fn: 6, tp: 154 };
  const rates = { accuracy: 910 / 920, f1: 308 / 318, auc: 0.9991, sensitivity: 154 / 160 };
  const text = scoreText({ ...rates, specificity: 756 / 760, ...counts }, CLASS_NAMES);
  assertStringIncludes(text, "Accuracy: 98.9130%\nF1: 0.9686\nAUC: 0.9991\n");
  assertStringIncludes(text, "Sensitivity: 96.2500%\nSpecificity: 99.4737%\n");
  assertStringIncludes(text, "[[756   4]\n [  6 154]]");
});

Deno.test("answerTable() has its columns in the same places for every film, whatever the classes are", () => {
  const { header, line } = answerTable(CLASS_NAMES);
  assertEquals(
    [
      header,
      line({ path: "a.png", label: "TB", probability: 0.97312, milliseconds: 12.34 }),
      line({ path: "b.dcm", label: "Healthy", probability: 0, milliseconds: 1234.5 }),
      line({ path: "c.txt", error: "Cannot read" }),
    ],
    [
      "label     P(TB)  ms/film  film",
      "TB       0.9731     12.3  a.png",
      "Healthy  0.0000   1234.5  b.dcm",
      "-             -        -  c.txt: Cannot read",
    ],
  );
  const others = answerTable(["NORMAL", "PNEUMONIA"]);
  assertEquals(
    [
      others.header,
      others.line({ path: "a.png", label: "NORMAL", probability: 0.25, milliseconds: 12.34 }),
    ],
    [
      "label      P(PNEUMONIA)  ms/film  film",
      "NORMAL           0.2500     12.3  a.png",
    ],
  );
});

/** Runs a task; gives its exit code and what it said. */
async function runTaskFile(name: string, args: string[]): Promise<{ code: number; said: string }> {
  const path = join(import.meta.dirname!, "..", "lib", "tasks", `${name}.ts`);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", path, ...args],
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, said: decoder.decode(stdout) + decoder.decode(stderr) };
}

Deno.test("the tasks end with code 1 and one clear message where they cannot go on", () =>
  inFolder(async (folder) => {
    const nowhere = join(folder, "nowhere");
    const refused = [
      ["train", ["baseline", "--data", nowhere], `error: Cannot use ${nowhere} as the data folder`],
      ["evaluate", ["baseline", "best", "--out", folder], "error: Cannot find"],
      ["predict", [join(folder, "a.png"), "--out", folder], "train the experiment first"],
      ["bench", ["--case", "train"], "error: Cannot take --case train: it must be train-fp32 or"],
      ["bench", ["--case", "eval-fp32", "--peer", nowhere], `error: Cannot start ${nowhere}`],
    ] as const;
    const ends = await Promise.all(refused.map(([name, args]) => runTaskFile(name, [...args])));
    for (const [i, { code, said }] of ends.entries()) {
      assertEquals(code, 1);
      assertStringIncludes(said, refused[i]![2]);
      assertEquals(said.includes("    at "), false, said);
    }
    assertEquals([...Deno.readDirSync(folder)], []);
  }));

Deno.test("bench measures a case on its own, in one line of JSON", async () => {
  const { code, said } = await runTaskFile("bench", ["--case", "eval-fp32", "--rounds", "1"]);
  assertEquals(code, 0, said);
  const line = JSON.parse(said);
  assertEquals(
    Object.keys(line),
    ["case", "images_per_s", "peak_rss_mb", "first_step_s", "growth_mb"],
  );
  assertEquals(line.case, "eval-fp32");
  assertGreater(line.images_per_s, 0);
  // The weights alone are 94 MB, and they are there twice: as they are and folded.
  assertGreater(line.peak_rss_mb, 188);
});

/** Trains the small experiment for one epoch, and says nothing. */
async function trainQuietly(folder: string, data: string): Promise<EpochRow> {
  const log = console.log;
  console.log = () => {};
  const dataset = join(folder, "dataset");
  const cache = openFilmCache({ folder: join(folder, "cache") });
  const [row] = await runExperiment({ ...SMALL_EXPERIMENT, epochs: 1 }, {
    ...{ data, dataset, out: folder, cache, precision: "fp32", network: SMALL_NETWORK },
  }).finally(() => console.log = log);
  return row!;
}

Deno.test("evaluate and predict give again what the run found", () =>
  inFolder(async (folder) => {
    const data = await drawDataFolder(folder);
    const dataset = join(folder, "dataset");
    const row = await trainQuietly(folder, data);
    const { results } = runFolders("small", { root: folder });
    const predictions = await readPredictions(results, { epoch: 0 });

    const split = (set: string) => ["--split", join(dataset, `${set}_data.csv`), "--data", data];
    const film = join(data, "tb", "film00.png");
    const [tested, trained, predicted] = await Promise.all([
      runTaskFile("evaluate", ["small", "last", ...split("test"), "--out", folder]),
      runTaskFile("evaluate", ["small", "0", ...split("train"), "--out", folder]),
      runTaskFile("predict", [film, "--experiment", "small", "--out", folder, "--json"]),
    ]);
    assertStringIncludes(tested.said, "small, epoch 0 (last epoch), on 6 films, its test set\n");
    assertStringIncludes(tested.said, `Accuracy: ${(100 * row.testAccuracy).toFixed(4)}%\n`);
    assertStringIncludes(
      tested.said,
      `[[${row.testTn} ${row.testFp}]\n [${row.testFn} ${row.testTp}]]`,
    );
    assertStringIncludes(trained.said, "on 24 films, which are not its test set");
    const answer = JSON.parse(predicted.said);
    const { probability } = predictions.find(({ filename }) => filename === "film00.png")!;
    assertEquals(answer.path, film);
    assertAlmostEquals(answer.probability, probability, 1e-6);
  }));

Deno.test("train, evaluate and predict say what the classes of the split are called", () =>
  inFolder(async (folder) => {
    const data = await drawDataFolder(folder);
    await Deno.rename(join(data, "health"), join(data, "NORMAL"));
    await Deno.rename(join(data, "tb"), join(data, "PNEUMONIA"));
    const classes = parseClasses("NORMAL,PNEUMONIA");
    const dataset = join(folder, "dataset");
    const { films } = await listFilms(data, { classes });
    await writeSplit(dataset, { ...splitFilms(films), data, classes });
    await trainQuietly(folder, data);

    const { results } = runFolders("small", { root: folder });
    const text = await Deno.readTextFile(join(results, "predictions", "epoch00.csv"));
    assertEquals(text.match(/^film\d\d.png,\w+/gm), [
      ...["film01", "film02", "film04", "film05"].map((name) => `${name}.png,NORMAL`),
      ...["film00", "film03"].map((name) => `${name}.png,PNEUMONIA`),
    ]);
    const split = join(dataset, "test_data.csv");
    const alone = join(folder, "alone.csv");
    await Deno.copyFile(split, alone);
    const evaluate = (...args: string[]) =>
      runTaskFile("evaluate", ["small", "0", "--data", data, "--out", folder, ...args]);
    const film = join(data, "PNEUMONIA", "film00.png");
    const [beside, named, others, predicted] = await Promise.all([
      evaluate("--split", split),
      evaluate("--split", alone, "--classes", "NORMAL,PNEUMONIA"),
      evaluate("--split", alone, "--classes", "NORMAL=healthy,PNEUMONIA=ill"),
      runTaskFile("predict", [film, "--experiment", "small", "--out", folder]),
    ]);
    assertStringIncludes(beside.said, "on 6 films, its test set");
    assertStringIncludes(beside.said, "(rows: true NORMAL, true PNEUMONIA; columns: called NORMAL");
    assertEquals(named, beside);
    assertEquals(others.code, 1);
    assertStringIncludes(
      others.said,
      "its classes are healthy and ill, and the run's are NORMAL and PNEUMONIA",
    );
    await Deno.writeTextFile(alone, "filename,label\n");
    const none = await evaluate("--split", alone, "--classes", "NORMAL,PNEUMONIA");
    assertStringIncludes(none.said, `error: Cannot evaluate on ${alone}: it names no film`);
    assertStringIncludes(predicted.said, "label      P(PNEUMONIA)  ms/film  film\n");
    assertEquals(/\bTB\b|Healthy/.test(beside.said + predicted.said), false);
  }));
