import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { writeAtomic } from "@/common/files.ts";
import { fromRoot, PROJECT_ROOT } from "@/common/paths.ts";
import { VENV_PYTHON } from "@/notebooks/execute.ts";
import { codeCells, readNotebook } from "@/notebooks/file.ts";
import { labArguments } from "@/notebooks/lab.ts";
import { SHOWN_RUN_VARIABLE } from "@/notebooks/shown.ts";
import { REFERENCE_RUN } from "@/tasks/dev/reference_run.ts";
import { findChromium, openPage, type Page } from "../chromium.ts";
import { inFolder } from "../in_folder.ts";

const chromium = await findChromium();

/** JupyterLab's settings: no autosave, and all cells on the page, those out of sight too. */
const SETTINGS = {
  "docmanager-extension/plugin": { autosave: false },
  "notebook-extension/tracker": { windowingMode: "none" },
};

/** Runs JupyterLab with {@linkcode SETTINGS} during a test. */
async function withLab(folder: string, test: (address: string) => Promise<void>): Promise<void> {
  for (const [name, settings] of Object.entries(SETTINGS)) {
    const path = join(folder, "@jupyterlab", `${name}.jupyterlab-settings`);
    await writeAtomic(path, JSON.stringify(settings));
  }
  const listener = Deno.listen({ port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const lab = new Deno.Command(VENV_PYTHON, {
    args: labArguments([
      ...["--no-browser", "--port", String(port), "--ServerApp.port_retries=0"],
      ...["--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True"],
    ], { asRoot: Deno.uid() === 0 }),
    cwd: PROJECT_ROOT,
    env: {
      JUPYTER_PREFER_ENV_PATH: "1",
      JUPYTERLAB_SETTINGS_DIR: folder,
      JUPYTERLAB_WORKSPACES_DIR: folder,
      [SHOWN_RUN_VARIABLE]: REFERENCE_RUN,
    },
    ...{ stdin: "null", stdout: "null", stderr: "null" },
  }).spawn();
  try {
    await test(`http://localhost:${port}`);
  } finally {
    lab.kill("SIGTERM");
    await lab.status;
  }
}

/** Opens a notebook, clears its outputs, and runs all of its cells. */
async function runAll(page: Page, address: string): Promise<void> {
  await page.look({ width: 1400, height: 1000 });
  // The server takes a moment to start.
  await page.waitFor(`fetch("${address}/api", { mode: "no-cors" }).then(() => true)`, {
    seconds: 60,
  });
  await page.open(address);
  await page.waitFor(`${NOTEBOOK}.sessionContext.session?.kernel?.status === "idle"`, {
    seconds: 120,
  });
  await page.evaluate(`jupyterapp.commands.execute("notebook:clear-all-cell-outputs")`);
  await page.evaluate(`jupyterapp.commands.execute("notebook:run-all-cells").then(() => true)`);
}

const NOTEBOOK = "jupyterapp.shell.currentWidget";

/** Code that lists the outputs of each code cell on the page. */
const SHOWN =
  `${NOTEBOOK}.content.widgets.filter(({ model }) => model.type === "code").map((cell) =>
  cell.model.outputs.toJSON().map(({ output_type, data }) => ({
    kind: output_type,
    hasPicture: data?.["image/png"] !== undefined,
  })))`;

/** Code that counts the visible pictures of the page. */
const PICTURES = `[...document.querySelectorAll(".jp-OutputArea img")].filter((image) =>
  image.complete && image.naturalWidth > 0 && image.offsetWidth > 100 && image.offsetHeight > 100
).length`;

Deno.test({
  name: chromium === null
    ? "JupyterLab is not tested, for there is no Chromium (install it, or name one in XRAY_CHROMIUM)"
    : "01_split runs to its end in JupyterLab in a browser, and shows all of its figures",
  ignore: chromium === null,
  fn: () =>
    inFolder((folder) =>
      withLab(folder, async (address) => {
        const committed = codeCells(await readNotebook(fromRoot("notebooks/01_split.ipynb")));
        await using page = await openPage(chromium!);
        await runAll(page, address);
        const shown = await page.evaluate<{ kind: string; hasPicture: boolean }[][]>(SHOWN);
        assertEquals(
          shown.map((outputs) => outputs.map(({ kind }) => kind)),
          committed.map(({ outputs = [] }) => outputs.map(({ output_type }) => output_type)),
        );
        const figures = shown.flat().filter(({ hasPicture }) => hasPicture).length;
        assert(figures > 0);
        await page.waitFor(`${PICTURES} === ${figures}`, { seconds: 10 });
        assertEquals(page.errors, []);
      })
    ),
});
