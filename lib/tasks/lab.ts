/**
 * `deno task lab`: JupyterLab on the notebooks, with the kernel of the set-up. What else it should do is said by its own
 * flags: `deno task lab --port 9000 --no-browser`.
 * @module
 */
import { VENV_PYTHON } from "@/execute_notebook.ts";
import { exists } from "@/files.ts";
import { fromRoot, PROJECT_ROOT } from "@/paths.ts";
import { runTask } from "@/tasks/task.ts";

/** JupyterLab's command line: the first notebook open, no news, no look for updates. */
export function labArguments(args: readonly string[], { asRoot }: { asRoot: boolean }): string[] {
  return [
    ...["-m", "jupyterlab", `--ServerApp.root_dir=${PROJECT_ROOT}`],
    "--LabApp.default_url=/lab/tree/notebooks/01_split.ipynb",
    "--MappingKernelManager.default_kernel_name=deno",
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    // Containers are often used as root, which JupyterLab refuses without this.
    ...asRoot ? ["--allow-root"] : [],
    ...args,
  ];
}

/** Draws phantom films where none are named and there are none, so that no notebook has to wait for them. */
async function drawPhantoms(): Promise<void> {
  if (Deno.env.has("XRAY_DATA")) return;
  // Asked for here, as what draws needs more than the command line does.
  const { openPhantoms, PHANTOM_FOLDER } = await import("@/run_films.ts");
  if (!await exists(fromRoot(PHANTOM_FOLDER))) {
    console.log("Drawing phantom films, as no film folder is named: a quarter of a minute, once");
  }
  await openPhantoms();
}

async function main(): Promise<void> {
  await drawPhantoms();
  const lab = new Deno.Command(VENV_PYTHON, {
    args: labArguments(Deno.args, { asRoot: Deno.uid() === 0 }),
    cwd: PROJECT_ROOT,
    // A kernel of the same name in the user's home does not come before that of the set-up.
    env: { JUPYTER_PREFER_ENV_PATH: "1" },
  }).spawn();
  // Ctrl-C is JupyterLab's to answer: it asks whether to stop.
  Deno.addSignalListener("SIGINT", () => {});
  const { code } = await lab.status;
  Deno.exit(code);
}

if (import.meta.main) await runTask(main);
