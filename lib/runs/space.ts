/**
 * The room that checkpoints take on the disk: a run that would not fit does not start.
 * @module
 */
import { basename, join } from "node:path";
import { exists } from "@/common/files.ts";
import { type Architecture, weightBytes } from "@/network/architecture.ts";
import { readProgress } from "@/runs/checkpoint.ts";
import { readEpochs, type RunFolders, statePath } from "@/runs/files.ts";

/** The epochs whose weights are kept beside the last checkpoint: all, a report's, or none. */
export type Keep = "all" | "best" | "last";

/** The state holds the weights and Adam's two moments of each. */
const WEIGHTS_IN_STATE = 3;

/** The most weights that `best` keeps: three epochs', and a fourth while it replaces one. */
const BEST_EPOCHS = 4;

/** A run as far as its checkpoints go. */
export interface StoredRun {
  name: string;
  folders: RunFolders;
  /** All that it is to have in the end. */
  epochs: number;
}

/** Options that the size of checkpoints depends on. */
export interface SpaceOptions {
  architecture: Architecture;
  keep: Keep;
  /** Whether each run first removes its files. */
  restart?: boolean;
}

/** Counts the bytes that runs, one after the other, add at their peak. */
export async function neededBytes(
  runs: readonly StoredRun[],
  { architecture, keep, restart = false }: SpaceOptions,
): Promise<number> {
  let added = 0;
  let most = 0;
  for (const { folders, epochs } of runs) {
    const files = await fileSizes(folders.model);
    for (const [name, size] of files) {
      // What a killed process was about to write is removed, too.
      if (restart || name.endsWith(".tmp")) added -= size;
    }
    const done = restart ? 0 : await epochsDone(folders);
    if (done >= epochs) continue;
    const names = restart ? [] : [...files.keys()];
    const kept = names.flatMap((name) => /^epoch(\d+)\.safetensors$/.exec(name)?.[1] ?? []);
    // A killed process left those; they are replaced.
    const again = kept.filter((epoch) => Number(epoch) >= done && Number(epoch) < epochs);
    const toWrite = epochs - done - again.length;
    const best = Math.min(toWrite, Math.max(BEST_EPOCHS - kept.length, 1));
    const weights = { all: toWrite, best, last: 0 }[keep] +
      (names.includes(basename(statePath(folders))) ? 0 : WEIGHTS_IN_STATE);
    added += weights * weightBytes(architecture);
    // A new checkpoint stands beside the one that it replaces, for a moment.
    most = Math.max(most, added + WEIGHTS_IN_STATE * weightBytes(architecture));
  }
  return most;
}

/** Epochs of a run that need not be trained again. */
async function epochsDone(folders: RunFolders): Promise<number> {
  const state = statePath(folders);
  if (await exists(state)) return (await readProgress(state)).progress.epoch;
  const hasResults = await exists(join(folders.results, "metrics.csv"));
  return hasResults ? (await readEpochs(folders.results)).length : 0;
}

/** Bytes of the files in a folder, by name; none if it is missing. */
async function fileSizes(folder: string): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  if (!await exists(folder)) return sizes;
  for await (const { name } of Deno.readDir(folder)) {
    // Another process may have renamed a temporary file meanwhile.
    const info = await Deno.stat(join(folder, name)).catch(() => null);
    if (info !== null) sizes.set(name, info.size);
  }
  return sizes;
}
