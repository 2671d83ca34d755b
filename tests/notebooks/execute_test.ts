import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { exists, writeAtomic } from "@/common/files.ts";
import { fromRoot } from "@/common/paths.ts";
import { executeNotebook, requireKernel, VENV_PYTHON } from "@/notebooks/execute.ts";
import { kernelSpec } from "@/notebooks/kernel.ts";
import { inFolder } from "../in_folder.ts";

/** An output of a cell in a notebook's file. */
interface Output {
  output_type: string;
  name?: string;
  text?: string | string[];
  data?: Record<string, string | string[]>;
  evalue?: string;
}

interface Notebook {
  nbformat: number;
  nbformat_minor: number;
  metadata: object;
  cells: {
    id: string;
    cell_type: string;
    metadata: object;
    source: string;
    outputs?: Output[];
    execution_count?: number | null;
  }[];
}

const NOTEBOOK_MODULE = JSON.stringify(import.meta.resolve("@/common/show.ts"));

/** Makes a notebook of code cells. */
function notebookOf(sources: string[]): Notebook {
  const cells = sources.map((source, i) => ({
    ...{ id: `cell-${i}`, cell_type: "code", metadata: {}, source },
    ...{ outputs: [], execution_count: null },
  }));
  return { nbformat: 4, nbformat_minor: 5, metadata: {}, cells };
}

/** Writes a kernel into a folder, for Jupyter. */
async function writeKernel(folder: string, argv: string[]): Promise<void> {
  const spec = { argv, display_name: "Deno", language: "typescript" };
  await writeAtomic(join(folder, "kernels/deno/kernel.json"), JSON.stringify(spec));
}

/** Executes code cells, and gives the executed copy. */
async function execute(
  folder: string,
  sources: string[],
  { cellTimeout = 60, env = {} }: { cellTimeout?: number; env?: Record<string, string> } = {},
): Promise<Notebook> {
  const source = join(folder, "source.ipynb");
  const target = join(folder, "out", "executed.ipynb");
  const text = JSON.stringify(notebookOf(sources));
  await Deno.writeTextFile(source, text);
  try {
    await executeNotebook(source, { target, cellTimeout, env });
  } finally {
    assertEquals(await Deno.readTextFile(source), text, "The source is left as it was");
  }
  return JSON.parse(await Deno.readTextFile(target));
}

