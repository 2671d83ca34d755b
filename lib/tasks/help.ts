/**
 * `deno task help`: lists all commands. It runs before the set-up, so it imports no package.
 * @module
 */
import { runCommand, twoColumns } from "./flags.ts";

/** The commands for users, in the README's order. */
const USER_COMMANDS: Readonly<Record<string, string>> = {
  "run-all": "runs split, check-data, train all, analyse and notebooks, in order",
  split: "chooses the films that train and those that test",
  "check-data": "finds unreadable, identical and near-identical films",
  train: "trains one experiment or all, or resumes them",
  evaluate: "scores the weights of an epoch",
  predict: "prints label and probability of single films",
  analyse: "computes intervals, comparisons, shortcut audit, evidence maps and model card",
  notebooks: "executes the notebooks and writes results/report.html",
  lab: "opens the notebooks in JupyterLab",
  figures: "opens the figures in the browser",
  setup: "installs what is missing; every command but help runs it first",
  help: "lists the commands",
};

/** The commands for who changes the project, in the README's order. */
const PROJECT_COMMANDS: Readonly<Record<string, string>> = {
  test: "runs the tests",
  check: "checks format, lint and types",
  conformance: "runs TensorFlow.js's own specs on this engine",
  "reference-run": "renders the committed notebooks from a run that is kept",
  bench: "measures images/s and memory",
  "bench-data": "measures whether training waits for its films",
  "beside-pytorch": "trains the baseline here and with PyTorch on the same films",
  fuzz: "reads damaged films",
  wasm: "assembles lib/films/kernels.wat",
};

if (import.meta.main) {
  await runCommand({ name: "help", flags: {} }, () => {
    const groups = { "For users:": USER_COMMANDS, "To change the project:": PROJECT_COMMANDS };
    for (const [title, commands] of Object.entries(groups)) {
      console.log(`${title}\n${twoColumns(Object.entries(commands))}\n`);
    }
    console.log("`deno task COMMAND --help` lists the flags of a command");
  });
}
