/**
 * `deno task reference-run`: copies a run into `reference_run/`, which is committed, and renders
 * from it the outputs of the notebooks and the README's curves. `--check` tells whether the
 * notebooks still have the outputs that they would be rendered with.
 * @module
 */
import { cp } from "node:fs/promises";
import { basename, join } from "node:path";
import { removeIfAny } from "@/common/files.ts";
import { fromRoot } from "@/common/paths.ts";
import { saveFigure } from "@/figures/show.ts";
import { experimentsFigure } from "@/figures/test_panels.ts";
import { hashCode } from "@/notebooks/code_hash.ts";
import { executeNotebook } from "@/notebooks/execute.ts";
import { moduleOfCells, type Notebook, readNotebook, writeNotebook } from "@/notebooks/file.ts";
import { readFinishedRuns } from "@/notebooks/finished.ts";
import { hashOfRun, keepRun } from "@/notebooks/kept_run.ts";
import { compareOutputs, faultsOfOutputs } from "@/notebooks/outputs.ts";
import { SHOWN_RUN_VARIABLE } from "@/notebooks/shown.ts";
import { type Command, type CommandLine, runCommand } from "@/tasks/flags.ts";
import { listNotebooks } from "@/tasks/notebooks.ts";

const COMMAND = {
  name: "reference-run",
  flags: {
    "from FOLDER": "holds results/ and dataset/ of the run to keep (default: the project)",
    render: "renders the notebooks and the README's curves again, from the run in reference_run/",
    check: "changes nothing; fails if a notebook's outputs are not what its code gives",
  },
} as const satisfies Command;

/** The run that the committed notebooks show. */
export const REFERENCE_RUN: string = fromRoot("reference_run");

/** The curves of that run in the README. */
export const REFERENCE_FIGURE: string = fromRoot("docs/experiments.png");

/** A copy of the run for rendering, because notebooks write pictures beside the run. */
const COPY = fromRoot(".cache/reference_run");

/** The field of a notebook's metadata that holds the origin of its outputs. */
const FIELD = "outputs_of";

/** The origin of outputs: the hashes of the code and of the run. */
interface Origin {
  code: string;
  run: string;
}

async function main({ flags }: CommandLine<typeof COMMAND>): Promise<void> {
  if (flags.check) {
    const faults = await check();
    if (faults.length === 0) return;
    throw new Error(
      "Cannot keep the outputs of the notebooks:\n" +
        faults.map((fault) => `  ${fault}\n`).join("") +
        "Look at what changed, then render them again: deno task reference-run --render",
    );
  }
  if (!flags.render) await keepRun({ from: fromRoot(flags.from ?? "."), to: REFERENCE_RUN });
  const runs = await readFinishedRuns({ root: REFERENCE_RUN });
  await saveFigure(experimentsFigure(runs), REFERENCE_FIGURE);
  for (const opened of await openNotebooks()) {
    await writeNotebook(opened.path, await render(opened));
    console.log(`Rendered ${basename(opened.path)}`);
  }
}

/** Lists the faults of the committed notebooks. */
async function check(): Promise<string[]> {
  const faults: string[] = [];
  for (const opened of await openNotebooks()) {
    const { path, notebook } = opened;
    const found = [
      ...staleness(opened),
      ...faultsOfOutputs(notebook),
      ...await compareOutputs(notebook, await render(opened)),
    ];
    console.log(`${basename(path)} ... ${found.length === 0 ? "ok" : "FAILED"}`);
    faults.push(...found.map((fault) => `${basename(path)}: ${fault}`));
  }
  return faults;
}

/** A notebook, and the origin that its outputs would have if rendered now. */
interface Opened {
  path: string;
  notebook: Notebook;
  origin: Origin;
}

/** Copies the run, and opens the notebooks. */
async function openNotebooks(): Promise<Opened[]> {
  await removeIfAny(COPY);
  await cp(REFERENCE_RUN, COPY, { recursive: true });
  const paths = await listNotebooks();
  const notebooks = await Promise.all(paths.map(readNotebook));
  const codes = await hashCode(notebooks.map(moduleOfCells));
  const run = await hashOfRun(REFERENCE_RUN);
  const origins = codes.map((code) => ({ code, run }));
  return paths.map((path, i) => ({ path, notebook: notebooks[i]!, origin: origins[i]! }));
}

/** Executes a notebook, and gives it with its outputs. */
async function render({ path, notebook, origin }: Opened): Promise<Notebook> {
  const target = fromRoot(join(".cache/rendered", basename(path)));
  const env = { [SHOWN_RUN_VARIABLE]: COPY };
  // No cell trains.
  await executeNotebook(path, { target, cellTimeout: 120, env });
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

/** Explains why a notebook's outputs are out of date. */
function staleness({ notebook: { metadata }, origin }: Opened): string[] {
  const held = metadata[FIELD] as Partial<Origin> | undefined;
  const reasons = {
    code: "its outputs come from other code than its cells and lib have now",
    run: "its outputs come from another run than that in reference_run/",
  };
  return (["code", "run"] as const).filter((part) => held?.[part] !== origin[part])
    .map((part) => reasons[part]);
}

if (import.meta.main) await runCommand(COMMAND, main);
