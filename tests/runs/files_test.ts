import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { BASELINE, experimentNamed } from "@/experiments.ts";
import { readConfig, writeConfig } from "@/runs/config.ts";
import { type EpochRow, prefixed } from "@/runs/epochs.ts";
import {
  predictionsPath,
  readEpochs,
  readPredictions,
  runFolders,
  writeEpochs,
  writePredictions,
} from "@/runs/files.ts";
import { score } from "@/statistics/classification.ts";
import { inFolder } from "../in_folder.ts";
import { SAMPLE_CONFIG } from "../sample_config.ts";

const TEST = {
  loss: 1.23456789,
  crossEntropy: 0.5,
  ...score([0, 0, 1, 1], [0.25, 0.75, 0.5, 0.875]),
};

function rowOf(epoch: number, validation: Record<keyof typeof TEST, number | null>): EpochRow {
  return {
    epoch,
    learningRate: 1e-4,
    trainLoss: 0.123456789,
    trainCrossEntropy: 0.1,
    trainAccuracy: 0.9038043478,
    ...prefixed("test", TEST),
    ...prefixed("validation", validation),
    trainSeconds: 12.5,
    testSeconds: 3,
    imagesPerSecond: 1 / 3,
  };
}

const NO_VALIDATION = Object.fromEntries(Object.keys(TEST).map((key) => [key, null])) as Record<
  keyof typeof TEST,
  null
>;

Deno.test("runFolders() keeps further seeds and folds apart", () => {
  assertEquals(runFolders("l2", { root: "/x" }), {
    results: "/x/results/l2",
    model: "/x/model/l2",
  });
  assertEquals(runFolders("l2", { seed: 3, root: "/x" }), {
    results: "/x/results/seeds/3/l2",
    model: "/x/model/seeds/3/l2",
  });
  assertEquals(runFolders("l2", { seed: 3, fold: 2, root: "/x" }), {
    results: "/x/results/folds/2/seeds/3/l2",
    model: "/x/model/folds/2/seeds/3/l2",
  });
  assertEquals(runFolders("l2", { fold: 2, root: "/x" }).results, "/x/results/folds/2/l2");
});

Deno.test("writeEpochs() writes the columns and values that metrics.csv is documented to have", () =>
  inFolder(async (folder) => {
    await writeEpochs(folder, [rowOf(0, NO_VALIDATION)]);
    assertEquals(
      await Deno.readTextFile(join(folder, "metrics.csv")),
      "epoch,learning_rate,train_loss,train_cross_entropy,train_accuracy,test_loss," +
        "test_cross_entropy,test_accuracy,test_f1,test_auc,test_sensitivity,test_specificity,test_tn," +
        "test_fp,test_fn,test_tp,validation_loss,validation_cross_entropy,validation_accuracy," +
        "validation_f1,validation_auc,validation_sensitivity,validation_specificity,validation_tn," +
        "validation_fp,validation_fn,validation_tp,train_seconds,test_seconds,images_per_second\n" +
        "0,0.0001,0.123456789,0.1,0.9038043478,1.23456789,0.5,0.5,0.5,0.75,0.5,0.5,1,1,1,1," +
        ",,,,,,,,,,,12.5,3,0.3333333333333333\n",
    );
  }));

Deno.test("writeEpochs() writes the assignment's files with 4 decimals, accuracies in percent", () =>
  inFolder(async (folder) => {
    await writeEpochs(folder, [rowOf(0, NO_VALIDATION), rowOf(1, NO_VALIDATION)]);
    const lines = {
      acc_train: "90.3804\n90.3804\n",
      acc_test: "50.0000\n50.0000\n",
      f_1_test: "0.5000\n0.5000\n",
      loss_train: "0.1235\n0.1235\n",
      loss_test: "1.2346\n1.2346\n",
    };
    for (const [name, text] of Object.entries(lines)) {
      assertEquals(await Deno.readTextFile(join(folder, `${name}.txt`)), text);
    }
  }));

Deno.test("readEpochs() reads what was written, undefined and missing numbers included", () =>
  inFolder(async (folder) => {
    const rows = [rowOf(0, TEST), rowOf(1, { ...NO_VALIDATION, f1: NaN })];
    await writeEpochs(folder, rows);
    assertEquals(await readEpochs(folder), rows);
  }));

Deno.test("readEpochs() names what is wrong with a file", () =>
  inFolder(async (folder) => {
    await assertRejects(() => readEpochs(folder), Error, "train the experiment first");
    await writeEpochs(folder, [rowOf(0, NO_VALIDATION)]);
    const path = join(folder, "metrics.csv");
    const text = await Deno.readTextFile(path);
    const refused = async (changed: string, message: string) => {
      await Deno.writeTextFile(path, changed);
      const error = await assertRejects(() => readEpochs(folder), SyntaxError);
      assertStringIncludes(error.message, path);
      assertStringIncludes(error.message, message);
    };
    await refused(text.replace("epoch,", "step,"), "its columns are step,learning_rate");
    await refused(text.replace("12.5", "soon"), 'train_seconds of row 0 is "soon"');
    await refused(text.replace("12.5", ""), 'train_seconds of row 0 is ""');
    await refused(text.replace("\n0,", "\n1,"), "row 0 is of epoch 1");
    await refused(text.slice(0, -30), "row 0 has");
  }));

