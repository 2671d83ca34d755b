import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "node:path";
import { analyse } from "@/analysis/analyse.ts";
import { analysisTables } from "@/analysis/tables/tables.ts";
import { BASELINE, type Experiment, EXPERIMENTS } from "@/experiments.ts";
import { openFilmCache } from "@/films/cache.ts";
import { imageSizes, listRuns, readFinishedRuns, readOwnRuns } from "@/notebooks/finished.ts";
import { writeConfig } from "@/runs/config.ts";
import { readPredictions, runFolders } from "@/runs/files.ts";
import { openRunFilms } from "@/runs/films.ts";
import { planTraining, type TrainRequest } from "@/runs/plan.ts";
import { trainAll } from "@/tasks/training.ts";
import type { TrainCommand } from "@/tasks/training_flags.ts";
import { inFolder } from "../in_folder.ts";
import { SAMPLE_CONFIG } from "../sample_config.ts";
import { drawDataFolder, SMALL_NETWORK } from "../small_run.ts";
import { runTaskFile } from "../task_file.ts";

/** Writes the config of a custom run, and gives the plan that it was made by. */
async function beginRun(
  root: string,
  { seed = 0, ...settings }: Partial<Experiment> & { seed?: number },
): Promise<Experiment> {
  const experiment = { ...BASELINE, name: "batch8", base: "baseline", batchSize: 8, ...settings };
  const { results } = runFolders("batch8", { seed, root });
  await writeConfig(results, { ...SAMPLE_CONFIG, experiment, seed });
  return experiment;
}

/**
 * Makes a request: that of `deno task train baseline --batch-size 8 --name batch8`, with changes.
 */
function asking(request: Partial<TrainRequest> = {}): TrainRequest {
  return {
    ...{ experiment: "baseline", name: "batch8", changes: { batchSize: 8 }, seeds: [0] },
    ...request,
  };
}

Deno.test("planTraining() makes a custom run, and finds it again by the same flags and by its name", () =>
  inFolder(async (root) => {
    const [made] = await planTraining(asking({ epochs: 3 }), { root });
    const own = { ...BASELINE, name: "batch8", base: "baseline", batchSize: 8, epochs: 3 };
    assertEquals(made, { experiment: own });
    await beginRun(root, { epochs: 3 });
    const [again] = await planTraining(asking(), { root });
    assertEquals([again!.experiment.epochs, again!.like!.network.imageSize], [20, 32]);
    // By its name it keeps its epochs; its settings may be repeated.
    for (const changes of [{}, { batchSize: 8 }, { imageSize: 32 }]) {
      const { name: _, ...request } = asking({ experiment: "batch8", changes });
      assertEquals((await planTraining(request, { root }))[0]!.experiment, own);
    }
    const { name: _, ...seeds } = asking({ experiment: "batch8", changes: {}, seeds: [1, 2] });
    assertEquals((await planTraining(seeds, { root }))[0]!.experiment, own);
  }));

Deno.test("planTraining() plans the experiments as they are, beside custom runs that cannot be read", () =>
  inFolder(async (root) => {
    const path = join(root, "results", "batch8", "config.json");
    await beginRun(root, {});
    await Deno.writeTextFile(path, "{");
    const all = { experiment: "all", changes: {}, seeds: [0] };
    assertEquals(
      await planTraining(all, { root }),
      EXPERIMENTS.map((experiment) => ({ experiment })),
    );
    const { name: _, ...byName } = asking({ experiment: "batch8" });
    const damaged = `Cannot read ${path}: `;
    await assertRejects(() => planTraining(byName, { root }), SyntaxError, damaged);
    await assertRejects(() => planTraining(asking(), { root }), SyntaxError, damaged);
    // What is to be removed need not be read.
    assertEquals((await planTraining(asking(), { root, restart: true })).length, 1);
  }));

