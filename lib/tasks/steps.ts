/**
 * The steps of `deno task run-all`.
 * @module
 */
import { fromRoot } from "@/common/paths.ts";
import { isPhantom } from "@/films/folder.ts";
import { isSplitOf, PHANTOM_EPOCHS, requireSplitOf } from "@/runs/films.ts";
import { parseExternal } from "@/split/external.ts";
import { hasSplit, readSource } from "@/split/files.ts";
import { EXTERNAL_FLAGS } from "@/tasks/external.ts";
import { type Command, type FlagValues, toArguments } from "@/tasks/flags.ts";
import { trainCommand, TRAINING_FLAGS } from "@/tasks/training_flags.ts";

/** The command's table. */
export const RUN_ALL_COMMAND = {
  name: "run-all",
  flags: { ...TRAINING_FLAGS, ...EXTERNAL_FLAGS },
  notes: "Runs split, check-data, train all, analyse and notebooks, in order.\n" +
    "It takes no --out, because the notebooks show the project's results/.",
} as const satisfies Command;

/** The steps of a run of everything: the arguments of its tasks, and what they share. */
interface Steps {
  /** The data folder, absolute. Tasks and notebooks get it by `XRAY_DATA`. */
  data: string;
  /** Tells whether an existing split of other films is replaced. */
  restart: boolean;
  split: string[];
  train: string[];
  analyse: string[];
}

/**
 * Plans the steps of a command line.
 *
 * @param options.data The data folder if the command line names none, from `chooseData()`.
 * @throws {RangeError} If a flag has a wrong value.
 */
export function planSteps(
  { external, "external-classes": classNames, ...flags }: FlagValues<
    typeof RUN_ALL_COMMAND["flags"]
  >,
  { data: found }: { data: string },
): Steps {
  const { data: named = found, restart = false, validation } = trainCommand("all", flags).options;
  parseExternal(external ?? [], classNames);
  const data = fromRoot(named);
  // If a flag is repeated, the last one counts.
  const epochs = isPhantom(data) ? ["--epochs", String(PHANTOM_EPOCHS)] : [];
  return {
    data,
    restart,
    split: validation === undefined ? [] : ["--validation", String(validation)],
    train: ["all", ...epochs, ...toArguments(flags)],
    analyse: toArguments({ external, "external-classes": classNames }),
  };
}

/**
 * Tells whether the films must be split first: if there is no split, or if a restart finds one of
 * other films. A split of these films is kept, with its classes, patients and shares.
 *
 * @throws {Error} If the split has other films, and this is no restart.
 */
export async function needsSplit(
  { data, restart }: Pick<Steps, "data" | "restart">,
  dataset: string,
): Promise<boolean> {
  if (!await hasSplit(dataset)) return true;
  if (restart) return !isSplitOf((await readSource(dataset))?.data ?? null, data);
  await requireSplitOf(data, dataset);
  return false;
}
