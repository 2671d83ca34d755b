import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "node:path";
import { analyse } from "@/analysis/analyse.ts";
import { readAnalysis } from "@/analysis/read_analysis.ts";
import { analysisTables } from "@/analysis/tables/tables.ts";
import { writeAtomic } from "@/common/files.ts";
import { fromRoot } from "@/common/paths.ts";
import {
  aucFigure,
  deletionFigure,
  precisionRecallFigure,
  reliabilityFigure,
  seedsFigure,
} from "@/figures/analysis.ts";
import { openFilmCache } from "@/films/cache.ts";
import { runFolders } from "@/runs/files.ts";
import type { RunFilms } from "@/runs/settings.ts";
import { train } from "@/runs/train.ts";
import { inFolder } from "../in_folder.ts";
import promised from "../reference/summary_v1_fields.json" with { type: "json" };
import { drawFilms, SMALL_EXPERIMENT, smallRun } from "../small_run.ts";

/** Runs an analysis on the runs of a folder. */
function analyseFolder(root: string, films: RunFilms) {
  const cache = openFilmCache({ folder: join(root, "cache") });
  return analyse({ root, films, cache, phantom: true });
}

async function trainSmall(
  root: string,
  { films, name, seed = 0 }: { films: RunFilms; name: string; seed?: number },
): Promise<void> {
  const folders = runFolders(name, { seed, root });
  const experiment = { ...SMALL_EXPERIMENT, name, epochs: 2 };
  await Array.fromAsync(train(experiment, { ...smallRun(root, films), folders, seed }));
}

/** Lists the places in a value, `a.b[].c`; the first item of a list stands for all. */
function placesOf(value: unknown, path = ""): string[] {
  if (Array.isArray(value)) {
    return value.length === 0 ? [`${path}[]`] : placesOf(value[0], `${path}[]`);
  }
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([key, part]) =>
    placesOf(part, path === "" ? key : `${path}.${key}`)
  );
}

Deno.test("analyse() writes the tables, the summary, the model card and the ONNX file of a folder of runs", () =>
  inFolder(async (root) => {
    const all = await drawFilms(root);
    const copy = { ...all.test[0]!, filename: "copy.png" };
    const films = {
      ...all,
      validation: all.train.slice(12),
      train: [...all.train.slice(0, 11), copy],
    };
    await trainSmall(root, { films, name: "baseline" });
    await trainSmall(root, { films, name: "l2" });
    await trainSmall(root, { films, name: "baseline", seed: 1 });
    await trainSmall(root, { films, name: "l2", seed: 1 });
    const { summary } = await analyseFolder(root, films);

    assertEquals(summary.experiments.map(({ experiment }) => experiment), ["baseline", "l2"]);
    assertEquals(summary.best.chosenBy, "validation F1");
    assertEquals(summary.experiments[0]!.chosenBy, "highest validation F1");
    assert(summary.experiments[0]!.calibration.scaled!.temperature > 0);
    assertEquals(summary.seeds.effects.map(({ pairs }) => pairs), [2]);
    assert(summary.reproduced < 1e-5);
    // TB films are drawn with a bright upper half: their border alone tells them.
    const border = summary.shortcuts.find(({ shortcut }) => shortcut === "border")!;
    assertEquals(border.auc.value, 1);

    // One of the test films was trained on as well.
    assertEquals(
      summary.nearDuplicates.map(({ train, test, distance }) => [train, test, distance]),
      [
        ["copy.png", films.test[0]!.filename, 0],
      ],
    );

    const read = await readAnalysis({ root });
    assertEquals(read.summary.comparisons, summary.comparisons);
    // The version's promise to those who read the file: a field may be added, none may go.
    const places = new Set(placesOf(read.summary));
    assertEquals(read.summary.version, 1);
    assertEquals(promised.filter((place) => !places.has(place)), []);
    assertEquals(read.curves[0]!.roc[0], { x: 0, y: 0 });
    assertEquals(read.cases[0]!.maps.occlusion.values.length, 16);

    const folder = join(root, "results", "analysis");
    const files = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
    const both = ["calibration", "comparisons", "deletion", "errors", "operating_points", "scores"];
    assertEquals(
      files,
      [
        ...[...both, "matched", "near_duplicates", "seeds", "selection", "shortcuts"].flatMap((
          name,
        ) => [`${name}.csv`, `${name}.md`]),
        ...["roc.csv", "precision_recall.csv", "curves.json", "cases.json", "model_card.md"],
      ].sort(),
    );
    const scores = await Deno.readTextFile(join(folder, "scores.csv"));
    assertStringIncludes(scores, "experiment,epoch,chosen_by,accuracy,accuracy_low,accuracy_high,");
    assertEquals(scores.trimEnd().split("\n").length, 3);
    const card = await Deno.readTextFile(join(folder, "model_card.md"));
    for (const text of ["Not for diagnosis", "8 Healthy, 4 TB", "phantom films", "95% interval"]) {
      assertStringIncludes(card, text);
    }
    const { experiment, epoch } = summary.best;
    const onnx = await Deno.stat(join(root, "model", experiment, `epoch0${epoch}.onnx`));
    assert(onnx.size > 10_000);
  }));

