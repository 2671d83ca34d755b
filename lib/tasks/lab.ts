/**
 * `deno task lab`: opens the notebooks in JupyterLab, with the kernel of the set-up. It takes
 * JupyterLab's own flags: `deno task lab --port 9000 --no-browser`.
 * @module
 */
import { exists } from "@/common/files.ts";
import { fromRoot, PROJECT_ROOT } from "@/common/paths.ts";
import { isPhantom, openPhantoms, PHANTOM_FOLDER } from "@/films/folder.ts";
import { requireKernel, VENV_PYTHON } from "@/notebooks/execute.ts";
import { labArguments } from "@/notebooks/lab.ts";
import { chooseData } from "@/runs/films.ts";
import { namedData, runTask } from "@/tasks/task.ts";

/** Draws phantom films if no others are named or split, so that no notebook waits for them. */
async function drawPhantoms(): Promise<void> {
  if (!isPhantom(await chooseData(namedData(undefined)))) return;
  if (!await exists(fromRoot(PHANTOM_FOLDER))) {
    console.log("Drawing phantom films, as no film folder is named: this takes 15 s, once");
  }
  await openPhantoms();
}

async function main(): Promise<void> {
  await requireKernel();
  await drawPhantoms();
  const lab = new Deno.Command(VENV_PYTHON, {
    args: labArguments(Deno.args, { asRoot: Deno.uid() === 0 }),
    cwd: PROJECT_ROOT,
    // Prefers the kernel of the set-up to one of the same name in the user's home.
    env: { JUPYTER_PREFER_ENV_PATH: "1" },
  }).spawn();
  // JupyterLab answers Ctrl-C: it asks whether to stop.
  Deno.addSignalListener("SIGINT", () => {});
  Deno.exit((await lab.status).code);
}

if (import.meta.main) await runTask(main);