Deno.test("writePredictions() and readPredictions() keep every float32 and name", () =>
  inFolder(async (folder) => {
    const predictions = [0, 1, 0.1, 1 / 3, 1e-30, 0.99999994].map((probability, i) => ({
      filename: `a, "film" ${i}.png`,
      label: i % 2 === 0 ? 0 as const : 1 as const,
      probability: Math.fround(probability),
    }));
    await writePredictions(folder, { epoch: 3, predictions });
    assertEquals(await readPredictions(folder, { epoch: 3 }), predictions);
    const text = await Deno.readTextFile(join(folder, "predictions", "epoch03.csv"));
    assertEquals(text.split("\n").slice(0, 3), [
      "filename,label,probability",
      '"a, ""film"" 0.png",Healthy,0',
      '"a, ""film"" 1.png",TB,1',
    ]);
    assertEquals(
      predictionsPath("r", { epoch: 12, set: "validation" }),
      join("r", "predictions", "validation_epoch12.csv"),
    );
  }));

Deno.test("readPredictions() refuses an epoch that is not there, a class and a probability that are none", () =>
  inFolder(async (folder) => {
    await assertRejects(
      () => readPredictions(folder, { epoch: 7 }),
      Error,
      "predictions/epoch07.csv",
    );
    await Deno.mkdir(join(folder, "predictions"));
    for (const row of ["a.png,Sick,0.5", "a.png,TB,1.5", "a.png,TB,", "a.png,TB,NaN"]) {
      await Deno.writeTextFile(
        predictionsPath(folder, { epoch: 7 }),
        `filename,label,probability\n${row}\n`,
      );
      await assertRejects(() => readPredictions(folder, { epoch: 7 }), SyntaxError, "row 0 has");
    }
  }));

Deno.test("readConfig() reads what was written, with what another version has besides", () =>
  inFolder(async (folder) => {
    const sharpened = {
      ...{ ...SAMPLE_CONFIG, experiment: experimentNamed("sharpness") },
      network: { ...SAMPLE_CONFIG.network, init: { file: "a.safetensors", sha256: "c" } },
    };
    for (const config of [SAMPLE_CONFIG, sharpened]) {
      await writeConfig(folder, config);
      assertEquals(await readConfig(folder), config);
    }
    const write = (config: unknown) =>
      Deno.writeTextFile(join(folder, "config.json"), JSON.stringify(config));
    const { classes: _, ...unnamed } = SAMPLE_CONFIG;
    await write(unnamed);
    assertEquals(
      await readConfig(folder),
      SAMPLE_CONFIG,
      "The classes that are meant where none are named",
    );
    const newer = { ...SAMPLE_CONFIG, experiment: { ...BASELINE, momentum: 0.9 } };
    await write(newer);
    assertEquals(await readConfig(folder), newer);
  }));

Deno.test("readConfig() refuses what is no config, naming the first value that is wrong", () =>
  inFolder(async (folder) => {
    const path = join(folder, "config.json");
    const refuses = async (text: string, reason: string) => {
      await Deno.writeTextFile(path, text);
      const { message } = await assertRejects(() => readConfig(folder), SyntaxError);
      assertStringIncludes(message, `Cannot read ${path}: ${reason}`);
      assertStringIncludes(message, "Bring back the file that the run wrote");
    };
    await refuses("{", "it is not JSON");
    await refuses("[]", "its JSON is wrong");
    await refuses("{}", 'its "experiment" is wrong');
    const changed = (change: object) => JSON.stringify({ ...SAMPLE_CONFIG, ...change });
    const { network, data, experiment } = SAMPLE_CONFIG;
    for (
      const [change, place] of [
        [{ seed: -1 }, "seed"],
        [{ seed: "0" }, "seed"],
        [{ precision: "fp16" }, "precision"],
        [{ classes: ["TB"] }, "classes"],
        [{ experiment: { ...experiment, learningRate: null } }, "experiment.learningRate"],
        [
          { experiment: { ...experiment, augmentation: { kind: "blur" } } },
          "experiment.augmentation.kind",
        ],
        [{ network: { ...network, stages: [] } }, "network.stages"],
        [{ network: { ...network, stages: [[8, 1]] } }, "network.stages.0"],
        [{ network: { ...network, imageSize: 0.5 } }, "network.imageSize"],
        [{ data: { ...data, validation: {} } }, "data.validation.healthy"],
        [{ data: { ...data, test: { ...data.test, tb: 1.5 } } }, "data.test.tb"],
        [{ sessions: [{ started: "", versions: {} }] }, "sessions.0.machine"],
      ] as const
    ) await refuses(changed(change), `its "${place}" is wrong`);
  }));