Deno.test("analyse() and readAnalysis() name what is missing", () =>
  inFolder(async (root) => {
    const films = await drawFilms(root);
    await assertRejects(
      () => analyseFolder(root, films),
      Error,
      "it has no run. Train first: deno task train all",
    );
    await assertRejects(
      () => readAnalysis({ root }),
      Error,
      "there is none. Write it: deno task analyse",
    );
    await trainSmall(root, { films, name: "baseline" });
    await assertRejects(
      () => analyseFolder(root, { ...films, test: films.test.slice(1) }),
      RangeError,
      "film20.png is not among the test films of dataset/",
    );
    await assertRejects(
      () => analyseFolder(root, { ...films, train: films.train.slice(1) }),
      RangeError,
      "the training films of dataset/ are not those that it was trained on",
    );
    const { model } = runFolders("baseline", { root });
    await Deno.remove(model, { recursive: true });
    await assertRejects(
      () => analyseFolder(root, films),
      Error,
      "Cannot find the weights of epoch 1",
    );
  }));

Deno.test("analyse() adds runs and keeps the best network's answers when its weights are gone", () =>
  inFolder(async (root) => {
    const films = await drawFilms(root);
    await trainSmall(root, { films, name: "baseline" });
    const before = await analyseFolder(root, films);
    await Deno.remove(join(root, "model"), { recursive: true });
    await trainSmall(root, { films, name: "baseline", seed: 1 });
    // An earlier version worded it differently.
    const deletion = before.summary.deletion.map((test) => ({ ...test, words: "It falls." }));
    await Deno.writeTextFile(
      join(root, "results", "summary.json"),
      JSON.stringify({ ...before.summary, deletion }),
    );
    const { summary, cases } = await analyseFolder(root, films);
    assertEquals(summary.seeds.spreads[0]!.seeds, [0, 1]);
    assertEquals(summary.deletion, before.summary.deletion);
    assertEquals(cases, before.cases);

    // Another network's answers are not kept: this epoch has other predictions.
    const { results } = runFolders("baseline", { root });
    const path = join(results, "predictions", "epoch01.csv");
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, text.replaceAll(/,0\.\d+$/gm, ",0.5"));
    await assertRejects(
      () => analyseFolder(root, films),
      Error,
      "Cannot find the weights of epoch 1",
    );
  }));

Deno.test("readAnalysis() gives analyse()'s result for one seed without validation films, with tables and figures by the classes' names", () =>
  inFolder(async (root) => {
    const classes = ["NORMAL", "PNEUMONIA"] as const;
    const films = { ...await drawFilms(root), classes };
    await trainSmall(root, { films, name: "baseline" });
    const found = await analyseFolder(root, films);
    assertEquals(found.summary.seeds.spreads[0]!.f1.deviation, NaN);
    assertEquals(found.summary.experiments[0]!.calibration.scaled, null);

    const read = await readAnalysis({ root });
    assertEquals(read, found);
    const seeds = analysisTables(read.summary).find(({ name }) => name === "seeds")!;
    assertMatch(seeds.markdown[0]!["F1"]!, /^[01]\.\d{4}$/);
    assertEquals(seedsFigure(read.summary).data.length, 1);

    // Nothing calls classes with other names TB and Healthy.
    const figures = [seedsFigure, reliabilityFigure, deletionFigure, aucFigure]
      .map((draw) => draw(read.summary));
    const said = [
      JSON.stringify([read.summary, figures, analysisTables(read.summary)]),
      JSON.stringify(precisionRecallFigure(read.curves, { classes })),
      await Deno.readTextFile(join(root, "results", "analysis", "model_card.md")),
    ].join("\n");
    assertEquals(said.match(/.{30}(\bTB\b|Healthy).{30}/g), null);
    assertStringIncludes(said, "13 NORMAL, 7 PNEUMONIA");
  }));

Deno.test("analyse() refuses weights that do not give the run's predictions", () =>
  inFolder(async (root) => {
    const films = await drawFilms(root);
    await trainSmall(root, { films, name: "baseline" });
    const { results } = runFolders("baseline", { root });
    const path = join(results, "predictions", "epoch01.csv");
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(
      path,
      text.replace(/(film20\.png,\w+),.*/, "$1,0.0001").replace(
        /(film21\.png,\w+),.*/,
        "$1,0.9999",
      ),
    );
    await assertRejects(
      () => analyseFolder(root, films),
      Error,
      "its weights give probabilities that differ by up to",
    );
  }));

