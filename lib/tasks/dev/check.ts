/**
 * `deno task check`: everything that can be said of the code without the tests: format, Deno's lint
 * rules, plain words, exports that nothing uses, the types of lib, tests and the notebooks' cells
 * (which the kernel itself does not check), and the examples in docs.
 * @module
 */
import { basename, join } from "node:path";
import { readText, writeAtomic } from "@/common/files.ts";
import { fromRoot, PROJECT_ROOT } from "@/common/paths.ts";
import { moduleOfCells, readNotebook } from "@/notebooks/file.ts";
import { filesUnder } from "@/notebooks/kept_run.ts";
import { findUnused } from "@/tasks/dev/unused.ts";
import { findWordFaults } from "@/tasks/dev/words.ts";
import { runCommand } from "@/tasks/flags.ts";
import { listNotebooks } from "@/tasks/notebooks.ts";

/** Tests that compare an export with a reference, which counts as a use of it. */
const PARITY_TESTS = [
  "analysis/beside_pytorch_test.ts",
  "analysis/shortcuts_test.ts",
  "figures/figures_test.ts",
  "films/kernels_test.ts",
  "notebooks/committed_test.ts",
  "readme_test.ts",
  "tensorflow/conformance_test.ts",
];

/** Modules whose docs have examples. */
const EXAMPLES = ["lib/statistics", "lib/films/transforms.ts", "lib/tensorflow/compile.ts"];

/** Writes the notebooks' code as modules, and gives their paths. */
async function extractCells(): Promise<string[]> {
  const notebooks = await listNotebooks();
  return await Promise.all(notebooks.map(async (path) => {
    const module = join(fromRoot(".cache/cells"), basename(path).replace(/ipynb$/, "ts"));
    await writeAtomic(module, moduleOfCells(await readNotebook(path)));
    return module;
  }));
}

/** Lists the files under a folder that were written here, by their paths in the project. */
async function filesIn(folder: string, ending: RegExp): Promise<string[]> {
  const paths = (await filesUnder(fromRoot(folder))).map((path) => join(folder, path));
  return paths.filter((path) => ending.test(path) && !path.startsWith("tests/reference/"));
}

/** Finds what is not plain in the words of code, notebooks' text and documents. */
async function checkWords(): Promise<string[]> {
  const code = [...await filesIn("lib", /\.(ts|py|md)$/), ...await filesIn("tests", /\.(ts|py)$/)]
    // They hold the phrases themselves.
    .filter((path) => !/\/words(_test)?\.ts$/.test(path));
  const faults = [...code, "README.md"].map(async (path) =>
    findWordFaults(path, await readText(fromRoot(path)))
      .map(({ line, message }) => `${path}:${line}: ${message}`)
  );
  const ofNotebooks = (await listNotebooks()).map(async (path) => {
    const { cells } = await readNotebook(path);
    return cells.flatMap(({ source }, i) =>
      findWordFaults(path, [source].flat().join(""))
        .map(({ message }) => `${basename(path)}, cell ${i + 1}: ${message}`)
    );
  });
  return (await Promise.all([...faults, ...ofNotebooks])).flat();
}

/** Finds exports of lib that nothing outside of their module uses. */
async function checkExports(cells: readonly string[]): Promise<string[]> {
  const paths = (await filesIn("lib", /\.ts$/)).filter((path) => !path.endsWith(".d.ts"));
  const modules = await Promise.all(paths.map(async (path) => ({
    path: path.replace("lib/", ""),
    text: await readText(fromRoot(path)),
  })));
  const tests = PARITY_TESTS.map((path) => fromRoot(`tests/${path}`));
  const users = await Promise.all([...cells, ...tests].map(readText));
  return findUnused(modules, users).map((name) => `nothing uses ${name}`);
}

/** Runs Deno, and gives its output if it fails. */
async function run(args: string[]): Promise<string[]> {
  const command = new Deno.Command(Deno.execPath(), { args, cwd: PROJECT_ROOT });
  const { success, stdout, stderr } = await command.output();
  return success ? [] : [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
}

async function main(): Promise<void> {
  const cells = await extractCells();
  const checks: [name: string, () => Promise<string[]>][] = [
    ["Format", () => run(["fmt", "--check"])],
    ["Lint", () => run(["lint"])],
    ["Words", checkWords],
    ["Exports", () => checkExports(cells)],
    ["Types of lib and tests", () => run(["check", "lib", "tests"])],
    ...cells.flatMap((cell): [string, () => Promise<string[]>][] => [
      [`Types in the cells of ${basename(cell, ".ts")}`, () => run(["check", cell])],
      [`Lint of the cells of ${basename(cell, ".ts")}`, () => run(["lint", "--no-config", cell])],
    ]),
    ["Examples in docs", () => run(["test", "--doc", "-A", ...EXAMPLES])],
  ];
  let failed = 0;
  for (const [name, check] of checks) {
    const faults = await check();
    console.log(`${name} ... ${faults.length === 0 ? "ok" : "FAILED"}`);
    if (faults.length === 0) continue;
    failed++;
    console.error(faults.join("\n"));
  }
  console.log(`${checks.length - failed} passed, ${failed} failed`);
  if (failed > 0) Deno.exit(1);
}

if (import.meta.main) await runCommand({ name: "check", flags: {} }, main);