/** Joins the text of outputs, without colours. */
function textOf(outputs: Output[]): string {
  const parts = outputs.flatMap(({ text, data }) => [text ?? data?.["text/plain"] ?? ""].flat());
  // deno-lint-ignore no-control-regex -- colours are control characters
  return parts.join("").replaceAll(/\x1b\[\d+m/g, "");
}

/** A kind of cell, and its expected text. */
interface CellKind {
  source: (i: number) => string;
  text: (i: number) => string;
}

const CELL_KINDS: CellKind[] = [
  { source: (i) => `console.log("cell ${i}")`, text: (i) => `cell ${i}\n` },
  { source: (i) => `"cell ${i}"`, text: (i) => `"cell ${i}"` },
  {
    source: (i) => `await show({ "text/plain": "cell ${i}" })`,
    text: (i) => `cell ${i}`,
  },
  {
    source: (i) => `for (let line = 0; line < 200; line++) console.log("cell ${i}", line)`,
    text: (i) => Array.from({ length: 200 }, (_, line) => `cell ${i} ${line}\n`).join(""),
  },
  {
    source: (i) => `await show({ "text/plain": "cell ${i}, " + "large ".repeat(50_000) }); ${i}`,
    text: (i) => `cell ${i}, ${"large ".repeat(50_000)}${i}`,
  },
  {
    source: (i) =>
      `const live${i} = await showLive({ "text/plain": "begun" });\n` +
      `await live${i}.update({ "text/plain": "cell ${i} updated" })`,
    text: (i) => `cell ${i} updated`,
  },
];

/** Cases that run at the same time, for most of their time is waiting. */
const CASES: { name: string; test: (folder: string) => Promise<unknown> }[] = [
  // 100 cells in four notebooks side by side: a moment of waiting for each is most of the time.
  ...[1, 2, 3, 4].map((run) => ({
    name: `loses no output of 25 cells (${run} of 4)`,
    async test(folder: string) {
      const kindOf = (i: number) => CELL_KINDS[i % CELL_KINDS.length]!;
      const sources = Array.from({ length: 25 }, (_, i) => kindOf(i).source(i));
      const imports = `import { show, showLive } from ${NOTEBOOK_MODULE};\n`;
      sources[0] = imports + sources[0];
      const { cells } = await execute(folder, sources);
      assertEquals(cells.length, 25);
      for (const [i, { outputs, execution_count }] of cells.entries()) {
        assertEquals(textOf(outputs!), kindOf(i).text(i), `cell ${i}`);
        assertEquals(execution_count, i + 1);
      }
    },
  })),
  {
    name: "fails on a rejection that is not awaited",
    test: (folder) =>
      assertRejects(
        () => execute(folder, ["void Promise.reject(new Error('nobody waits')); 1", "2"]),
        Error,
        "Uncaught Error: nobody waits",
      ),
  },
  {
    name: "fails on an error in a timer while a later cell runs",
    test: (folder) =>
      assertRejects(
        () =>
          execute(folder, [
            "setTimeout(() => { throw new TypeError('in a timer'); }, 900); 1",
            "await new Promise((resolve) => setTimeout(resolve, 2000));",
          ]),
        Error,
        "Uncaught TypeError: in a timer",
      ),
  },
  {
    name: "fails on an error in a timer while its own cell waits for it",
    test: (folder) =>
      assertRejects(
        () =>
          execute(folder, [
            "await new Promise(() => setTimeout(() => { throw new Error('never done'); }, 100));",
          ]),
        Error,
        "Uncaught Error: never done",
      ),
  },
  {
    name: "fails on a cell that throws, executes none after it, and keeps the executed ones",
    async test(folder) {
      const { message } = await assertRejects(
        () => execute(folder, ["1", "throw new RangeError('out of range')", "3"]),
        Error,
        "RangeError: out of range",
      );
      assertStringIncludes(message, "cell 2 failed");
      const copy = await Deno.readTextFile(join(folder, "out", "executed.ipynb"));
      const { cells } = JSON.parse(copy) as Notebook;
      assertEquals(textOf(cells[0]!.outputs!), "1");
      assertEquals(cells[1]!.outputs!.map(({ evalue }) => evalue), ["out of range"]);
      assertEquals(cells[2]!.outputs, []);
    },
  },
  {
    name: "fails on code that does not parse",
    test: (folder) => assertRejects(() => execute(folder, ["const x = ;"]), Error, "cell 1 failed"),
  },
  {
    name: "refuses a kernel that hides a cell's errors, and executes no cell",
    async test(folder) {
      const program = fromRoot("tests/python/silent_kernel.py");
      await writeKernel(folder, [VENV_PYTHON, program, "-f", "{connection_file}"]);
      const { message } = await assertRejects(
        () => execute(folder, ["1"], { env: { JUPYTER_PATH: folder } }),
        Error,
        `on Deno ${Deno.version.deno}: its kernel does not report what a cell throws`,
      );
      assertStringIncludes(message, "run `deno upgrade`");
      const copy = await Deno.readTextFile(join(folder, "out", "executed.ipynb"));
      const [{ outputs, execution_count }] = JSON.parse(copy).cells;
      assertEquals({ outputs, execution_count }, { outputs: [], execution_count: null });
    },
  },
  {
    name: "restarts a kernel that dies at its start, as one whose port was taken",
    async test(folder) {
      const marker = join(folder, "died");
      const program = `if [ -e '${marker}' ]; then exec "$@"; fi; touch '${marker}'; exit 1`;
      const { argv } = JSON.parse(kernelSpec()) as { argv: string[] };
      await writeKernel(folder, ["sh", "-c", program, "sh", ...argv]);
      await execute(folder, ["1 + 1"], { env: { JUPYTER_PATH: folder } });
      assertEquals(await exists(marker), true);
    },
  },
  {
    name: "fails if the kernel dies at each start, and shows its last words",
    async test(folder) {
      await writeKernel(folder, ["sh", "-c", "echo 'no such device' >&2; exit 1"]);
      const { message } = await assertRejects(
        () => execute(folder, ["1"], { env: { JUPYTER_PATH: folder } }),
        Error,
        "cannot start the kernel in 3 attempts: Kernel died",
      );
      assertStringIncludes(message, "no such device");
    },
  },
  {
    name: "is tried by requireKernel() on an empty notebook",
    test: () => requireKernel(),
  },
  {
    name: "fails if the kernel dies",
    test: (folder) =>
      assertRejects(
        () => execute(folder, ["Deno.kill(Deno.pid, 'SIGKILL'); await new Promise(() => {});"]),
        Error,
        "the kernel died",
      ),
  },
  {
    name: "fails on a cell that takes too long",
    test: (folder) =>
      assertRejects(
        () => execute(folder, ["await new Promise(() => {});"], { cellTimeout: 2 }),
        Error,
        "it took longer than 2 s",
      ),
  },
];

Deno.test("executeNotebook()", async (t) => {
  const sanitizers = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };
  const steps = CASES.map(({ name, test }) =>
    t.step({ name, fn: () => inFolder(async (folder) => void await test(folder)), ...sanitizers })
  );
  await Promise.all(steps);
});