/** The files of an analysis, in `results/`. */
const FILES = ["summary.json", "analysis/curves.json", "analysis/cases.json"] as const;

/** Copies the reference run's analysis, and gives the path of a file in the copy. */
async function copyAnalysis(root: string): Promise<(file: typeof FILES[number]) => string> {
  for (const file of FILES) {
    const text = await Deno.readTextFile(fromRoot(`reference_run/results/${file}`));
    await writeAtomic(join(root, "results", file), text);
  }
  return (file) => join(root, "results", file);
}

Deno.test("readAnalysis() keeps every field of the reference run's analysis, in its order", async () => {
  const { summary, curves, cases } = await readAnalysis({ root: fromRoot("reference_run") });
  for (const [i, value] of [summary, curves, cases].entries()) {
    const text = await Deno.readTextFile(fromRoot(`reference_run/results/${FILES[i]}`));
    assertEquals(JSON.stringify(value, null, 1) + "\n", text);
  }
});

Deno.test("readAnalysis() refuses a summary of another version and one that is cut short", () =>
  inFolder(async (root) => {
    const path = join(root, "results/summary.json");
    await writeAtomic(path, '{"version": 2}');
    await assertRejects(() => readAnalysis({ root }), SyntaxError, "it is of version 2, not 1");
    await Deno.writeTextFile(path, '{"version": 1');
    await assertRejects(() => readAnalysis({ root }), SyntaxError, "it is not JSON");
  }));

Deno.test("readAnalysis() names a damaged file and its first wrong place, and how to write it again", () =>
  inFolder(async (root) => {
    const pathOf = await copyAnalysis(root);
    const again = "Write it again: deno task analyse";
    const damages = [
      ["summary.json", "experiments.1.scores.auc.low", "0.9"],
      ["summary.json", "comparisons.0.decisions.onlyFirst", -1],
      ["summary.json", "data.test.fingerprint", undefined],
      ["summary.json", "experiments", []],
      ["analysis/curves.json", "2.roc.0.x", "0"],
      ["analysis/cases.json", "0.maps.occlusion.cells", 1.5],
    ] as const;
    for (const [file, place, wrong] of damages) {
      const path = pathOf(file);
      const text = await Deno.readTextFile(path);
      const value = JSON.parse(text);
      const keys = place.split(".");
      keys.slice(0, -1).reduce((part, key) => part[key], value)[keys.at(-1)!] = wrong;
      await Deno.writeTextFile(path, JSON.stringify(value));
      const error = await assertRejects(() => readAnalysis({ root }), SyntaxError);
      assertStringIncludes(error.message, `Cannot read ${path}: its "${place}" is wrong (`);
      assertStringIncludes(error.message, again);
      await Deno.writeTextFile(path, text);
    }
    await readAnalysis({ root });
  }));

Deno.test("readAnalysis() reads a summary without fields that older ones lack, and with unknown ones", () =>
  inFolder(async (root) => {
    const path = (await copyAnalysis(root))("summary.json");
    const expected = (await readAnalysis({ root })).summary;
    const { classes: _, ...value } = JSON.parse(await Deno.readTextFile(path));
    delete value.seeds.epochs;
    value.experiments[0].scores.later = { value: 1 };
    value.later = [null];
    const own = { base: "l2", changes: "films a batch: 8" };
    value.experiments[1].own = own;
    await Deno.writeTextFile(path, JSON.stringify(value));
    const { summary } = await readAnalysis({ root });
    assertEquals(summary.classes, ["Healthy", "TB"]);
    assertEquals(summary.experiments.slice(0, 3).map((each) => each.own), [
      ...[undefined, own, undefined],
    ]);
    assertEquals(summary.seeds.epochs, expected.experiments[0]!.epochs);
    assertEquals(summary.experiments[0]!.scores.auc, expected.experiments[0]!.scores.auc);
  }));

Deno.test("readAnalysis() reads null as NaN where a number may be undefined, and as null where a part may be absent", () =>
  inFolder(async (root) => {
    const path = (await copyAnalysis(root))("summary.json");
    const value = JSON.parse(await Deno.readTextFile(path));
    const point = value.experiments[0].operatingPoints[1];
    [point.threshold, point.chosenOn] = [null, null];
    await Deno.writeTextFile(path, JSON.stringify(value));
    const { summary } = await readAnalysis({ root });
    const { threshold, chosenOn } = summary.experiments[0]!.operatingPoints[1]!;
    assertEquals([threshold, chosenOn], [NaN, null]);
    assertEquals(summary.experiments[0]!.calibration.scaled, null);
    assertEquals(summary.data.validation, null);
  }));
