import { assertEquals, assertStringIncludes } from "@std/assert";
import { experimentNamed, EXPERIMENTS } from "@/experiments.ts";
import type { EpochRow } from "@/metrics.ts";
import {
  chosenTable,
  configTable,
  majorityTable,
  picturesTable,
  reportedTable,
  settingsTable,
  splitTable,
  trainingTable,
} from "@/report_tables.ts";
import type { RunConfig, Session } from "@/results.ts";
import { tableBundle } from "@/tables.ts";
import { SAMPLE_CONFIG } from "./sample_config.ts";

Deno.test("tableBundle() has the rows as HTML and as text, numbers to the right", () => {
  const bundle = tableBundle([{ Set: "train", Films: 144 }, { Set: "test", Films: 36 }], {
    title: "Films",
  });
  assertEquals(
    bundle["text/plain"],
    "Films\n\nSet    Films\n-----  -----\ntrain    144\ntest      36",
  );
  const html = String(bundle["text/html"]);
  assertStringIncludes(html, '<td style="text-align: right; white-space: nowrap">144</td>');
  assertStringIncludes(html, '<td style="text-align: left; white-space: nowrap">train</td>');
});

Deno.test("tableBundle() shows what looks like markup as text", () => {
  const html = String(
    tableBundle([{ "<b>": '<img src=x onerror="alert(1)">&' }], { title: "<script>" })["text/html"],
  );
  assertStringIncludes(html, "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;</td>");
  assertStringIncludes(html, "&lt;script&gt;");
  assertStringIncludes(html, ">&lt;b&gt;</th>");
});

Deno.test("settingsTable() marks what an experiment leaves as it is", () => {
  const rows = settingsTable(EXPERIMENTS);
  const changed = (name: string) =>
    rows.filter((row) => row[name] !== "\u00b7").map((r) => r.Setting);
  assertEquals(changed("l2"), ["L2 penalty in the loss"]);
  assertEquals(changed("dropout"), ["Dropout before the linear layer"]);
  assertEquals(changed("sharpness"), ["Augmentation"]);
  assertEquals(changed("contrast"), ["Augmentation"]);
  assertEquals(rows[2]!.baseline, "1e-4");
});

/** Two epochs, the first of which has the higher F1. */
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

Deno.test("tableBundle() says so where there are no rows", () => {
  const { "text/plain": text, "text/html": html } = tableBundle([], { title: "Pairs" });
  assertEquals([text, html], ["Pairs: none", "<p><b>Pairs</b>: none</p>"]);
});

Deno.test("tableBundle() has what looks like numbers to the right, and keeps short texts in one line", () => {
  const html = String(
    tableBundle([{ a: "1,234.5", b: "2.21.0", c: "word ".repeat(20) }], { title: "" })["text/html"],
  );
  assertStringIncludes(html, '<td style="text-align: right; white-space: nowrap">1,234.5</td>');
  assertStringIncludes(html, '<td style="text-align: left; white-space: nowrap">2.21.0</td>');
  assertStringIncludes(html, '<td style="text-align: left; min-width: 20em">word ');
});

/** A class in a set. */
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

Deno.test("configTable() has what decides a run's numbers, of its last session, and every machine", () => {
  const earlier = { ...SESSION, versions: { tensorflow: "2.20.0" } };
  const elsewhere = { ...earlier, machine: { ...earlier.machine, processor: "Xeon" } };
  const config = { ...CONFIG, sessions: [elsewhere, earlier, SESSION] };
  assertEquals(configTable([config]).map((row) => Object.values(row)), [
    ["dropout", 3, "bf16", "3040 healthy, 640 TB", "760 healthy, 160 TB", "0123456789ab"]
      .concat("2.21.0", "Xeon, 2 cores; EPYC, 2 cores"),
  ]);
});

Deno.test("configTable() has a GPU as the machine of a run that it computed, and says where none is named", () => {
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
