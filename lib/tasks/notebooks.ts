/**
 * `deno task notebooks`: executes copies of the notebooks in order, each in its own kernel, and
 * makes one HTML report of them.
 * @module
 */
import { basename, join, relative } from "node:path";
import { fromRoot, PROJECT_ROOT } from "@/common/paths.ts";
import { executeNotebook } from "@/notebooks/execute.ts";
import { writeReport } from "@/notebooks/report.ts";
import { type Command, runCommand } from "@/tasks/flags.ts";
import { wholeNumber } from "@/tasks/task.ts";

const REPORT = fromRoot("results/report.html");

const COMMAND = {
  name: "notebooks",
  flags: {
    "out FOLDER": "gets the executed copies of the notebooks (default: results/notebooks)",
    "timeout SECONDS": "the most that one cell may take (default: 7200)",
  },
} as const satisfies Command;

/** Lists the paths of the project's notebooks, in their order. */
export async function listNotebooks(): Promise<string[]> {
  const folder = fromRoot("notebooks");
  const entries = await Array.fromAsync(Deno.readDir(folder));
  return entries.map(({ name }) => name).filter((name) => name.endsWith(".ipynb")).toSorted()
    .map((name) => join(folder, name));
}

/**
 * Executes all notebooks and writes the report.
 *
 * @param options.out The folder of the executed copies.
 * @param options.cellTimeout The most seconds that one cell may take.
 * @throws {Error} If a notebook fails. There is no new report then.
 */
export async function executeNotebooks(
  { out, cellTimeout }: { out: string; cellTimeout: number },
): Promise<void> {
  const copies: string[] = [];
  for (const source of await listNotebooks()) {
    const target = join(out, basename(source));
    const start = performance.now();
    await executeNotebook(source, { target, cellTimeout });
    const seconds = Math.round((performance.now() - start) / 1000);
    console.log(`Executed ${basename(source)} in ${seconds} s: ${relative(PROJECT_ROOT, target)}`);
    copies.push(target);
  }
  await writeReport(copies, { target: REPORT, title: "Chest X-ray classification" });
  console.log(`Wrote ${relative(PROJECT_ROOT, REPORT)}`);
}

if (import.meta.main) {
  await runCommand(COMMAND, async ({ flags: { out = "results/notebooks", timeout: text } }) => {
    const cellTimeout = wholeNumber("--timeout", { text, from: 1 }) ?? 7200;
    await executeNotebooks({ out: fromRoot(out), cellTimeout });
  });
}
