/**
 * `deno task reference-run`: puts a run into `reference_run/`, which is committed, and renders from it the notebooks, so
 * that they hold its outputs, and the README's curves. `--check` says whether the notebooks still are what they would be
 * rendered as.
 * @module
 */
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { hashCode } from "@/code_hash.ts";
import { executeNotebook } from "@/execute_notebook.ts";
import { saveFigure } from "@/figures/show.ts";
import { experimentsFigure } from "@/figures/test_panels.ts";
import { removeIfAny } from "@/files.ts";
import { readFinishedRuns } from "@/finished_runs.ts";
import { filesUnder, hashOfRun, keepRun } from "@/kept_run.ts";
import { moduleOfCells, type Notebook, readNotebook, writeNotebook } from "@/notebook_file.ts";
import { compareOutputs, faultsOfOutputs } from "@/notebook_outputs.ts";
import { fromRoot } from "@/paths.ts";
import { SHOWN_RUN_VARIABLE } from "@/shown_run.ts";
import { listNotebooks } from "@/tasks/notebooks.ts";
import { runTask } from "@/tasks/task.ts";

const HELP = `deno task reference-run
  --from FOLDER  holds results/ and dataset/ of the run to keep (default: the project)
  --render       keeps the run that is there, and renders the notebooks and the README's curves anew
  --check        changes nothing; fails if a notebook holds other outputs than it gives`;

const FLAGS = {
  from: { type: "string" },
  render: { type: "boolean" },
  check: { type: "boolean" },
  help: { type: "boolean" },
} as const;

/** The run that the committed notebooks show. */
export const REFERENCE_RUN: string = fromRoot("reference_run");

/** The curves that the README shows of it. */
export const REFERENCE_FIGURE: string = fromRoot("docs/experiments.png");

/** Where notebooks are rendered: a copy of the run, as they write pictures beside it. */
const COPY = fromRoot(".cache/reference_run");

/** Seconds that a cell may take. None trains. */
const CELL_TIMEOUT = 120;

/** The field of a notebook's metadata that says what its outputs are of. */
const FIELD = "outputs_of";

/** What outputs are of, as hashes. */
interface Origin {
  code: string;
  run: string;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: FLAGS });
  if (values.help) {
    console.log(HELP);
    return;
  }
  if (values.check) {
    const faults = await check();
    if (faults.length === 0) return;
    throw new Error(
      `Cannot leave the notebooks as they are:\n${faults.map((fault) => `  ${fault}\n`).join("")}` +
        "Look at what changed, and renew their outputs: deno task reference-run --render",
    );
  }
  if (!values.render) await keepRun({ from: fromRoot(values.from ?? "."), to: REFERENCE_RUN });
  await copyRun();
  const runs = await readFinishedRuns({ root: REFERENCE_RUN });
  await saveFigure(experimentsFigure(runs), REFERENCE_FIGURE);
  for (const { path, notebook, origin } of await openNotebooks()) {
    await writeNotebook(path, await render(path, { notebook, origin }));
    console.log(`Rendered ${basename(path)}`);
  }
}

/** Says what is wrong with the committed notebooks. */
async function check(): Promise<string[]> {
  await copyRun();
  const faults: string[] = [];
  for (const { path, notebook, origin } of await openNotebooks()) {
    const found = [
      ...staleness(notebook, origin),
      ...faultsOfOutputs(notebook),
      ...await compareOutputs(notebook, await render(path, { notebook, origin })),
    ];
    console.log(`${basename(path)} ... ${found.length === 0 ? "ok" : "FAILED"}`);
    faults.push(...found.map((fault) => `${basename(path)}: ${fault}`));
  }
  return faults;
}

async function copyRun(): Promise<void> {
  await removeIfAny(COPY);
  for (const path of await filesUnder(REFERENCE_RUN)) {
    await Deno.mkdir(dirname(join(COPY, path)), { recursive: true });
    await Deno.copyFile(join(REFERENCE_RUN, path), join(COPY, path));
  }
}

/** The notebooks, with what their outputs would be of if they were rendered now. */
async function openNotebooks(): Promise<{ path: string; notebook: Notebook; origin: Origin }[]> {
  const paths = await listNotebooks();
  const notebooks = await Promise.all(paths.map(readNotebook));
  const codes = await hashCode(notebooks.map(moduleOfCells));
  const run = await hashOfRun(REFERENCE_RUN);
  return paths.map((path, i) => ({
    path,
    notebook: notebooks[i]!,
    origin: { code: codes[i]!, run },
  }));
}

/** The notebook with the outputs that it gives. */
async function render(
  path: string,
  { notebook, origin }: { notebook: Notebook; origin: Origin },
): Promise<Notebook> {
  const target = fromRoot(join(".cache/rendered", basename(path)));
  const env = { [SHOWN_RUN_VARIABLE]: COPY };
  await executeNotebook(path, { target, cellTimeout: CELL_TIMEOUT, env });
  const executed = await readNotebook(target);
  return {
    ...notebook,
    cells: notebook.cells.map((cell, i) => {
      const { outputs, execution_count } = executed.cells[i]!;
      return cell.cell_type === "code"
        ? { ...cell, execution_count: execution_count!, outputs: outputs! }
        : cell;
    }),
    metadata: { ...notebook.metadata, [FIELD]: origin },
  };
}

/** Why the outputs of a notebook are not of what there is now. */
function staleness({ metadata }: Notebook, { code, run }: Origin): string[] {
  const held = metadata[FIELD] as Partial<Origin> | undefined;
  return [
    ...held?.code === code
      ? []
      : ["its outputs came from other code than its cells and lib have now"],
    ...held?.run === run ? [] : ["its outputs came from another run than that in reference_run/"],
  ];
}

if (import.meta.main) await runTask(main);
