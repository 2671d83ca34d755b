/**
 * Executes a notebook headless, on this Deno's kernel. No output is lost, and every failure counts:
 * a cell that throws, an uncaught error, a kernel that dies, a timeout.
 * @module
 */
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { writeAtomic } from "@/common/files.ts";
import { fromRoot } from "@/common/paths.ts";
import { openProgress } from "@/common/progress.ts";
import { reportUncaughtErrors } from "@/common/show.ts";
import { kernelSpec } from "@/notebooks/kernel.ts";

/** The set-up's Python, which has nbclient and nbconvert. */
export const VENV_PYTHON: string = fromRoot(".venv/bin/python");

/**
 * Executes a notebook's cells in order, in a new kernel that works in the notebook's folder.
 *
 * @param options.target Path of the executed copy. If a cell fails, the copy holds its error.
 * @param options.cellTimeout Time limit of a cell, in seconds.
 * @param options.env Environment variables of the kernel, in addition to this process's own.
 * @throws {Error} If a cell fails, with its error and its code; if the kernel hides cells' errors,
 * as in Deno 2.8.2 and 2.8.3; if the set-up is missing.
 */
export async function executeNotebook(
  source: string,
  { target, cellTimeout, env = {} }: {
    target: string;
    cellTimeout: number;
    env?: Record<string, string>;
  },
): Promise<void> {
  const module = pathToFileURL(fromRoot("lib/common/show.ts"));
  const child = startPython([
    ...[fromRoot("lib/notebooks/execute.py"), source, target],
    ...["--timeout", String(cellTimeout)],
    ...["--prelude", `(await import("${module}")).${reportUncaughtErrors.name}()`],
  ], { JUPYTER_PATH: await writeKernelSpec(), ...env });
  const said = new Response(child.stderr).text();
  await showCells(child.stdout, basename(source));
  if ((await child.status).success) return;
  throw new Error(
    `Cannot execute ${source} on Deno ${Deno.version.deno}: ${(await said).trim()}\n` +
      `(executed so far: ${target})`,
  );
}

/**
 * Checks that this Deno's kernel can execute notebooks, before a run that needs it hours later.
 *
 * @throws {Error} As {@linkcode executeNotebook}.
 */
export async function requireKernel(): Promise<void> {
  const path = fromRoot(".cache/jupyter/empty.ipynb");
  await writeAtomic(path, '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n');
  await executeNotebook(path, { target: path, cellTimeout: 60 });
}

function startPython(args: string[], env: Record<string, string>): Deno.ChildProcess {
  try {
    const pipes = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
    return new Deno.Command(VENV_PYTHON, { args, env, ...pipes }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`Cannot find ${VENV_PYTHON}: run \`deno task setup\` first`, { cause: error });
  }
}

/** Writes a kernel that runs this Deno, not the set-up's, and gives its path for Jupyter. */
async function writeKernelSpec(): Promise<string> {
  const folder = fromRoot(`.cache/jupyter/${Deno.version.deno}`);
  await writeAtomic(join(folder, "kernels/deno/kernel.json"), kernelSpec());
  return folder;
}

/** Shows the progress, from lines such as `3/20`. */
async function showCells(
  lines: ReadableStream<Uint8Array<ArrayBuffer>>,
  title: string,
): Promise<void> {
  let bar;
  for await (const text of lines.pipeThrough(new TextDecoderStream())) {
    const [cell, total] = text.trim().split("\n").at(-1)!.split("/").map(Number);
    bar ??= await openProgress(title, { total: total!, unit: "cells" });
    bar.update(cell!);
  }
  await bar?.close();
}
