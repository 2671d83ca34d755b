/**
 * `deno task figures`: shows the figures of the runs in the browser, to turn and zoom them without
 * a notebook.
 * @module
 */
import { openWindow } from "@/figures/window.ts";
import { figuresOfAll, figuresOfRun } from "@/notebooks/figures.ts";
import { readFinishedRuns } from "@/notebooks/finished.ts";
import { shownRun } from "@/notebooks/shown.ts";
import { type Command, type CommandLine, runCommand } from "@/tasks/flags.ts";
import { defined, wholeNumber } from "@/tasks/task.ts";

const COMMAND = {
  name: "figures",
  positionals: {
    "[NAME]": "an experiment, or a run of your own: shows its curves and its confusion matrix. " +
      "Without it: all runs side by side, and the figures of `deno task analyse` if that was run",
  },
  flags: {
    "port N": "the port of the page, which the browser then does not open by itself (default: any)",
  },
  notes: "Ctrl-C, or closing the page, ends it. XRAY_RUN=FOLDER shows a kept run, such as " +
    "reference_run.",
} as const satisfies Command;

const NOTE =
  "The page is on this machine alone, and loads plotly from https://cdn.plot.ly. Without a network, " +
  "see the same figures as pictures: results/report.html and visualize/, or `deno task lab`";

async function main({ flags, positionals: [name] }: CommandLine<typeof COMMAND>): Promise<void> {
  const port = wholeNumber("--port", { text: flags.port, from: 1, to: 65_535 });
  const shown = shownRun();
  const runs = await readFinishedRuns(shown);
  const figures = name === undefined ? await figuresOfAll(runs, shown) : figuresOfRun(name, runs);
  console.log(NOTE);
  const { url } = await openWindow(figures, defined({ port }));
  console.log(`${figures.length} figures at ${url} (Ctrl-C ends)`);
}

if (import.meta.main) await runCommand(COMMAND, main);
