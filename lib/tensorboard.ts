/**
 * A run's curves as TensorBoard's event files, written by tfjs-node's own summary writer: one folder for each set of
 * films, so that TensorBoard lays the curves of training and test over each other.
 * @module
 */
import { join } from "node:path";
import { SummaryFileWriter } from "@tensorflow/tfjs-node-gpu/dist/tensorboard.js";
import type { EpochRow } from "@/metrics.ts";
import { backend, tf } from "@/tensorflow/backend.ts";

/** Events that may wait before they are written. Every epoch is flushed anyway. */
const MAX_QUEUE = 10;
/** Longest time that an event may wait, in milliseconds. */
const FLUSH_MILLISECONDS = 120_000;

/** The event files of a run that is under way. Disposing of it closes them. */
export interface TensorBoard extends Disposable {
  /** Adds an epoch; it is on the disk afterwards. */
  write(row: EpochRow): void;
}

/**
 * Begins the event files of a run anew: those of an earlier, interrupted process are removed.
 *
 * @param folder Gets `train/`, `test/` and, if there are such numbers, `validation/`.
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
        const resource = resources.get(set) ?? openWriter(join(folder, set));
        resources.set(set, resource);
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
    backend.createSummaryFileWriter(resource, folder, MAX_QUEUE, FLUSH_MILLISECONDS, ".v2");
    return tf.keep(resource);
  });
}

/** `testCrossEntropy` of a row is the point `cross_entropy` of the set `test`. */
function pointsOf(row: EpochRow, set: string): [tag: string, value: number][] {
  return Object.entries(row)
    .filter(([field]) => field.startsWith(set) && !field.endsWith("Seconds"))
    .flatMap(([field, value]) => {
      const tag = field.slice(set.length).replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      return value === null ? [] : [[tag.slice(1), value]];
    });
}
