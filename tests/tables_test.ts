import { assertEquals, assertStringIncludes } from "@std/assert";
import { EXPERIMENTS } from "@/experiments.ts";
import type { EpochRow } from "@/metrics.ts";
import { chosenTable, reportedTable, settingsTable } from "@/report_tables.ts";
import { tableBundle } from "@/tables.ts";

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
