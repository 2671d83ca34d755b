import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { readText, writeAtomic } from "@/files.ts";
import { filesUnder, hashOfRun, keepRun } from "@/kept_run.ts";
import { REFERENCE_RUN } from "@/tasks/reference_run.ts";
import { inFolder } from "./in_folder.ts";

/** Changes a JSON file of a run. */
async function change(
  path: string,
  edit: (value: Record<string, unknown>) => Record<string, unknown>,
): Promise<void> {
  await writeAtomic(path, JSON.stringify(edit(JSON.parse(await readText(path)))));
}

Deno.test("keepRun() keeps all of a run that was kept before, and nothing else", () =>
  inFolder(async (folder) => {
    const [first, second] = [join(folder, "first"), join(folder, "second")];
    await keepRun({ from: REFERENCE_RUN, to: first });
    await writeAtomic(join(first, "results/baseline/tensorboard/events"), "");
    await writeAtomic(join(second, "results/l2/old.txt"), "of a run before");
    await keepRun({ from: first, to: second });
    const files = await filesUnder(second);
    assertEquals(files.toSorted(), (await filesUnder(REFERENCE_RUN)).toSorted());
    assertEquals(await hashOfRun(second), await hashOfRun(REFERENCE_RUN));
  }));

Deno.test("keepRun() leaves out where a run's films and first weights were", () =>
  inFolder(async (folder) => {
    const [from, to] = [join(folder, "from"), join(folder, "to")];
    await keepRun({ from: REFERENCE_RUN, to: from });
    await change(join(from, "dataset/split.json"), (split) => ({ ...split, data: "/films/imgs" }));
    await change(join(from, "results/l2/config.json"), ({ network, ...config }) => ({
      ...config,
      network: { ...network as object, init: { file: "/weights/a.safetensors", sha256: "" } },
    }));
    await keepRun({ from, to });
    assertEquals(JSON.parse(await readText(join(to, "dataset/split.json"))).data, null);
    const { network } = JSON.parse(await readText(join(to, "results/l2/config.json")));
    assertEquals(network.init.file, "a.safetensors");
  }));

Deno.test("keepRun() refuses a text with a path of the machine in it", () =>
  inFolder(async (folder) => {
    const [from, to] = [join(folder, "from"), join(folder, "to")];
    await keepRun({ from: REFERENCE_RUN, to: from });
    await writeAtomic(join(from, "results/analysis/notes.md"), "Films of /home/ada/films/imgs.");
    await assertRejects(
      () => keepRun({ from, to }),
      Error,
      "Cannot keep results/analysis/notes.md: /home/ada/films/imgs",
    );
  }));

Deno.test("keepRun() shows phantoms' maps in the place of real films'", () =>
  inFolder(async (folder) => {
    const [from, to] = [join(folder, "from"), join(folder, "to")];
    const cases = "results/analysis/cases.json";
    await keepRun({ from: REFERENCE_RUN, to: from });
    await change(join(from, "results/summary.json"), (all) => ({ ...all, phantom: false }));
    await writeAtomic(join(from, cases), "[]");
    await assertRejects(() => keepRun({ from, to }), Error, "Keep a run on phantom films first");
    await keepRun({ from: REFERENCE_RUN, to });
    await keepRun({ from, to });
    assertEquals(await readText(join(to, cases)), await readText(join(REFERENCE_RUN, cases)));
    assert((await readText(join(to, "README.md"))).includes("on real films"));
  }));
