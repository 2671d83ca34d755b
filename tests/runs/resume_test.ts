import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { createPrng } from "@/common/random.ts";
import { readSafetensors } from "@/common/safetensors.ts";
import { readProgress } from "@/runs/checkpoint.ts";
import { runFolders } from "@/runs/files.ts";
import { inFolder } from "../in_folder.ts";
import { SMALL_EXPERIMENT } from "../small_run.ts";

/** The kills of a run: 3, or as many as `XRAY_TEST_KILLS` names. */
const KILLS = Number(Deno.env.get("XRAY_TEST_KILLS") ?? 3);
const EPOCHS = Math.max(3, Math.ceil(KILLS / 2));

/** Starts the small run as a process of its own. */
function start(folder: string, { before = "" } = {}): Deno.ChildProcess {
  const program = import.meta.resolve("../small_run.ts");
  const command = `${before} exec "$0" run -A ${program} "$1" ${EPOCHS}`;
  return new Deno.Command("sh", {
    args: ["-c", command, Deno.execPath(), folder],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function finish(process: Deno.ChildProcess): Promise<string> {
  const { code, stderr } = await process.output();
  const text = new TextDecoder().decode(stderr);
  return code === 0 ? "" : `exit code ${code}: ${text}`;
}

/** Kills a run some milliseconds after it has printed a line that fits. */
async function killAfter(
  process: Deno.ChildProcess,
  { line, milliseconds }: { line: RegExp; milliseconds: number },
): Promise<void> {
  const errors = new Response(process.stderr).text();
  await printed(process, line);
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  process.kill("SIGKILL");
  assertEquals((await process.status).signal, "SIGKILL", await errors);
}

/** Waits for a line that fits. */
async function printed(process: Deno.ChildProcess, line: RegExp): Promise<void> {
  for await (const text of createInterface(Readable.fromWeb(process.stdout as never))) {
    if (line.test(text)) return;
  }
}

/** Gives all files of a run that must not depend on kills: no times, no temporary files. */
async function outcome(folder: string): Promise<Record<string, unknown>> {
  const { results, model } = runFolders(SMALL_EXPERIMENT.name, { root: folder });
  const found: Record<string, unknown> = {};
  const metrics = await Deno.readTextFile(join(results, "metrics.csv"));
  found.metrics = metrics.split("\n").map((row) => row.split(",").slice(0, -3).join());
  for await (const { name } of Deno.readDir(join(results, "predictions"))) {
    found[name] = await Deno.readTextFile(join(results, "predictions", name));
  }
  for await (const { name } of Deno.readDir(model)) {
    if (!name.endsWith(".safetensors")) continue;
    const { tensors } = await readSafetensors(join(model, name));
    found[name] = Object.fromEntries([...tensors].sort());
  }
  return found;
}

/** Lists the files that a killed process was about to write. */
async function halfWritten(folder: string): Promise<string[]> {
  const { results, model } = runFolders(SMALL_EXPERIMENT.name, { root: folder });
  const folders = [results, join(results, "predictions"), model];
  const entries = await Promise.all(folders.map((path) => Array.fromAsync(Deno.readDir(path))));
  return entries.flat().map(({ name }) => name).filter((name) => name.endsWith(".tmp"));
}

Deno.test(`train() killed ${KILLS} times ends as it would have undisturbed`, () =>
  inFolder(async (folder) => {
    const undisturbed = join(folder, "undisturbed");
    await Deno.mkdir(undisturbed);
    assertEquals(await finish(start(undisturbed)), "");
    const expected = await outcome(undisturbed);
    assertEquals(Object.keys(expected).length, 1 + EPOCHS + EPOCHS + 1);

    const killed = join(folder, "killed");
    await Deno.mkdir(killed);
    const { integer } = createPrng("kills");
    // In a step; in an evaluation, which follows the last step; while checkpoints are written,
    // which follows it.
    const moments = [/train (4|8|12)$/, /train 20$/, /test 10$/];
    for (let kill = 0; kill < KILLS; kill++) {
      const line = moments[kill % moments.length]!;
      await killAfter(start(killed), { line, milliseconds: integer(40) });
    }
    const { model } = runFolders(SMALL_EXPERIMENT.name, { root: killed });
    await Deno.writeTextFile(join(model, `epoch00.safetensors.${crypto.randomUUID()}.tmp`), "half");
    assertEquals(await finish(start(killed)), "");
    assertEquals(await outcome(killed), expected);
    assertEquals(await halfWritten(killed), []);
  }));

Deno.test("train() keeps the last good state when the disk is full, and resumes from it", () =>
  inFolder(async (folder) => {
    const { model } = runFolders(SMALL_EXPERIMENT.name, { root: folder });
    const state = join(model, "last.safetensors");
    await killAfter(start(folder), { line: /^0 done/, milliseconds: 0 });
    const good = await Deno.readFile(state);

    // Files that may not grow to the size of a state: writing one fails half way, as on a full
    // disk.
    const blocks = Math.floor(good.length / 2 / 512);
    const error = await finish(start(folder, { before: `trap '' XFSZ; ulimit -f ${blocks};` }));
    assertStringIncludes(error, `Cannot write ${state}`);
    assertEquals(await Deno.readFile(state), good);
    assertEquals(await halfWritten(folder), []);
    assertEquals(await finish(start(folder)), "");
  }));

Deno.test("train() ends after the step that is under way at Ctrl-C, and resumes there", () =>
  inFolder(async (folder) => {
    const process = start(folder);
    const errors = new Response(process.stderr).text();
    await printed(process, /^0 train 8$/);
    process.kill("SIGINT");
    assertEquals((await process.status).code, 130);
    assertStringIncludes(await errors, "Stopped small after step");
    const { model } = runFolders(SMALL_EXPERIMENT.name, { root: folder });
    const { progress } = await readProgress(join(model, "last.safetensors"));
    assertEquals(progress.epoch, 0);
    assert(progress.sums.films >= 8);
    assertEquals(await finish(start(folder)), "");
  }));
