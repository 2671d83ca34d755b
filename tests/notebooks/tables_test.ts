import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readText } from "@/common/files.ts";
import { fromRoot } from "@/common/paths.ts";
import { BASELINE, experimentNamed, EXPERIMENTS } from "@/experiments.ts";
import {
  chosenTable,
  configTable,
  majorityTable,
  picturesTable,
  reportedTable,
  settingsTable,
  splitTable,
  trainingTable,
  versionsTable,
} from "@/notebooks/tables.ts";
import type { RunConfig, Session } from "@/runs/config.ts";
import type { EpochRow } from "@/runs/epochs.ts";
import { tf } from "@/tensorflow/backend.ts";
import { SAMPLE_CONFIG } from "../sample_config.ts";

Deno.test("versionsTable() has the versions of deno.json, requirements.txt and the README", async () => {
  const [versions] = await versionsTable();
  assertEquals(versions!["@tensorflow/tfjs"], tf.version_core);
  for (const [name, version] of Object.entries(versions!)) {
    assertMatch(`${version}`, /^\d+\./, name);
  }
  const requirements = await readText(fromRoot("requirements.txt"));
  assertStringIncludes(requirements, `tensorflow==${versions!["TensorFlow"]};`);
  const deno = `${versions!["Deno"]}`.replace(" or newer", "");
  assertStringIncludes(await readText(fromRoot("README.md")), `npx --yes deno@${deno} task test`);
});

Deno.test("settingsTable() marks the unchanged settings of an experiment", () => {
  const rows = settingsTable(EXPERIMENTS);
  const changed = (name: string) =>
    rows.filter((row) => row[name] !== "\u00b7").map((r) => r.Setting);
  assertEquals(changed("l2"), ["L2 penalty in the loss"]);
  assertEquals(changed("dropout"), ["Dropout before the linear layer"]);
  assertEquals(changed("sharpness"), ["Augmentation"]);
  assertEquals(changed("contrast"), ["Augmentation"]);
  assertEquals(rows[2]!.baseline, "1e-4");
});

Deno.test("settingsTable() has custom runs beside the experiments, and the films' size if it differs", () => {
  const { network } = SAMPLE_CONFIG;
  const own = (name: string, imageSize: number) => ({
    config: {
      experiment: { ...BASELINE, name, base: "baseline", batchSize: 8 },
      network: { ...network, imageSize },
    },
  });
  const changed = (rows: ReturnType<typeof settingsTable>, name: string) =>
    rows.filter((row) => row[name] !== "\u00b7").map((row) => [row["Setting"], row[name]]);
  const one = settingsTable(EXPERIMENTS, [own("batch8", 224)]);
  assertEquals(changed(one, "batch8"), [["Films a batch", "8"]]);
  assertEquals(one.map(({ Setting }) => Setting), settingsTable(EXPERIMENTS).map((r) => r.Setting));
  const two = settingsTable(EXPERIMENTS, [own("batch8", 224), own("big", 448)]);
  assertEquals(changed(two, "big"), [
    ["Films a batch", "8"],
    ["Pixels a side of the films", "448"],
  ]);
  assertEquals(two.at(-1)!["batch8"], "\u00b7");
});

/** Two epochs; the first has the higher F1. */
const ROWS = [
  { testAccuracy: 0.9, testF1: 0.8, testAuc: 0.95, testTn: 70, testFp: 5, testFn: 5, testTp: 20 },
  { testAccuracy: 0.85, testF1: 0.7, testAuc: 0.9, testTn: 67, testFp: 8, testFn: 7, testTp: 18 },
].map((row, epoch) => ({ epoch, validationF1: null, ...row }) as EpochRow);

Deno.test("chosenTable() has the epoch with the highest test F1, or the last", () => {
  const runs = [{ experiment: "l2", rows: ROWS }];
  const row = {
    "Experiment": "l2 (regu_penalty)",
    "Epoch": 0,
    "Accuracy (%)": "90.00",
    "F1": "0.8000",
    "AUC": "0.9500",
    "Confusion matrix": "[[70, 5], [5, 20]]",
  };
  assertEquals(chosenTable(runs, "highest test F1"), [row]);
  assertEquals(chosenTable(runs, "last epoch").map(({ Epoch }) => Epoch), [1]);
});

Deno.test("reportedTable() has the original's numbers beside a run's", () => {
  const rows = reportedTable([{ experiment: "baseline", rows: ROWS }]);
  assertEquals(rows.map((row) => Object.values(row)), [
    ["highest test F1", "baseline", "98.91", "90.00", "0.9686", "0.8000"],
    ["last epoch", "baseline", "97.83", "85.00", "0.9390", "0.7000"],
  ]);
  assertEquals(reportedTable([{ experiment: "my_own", rows: ROWS }]), []);
});

