/**
 * `deno task train NAME|all`: trains an experiment, or goes on with it. Ctrl-C ends it after the step that is under
 * way, its state saved.
 * @module
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { requireRoomForAll } from "@/checkpoint_space.ts";
import { type Experiment, experimentNamed, EXPERIMENTS } from "@/experiments.ts";
import { openFilmCache } from "@/film_cache.ts";
import { fromRoot } from "@/paths.ts";
import { describeResNet50 } from "@/resnet50.ts";
import { runFolders } from "@/results.ts";
import { runExperiment, type RunExperimentOptions } from "@/run_experiment.ts";
import { defined, oneOf, runTask, share, stopSignal, wholeNumber } from "@/tasks/task.ts";

/** The flags, as a help text has them. */
export const FLAGS_HELP = `\
  --data FOLDER      holds the class folders health and tb (default: XRAY_DATA, else phantom films)
  --epochs N         default: the experiment's, 20; more than are done goes on
  --seed N           default: 0
  --seeds N          trains with the seeds 0 to N-1, keeping the best and the last weights only
  --precision P      fp32 or bf16 (default: what is fastest here)
  --validation SHARE of the training films, where films are not split yet
  --subset N         only the first N films of each class and set, for a quick try
  --keep WHICH       all, best or last epochs' weights (94 MB each; default: all)
  --init FILE        begins with these weights: safetensors, in PyTorch's names
  --stride-on WHERE  1x1 or 3x3: the convolution of a bottleneck that has the stride (torchvision: 3x3)
  --skip-bad         leaves out films that cannot be read
  --restart          removes what there is of the run, and begins anew`;

const HELP = `deno task train NAME|all
  NAME               ${EXPERIMENTS.map(({ name }) => name).join(", ")}; all: one after the other
${FLAGS_HELP}
  --out FOLDER       gets results/ and model/ (default: the project)`;

const FLAGS = {
  data: { type: "string" },
  epochs: { type: "string" },
  seed: { type: "string" },
  seeds: { type: "string" },
  precision: { type: "string" },
  validation: { type: "string" },
  subset: { type: "string" },
  keep: { type: "string" },
  init: { type: "string" },
  "stride-on": { type: "string" },
  "skip-bad": { type: "boolean" },
  restart: { type: "boolean" },
  out: { type: "string" },
  help: { type: "boolean" },
} as const;

/** What a command line asks for. */
export interface TrainCommand {
  experiments: readonly Experiment[];
  seeds: readonly number[];
  options: RunExperimentOptions;
}

/**
 * Reads a command line.
 *
 * @returns Null if it asks for help.
 * @throws {TypeError} If it has a flag that there is not.
 * @throws {RangeError} If there is no such experiment, or a value is not one that its flag takes.
 */
export function parseCommand(args: string[]): TrainCommand | null {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: FLAGS });
  if (values.help || positionals.length !== 1) return null;
  const epochs = wholeNumber("--epochs", { text: values.epochs, from: 1 });
  const seeds = wholeNumber("--seeds", { text: values.seeds, from: 1 });
  const strideOn = oneOf("--stride-on", { text: values["stride-on"], words: ["1x1", "3x3"] });
  const name = positionals[0]!;
  const named = name === "all" ? EXPERIMENTS : [experimentNamed(name)];
  return {
    experiments: named.map((experiment) => ({ ...experiment, ...defined({ epochs }) })),
    seeds: seeds === undefined
      ? [wholeNumber("--seed", { text: values.seed }) ?? 0]
      : Array.from({ length: seeds }, (_, seed) => seed),
    options: defined({
      data: values.data,
      precision: oneOf("--precision", { text: values.precision, words: ["fp32", "bf16"] }),
      validation: share("--validation", values.validation),
      subset: wholeNumber("--subset", { text: values.subset, from: 1 }),
      keep: oneOf("--keep", { text: values.keep, words: ["all", "best", "last"] }) ??
        (seeds === undefined ? undefined : "best"),
      init: values.init,
      network: strideOn && { strideOn },
      skipBad: values["skip-bad"],
      restart: values.restart,
      out: values.out,
    }),
  };
}

/**
 * Trains each experiment with each seed.
 *
 * @throws {Error} If there is no room for the checkpoints of all, and whatever ends one of the runs.
 */
export async function trainAll({ experiments, seeds, options }: TrainCommand): Promise<void> {
  const { keep = "all", network, out = "." } = options;
  const root = fromRoot(out);
  const runs = seeds.flatMap((seed) =>
    experiments.map(({ name, epochs }) => ({ folders: runFolders(name, { seed, root }), epochs }))
  );
  await requireRoomForAll(runs, {
    architecture: describeResNet50(network),
    keep,
    folder: join(root, "model"),
  });
  const signal = stopSignal();
  // Films that one experiment has read are there for the next.
  const cache = openFilmCache();
  for (const seed of seeds) {
    for (const experiment of experiments) {
      await runExperiment(experiment, { ...options, seed, signal, cache });
    }
  }
}

async function main(): Promise<void> {
  const command = parseCommand(Deno.args);
  if (command === null) console.log(HELP);
  else await trainAll(command);
}

if (import.meta.main) await runTask(main);
