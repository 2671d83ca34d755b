/**
 * `deno task predict FILM...`: predicts the labels of PNG, JPEG or DICOM films.
 * @module
 */
import { findWeights, openNetwork, predictFiles } from "@/analysis/trained_network.ts";
import { answerTable, filmsAt } from "@/tasks/answers.ts";
import { chooseRun } from "@/tasks/evaluate.ts";
import { type Command, type CommandLine, runCommand } from "@/tasks/flags.ts";
import { wholeNumber } from "@/tasks/task.ts";

const COMMAND = {
  name: "predict",
  positionals: { "FILM|FOLDER...": "PNG, JPEG or DICOM files, and folders of them" },
  flags: {
    "experiment NAME": "the experiment, or the run of your own, that predicts (default: baseline)",
    "epoch EPOCH": "a number from 0, best (highest test F1; the default), validation or last",
    json: "prints one line of JSON per film instead of a table",
    "seed N": "the run's seed (default: 0)",
    "fold K": "the run's fold (default: 0)",
    "out FOLDER": "holds results/ and model/ (default: the project)",
  },
  notes: "For research and education; not for diagnosis.",
} as const satisfies Command;

async function main({ flags, positionals }: CommandLine<typeof COMMAND>): Promise<void> {
  const paths = (await Promise.all(positionals.map(filmsAt))).flat();
  const { experiment = "baseline", epoch: which = "best" } = flags;
  const fold = wholeNumber("--fold", { text: flags.fold }) ?? 0;
  const { folders, config, epoch } = await chooseRun(experiment, { ...flags, fold, epoch: which });
  using network = await openNetwork(await findWeights(folders, epoch), config);

  const table = answerTable(config.classes);
  const line = flags.json ? JSON.stringify : table.line;
  if (!flags.json) console.log(table.header);
  let unread = 0;
  for await (const answer of predictFiles(network, paths)) {
    if ("error" in answer) unread++;
    console.log(line(answer));
  }
  if (unread > 0) {
    throw new Error(`Cannot answer ${unread} of ${paths.length} films: see their lines`);
  }
}

if (import.meta.main) await runCommand(COMMAND, main);
