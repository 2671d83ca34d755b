/**
 * A run that is open: its network and optimizer in memory, how far it is, what it uses. Opening it decides where it
 * begins.
 * @module
 */
import { join } from "node:path";
import { loadState, loadWeights, type Progress, readProgress, saveState } from "@/checkpoint.ts";
import { checkpointBytes, type Keep } from "@/checkpoint_space.ts";
import { requireSpace } from "@/disk_space.ts";
import type { Experiment } from "@/experiments.ts";
import { exists, removeIfAny } from "@/files.ts";
import { chosenEpochs, type EpochRow } from "@/metrics.ts";
import { fromRoot } from "@/paths.ts";
import { createResNet50, type Network } from "@/resnet50.ts";
import {
  readConfig,
  readEpochs,
  type RunConfig,
  type RunFolders,
  statePath,
  writeConfig,
  writeEpochs,
} from "@/results.ts";
import { describeRun, differences, type RunSettings } from "@/run_config.ts";
import { createTrainer, type Trainer } from "@/train_step.ts";
import { assignWeights, readWeights, weightShapes } from "@/weights.ts";

/** What a run is begun, or gone on, with. */
export interface RunOptions extends RunSettings {
  folders: RunFolders;
  /** Default: all. */
  keep?: Keep;
  /** Removes what an earlier run of the experiment left, and begins anew. */
  restart?: boolean;
}

/** A run that is open. Disposing of it frees its network and its optimizer. */
export interface Run extends Disposable {
  readonly config: RunConfig;
  readonly network: Network;
  readonly trainer: Trainer;
  /** Changes as the run goes on. */
  readonly progress: Progress;
}

/**
 * The rows of a run whose results have all of its epochs and whose checkpoints are gone: there is nothing left to train.
 *
 * @returns Null if there is a state to go on from, or an epoch to train.
 * @throws {Error} If those results are of other settings or films.
 */
export async function readFinishedRun(
  experiment: Experiment,
  options: RunOptions,
): Promise<EpochRow[] | null> {
  const { folders, restart = false } = options;
  if (restart || await exists(statePath(folders)) || !await hasResults(folders)) return null;
  const rows = await readEpochs(folders.results);
  if (rows.length < experiment.epochs) return null;
  const saved = await readConfig(folders.results);
  requireSame(saved, { now: await describeRun(experiment, { ...options, saved }), folders });
  return rows;
}

/**
 * Opens a run. Where it begins is decided in this order:
 *
 * 1. With `restart`, what an earlier run left is removed.
 * 2. If there is a `last.safetensors`, the run goes on from it, provided that settings and films are the same.
 * 3. If there are results without it, they are not overwritten: that is an error. ({@linkcode readFinishedRun} reads those
 *    that have all epochs.)
 * 4. With `init`, it begins with the weights of that file.
 * 5. Otherwise it begins with the seed's own weights.
 *
 * @throws {Error} If the run cannot go on, saying why and what to do; if the disk has no room for it.
 */
export async function openRun(experiment: Experiment, options: RunOptions): Promise<Run> {
  const { folders, restart = false, keep = "all" } = options;
  if (restart) await removeRun(folders);
  await removeHalfWritten(folders);
  const saved = await readSaved(folders);
  const config = await describeRun(experiment, {
    ...options,
    ...(saved && { saved: saved.config }),
  });
  if (saved !== null) requireSame(saved.config, { now: config, folders });

  const network = createResNet50({ ...config.network, seed: config.seed });
  const trainer = createTrainer(network, { ...experiment, ...config });
  const dispose = () => {
    trainer.dispose();
    network.dispose();
  };
  try {
    const epochs = experiment.epochs - (saved?.progress.epoch ?? 0);
    const bytes = checkpointBytes(network.architecture, { epochs: [epochs], keep });
    await requireSpace(folders.model, { bytes, purpose: `train ${experiment.name}` });
    const progress = saved === null
      ? await begin(network, config)
      : await goOn(statePath(folders), { network, trainer });
    await writeConfig(folders.results, config);
    if (progress.rows.length > 0) await writeEpochs(folders.results, progress.rows);
    return { config, network, trainer, progress, [Symbol.dispose]: dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/**
 * Writes where a run is, so that it can go on from there.
 *
 * @throws {RangeError} If a number is not finite; the state that was there before is kept.
 */
export async function saveRun(run: Run, { folders }: { folders: RunFolders }): Promise<void> {
  const { network, trainer, progress, config } = run;
  const state = { weights: readWeights(network), adam: trainer.state(), progress, config };
  await saveState(statePath(folders), state);
}

/** The epochs whose weights stay on the disk. */
export function keptEpochs(rows: readonly EpochRow[], keep: Keep): Set<number> {
  if (keep === "last") return new Set();
  const kept = keep === "all" ? rows : chosenEpochs(rows).map(({ row }) => row);
  return new Set(kept.map(({ epoch }) => epoch));
}

/** What the last process saved, if any did. */
async function readSaved(
  folders: RunFolders,
): Promise<{ progress: Progress; config: RunConfig } | null> {
  if (await exists(statePath(folders))) return await readProgress(statePath(folders));
  if (await hasResults(folders)) {
    throw new Error(
      `Cannot go on with ${folders.results}: there are epochs left to train, but ${
        statePath(folders)
      } is missing; ` +
        "bring it back, or begin anew with --restart, which removes the results",
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
    `Cannot go on with ${folders.results}: it was begun with other settings or films.\n` +
      changes.map((change) => `  ${change}\n`).join("") +
      "Train as it was begun, or begin anew with --restart, which removes its results",
  );
}

/** The seed's weights, or those of a file. */
async function begin(network: Network, { network: { init } }: RunConfig): Promise<Progress> {
  if (init !== null) {
    assignWeights(
      network,
      await loadWeights(fromRoot(init.file), { shapes: weightShapes(network), newHead: true }),
    );
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

/** Removes files that a killed process was about to write: whoever has the run's lock is the only one who writes. */
async function removeHalfWritten({ results, model }: RunFolders): Promise<void> {
  for (const folder of [results, join(results, "predictions"), model]) {
    if (!await exists(folder)) continue;
    for await (const { name } of Deno.readDir(folder)) {
      if (name.endsWith(".tmp")) await Deno.remove(join(folder, name));
    }
  }
}

/** Removes all that a run left but its lock. */
async function removeRun({ results, model }: RunFolders): Promise<void> {
  await removeIfAny(results);
  for await (const { name } of Deno.readDir(model)) {
    if (name !== "lock") await Deno.remove(join(model, name));
  }
}
