import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { openDataCheck } from "@/data_check.ts";
import { BASELINE } from "@/experiments.ts";
import { readText, writeAtomic } from "@/files.ts";
import { planRuns, readFinishedRuns } from "@/finished_runs.ts";
import { filesUnder } from "@/kept_run.ts";
import { PROJECT_ROOT } from "@/paths.ts";
import { openPhantomFilms, readShownSplit } from "@/shown_films.ts";
import { inShownRun, isKept, SHOWN_RUN_VARIABLE } from "@/shown_run.ts";
import { REFERENCE_RUN } from "@/tasks/reference_run.ts";
import { inFolder } from "./in_folder.ts";
import { drawDataFolder } from "./small_run.ts";

/** Runs a test while another run is shown. */
async function showing(folder: string, test: () => Promise<void>): Promise<void> {
  const before = Deno.env.get(SHOWN_RUN_VARIABLE);
  Deno.env.set(SHOWN_RUN_VARIABLE, folder);
  try {
    await test();
  } finally {
    if (before === undefined) Deno.env.delete(SHOWN_RUN_VARIABLE);
    else Deno.env.set(SHOWN_RUN_VARIABLE, before);
  }
}

Deno.test("inShownRun() gives the project's own files, or those of the run that XRAY_RUN names", async () => {
  assertEquals([inShownRun(), isKept()], [PROJECT_ROOT, false]);
  await showing("reference_run", () => {
    assertEquals([inShownRun("results"), isKept()], [join(REFERENCE_RUN, "results"), true]);
    return Promise.resolve();
  });
});

Deno.test("a kept run is read, and not trained any further", () =>
  showing(REFERENCE_RUN, async () => {
    const [baseline] = await readFinishedRuns();
    const own = { ...BASELINE, name: "my_own" };
    const plans = await planRuns([BASELINE, own], { epochs: 99 });
    // What is not done is left out of a kept run.
    assertEquals(plans.map(({ experiment }) => experiment.name), [BASELINE.name]);
    assertEquals([baseline!.experiment, baseline!.rows], [BASELINE.name, plans[0]!.finished!.rows]);
  }));

Deno.test("openDataCheck() refuses what was found in other films than a kept run's, and a damaged file", () =>
  inFolder(async (folder) => {
    for (const path of await filesUnder(REFERENCE_RUN)) {
      await writeAtomic(join(folder, path), await readText(join(REFERENCE_RUN, path)));
    }
    await showing(folder, async () => {
      const split = await readShownSplit();
      assertEquals((await openDataCheck(split)).scope, "all films");
      const other = { ...split, test: split.test.slice(1) };
      await assertRejects(() => openDataCheck(other), Error, "it is not of the split beside it");
      const path = join(folder, "results/data_check.json");
      for (
        const [damage, place] of [
          [{ findings: [{ kind: "dust", films: [], detail: "" }] }, "findings.0.kind"],
          [{ greys: [{ label: "TB", films: 1, shares: [null] }] }, "greys.0.shares.0"],
        ] as const
      ) {
        await writeAtomic(path, JSON.stringify({ ...await openDataCheck(split), ...damage }));
        await assertRejects(
          () => openDataCheck(split),
          SyntaxError,
          `Cannot read ${path}: its "${place}" is wrong`,
        );
        await writeAtomic(path, await readText(join(REFERENCE_RUN, "results/data_check.json")));
      }
    });
  }));

Deno.test("openPhantomFilms() has films that train before films that test", () =>
  inFolder(async (folder) => {
    const { films } = await openPhantomFilms(await drawDataFolder(folder));
    const tested = films.findIndex(({ filename }) => filename === "film00.png");
    assertEquals([films.length, films.length - tested], [30, 2]);
  }));
