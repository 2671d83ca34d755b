import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { openFilmCache } from "@/films/cache.ts";
import { slowPrecision } from "@/network/precision.ts";
import { createResNet50 } from "@/network/resnet50.ts";
import { readWeights } from "@/network/weights.ts";
import { runExperiment, type RunExperimentOptions } from "@/notebooks/run_live.ts";
import { saveWeights } from "@/runs/checkpoint.ts";
import { readConfig } from "@/runs/config.ts";
import { readEpochs, runFolders } from "@/runs/files.ts";
import { inFolder } from "../in_folder.ts";
import { drawDataFolder, SMALL_EXPERIMENT, SMALL_NETWORK } from "../small_run.ts";

async function optionsIn(folder: string): Promise<RunExperimentOptions> {
  return {
    data: await drawDataFolder(folder),
    dataset: join(folder, "dataset"),
    out: folder,
    cache: openFilmCache({ folder: join(folder, "cache") }),
    precision: "fp32",
    network: SMALL_NETWORK,
  };
}

/** Collects the lines that a function prints. */
async function printedBy(work: () => Promise<unknown>): Promise<string[]> {
  const lines: string[] = [];
  const log = console.log;
  console.log = (line: string) => void lines.push(line);
  try {
    await work();
  } finally {
    console.log = log;
  }
  return lines;
}

Deno.test("runExperiment() trains on a data folder and prints a line an epoch", () =>
  inFolder(async (folder) => {
    const options = await optionsIn(folder);
    const experiment = { ...SMALL_EXPERIMENT, epochs: 2 };
    let rows;
    const lines = await printedBy(async () => {
      rows = await runExperiment(experiment, { ...options, seed: 5 });
    });
    const { results } = runFolders("small", { seed: 5, root: folder });
    assertEquals(await readEpochs(results), rows);
    assertEquals(lines.length, 2);
    const share = String.raw`\d+\.\d\d%`;
    assertMatch(
      lines[1]!,
      new RegExp(
        String.raw`^small epoch 01 of 2   train loss \d\.\d{4} accuracy ${share}   ` +
          String.raw`test loss \d\.\d{4} accuracy ${share} F1 \S+ AUC \d\.\d{4}   ` +
          String.raw`0:00:0\d at \d+\.\d images/s$`,
      ),
    );
  }));

Deno.test("runExperiment() names the films that it omits", () =>
  inFolder(async (folder) => {
    const options = await optionsIn(folder);
    for (const place of ["health/film01.png", "tb/film03.png"]) {
      await Deno.writeTextFile(join(options.data!, place), "no film");
    }
    const experiment = { ...SMALL_EXPERIMENT, epochs: 1 };
    await assertRejects(() => runExperiment(experiment, options), Error, "2 of 30 films");
    const lines = await printedBy(() => runExperiment(experiment, { ...options, skipBad: true }));
    const said = "Left out of small, for they cannot be read: ";
    assertEquals(lines.length, 2);
    assertEquals(lines[0]!.replace(said, "").split(", ").sort(), ["film01.png", "film03.png"]);
    const { data } = await readConfig(runFolders("small", { root: folder }).results);
    assertEquals([...data.skipped].sort(), ["film01.png", "film03.png"]);
  }));

Deno.test("runExperiment() ends when a stop file appears, and resumes the next time", () =>
  inFolder(async (folder) => {
    const options = await optionsIn(folder);
    await Deno.mkdir(join(folder, "results"));
    await Deno.writeTextFile(join(folder, "results", "stop"), "");
    const lines = await printedBy(async () => {
      await assertRejects(() => runExperiment(SMALL_EXPERIMENT, options), Error, "Stopped small");
      assertEquals((await runExperiment(SMALL_EXPERIMENT, options)).length, 3);
    });
    assertEquals(lines.length, 3);
  }));

Deno.test("runExperiment() says that it replaces the head of weights for other classes", () =>
  inFolder(async (folder) => {
    const options = await optionsIn(folder);
    const network = createResNet50({ ...SMALL_NETWORK, classes: 5, seed: 1 });
    const init = join(folder, "five.safetensors");
    await saveWeights(init, { weights: readWeights(network), steps: 0 });
    network.dispose();
    const experiment = { ...SMALL_EXPERIMENT, epochs: 1 };
    const lines = await printedBy(() => runExperiment(experiment, { ...options, init }));
    assertEquals(lines.length, 2);
    assertStringIncludes(lines[0]!, `${init} is for 5 classes: its linear layer is replaced`);
    assertStringIncludes(lines[0]!, "--stride-on 3x3");
  }));

Deno.test("runExperiment() notes a slow precision, also in a resumed run", () =>
  inFolder(async (folder) => {
    const { precision: _, ...options } = await optionsIn(folder);
    const note = slowPrecision("bf16");
    for (const { epochs, ...asked } of [{ epochs: 1, precision: "bf16" }, { epochs: 2 }] as const) {
      const experiment = { ...SMALL_EXPERIMENT, epochs };
      const lines = await printedBy(() => runExperiment(experiment, { ...options, ...asked }));
      assertEquals(lines.filter((line) => !line.startsWith("small epoch")), note ? [note] : []);
    }
  }));

Deno.test("run_live.ts can be imported by import(), as the cells of a notebook do", async () => {
  const path = import.meta.resolve("@/notebooks/run_live.ts");
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", `await import("${path}")`],
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
});
