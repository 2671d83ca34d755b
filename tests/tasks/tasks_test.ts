import {
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { join } from "node:path";
import { scoreText } from "@/analysis/format.ts";
import { openFilmCache } from "@/films/cache.ts";
import { parseClasses } from "@/films/classes.ts";
import { CLASS_NAMES } from "@/films/film.ts";
import { listFilms } from "@/films/folder.ts";
import { runExperiment } from "@/notebooks/run_live.ts";
import { chooseEpoch, type EpochRow } from "@/runs/epochs.ts";
import { readPredictions, runFolders } from "@/runs/files.ts";
import { writeSplit } from "@/split/files.ts";
import { splitFilms } from "@/split/split.ts";
import { answerTable } from "@/tasks/answers.ts";
import { parseCommandLine } from "@/tasks/flags.ts";
import { defined, oneOf, share, wholeNumber } from "@/tasks/task.ts";
import { TRAIN_COMMAND, trainCommand } from "@/tasks/training_flags.ts";
import { inFolder } from "../in_folder.ts";
import { drawDataFolder, SMALL_EXPERIMENT, SMALL_NETWORK } from "../small_run.ts";
import { runTaskFile } from "../task_file.ts";

/** Reads a command line of `deno task train`; gives null if it asks for help. */
function parseTrain(args: readonly string[]) {
  const line = parseCommandLine(TRAIN_COMMAND, args);
  return line && trainCommand(line.positionals[0]!, line.flags);
}

Deno.test("trainCommand() reads one experiment or all, and one seed or several", () => {
  const one = parseTrain(["l2"])!;
  assertEquals(one, { experiment: "l2", changes: {}, seeds: [0], options: {} });
  assertEquals(trainCommand("l2", { fold: "3" }).fold, 3);
  assertEquals(trainCommand("l2", { folds: "all" }).fold, "all");
  const both = () => trainCommand("l2", { folds: "all", fold: "1" });
  assertThrows(both, RangeError, "Cannot take --fold with --folds all");
  assertThrows(() => trainCommand("l2", { folds: "5" }), RangeError, "it must be all");
  const all = parseTrain(["all", "--epochs", "2", "--seeds", "3"])!;
  assertEquals([all.experiment, all.epochs], ["all", 2]);
  assertEquals([all.seeds, all.options], [[0, 1, 2], { keep: "best" }]);
});

Deno.test("trainCommand() reads every flag", () => {
  const args = [
    ...["baseline", "--data", "films", "--epochs", "7", "--seed", "4", "--precision", "bf16"],
    ...["--validation", "0.1", "--subset", "9", "--keep", "last", "--init", "w.safetensors"],
    ...["--stride-on", "3x3", "--skip-bad", "--restart", "--out", "elsewhere"],
    ...["--batch-size", "8", "--learning-rate", "3e-4", "--image-size", "448", "--name", "big"],
  ];
  const { epochs, seeds, changes, name, options } = parseTrain(args)!;
  assertEquals([epochs, seeds, name], [7, [4], "big"]);
  assertEquals(changes, { batchSize: 8, learningRate: 3e-4, imageSize: 448 });
  assertEquals(options, {
    data: "films",
    precision: "bf16",
    validation: 0.1,
    subset: 9,
    keep: "last",
    init: "w.safetensors",
    network: { strideOn: "3x3", imageSize: 448 },
    skipBad: true,
    restart: true,
    out: "elsewhere",
  });
});

Deno.test("train gives null for help, and refuses a missing name and wrong flags and values", () => {
  assertEquals(parseTrain(["--help"]), null);
  const refused = [
    [[], "Cannot run without NAME|all. Usage: deno task train NAME|all [flags]"],
    [["baseline", "l2"], 'Cannot take "l2". Usage: deno task train NAME|all [flags]'],
    [["baseline", "--epoch", "3"], "Cannot take --epoch: did you mean --epochs?"],
    [["l2", "--seeds", "2", "--seed", "1"], "Cannot take --seed with --seeds"],
    [["baseline", "--epochs", "0"], "Cannot take --epochs 0: it must be a whole number from 1"],
    [["baseline", "--precision", "fp16"], "Cannot take --precision fp16: it must be fp32 or bf16"],
    [["baseline", "--validation", "10"], "Cannot take --validation 10: it must be a share"],
    [["l2", "--batch-size", "0"], "Cannot take --batch-size 0: it must be a whole number from 1"],
    [["l2", "--learning-rate", "0"], "Cannot take --learning-rate 0: it must be a number above 0"],
    [["l2", "--learning-rate", "1e-4x"], "Cannot take --learning-rate 1e-4x"],
    ...["0", "100", "16", "1056", "224.5", "224px"].map((size) =>
      [["l2", "--image-size", size, "--name", "big"], `Cannot take --image-size ${size}: `] as const
    ),
  ] as const;
  for (const [args, message] of refused) {
    assertThrows(() => parseTrain([...args]), Error, message);
  }
});

Deno.test("wholeNumber(), share() and oneOf() read valid values, keep undefined and refuse the rest", () => {
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

Deno.test("defined() drops undefined fields only", () => {
  assertEquals(defined({ a: 0, b: undefined, c: null, d: "" }), { a: 0, c: null, d: "" });
});

Deno.test("chooseEpoch() finds an epoch by its number or by best, validation and last", () => {
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

Deno.test("scoreText() prints accuracy, F1 and the matrix as the assignment does", () => {
  const counts = { tn: 756, fp: 4, fn: 6, tp: 154 };
  const rates = { accuracy: 910 / 920, f1: 308 / 318, auc: 0.9991, sensitivity: 154 / 160 };
  const text = scoreText({ ...rates, specificity: 756 / 760, ...counts }, CLASS_NAMES);
  assertStringIncludes(text, "Accuracy: 98.9130%\nF1: 0.9686\nAUC: 0.9991\n");
  assertStringIncludes(text, "Sensitivity: 96.2500%\nSpecificity: 99.4737%\n");
  assertStringIncludes(text, "[[756   4]\n [  6 154]]");
});

Deno.test("answerTable() aligns its columns for every film and all classes", () => {
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

Deno.test("the tasks print one clear message and end with code 1 if they fail", () =>
  inFolder(async (folder) => {
    const nowhere = join(folder, "nowhere");
    const refused = [
      [
        "train",
        ["basline", "--out", folder],
        'error: Cannot find the experiment "basline": did you mean baseline? The experiments are ',
      ],
      ["train", ["all", "--image-size", "448", "--out", folder], "--name NEW trains NEW-baseline"],
      ["check_data", [folder, "--data", nowhere], `error: Cannot check ${folder} and --data`],
      ["train", ["baseline", "--data", nowhere], "error: Cannot use "],
      ["evaluate", ["baseline", "best", "--out", folder], "error: Cannot find"],
      ["predict", [join(folder, "a.png"), "--out", folder], "train the experiment first"],
      [
        "dev/bench",
        ["--case", "train"],
        "error: Cannot take --case train: it must be train-fp32 or",
      ],
      ["dev/bench", ["--case", "eval-fp32", "--peer", nowhere], `error: Cannot start ${nowhere}`],
    ] as const;
    const ends = await Promise.all(refused.map(([name, args]) => runTaskFile(name, [...args])));
    for (const [i, { code, said }] of ends.entries()) {
      assertEquals(code, 1);
      assertStringIncludes(said, refused[i]![2]);
      assertEquals(said.includes("    at "), false, said);
    }
    assertEquals([...Deno.readDirSync(folder)], []);
  }));

Deno.test("bench measures one case, and prints one line of JSON", async () => {
  const { code, said } = await runTaskFile("dev/bench", ["--case", "eval-fp32", "--rounds", "1"]);
  assertEquals(code, 0, said);
  const line = JSON.parse(said);
  assertEquals(
    Object.keys(line),
    ["case", "images_per_s", "peak_rss_mb", "first_step_s", "growth_mb"],
  );
  assertEquals(line.case, "eval-fp32");
  assertGreater(line.images_per_s, 0);
  // The weights alone are 94 MB, and are in memory twice: plain and folded.
  assertGreater(line.peak_rss_mb, 188);
});

/** Trains the small experiment for one epoch, without output. */
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

Deno.test("evaluate and predict give the scores and probabilities of the run, and correct its name", () =>
  inFolder(async (folder) => {
    const data = await drawDataFolder(folder);
    const dataset = join(folder, "dataset");
    const row = await trainQuietly(folder, data);
    const { results } = runFolders("small", { root: folder });
    const predictions = await readPredictions(results, { epoch: 0 });

    const split = (set: string) => ["--split", join(dataset, `${set}_data.csv`), "--data", data];
    const film = join(data, "tb", "film00.png");
    const [tested, trained, predicted, ...misspelt] = await Promise.all([
      runTaskFile("evaluate", ["small", "last", ...split("test"), "--out", folder]),
      runTaskFile("evaluate", ["small", "0", ...split("train"), "--out", folder]),
      runTaskFile("predict", [film, "--experiment", "small", "--out", folder, "--json"]),
      runTaskFile("evaluate", ["smal", "last", "--out", folder]),
      runTaskFile("predict", [film, "--experiment", "smalll", "--out", folder]),
    ]);
    assertEquals(
      misspelt,
      ["smal", "smalll"].map((name) => ({
        code: 1,
        said: `error: Cannot find the run ${name}: did you mean small?\n`,
      })),
    );
    assertStringIncludes(
      tested.said,
      `small, epoch 0 (last epoch), on 6 films of ${data}, its test set\n`,
    );
    assertStringIncludes(tested.said, `Accuracy: ${(100 * row.testAccuracy).toFixed(4)}%\n`);
    assertStringIncludes(
      tested.said,
      `[[${row.testTn} ${row.testFp}]\n [${row.testFn} ${row.testTp}]]`,
    );
    assertStringIncludes(trained.said, `on 24 films of ${data}, which are not its test set`);
    const answer = JSON.parse(predicted.said);
    const { probability } = predictions.find(({ filename }) => filename === "film00.png")!;
    assertEquals(answer.path, film);
    assertAlmostEquals(answer.probability, probability, 1e-6);
  }));

Deno.test("train, evaluate and predict name the classes as the split does", () =>
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
    assertStringIncludes(beside.said, `on 6 films of ${data}, its test set`);
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
