/**
 * `deno task run-all`: runs the other tasks in order, from films to the report. The same command
 * resumes a run that was stopped or killed.
 * @module
 */
import { fromRoot } from "@/common/paths.ts";
import { isPhantom } from "@/films/folder.ts";
import { requireKernel } from "@/notebooks/execute.ts";
import { chooseData, openRunFilms } from "@/runs/films.ts";
import { parseExternal, requirePath } from "@/split/external.ts";
import { openExternals } from "@/tasks/external.ts";
import { type CommandLine, runCommand } from "@/tasks/flags.ts";
import { executeNotebooks } from "@/tasks/notebooks.ts";
import { needsSplit, planSteps, RUN_ALL_COMMAND } from "@/tasks/steps.ts";
import { namedData } from "@/tasks/task.ts";

const PHANTOM_NOTE =
  "No film folder is named or split, so this runs on phantom films, which the project draws. For " +
  "real ones, download TBX11K and name its folder: XRAY_DATA=TBX11K/imgs deno task run-all";

async function main({ flags }: CommandLine<typeof RUN_ALL_COMMAND>): Promise<void> {
  const data = await chooseData(namedData(undefined));
  const steps = planSteps(flags, { data });
  if (isPhantom(steps.data)) console.log(PHANTOM_NOTE);
  Deno.env.set("XRAY_DATA", steps.data);
  // The tasks answer Ctrl-C: they save their state and end.
  Deno.addSignalListener("SIGINT", () => {});
  for (const request of parseExternal(flags.external ?? [])) await requirePath(request);
  if (await needsSplit(steps, fromRoot("dataset"))) await run("split", steps.split);
  // Before hours of training.
  await openExternals(flags, await openRunFilms({ data: steps.data }));
  await requireKernel();
  // Errors in films do not stop the training. The first notebook shows them.
  await run("check_data", ["--lenient"]);
  await run("train", steps.train);
  await run("analyse", steps.analyse);
  await executeNotebooks({ out: fromRoot("results/notebooks"), cellTimeout: 1800 });
}

/** Runs a task, which prints its own errors. If it fails, this process ends with its exit code. */
async function run(task: string, args: string[]): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", fromRoot(`lib/tasks/${task}.ts`), ...args],
  });
  const { success, code } = await command.spawn().status;
  if (!success) Deno.exit(code);
}

if (import.meta.main) await runCommand(RUN_ALL_COMMAND, main);
