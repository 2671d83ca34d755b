/**
 * A run's curves as TensorBoard's event files, written by tfjs-node's own summary writer: one
 * folder for each set of films, so that TensorBoard lays the curves of training and test over each
 * other.
 * @module
 */
import { join } from "node:path";
import { SummaryFileWriter } from "@tensorflow/tfjs-node-gpu/dist/tensorboard.js";
import type { EpochRow } from "@/runs/epochs.ts";
import { backend, tf } from "@/tensorflow/backend.ts";

/** The event files of a training. Disposing of it closes them. */
export interface TensorBoard extends Disposable {
  /** Adds an epoch; it is on the disk afterwards. */
  write(row: EpochRow): void;
}

/**
 * Starts the event files of a run; those of an earlier process are removed.
 *
 * @param folder The folder for `train/`, `test/` and, with a validation set, `validation/`.
 */
export function openTensorBoard(folder: string): TensorBoard {
  try {
    Deno.removeSync(folder, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const resources = new Map<string, tf.Tensor>();
  return {
    write(row) {
      for (const set of ["train", "test", "validation"]) {
        const points = pointsOf(row, set);
        if (points.length === 0) continue;
        const resource = resources.getOrInsertComputed(set, () => openWriter(join(folder, set)));
        const writer = new SummaryFileWriter(resource);
        for (const [tag, value] of points) writer.scalar(tag, value, row.epoch);
        writer.flush();
      }
    },
    [Symbol.dispose]() {
      for (const resource of resources.values()) {
        backend.executeMultipleOutputs("CloseSummaryWriter", [], [resource], 0);
        resource.dispose();
      }
    },
  };
}

function openWriter(folder: string): tf.Tensor {
  return tf.tidy(() => {
    const resource = backend.summaryWriter(folder);
    backend.createSummaryFileWriter(resource, folder);
    return tf.keep(resource);
  });
}

/** Lists the points of a set: `testCrossEntropy` of a row is `cross_entropy` of the set `test`. */
function pointsOf(row: EpochRow, set: string): [tag: string, value: number][] {
  return Object.entries(row)
    .filter(([field]) => field.startsWith(set) && !field.endsWith("Seconds"))
    .flatMap(([field, value]) => {
      const tag = field.slice(set.length).replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      return value === null ? [] : [[tag.slice(1), value]];
    });
}