const count = (set: string, label: string, films: number) => ({
  ...{ set, label, films, first: `${label}1.png`, last: `${label}${films}.png` },
});
const COUNTS = [
  ...[count("train", "Healthy", 3040), count("train", "TB", 640)],
  ...[count("test", "Healthy", 3), count("test", "TB", 1)],
];

Deno.test("splitTable() has each class's share of its set", () => {
  assertEquals(splitTable(COUNTS).map((row) => Object.values(row)), [
    ["train", "Healthy", 3040, "82.61", "Healthy1.png", "Healthy3040.png"],
    ["train", "TB", 640, "17.39", "TB1.png", "TB640.png"],
    ["test", "Healthy", 3, "75.00", "Healthy1.png", "Healthy3.png"],
    ["test", "TB", 1, "25.00", "TB1.png", "TB1.png"],
  ]);
});

Deno.test("majorityTable() has the accuracy of calling every film class 0", () => {
  assertEquals(majorityTable(COUNTS), [
    { "Set": "train", "Accuracy of calling every film healthy (%)": "82.61" },
    { "Set": "test", "Accuracy of calling every film healthy (%)": "75.00" },
  ]);
});

Deno.test("trainingTable() adds up minutes, and has the last epoch's speed", () => {
  const rows = [
    { trainSeconds: 100, testSeconds: 20, imagesPerSecond: 9 },
    { trainSeconds: 50, testSeconds: 10, imagesPerSecond: 18.04 },
  ] as EpochRow[];
  assertEquals(trainingTable([{ experiment: "l2", rows }]), [{
    "Experiment": "l2 (regu_penalty)",
    "Epochs": 2,
    "Minutes": "3.0",
    "Films a second in training": "18.0",
  }]);
});

const SESSION = {
  ...{ started: "", versions: { tensorflow: "2.21.0" } },
  machine: { device: "CPU", processor: "EPYC", cores: 2 },
};
const CONFIG: RunConfig = {
  ...{ ...SAMPLE_CONFIG, experiment: experimentNamed("dropout"), seed: 3, precision: "bf16" },
  data: {
    ...SAMPLE_CONFIG.data,
    train: { healthy: 3040, tb: 640, fingerprint: "0123456789abcdef" },
    test: { healthy: 760, tb: 160, fingerprint: "" },
  },
  sessions: [SESSION],
};

Deno.test("configTable() has the settings of a run, its last session's versions, and every machine", () => {
  const earlier = { ...SESSION, versions: { tensorflow: "2.20.0" } };
  const elsewhere = { ...earlier, machine: { ...earlier.machine, processor: "Xeon" } };
  const config = { ...CONFIG, sessions: [elsewhere, earlier, SESSION] };
  assertEquals(configTable([config]).map((row) => Object.values(row)), [
    ["dropout", 3, "bf16", "3040 healthy, 640 TB", "760 healthy, 160 TB", "0123456789ab"]
      .concat("2.21.0", "Xeon, 2 cores; EPYC, 2 cores"),
  ]);
});

Deno.test("configTable() names a GPU as the machine, and an unknown machine", () => {
  const machineOf = (machine: Session["machine"]) =>
    configTable([{ ...CONFIG, sessions: [{ ...SESSION, machine }] }])[0]!.Machine;
  assertEquals(machineOf({ ...SESSION.machine, device: "GPU" }), "GPU");
  assertEquals(machineOf({ device: "CPU" }), "CPU");
  assertEquals(machineOf({}), "unknown");
});

Deno.test("configTable() tells processors of one name apart by their instructions", () => {
  const sessions = ["AVX2", "AVX-512"].map((instructions) => ({
    ...SESSION,
    machine: { ...SESSION.machine, instructions },
  }));
  assertEquals(
    configTable([{ ...CONFIG, sessions }])[0]!.Machine,
    "EPYC, 2 cores, AVX2; EPYC, 2 cores, AVX-512",
  );
});

Deno.test("picturesTable() has the pictures of a folder in a row", () => {
  const paths = ["visualize/l2/a.png", "visualize/l2/b.png", "visualize/dropout/a.png"];
  assertEquals(picturesTable(paths), [
    { "Folder": "visualize/l2", "Pictures": "a.png, b.png" },
    { "Folder": "visualize/dropout", "Pictures": "a.png" },
  ]);
});
