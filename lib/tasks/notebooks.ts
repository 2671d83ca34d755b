/**
 * `deno task notebooks`: executes the notebooks in order, each in a kernel of its own, and makes one HTML report of
 * them. The notebooks themselves are left as they are.
 * @module
 */
import { basename, join, relative } from "node:path";
import { parseArgs } from "node:util";
import { executeNotebook } from "@/execute_notebook.ts";
import { fromRoot, PROJECT_ROOT } from "@/paths.ts";
import { writeReport } from "@/report.ts";

const REPORT = fromRoot("results/report.html");

/** The project's notebooks, in their order. */
export async function listNotebooks(): Promise<string[]> {
  const folder = fromRoot("notebooks");
  const entries = await Array.fromAsync(Deno.readDir(folder));
  return entries.map(({ name }) => name).filter((name) => name.endsWith(".ipynb")).toSorted()
    .map((name) => join(folder, name));
}

/** What {@linkcode executeNotebooks} takes. */
export interface NotebooksOptions {
  /** Folder of the executed copies. */
  out: string;
  /** Seconds that one cell may take. */
  cellTimeout: number;
}

/**
 * Executes all notebooks and writes the report.
 *
 * @throws {Error} On the first notebook that fails; there is no new report then.
 */
export async function executeNotebooks({ out, cellTimeout }: NotebooksOptions): Promise<void> {
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
  const { values } = parseArgs({
    options: {
      out: { type: "string", default: "results/notebooks" },
      timeout: { type: "string", default: "7200" },
    },
  });
  try {
    await executeNotebooks({ out: fromRoot(values.out), cellTimeout: Number(values.timeout) });
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