Deno.test("planTraining() refuses a name with other settings, whatever the seed, unless they go", () =>
  inFolder(async (root) => {
    await beginRun(root, { seed: 1 });
    const other = (request: Partial<TrainRequest>) => () =>
      planTraining(asking({ changes: { batchSize: 16 }, ...request }), { root });
    const { results } = runFolders("batch8", { seed: 1, root });
    await assertRejects(
      other({}),
      Error,
      `Cannot train batch8: ${results} began with other settings.\n` +
        "  experiment.batchSize: 8, now 16\n" +
        "Train as it began, take another --name, or restart it with --restart",
    );
    await assertRejects(
      other({ experiment: "l2", changes: { batchSize: 8, imageSize: 64 } }),
      Error,
      "  experiment.l2Penalty: 0, now 0.001\n  experiment.base: baseline, now l2\n  network.imageSize: 32, now 64\n",
    );
    const restarted = (seeds: number[]) =>
      planTraining(asking({ changes: { batchSize: 16 }, seeds }), { root, restart: true });
    await assertRejects(() => restarted([0]), Error, "other settings");
    assertEquals((await restarted([0, 1]))[0]!.experiment.batchSize, 16);
  }));

Deno.test("planTraining() refuses what is no run, a custom run that would change, and a renamed folder", () =>
  inFolder(async (root) => {
    await beginRun(root, {});
    const refused = [
      [
        { experiment: "batch9" },
        "did you mean batch8? The experiments are baseline, l2, dropout, sharpness, contrast, batch8",
      ],
      [{ experiment: "../batch8" }, 'Cannot find the experiment "../batch8"'],
      [
        { experiment: "batch8", changes: { batchSize: 16 } },
        "Cannot train batch8 with other settings than its own (films a batch: 16): results/batch8 stays what other " +
        "runs can be compared with. Make another run of baseline, with all its settings and a name of its own",
      ],
      [
        { experiment: "batch8", changes: { imageSize: 224 } },
        "Cannot train batch8 with other settings than its own (pixels a side: 224)",
      ],
      [
        { experiment: "batch8", name: "batch16" },
        "Cannot make batch16 of batch8, which is a run of your own: make it of baseline, with all its settings",
      ],
      [
        { experiment: "moved" },
        "its config.json is that of the run batch8. Give the folder its name",
      ],
    ] as const;
    await Deno.mkdir(join(root, "results", "moved"));
    await Deno.copyFile(
      join(root, "results", "batch8", "config.json"),
      join(root, "results", "moved", "config.json"),
    );
    for (const [request, message] of refused) {
      await assertRejects(
        () => planTraining({ changes: {}, seeds: [0], ...request }, { root }),
        Error,
        message,
      );
    }
  }));

/** Trains without a word, on the small network. */
async function trainQuietly(
  folder: string,
  { options = {}, ...command }:
    & Omit<TrainCommand, "options" | "seeds">
    & Partial<Pick<TrainCommand, "options">>,
): Promise<void> {
  const log = console.log;
  console.log = () => {};
  await trainAll({
    ...command,
    seeds: [0],
    options: {
      ...{ data: join(folder, "imgs"), dataset: join(folder, "dataset"), out: folder },
      cache: openFilmCache({ folder: join(folder, "cache") }),
      precision: "fp32",
      ...options,
    },
  }).finally(() => console.log = log);
}

