/**
 * The command line of `deno task train`, whose flags `run-all` shares.
 * @module
 */
import { EXPERIMENTS } from "@/experiments.ts";
import type { RunExperimentOptions } from "@/notebooks/run_live.ts";
import { requestedExperiments, type TrainRequest } from "@/runs/plan.ts";
import type { Command, FlagValues } from "@/tasks/flags.ts";
import { defined, oneOf, share, upToOne, wholeNumber } from "@/tasks/task.ts";

/** The flags that `train` and `run-all` share. */
export const TRAINING_FLAGS = {
  "data FOLDER":
    "holds the films (default: XRAY_DATA, else the folder of the split, else phantom films)",
  "epochs N":
    "the epochs of a run; a run that has fewer is resumed (default: the experiment's, 20)",
  "seed N": "the run's seed (default: 0)",
  "seeds N": "trains with the seeds 0 to N-1, and keeps the best and the last weights only",
  "fold K": "trains on a fold of `deno task split --folds` (default: 0)",
  "folds all": "trains on every fold",
  "precision P": "fp32 or bf16 (default: bf16 on a processor with AMX, else fp32)",
  "validation SHARE": "the share of the training films that validate, for films without a split",
  "subset N": "only the first N films of each class and set, for a quick try",
  "keep WHICH": "the epochs whose weights are kept: all, best or last (94 MB each; default: all)",
  "batch-size N": "films per step (default: the experiment's, 4)",
  "learning-rate X": "Adam's learning rate (default: the experiment's, 1e-4)",
  "image-size N": "pixels per side of the films: a multiple of 32 (default: 224)",
  "name NEW":
    "names a run with another batch size, learning rate or image size, so that other runs " +
    "can still be compared with the experiment's own. With all: NEW-baseline, NEW-l2 and so on",
  "init FILE": "starts from these weights: safetensors, in PyTorch's names",
  "stride-on WHERE":
    "1x1 or 3x3: the convolution of a bottleneck that has the stride (torchvision: 3x3)",
  "skip-bad": "leaves out films that cannot be read",
  restart: "removes the run's results and weights, and trains from the start",
} as const satisfies Command["flags"];

/** The command's table. */
export const TRAIN_COMMAND = {
  name: "train",
  positionals: {
    "NAME|all": `${EXPERIMENTS.map(({ name }) => name).join(", ")}; all: one after the other; or ` +
      "the --name of an earlier run, which is resumed",
  },
  flags: {
    ...TRAINING_FLAGS,
    "out FOLDER": "gets results/ and model/ (default: the project)",
  },
} as const satisfies Command;

/** A command line's request, and the options of its runs. */
export interface TrainCommand extends TrainRequest {
  /** The fold to train on, or all of the split's. Default: 0. */
  fold?: number | "all";
  /** With `restart`, the results and weights of the runs are removed first. */
  options: RunExperimentOptions & { restart?: boolean };
}

/**
 * Reads the flags of a training.
 *
 * @param experiment The name of an experiment or of your own run, or `all`.
 * @throws {RangeError} If a flag does not take its value, or if a changed experiment has no name.
 */
export function trainCommand(
  experiment: string,
  flags: FlagValues<typeof TRAIN_COMMAND["flags"]>,
): TrainCommand {
  if (flags.seeds !== undefined && flags.seed !== undefined) {
    throw new RangeError("Cannot take --seed with --seeds, which trains with the seeds from 0 on");
  }
  if (flags.folds !== undefined && flags.fold !== undefined) {
    throw new RangeError("Cannot take --fold with --folds all, which trains on every fold");
  }
  const seeds = wholeNumber("--seeds", { text: flags.seeds, from: 1 });
  const strideOn = oneOf("--stride-on", { text: flags["stride-on"], words: ["1x1", "3x3"] });
  const imageSize = imageSizeOf(flags["image-size"]);
  const command: TrainCommand = {
    experiment,
    changes: defined({
      batchSize: wholeNumber("--batch-size", { text: flags["batch-size"], from: 1 }),
      learningRate: upToOne("--learning-rate", flags["learning-rate"]),
      imageSize,
    }),
    seeds: seeds === undefined
      ? [wholeNumber("--seed", { text: flags.seed }) ?? 0]
      : Array.from({ length: seeds }, (_, seed) => seed),
    options: defined({
      data: flags.data,
      precision: oneOf("--precision", { text: flags.precision, words: ["fp32", "bf16"] }),
      validation: share("--validation", flags.validation),
      subset: wholeNumber("--subset", { text: flags.subset, from: 1 }),
      keep: oneOf("--keep", { text: flags.keep, words: ["all", "best", "last"] }) ??
        (seeds === undefined ? undefined : "best"),
      init: flags.init,
      network: strideOn ?? imageSize ? defined({ strideOn, imageSize }) : undefined,
      skipBad: flags["skip-bad"],
      restart: flags.restart,
      out: flags.out,
    }),
    ...defined({
      name: flags.name,
      fold: oneOf<"all">("--folds", { text: flags.folds, words: ["all"] }) ??
        wholeNumber("--fold", { text: flags.fold }),
      epochs: wholeNumber("--epochs", { text: flags.epochs, from: 1 }),
    }),
  };
  requestedExperiments(command);
  return command;
}

/** The largest film that an ordinary machine has the memory to train on, in pixels per side. */
const LARGEST_IMAGE = 1024;

function imageSizeOf(text: string | undefined): number | undefined {
  const size = wholeNumber("--image-size", { text });
  if (size === undefined || (size % 32 === 0 && size >= 32 && size <= LARGEST_IMAGE)) return size;
  throw new RangeError(
    `Cannot take --image-size ${text}: it must be a multiple of 32 from 32 to ${LARGEST_IMAGE}, as ` +
      "the network halves its films five times",
  );
}
