/**
 * What checkpoints take on the disk, so that a run is not begun that would not find room.
 * @module
 */
import { requireSpace } from "@/disk_space.ts";
import { exists } from "@/files.ts";
import { type Architecture, convNorms } from "@/resnet50.ts";
import type { RunFolders } from "@/results.ts";

/** Which epochs' weights are kept: all, those that a report shows, or none beside the last epoch's state. */
export type Keep = "all" | "best" | "last";

/** The state holds the weights and Adam's two moments of each. */
const WEIGHTS_IN_STATE = 3;

/** Of the epochs that a report shows there are three at most, and a fourth while one takes another's place. */
const BEST_EPOCHS = 4;

/** Bytes of a network's parameters and statistics: 94 MB of ResNet50's. */
export function weightBytes(architecture: Architecture): number {
  const { features, classes } = architecture;
  const values = convNorms(architecture).reduce(
    (sum, { kernel, in: inputs, out }) => sum + kernel * kernel * inputs * out + 4 * out,
    (features + 1) * classes,
  );
  return 4 * values;
}

/** Bytes that the checkpoints of runs come to, with one more state while it takes the old one's place. */
export function checkpointBytes(
  architecture: Architecture,
  { epochs, keep }: { epochs: readonly number[]; keep: Keep },
): number {
  const kept = (count: number) =>
    ({ all: count, best: Math.min(count, BEST_EPOCHS), last: 0 })[keep];
  const weights = epochs.reduce((sum, count) => sum + kept(count) + WEIGHTS_IN_STATE, 0);
  return weightBytes(architecture) * (weights + WEIGHTS_IN_STATE);
}

/**
 * Makes sure that there is room for the checkpoints of several runs, beside or in the place of those that they have.
 *
 * @param options.folder Holds all of them.
 * @throws {Error} If there is not.
 */
export async function requireRoomForAll(
  runs: readonly { folders: RunFolders; epochs: number }[],
  { architecture, keep, folder }: { architecture: Architecture; keep: Keep; folder: string },
): Promise<void> {
  const sizes = await Promise.all(runs.map(({ folders }) => checkpointsIn(folders.model)));
  const there = sizes.reduce((sum, size) => sum + size, 0);
  const needed = checkpointBytes(architecture, { epochs: runs.map(({ epochs }) => epochs), keep });
  const purpose = `train ${runs.length === 1 ? "it" : `${runs.length} runs`}`;
  await requireSpace(folder, { bytes: needed - there, purpose });
}

/** Bytes of the checkpoints in a folder. */
async function checkpointsIn(folder: string): Promise<number> {
  if (!await exists(folder)) return 0;
  let bytes = 0;
  for await (const { name } of Deno.readDir(folder)) {
    if (name.endsWith(".safetensors")) bytes += (await Deno.stat(`${folder}/${name}`)).size;
  }
  return bytes;
}
