import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { readText, writeAtomic } from "@/common/files.ts";
import { filesUnder, hashOfRun, keepRun } from "@/notebooks/kept_run.ts";
import { REFERENCE_RUN } from "@/tasks/dev/reference_run.ts";
import { inFolder } from "../in_folder.ts";

/** Changes a JSON file of a run. */
async function change(
  path: string,
  edit: (value: Record<string, unknown>) => Record<string, unknown>,
): Promise<void> {
  await writeAtomic(path, JSON.stringify(edit(JSON.parse(await readText(path)))));
}

/** Copies the kept run, marked as one on phantom films. */
async function phantomRun(folder: string): Promise<string> {
  for (const path of await filesUnder(REFERENCE_RUN)) {
    await writeAtomic(join(folder, path), await readText(join(REFERENCE_RUN, path)));
  }
  await change(join(folder, "results/summary.json"), (all) => ({ ...all, phantom: true }));
  return folder;
}

Deno.test("keepRun() keeps a run's texts, and nothing else", () =>
  inFolder(async (folder) => {
    const from = await phantomRun(join(folder, "from"));
    const [first, second] = [join(folder, "first"), join(folder, "second")];
    await writeAtomic(join(from, "results/baseline/tensorboard/events"), "");
    await writeAtomic(join(from, "model/baseline/epoch01.safetensors"), "");
    await writeAtomic(join(second, "results/l2/old.txt"), "of a run before");
    const seeded = "results/seeds/9/baseline/metrics.csv";
    await writeAtomic(
      join(from, seeded),
      await readText(join(from, "results/baseline/metrics.csv")),
    );
    await keepRun({ from, to: first });
    await keepRun({ from: first, to: second });
    const kept = (await filesUnder(first)).toSorted();
    const unseeded = (await filesUnder(REFERENCE_RUN)).filter((path) => path !== seeded);
    assertEquals(kept, [...unseeded, seeded].toSorted());
    assertEquals((await filesUnder(second)).toSorted(), kept);
    assertEquals(await hashOfRun(second), await hashOfRun(first));
  }));

Deno.test("keepRun() removes the paths of a run's films and first weights", () =>
  inFolder(async (folder) => {
    const [from, to] = [await phantomRun(join(folder, "from")), join(folder, "to")];
    await change(join(from, "dataset/split.json"), (split) => ({ ...split, data: "/films/imgs" }));
    await change(join(from, "results/baseline/config.json"), ({ network, ...config }) => ({
      ...config,
      network: { ...network as object, init: { file: "/weights/a.safetensors", sha256: "" } },
    }));
    await keepRun({ from, to });
    assertEquals(JSON.parse(await readText(join(to, "dataset/split.json"))).data, null);
    const { network } = JSON.parse(await readText(join(to, "results/baseline/config.json")));
    assertEquals(network.init.file, "a.safetensors");
  }));

Deno.test("keepRun() refuses a text that contains a path of the machine", () =>
  inFolder(async (folder) => {
    const [from, to] = [await phantomRun(join(folder, "from")), join(folder, "to")];
    await writeAtomic(join(from, "results/analysis/notes.md"), "Films of /home/ada/films/imgs.");
    await assertRejects(
      () => keepRun({ from, to }),
      Error,
      "Cannot keep results/analysis/notes.md: /home/ada/films/imgs",
    );
  }));

Deno.test("keepRun() replaces the maps of real films by phantoms'", () =>
  inFolder(async (folder) => {
    const cases = "results/analysis/cases.json";
    const phantoms = await phantomRun(join(folder, "phantoms"));
    const real = await phantomRun(join(folder, "real"));
    const to = join(folder, "to");
    await change(join(real, "results/summary.json"), (all) => ({ ...all, phantom: false }));
    await writeAtomic(join(real, cases), "[]");
    await assertRejects(
      () => keepRun({ from: real, to }),
      Error,
      "Keep a run on phantom films first",
    );
    await keepRun({ from: phantoms, to });
    await keepRun({ from: real, to });
    assertEquals(await readText(join(to, cases)), await readText(join(phantoms, cases)));
    assert((await readText(join(to, "README.md"))).includes("on real films"));
  }));
