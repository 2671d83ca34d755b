import { assertAlmostEquals, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { exists } from "@/common/files.ts";
import { readSafetensors, readSafetensorsHeader } from "@/common/safetensors.ts";
import { loadState, readProgress, saveState } from "@/runs/checkpoint.ts";
import { readConfig } from "@/runs/config.ts";
import type { EpochRow } from "@/runs/epochs.ts";
import { readEpochs, readPredictions, statePath, weightsPath } from "@/runs/files.ts";
import { lockRun } from "@/runs/lock.ts";
import { removeRuns } from "@/runs/run.ts";
import { train, type TrainOptions } from "@/runs/train.ts";
import { tf } from "@/tensorflow/backend.ts";
import { inFolder } from "../in_folder.ts";
import { drawFilms, SMALL_EXPERIMENT, smallRun } from "../small_run.ts";

async function rowsOf(
  options: TrainOptions,
  change: Partial<typeof SMALL_EXPERIMENT> = {},
): Promise<EpochRow[]> {
  return await Array.fromAsync(train({ ...SMALL_EXPERIMENT, ...change }, options));
}

/** Gives the part of a row that does not depend on the clock. */
function timeless({ trainSeconds: _a, testSeconds: _b, imagesPerSecond: _c, ...row }: EpochRow) {
  return row;
}

Deno.test("train() yields a row an epoch, learns, and writes what it is documented to write", () =>
  inFolder(async (folder) => {
    const films = await drawFilms(folder);
    const options = smallRun(folder, { ...films, validation: films.train.slice(0, 6) });
    const { results } = options.folders;
    const before = tf.memory().numTensors;
    const rows = await rowsOf(options, { epochs: 4 });
    assertEquals(tf.memory().numTensors, before);

    assertEquals(rows.map(({ epoch }) => epoch), [0, 1, 2, 3]);
    assertEquals(await readEpochs(results), rows);
    const last = rows.at(-1)!;
    assertEquals(last.trainLoss < rows[0]!.trainLoss, true);
    assertEquals(last.trainLoss, last.trainCrossEntropy);

    // The row's test numbers follow from the predictions that were written with it.
    const predictions = await readPredictions(results, { epoch: 3 });
    assertEquals(predictions.map(({ filename }) => filename), films.test.map((f) => f.filename));
    const right = predictions.filter(({ label, probability }) => (probability > 0.5) === !!label);
    assertEquals(last.testAccuracy, right.length / 10);
    const losses = predictions.map(({ label, probability }) =>
      -Math.log(label === 1 ? probability : 1 - probability)
    );
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / 10;
    assertAlmostEquals(last.testLoss, mean, 1e-5 * mean);
    assertEquals((await readPredictions(results, { epoch: 3, set: "validation" })).length, 6);
    assertEquals(last.validationTn! + last.validationFp!, 4);

    const config = await readConfig(results);
    assertEquals(config.experiment, { ...SMALL_EXPERIMENT, epochs: 4 });
    assertEquals([config.seed, config.precision, config.sessions.length], [0, "fp32", 1]);
    assertEquals([config.data.train.healthy, config.data.train.tb], [13, 7]);
    const { metadata } = await readSafetensorsHeader(weightsPath(options.folders, 3));
    assertEquals([metadata.experiment, metadata.epoch], ["small", "3"]);
    assertEquals(await exists(join(results, "tensorboard", "validation")), true);
  }));

Deno.test("train() counts the L2 penalty in the loss and leaves it out of the cross-entropy", () =>
  inFolder(async (folder) => {
    const options = smallRun(folder, await drawFilms(folder));
    const [row] = await rowsOf(options, { epochs: 1, l2Penalty: 1e-3 });
    const { tensors } = await readSafetensors(weightsPath(options.folders, 0));
    const squares = [...tensors].filter(([name]) => /weight|bias/.test(name))
      .flatMap(([, { bytes }]) => [...new Float32Array(bytes.slice().buffer)])
      .reduce((sum, value) => sum + value * value, 0);
    const penalty = row!.testLoss - row!.testCrossEntropy;
    assertAlmostEquals(penalty, 0.5 * 1e-3 * squares, 1e-6);
    // The weights hardly change in five steps, so the penalty was almost the same in each.
    assertAlmostEquals(row!.trainLoss - row!.trainCrossEntropy, penalty, 0.05 * penalty);
  }));

Deno.test("train() weights the means of an epoch by the films of its batches", () =>
  inFolder(async (folder) => {
    const options = smallRun(folder, await drawFilms(folder));
    const seen: { films: number; loss: number }[] = [];
    const [row] = await rowsOf({
      ...options,
      onProgress: ({ phase, sums }) => {
        if (phase === "train") seen.push({ films: sums.films, loss: sums.loss });
      },
    }, { epochs: 1, batchSize: 12 });
    // 20 films in a batch of 12 and one of 8.
    assertEquals(seen.map(({ films }) => films), [12, 20]);
    const [first, both] = seen;
    const means = [first!.loss / 12, (both!.loss - first!.loss) / 8];
    assertAlmostEquals(row!.trainLoss, (12 * means[0]! + 8 * means[1]!) / 20, 1e-9);
  }));

Deno.test("train() stopped within an epoch goes on to the same rows, by signal and by stop file", () =>
  inFolder(async (folder) => {
    const films = await drawFilms(folder);
    const undisturbed = await rowsOf(smallRun(join(folder, "undisturbed"), films));

    const options = smallRun(join(folder, "stopped"), films);
    const abort = new AbortController();
    const stopFile = join(folder, "stop");
    const error = await assertRejects(
      () =>
        rowsOf({
          ...options,
          signal: abort.signal,
          onProgress: ({ epoch, films }) => epoch === 0 && films === 8 && abort.abort(),
        }),
      Error,
      "Stopped small",
    );
    assertStringIncludes(error.message, "Stopped small after step 2, in epoch 0");
    assertEquals((await readProgress(statePath(options.folders))).progress.sums.films, 8);
    const inEvaluation = await assertRejects(
      () =>
        rowsOf({
          ...options,
          stopFile,
          onProgress: ({ epoch, phase }) =>
            epoch === 1 && phase === "test" && Deno.writeTextFileSync(stopFile, ""),
        }),
      Error,
      "Stopped small",
    );
    assertStringIncludes(inEvaluation.message, `after step 10, in epoch 1, because ${stopFile}`);
    assertEquals(await exists(stopFile), false);
    assertEquals((await rowsOf(options)).map(timeless), undisturbed.map(timeless));
  }));

Deno.test("train() goes on when more epochs are wanted, and has nothing to do when all are done", () =>
  inFolder(async (folder) => {
    const films = await drawFilms(folder);
    const options = smallRun(folder, films);
    const first = await rowsOf(options, { epochs: 1 });
    const two = await rowsOf(options, { epochs: 2 });
    assertEquals(two[0], first[0]);
    assertEquals(await rowsOf(options, { epochs: 2 }), two);
    assertEquals((await readConfig(options.folders.results)).experiment.epochs, 2);
    const apart = await rowsOf(smallRun(join(folder, "apart"), films), { epochs: 2 });
    assertEquals(apart.map(timeless), two.map(timeless));
  }));

Deno.test("train() tells a run's original config before its first step, if there is an epoch to train", () =>
  inFolder(async (folder) => {
    const told: string[] = [];
    const { precision: _, ...options } = smallRun(folder, await drawFilms(folder));
    const listening: TrainOptions = {
      ...options,
      onBegin: ({ precision }) => told.push(`begins in ${precision}`),
      onProgress: ({ phase }) => phase === "test" && told.push("tests"),
    };
    await rowsOf({ ...listening, precision: "bf16" }, { epochs: 1 });
    await rowsOf(listening, { epochs: 1 });
    assertEquals(told, ["begins in bf16", "tests"]);
    await rowsOf(listening, { epochs: 2 });
    assertEquals(told, ["begins in bf16", "tests", "begins in bf16", "tests"]);
  }));

Deno.test("train() refuses to resume with other settings or films, and restarts after removeRuns()", () =>
  inFolder(async (folder) => {
    const films = await drawFilms(folder);
    const options = smallRun(folder, films);
    await rowsOf(options, { epochs: 1 });
    const refused = async (changed: TrainOptions, difference: RegExp, change = {}) => {
      const error = await assertRejects(() => rowsOf(changed, change), Error, "Cannot resume");
      assertStringIncludes(error.message, "--restart");
      assertEquals(difference.test(error.message), true, error.message);
    };
    await refused({ ...options, seed: 1 }, /^ {2}seed: 0, now 1$/m);
    await refused(options, /^ {2}experiment.dropout: 0.5, now 0$/m, { dropout: 0 });
    const fewer = { ...films, train: films.train.slice(1) };
    await refused({ ...options, films: fewer }, /^ {2}data.train.tb: 7, now 6$/m);
    await Deno.copyFile(films.train[0]!.path, films.train[1]!.path);
    await refused(options, /^ {2}data.train: other films$/m);
    {
      using _lock = lockRun(options.folders.model);
      await assertRejects(() => removeRuns([options.folders]), Error, "is training there");
    }
    await removeRuns([options.folders]);
    const rows = await rowsOf({ ...options, seed: 1 }, { epochs: 1 });
    assertEquals(rows.length, 1);
    assertEquals((await readConfig(options.folders.results)).seed, 1);

    await Deno.remove(statePath(options.folders));
    await assertRejects(() => rowsOf(options), Error, "last.safetensors is missing");
  }));

Deno.test("train() takes a run for done by its results where its checkpoints are gone", () =>
  inFolder(async (folder) => {
    const options = smallRun(folder, await drawFilms(folder));
    const rows = await rowsOf(options, { epochs: 1 });
    await Deno.remove(options.folders.model, { recursive: true });
    assertEquals(await rowsOf(options, { epochs: 1 }), rows);
    assertEquals([...Deno.readDirSync(options.folders.model)].map(({ name }) => name), ["lock"]);
    await assertRejects(
      () => rowsOf({ ...options, seed: 1 }, { epochs: 1 }),
      Error,
      "  seed: 0, now 1\n",
    );
    await assertRejects(
      () => rowsOf(options, { epochs: 2 }),
      Error,
      "epochs are left to train",
    );
  }));

Deno.test("train() gives other seeds other weights and orders", () =>
  inFolder(async (folder) => {
    const films = await drawFilms(folder);
    const [a] = await rowsOf(smallRun(join(folder, "a"), films), { epochs: 1 });
    const [b] = await rowsOf({ ...smallRun(join(folder, "b"), films), seed: 1 }, { epochs: 1 });
    assertEquals(a!.trainLoss === b!.trainLoss, false);
  }));

Deno.test("train() keeps the weights it is told to keep", () =>
  inFolder(async (folder) => {
    const films = await drawFilms(folder);
    const kept = async (keep: "best" | "last") => {
      const options = { ...smallRun(join(folder, keep), films), keep };
      const rows = await rowsOf(options);
      const names = [...Deno.readDirSync(options.folders.model)].map(({ name }) => name);
      return { rows, names: names.filter((name) => name.endsWith(".safetensors")).sort() };
    };
    assertEquals((await kept("last")).names, ["last.safetensors"]);
    const { rows, names } = await kept("best");
    const f1 = rows.map(({ testF1 }) => testF1);
    const best = f1.indexOf(Math.max(...f1));
    const epochs = [...new Set([best, 2])].sort();
    assertEquals(names, [...epochs.map((n) => `epoch0${n}.safetensors`), "last.safetensors"]);
  }));

Deno.test("train() stops at a loss that is not finite, names the films and keeps the state", () =>
  inFolder(async (folder) => {
    const options = smallRun(folder, await drawFilms(folder));
    await rowsOf(options, { epochs: 1 });
    const path = statePath(options.folders);
    const { tensors } = await readSafetensorsHeader(path);
    const names = [...tensors.keys()].filter((name) => !name.endsWith("num_batches_tracked"));
    const parameters = names.filter((name) => tensors.has(`adam.exp_avg.${name}`));
    const layout = (shape: number[]) =>
      shape.length === 4 ? [shape[2]!, shape[3]!, shape[1]!, shape[0]!] : shape.toReversed();
    const shapes = new Map(
      names.filter((name) => !name.startsWith("adam."))
        .map((name) => [name, layout(tensors.get(name)!.shape)]),
    );
    const state = await loadState(path, { shapes, parameters });
    // Weights so large that the logits overflow.
    state.weights.get("fc.weight")!.values.fill(3e38);
    state.weights.get("fc.bias")!.values.set([3e38, -3e38]);
    await saveState(path, state);
    const before = await Deno.readFile(path);
    const error = await assertRejects(() => rowsOf(options, { epochs: 2 }), RangeError);
    assertStringIncludes(error.message, "at step 6 (epoch 1), on the films film");
    assertEquals(await Deno.readFile(path), before);
  }));

Deno.test("train() refuses a set without one class, and a second run in the folder", () =>
  inFolder(async (folder) => {
    const films = await drawFilms(folder);
    const options = smallRun(folder, films);
    const healthy = films.test.filter(({ label }) => label === 0);
    await assertRejects(
      () => rowsOf({ ...options, films: { ...films, test: healthy } }),
      RangeError,
      "the test set has 7 healthy and 0 TB films",
    );
    assertEquals(await exists(options.folders.results), false);

    const first = train(SMALL_EXPERIMENT, options);
    await first.next();
    await assertRejects(() => rowsOf(options), Error, `process ${Deno.pid} is training there`);
    await first.return();
    assertEquals((await rowsOf(options)).length, 3);
  }));

Deno.test("train() refuses to begin where there is no room for its checkpoints", () =>
  inFolder(async (folder) => {
    const options = smallRun(folder, await drawFilms(folder));
    const epochs = 1e12;
    await assertRejects(() => rowsOf(options, { epochs }), Error, "Cannot train small: ");
    assertEquals(await exists(options.folders.results), false);
    // The weights of one epoch are kept, then, and there is room for these.
    const first = train({ ...SMALL_EXPERIMENT, epochs }, { ...options, keep: "last" });
    assertEquals((await first.next()).done, false);
    await first.return();
  }));

Deno.test("train() trains on fewer films than a batch holds", () =>
  inFolder(async (folder) => {
    const films = await drawFilms(folder);
    const options = smallRun(folder, { ...films, train: films.train.slice(0, 3) });
    assertEquals((await rowsOf(options, { epochs: 1, batchSize: 4 })).length, 1);
  }));

Deno.test("train() begins with the weights of a file, and goes on without it", () =>
  inFolder(async (folder) => {
    const films = await drawFilms(folder);
    const source = smallRun(join(folder, "source"), films);
    await rowsOf(source, { epochs: 1 });
    const init = join(folder, "init.safetensors");
    await Deno.copyFile(weightsPath(source.folders, 0), init);
    const options = smallRun(join(folder, "next"), films);
    // The learning rate is too small to change anything, so the weights remain those of the file.
    await rowsOf({ ...options, init }, { epochs: 1, learningRate: 1e-30 });
    const path = weightsPath(options.folders, 0);
    const [begun, ended] = [await readSafetensors(init), await readSafetensors(path)];
    for (const name of ["conv1.weight", "layer2.0.bn1.weight", "fc.bias"]) {
      assertEquals(ended.tensors.get(name), begun.tensors.get(name), name);
    }
    assertEquals((await readConfig(options.folders.results)).network.init?.file, init);
    await Deno.remove(init);
    assertEquals((await rowsOf(options, { epochs: 2, learningRate: 1e-30 })).length, 2);
  }));
