/**
 * An open run: its network and optimizer in memory, its progress and its config. Opening a run
 * decides where it starts.
 * @module
 */
import { join } from "node:path";
import { exists, removeHalfWritten, removeIfAny } from "@/common/files.ts";
import { fromRoot } from "@/common/paths.ts";
import type { Experiment } from "@/experiments.ts";
import { type CompiledEvaluation, compileEvaluation } from "@/network/evaluation.ts";
import { createResNet50, type Network } from "@/network/resnet50.ts";
import { createTrainer, type Trainer } from "@/network/trainer.ts";
import { assignWeights, readWeights, weightShapes } from "@/network/weights.ts";
import {
  loadState,
  loadWeights,
  type Progress,
  readProgress,
  type SavedProgress,
  saveState,
} from "@/runs/checkpoint.ts";
import { readConfig, type RunConfig, writeConfig } from "@/runs/config.ts";
import { chosenEpochs, type EpochRow } from "@/runs/epochs.ts";
import { readEpochs, type RunFolders, statePath, writeEpochs } from "@/runs/files.ts";
import { lockRun } from "@/runs/lock.ts";
import { requireRoom } from "@/runs/room.ts";
import { describeRun, differences, type RunSettings } from "@/runs/settings.ts";
import type { Keep } from "@/runs/space.ts";

/** Options of {@linkcode openRun}. */
export interface RunOptions extends RunSettings {
  folders: RunFolders;
  /** Default: all. */
  keep?: Keep;
}

/** An open run. Disposing of it frees its network and its optimizer. */
export interface Run extends Disposable {
  readonly config: RunConfig;
  readonly network: Network;
  readonly trainer: Trainer;
  readonly evaluation: CompiledEvaluation;
  /** Changes while the run trains. */
  readonly progress: Progress;
}

/**
 * Reads the rows of a run that has all of its epochs and no checkpoint: nothing is left to train.
 *
 * @returns Null if there is a checkpoint to resume from, or an epoch to train.
 * @throws {Error} If the results are of other settings or films.
 */
export async function readFinishedRun(
  experiment: Experiment,
  options: RunOptions,
): Promise<EpochRow[] | null> {
  const { folders } = options;
  if (await exists(statePath(folders)) || !await hasResults(folders)) return null;
  const rows = await readEpochs(folders.results);
  if (rows.length < experiment.epochs) return null;
  const saved = await readConfig(folders.results);
  requireSame(saved, { now: await describeRun(experiment, { ...options, saved }), folders });
  return rows;
}

/**
 * Opens a run. It starts, in this order of preference:
 *
 * 1. If there is a `last.safetensors`, the run resumes from it, provided that settings and films
 *    are the same.
 * 2. If there are results without it, they are not overwritten: that is an error. ({@linkcode
 *    readFinishedRun} reads those that have all epochs; {@linkcode removeRuns} removes them.)
 * 3. With `init`, it begins with the weights of that file.
 * 4. Otherwise it begins with the seed's own weights.
 *
 * @throws {Error} If the run cannot start or resume, saying why and what to do; if the disk has no
 * room for it.
 */
export async function openRun(experiment: Experiment, options: RunOptions): Promise<Run> {
  const { folders, keep = "all" } = options;
  for (const folder of [folders.results, join(folders.results, "predictions"), folders.model]) {
    await removeHalfWritten(folder);
  }
  const saved = await readSaved(folders);
  const begun = saved && { saved: saved.config };
  const config = await describeRun(experiment, { ...options, ...begun });
  if (saved !== null) requireSame(saved.config, { now: config, folders });

  const network = createResNet50({ ...config.network, seed: config.seed });
  const trainer = createTrainer(network, { ...experiment, ...config });
  const evaluation = compileEvaluation(network, config);
  const dispose = () => {
    trainer.dispose();
    evaluation.dispose();
    network.dispose();
  };
  try {
    const { architecture } = network;
    await requireRoom([{ ...experiment, folders }], { architecture, keep, folder: folders.model });
    const progress = saved === null
      ? await begin(network, config)
      : await goOn(statePath(folders), { network, trainer });
    await writeConfig(folders.results, config);
    if (progress.rows.length > 0) await writeEpochs(folders.results, progress.rows);
    return { config, network, trainer, evaluation, progress, [Symbol.dispose]: dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/**
 * Writes a run's checkpoint, which it resumes from.
 *
 * @throws {RangeError} If a number is not finite; the last checkpoint is kept.
 */
export async function saveRun(run: Run, { folders }: { folders: RunFolders }): Promise<void> {
  const { network, trainer, progress, config } = run;
  const state = { weights: readWeights(network), adam: trainer.moments(), progress, config };
  await saveState(statePath(folders), state);
}

/** Lists the epochs whose weights stay on the disk. */
export function keptEpochs(rows: readonly EpochRow[], keep: Keep): Set<number> {
  if (keep === "last") return new Set();
  const kept = keep === "all" ? rows : chosenEpochs(rows).map(({ row }) => row);
  return new Set(kept.map(({ epoch }) => epoch));
}

/** Reads the progress that the last process saved, if any. */
async function readSaved(folders: RunFolders): Promise<SavedProgress | null> {
  if (await exists(statePath(folders))) return await readProgress(statePath(folders));
  if (await hasResults(folders)) {
    throw new Error(
      `Cannot resume ${folders.results}: epochs are left to train, but ${statePath(folders)} is ` +
        "missing. Bring it back, or restart with --restart, which removes the results",
    );
  }
  return null;
}

function hasResults({ results }: RunFolders): Promise<boolean> {
  return exists(join(results, "metrics.csv"));
}

function requireSame(
  saved: RunConfig,
  { now, folders }: { now: RunConfig; folders: RunFolders },
): void {
  const changes = differences(saved, now);
  if (changes.length === 0) return;
  throw new Error(
    `Cannot resume ${folders.results}: it began with other settings or films.\n` +
      changes.map((change) => `  ${change}\n`).join("") +
      "Train as it began, or restart with --restart, which removes its results",
  );
}

/** Starts a run with the seed's weights, or with those of a file. */
async function begin(network: Network, { network: { init } }: RunConfig): Promise<Progress> {
  if (init !== null) {
    const options = { shapes: weightShapes(network), newHead: true };
    assignWeights(network, await loadWeights(fromRoot(init.file), options));
  }
  const sums = { films: 0, loss: 0, crossEntropy: 0, correct: 0, seconds: 0 };
  return { step: 0, epoch: 0, sums, rows: [] };
}

async function goOn(
  path: string,
  { network, trainer }: { network: Network; trainer: Trainer },
): Promise<Progress> {
  const parameters = network.parameters.keys();
  const state = await loadState(path, { shapes: weightShapes(network), parameters });
  assignWeights(network, state.weights);
  trainer.restore(state.adam);
  return state.progress;
}

/**
 * Removes all files of runs but their locks. All runs go at once, so that a killed restart leaves
 * no results of several trainings side by side.
 *
 * @throws {Error} If one of them is training (nothing is removed then), or a file cannot be
 * removed.
 */
export async function removeRuns(runs: readonly RunFolders[]): Promise<void> {
  using locks = new DisposableStack();
  for (const { model } of runs) locks.use(lockRun(model));
  for (const { results } of runs) await removeIfAny(results);
  for (const { model } of runs) {
    for await (const { name } of Deno.readDir(model)) {
      if (name !== "lock") await Deno.remove(join(model, name));
    }
  }
}
