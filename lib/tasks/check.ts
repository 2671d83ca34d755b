/**
 * `deno task check`: what can be said of the code without running it: its format, Deno's lint rules, and the types of
 * lib, the tests and the code cells of the notebooks, which the kernel itself does not check.
 * @module
 */
import { basename, join } from "node:path";
import { writeAtomic } from "@/files.ts";
import { moduleOfCells, readNotebook } from "@/notebook_file.ts";
import { fromRoot, PROJECT_ROOT } from "@/paths.ts";
import { listNotebooks } from "@/tasks/notebooks.ts";
import { runTask } from "@/tasks/task.ts";

/** Writes the notebooks' code as modules, and gives their paths. */
async function extractCells(): Promise<string[]> {
  const notebooks = await listNotebooks();
  return await Promise.all(notebooks.map(async (path) => {
    const module = join(fromRoot(".cache/cells"), basename(path).replace(/ipynb$/, "ts"));
    await writeAtomic(module, moduleOfCells(await readNotebook(path)));
    return module;
  }));
}

async function main(): Promise<void> {
  const cells = await extractCells();
  const checks: [string, string[]][] = [
    ["Format", ["fmt", "--check"]],
    ["Lint", ["lint"]],
    ["Types of lib and tests", ["check", "lib", "tests"]],
    ...cells.flatMap((cell): [string, string[]][] => [
      [`Types in the cells of ${basename(cell, ".ts")}`, ["check", cell]],
      [`Lint of the cells of ${basename(cell, ".ts")}`, ["lint", "--no-config", cell]],
    ]),
  ];
  let failed = 0;
  for (const [name, args] of checks) {
    const command = new Deno.Command(Deno.execPath(), { args, cwd: PROJECT_ROOT });
    const { success, stdout, stderr } = await command.output();
    console.log(`${name} ... ${success ? "ok" : "FAILED"}`);
    if (success) continue;
    failed++;
    for (const bytes of [stdout, stderr]) await Deno.stderr.write(bytes);
  }
  console.log(`${checks.length - failed} passed, ${failed} failed`);
  if (failed > 0) Deno.exit(1);
}

if (import.meta.main) await runTask(main);
