/**
 * Executes a notebook headless, on this Deno's kernel, so that no output is lost and every failure counts: a cell that
 * throws, an error that nobody catches, a kernel that dies, a cell that takes too long.
 * @module
 */
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { writeAtomic } from "@/files.ts";
import { fromRoot } from "@/paths.ts";
import { openProgress } from "@/progress.ts";
import { kernelSpec } from "@/tasks/setup.ts";

/** The Python of the set-up, which has nbclient and nbconvert. */
export const VENV_PYTHON: string = fromRoot(".venv/bin/python");

/** What {@linkcode executeNotebook} takes. */
export interface ExecuteOptions {
  /** Where the executed copy goes; it is written when a cell fails, too, and holds the error then. */
  target: string;
  /** Seconds that one cell may take. */
  cellTimeout: number;
  /** Environment variables of the kernel, besides this process's own. */
  env?: Record<string, string>;
}

/**
 * Executes a notebook's cells in order in a kernel of its own, whose working folder is the notebook's.
 *
 * @throws {Error} If a cell fails, with its error and its code; if the set-up was not done.
 */
export async function executeNotebook(
  source: string,
  { target, cellTimeout, env = {} }: ExecuteOptions,
): Promise<void> {
  const notebookModule = pathToFileURL(fromRoot("lib/notebook.ts"));
  const child = startPython([
    ...[fromRoot("lib/tasks/execute_notebook.py"), source, target],
    ...["--timeout", String(cellTimeout)],
    ...["--prelude", `(await import("${notebookModule}")).reportUncaughtErrors()`],
  ], { env: { ...env, JUPYTER_PATH: await writeKernelSpec() } });
  const said = new Response(child.stderr).text();
  await showCells(child.stdout, { title: basename(source) });
  if ((await child.status).success) return;
  throw new Error(`Cannot execute ${source}: ${(await said).trim()}\n(what was done: ${target})`);
}

/**
 * Starts the set-up's Python.
 *
 * @throws {Error} If there is none.
 */
function startPython(args: string[], { env }: { env: Record<string, string> }): Deno.ChildProcess {
  try {
    const pipes = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
    return new Deno.Command(VENV_PYTHON, { args, env, ...pipes }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`Cannot find ${VENV_PYTHON}: run \`deno task setup\` first`, { cause: error });
  }
}

/** Writes a kernel that is the Deno which runs now, whichever was set up, and gives the path for Jupyter to find it. */
async function writeKernelSpec(): Promise<string> {
  const folder = fromRoot(`.cache/jupyter/${Deno.version.deno}`);
  await writeAtomic(join(folder, "kernels/deno/kernel.json"), kernelSpec());
  return folder;
}

/** Shows which cell is executed, from lines such as `3/20`. */
async function showCells(
  lines: ReadableStream<Uint8Array<ArrayBuffer>>,
  { title }: { title: string },
): Promise<void> {
  let bar;
  for await (const text of lines.pipeThrough(new TextDecoderStream())) {
    const [cell, total] = text.trim().split("\n").at(-1)!.split("/").map(Number);
    bar ??= await openProgress(title, { total: total!, unit: "cells" });
    bar.update(cell!);
  }
  await bar?.close();
}
