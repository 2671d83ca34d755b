/**
 * `deno task run-all`: the other tasks in order, from films to the report. Stopped or killed, it goes on from where it was.
 * @module
 */
import { fromRoot } from "@/paths.ts";
import { hasSplitOf } from "@/run_films.ts";
import { hasSplit } from "@/split_files.ts";
import { executeNotebooks } from "@/tasks/notebooks.ts";
import { runTask } from "@/tasks/task.ts";
import { FLAGS_HELP, parseCommand } from "@/tasks/train.ts";

const HELP = `deno task run-all: split, check-data, train, analyse, notebooks
${FLAGS_HELP}`;

/** Epochs on phantom films, which take no more to be told apart. */
const PHANTOM_EPOCHS = 2;

const PHANTOM_NOTE =
  "No film folder is named, so this runs on phantom films, which the project draws itself. For real ones " +
  "download TBX11K and name its folder: XRAY_DATA=TBX11K/imgs deno task run-all";

/** Seconds that one cell of a notebook may take. */
const CELL_TIMEOUT = 1800;

/** What a run of everything does. */
export interface Plan {
  /** The data folder; undefined for phantom films. */
  data: string | undefined;
  /** Whether a split of other films that is there is made anew. */
  restart: boolean;
  /** The command lines of the tasks that take one; the folder comes to them, and to the notebooks, by `XRAY_DATA`. */
  split: string[];
  train: string[];
}

/**
 * Reads the command line, which is that of `deno task train all`.
 *
 * @param args What follows `run-all`.
 * @param options.data What `XRAY_DATA` says.
 * @returns Null if it asks for help.
 * @throws {TypeError | RangeError} If it has a flag or a value that there is not, or names an output folder: the notebooks
 * read the project's.
 */
export function planRun(
  args: readonly string[],
  options: { data: string | undefined },
): Plan | null {
  const command = parseCommand(["all", ...args]);
  if (command === null) return null;
  const { out, data = options.data, restart = false, validation } = command.options;
  if (out !== undefined) {
    throw new RangeError("Cannot take --out: the notebooks show what is in the project's results/");
  }
  // The last of two flags of a name counts.
  const epochs = data === undefined ? ["--epochs", String(PHANTOM_EPOCHS)] : [];
  return {
    data,
    restart,
    split: validation === undefined ? [] : ["--validation", String(validation)],
    train: ["all", ...epochs, ...args],
  };
}

async function main(): Promise<void> {
  const plan = planRun(Deno.args, { data: Deno.env.get("XRAY_DATA") });
  if (plan === null) {
    console.log(HELP);
    return;
  }
  if (plan.data === undefined) console.log(PHANTOM_NOTE);
  else Deno.env.set("XRAY_DATA", plan.data);
  // Ctrl-C is the tasks' to answer: they save what is done, and end.
  Deno.addSignalListener("SIGINT", () => {});
  if (await needsSplit(plan, fromRoot("dataset"))) await run("split", plan.split);
  // What is wrong with films is shown by the first notebook, and does not keep the others from training.
  await run("check_data", ["--lenient"]);
  await run("train", plan.train);
  await run("analyse", []);
  await executeNotebooks({ out: fromRoot("results/notebooks"), cellTimeout: CELL_TIMEOUT });
}

/**
 * Whether the films are to be split first: where they are not, and on a restart where others are. A split of these films
 * is kept, for only who made it knows its classes, patients and shares.
 */
export async function needsSplit(
  { data, restart }: Pick<Plan, "data" | "restart">,
  dataset: string,
): Promise<boolean> {
  return !(restart ? await hasSplitOf(data, dataset) : await hasSplit(dataset));
}

/** Runs a task, and ends as it does if it fails: it has said why. */
async function run(task: string, args: string[]): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", fromRoot(`lib/tasks/${task}.ts`), ...args],
  });
  const { success, code } = await command.spawn().status;
  if (!success) Deno.exit(code);
}

if (import.meta.main) await runTask(main);
