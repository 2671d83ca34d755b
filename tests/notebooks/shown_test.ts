import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { readText, writeAtomic } from "@/common/files.ts";
import { PROJECT_ROOT } from "@/common/paths.ts";
import { BASELINE } from "@/experiments.ts";
import { openDataCheck } from "@/notebooks/check_report.ts";
import { listRuns, readFinishedRuns } from "@/notebooks/finished.ts";
import { filesUnder } from "@/notebooks/kept_run.ts";
import { openShownFilms, readShownSplit, type ShownRun, shownRun } from "@/notebooks/shown.ts";
import { REFERENCE_RUN } from "@/tasks/dev/reference_run.ts";
import { inFolder } from "../in_folder.ts";

/** A kept run. */
const KEPT: ShownRun = { root: REFERENCE_RUN, isKept: true, data: undefined };

Deno.test("shownRun() is the project's own run, or the one that XRAY_RUN names", () => {
  assertEquals(shownRun({}), { root: PROJECT_ROOT, isKept: false, data: undefined });
  assertEquals(shownRun({ XRAY_DATA: "films" }).data, "films");
  assertEquals(shownRun({ XRAY_RUN: "reference_run" }), KEPT);
});

Deno.test("listRuns() lists the finished experiments of a kept run alone", async () => {
  const [baseline] = await readFinishedRuns(KEPT);
  const own = { ...BASELINE, name: "my_own" };
  const runs = await listRuns([BASELINE, own], KEPT);
  assertEquals(runs.map(({ experiment }) => experiment.name), [BASELINE.name]);
  assertEquals([baseline!.experiment, baseline!.rows], [BASELINE.name, runs[0]!.finished!.rows]);
});

Deno.test("openDataCheck() refuses a check of other films than the kept run's, and a damaged file", () =>
  inFolder(async (folder) => {
    for (const path of await filesUnder(REFERENCE_RUN)) {
      await writeAtomic(join(folder, path), await readText(join(REFERENCE_RUN, path)));
    }
    const shown: ShownRun = { ...KEPT, root: folder };
    const split = await readShownSplit(shown);
    assertEquals((await openDataCheck(split, shown)).scope, "all films");
    const other = { ...split, test: split.test.slice(1) };
    await assertRejects(
      () => openDataCheck(other, shown),
      Error,
      "it checks other films than the split",
    );
    const path = join(folder, "results/data_check.json");
    for (
      const [damage, place] of [
        [{ findings: [{ kind: "dust", films: [], detail: "" }] }, "findings.0.kind"],
        [{ greys: [{ label: "TB", films: 1, shares: [null] }] }, "greys.0.shares.0"],
      ] as const
    ) {
      await writeAtomic(path, JSON.stringify({ ...await openDataCheck(split, shown), ...damage }));
      await assertRejects(
        () => openDataCheck(split, shown),
        SyntaxError,
        `Cannot read ${path}: its "${place}" is wrong`,
      );
      await writeAtomic(path, await readText(join(REFERENCE_RUN, "results/data_check.json")));
    }
  }));

Deno.test("openShownFilms() gives a kept run phantoms, split like other films", async () => {
  const { train, test } = await openShownFilms(KEPT);
  assertEquals([train.length, test.length], [192, 48]);
  const lastTested = test.filter(({ label }) => label === 0).at(-1)!.filename;
  const firstTrained = train.find(({ label }) => label === 0)!.filename;
  assert(lastTested < firstTrained, `${firstTrained} trains and ${lastTested} tests`);
});