Deno.test("a custom run with films of 64 x 64 pixels is trained, resumed, evaluated, asked and analysed", () =>
  inFolder(async (folder) => {
    const data = await drawDataFolder(folder);
    const { stages } = SMALL_NETWORK;
    const made: Pick<TrainCommand, "experiment" | "name" | "changes" | "options"> = {
      ...{ experiment: "l2", name: "tiny", changes: { batchSize: 8, imageSize: 64 } },
      options: { network: { stages, imageSize: 64 } },
    };
    await trainQuietly(folder, { ...made, epochs: 1 });
    // 12 bytes before and 4 after 64 x 64 pixels of grey: no film was resized to any other size.
    const cached = [...Deno.readDirSync(join(folder, "cache"))].map(({ name }) =>
      Deno.statSync(join(folder, "cache", name)).size
    );
    assertEquals([cached.length, new Set(cached)], [30, new Set([12 + 64 * 64 + 4])]);
    // By its name alone: it keeps its size and stages.
    await trainQuietly(folder, { experiment: "tiny", changes: {}, epochs: 2 });
    const [{ rows, config, own }] = await readOwnRuns({ root: folder }) as [
      Awaited<ReturnType<typeof readOwnRuns>>[0],
    ];
    assertEquals([rows.length, config.network.imageSize, config.network.stages], [2, 64, stages]);
    assertEquals(own, { base: "l2", changes: "films a batch: 8; pixels a side: 64" });
    await assertRejects(
      () => trainQuietly(folder, { ...made, changes: { batchSize: 4, imageSize: 64 } }),
      Error,
      "experiment.batchSize: 8, now 4",
    );

    const film = join(data, "tb", "film00.png");
    const test = join(folder, "dataset", "test_data.csv");
    const [evaluated, predicted] = await Promise.all([
      runTaskFile("evaluate", ["tiny", "last", "--split", test, "--data", data, "--out", folder]),
      runTaskFile("predict", [film, "--experiment", "tiny", "--out", folder, "--json"]),
    ]);
    const row = rows.at(-1)!;
    assertStringIncludes(
      evaluated.said,
      `tiny, epoch 1 (last epoch), on 6 films of ${data}, its test set\n`,
    );
    assertStringIncludes(evaluated.said, `AUC: ${row.testAuc.toFixed(4)}\n`);
    const { results } = runFolders("tiny", { root: folder });
    const best = rows[0]!.testF1 >= row.testF1 ? 0 : 1;
    const written = await readPredictions(results, { epoch: best });
    const { probability } = written.find(({ filename }) => filename === "film00.png")!;
    assertAlmostEquals(JSON.parse(predicted.said).probability, probability, 1e-6);

    const films = await openRunFilms({ data, dataset: join(folder, "dataset") });
    const cache = openFilmCache({ folder: join(folder, "cache") });
    const stagesSaid: string[] = [];
    const analysed = () =>
      analyse({
        ...{ root: folder, films, cache, phantom: true },
        onStage: (stage) => stagesSaid.push(stage),
      });
    // Two stages after the stem's two halvings leave 8 x 8 places of 64 x 64 pixels, each 8 pixels
    // wide.
    const alone = await analysed();
    assertEquals(alone.cases.map(({ maps }) => maps["Grad-CAM"].values.length)[0], 64);
    assertEquals(alone.cases[0]!.maps.occlusion.cells, 8);
    assert(alone.summary.reproduced < 1e-5);
    const onnx = await Deno.readFile(join(folder, "model", "tiny", "epoch01.onnx"));
    assert(onnx.length > 10_000);
    const card = await Deno.readTextFile(join(folder, "results/analysis/model_card.md"));
    assertStringIncludes(card, "resized to 64x64");
    assertMatch(card, /experiment tiny \(l2; films a batch: 8; pixels a side: 64\), epoch 1/);

    // Beside the baseline, and beside a run that was tested on other films.
    const usual = { options: { network: SMALL_NETWORK } };
    await trainQuietly(folder, { ...usual, experiment: "baseline", changes: {}, epochs: 1 });
    await trainQuietly(folder, {
      ...{ experiment: "baseline", name: "quick", changes: {}, epochs: 1 },
      options: { ...usual.options, subset: 1 },
    });
    const { summary } = await analysed();
    assert(stagesSaid.includes("leaving out results/quick, tested on other films than baseline"));
    assertEquals(
      summary.comparisons.map(({ first, second }) => [first, second]),
      [["baseline", "tiny"]],
    );
    assertEquals(summary.seeds.spreads.map(({ experiment }) => experiment), ["baseline", "tiny"]);
    const scores = analysisTables(summary).find(({ name }) => name === "scores")!;
    assertEquals(scores.markdown.map((row) => row["Experiment"]), [
      "baseline",
      "tiny (l2; films a batch: 8; pixels a side: 64)",
    ]);
    const finished = await readFinishedRuns({ root: folder });
    assertEquals(finished.map(({ experiment }) => experiment), ["baseline", "tiny"]);
    assertEquals(imageSizes(await readOwnRuns({ root: folder })), [224, 64]);
    // An experiment without a run is not started beside custom runs.
    const shown = { root: folder, isKept: false, data: undefined };
    const plans = await listRuns(EXPERIMENTS, shown);
    assertEquals(plans.map(({ experiment }) => experiment.name), ["baseline", "tiny"]);
  }));
