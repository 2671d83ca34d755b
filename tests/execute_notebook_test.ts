import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { executeNotebook } from "@/execute_notebook.ts";
import { inFolder } from "./in_folder.ts";

/** An output of a cell, as a notebook's file has it. */
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

const NOTEBOOK_MODULE = JSON.stringify(import.meta.resolve("@/notebook.ts"));

/** A notebook of these code cells. */
function notebookOf(sources: string[]): Notebook {
  const cells = sources.map((source, i) => ({
    ...{ id: `cell-${i}`, cell_type: "code", metadata: {}, source },
    ...{ outputs: [], execution_count: null },
  }));
  return { nbformat: 4, nbformat_minor: 5, metadata: {}, cells };
}

/** Executes code cells, and gives the executed copy. */
async function execute(
  folder: string,
  sources: string[],
  { cellTimeout = 60 } = {},
): Promise<Notebook> {
  const source = join(folder, "source.ipynb");
  const target = join(folder, "out", "executed.ipynb");
  const text = JSON.stringify(notebookOf(sources));
  await Deno.writeTextFile(source, text);
  try {
    await executeNotebook(source, { target, cellTimeout });
  } finally {
    assertEquals(await Deno.readTextFile(source), text, "The source is left as it was");
  }
  return JSON.parse(await Deno.readTextFile(target));
}

/** The text of outputs, without colours. */
function textOf(outputs: Output[]): string {
  const parts = outputs.flatMap(({ text, data }) => [text ?? data?.["text/plain"] ?? ""].flat());
  // deno-lint-ignore no-control-regex -- colours are control characters
  return parts.join("").replaceAll(/\x1b\[\d+m/g, "");
}

/** A kind of cell, and what it should show. */
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

/** What is executed at the same time, as most of the time is spent waiting. */
const CASES: { name: string; test: (folder: string) => Promise<unknown> }[] = [
  {
    name: "loses no output of 100 cells",
    async test(folder) {
      const kindOf = (i: number) => CELL_KINDS[i % CELL_KINDS.length]!;
      const sources = Array.from({ length: 100 }, (_, i) => kindOf(i).source(i));
      const imports = `import { show, showLive } from ${NOTEBOOK_MODULE};\n`;
      sources[0] = imports + sources[0];
      const { cells } = await execute(folder, sources);
      assertEquals(cells.length, 100);
      for (const [i, { outputs, execution_count }] of cells.entries()) {
        assertEquals(textOf(outputs!), kindOf(i).text(i), `cell ${i}`);
        assertEquals(execution_count, i + 1);
      }
    },
  },
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
    name: "fails on what a timer throws while a later cell runs",
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
    name: "fails on what a timer throws while its own cell waits for it",
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
    name: "fails on a cell that throws, executes none after it, and keeps what was done",
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
