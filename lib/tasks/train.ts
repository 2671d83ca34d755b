/**
 * `deno task train NAME|all`: trains an experiment, or resumes it. Ctrl-C saves the state after the
 * current step and ends the task.
 * @module
 */
import { runCommand } from "@/tasks/flags.ts";
import { trainAll } from "@/tasks/training.ts";
import { TRAIN_COMMAND, trainCommand } from "@/tasks/training_flags.ts";

if (import.meta.main) {
  await runCommand(
    TRAIN_COMMAND,
    ({ positionals: [name], flags }) => trainAll(trainCommand(name!, flags)),
  );
}
