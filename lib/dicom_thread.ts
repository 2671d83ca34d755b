/**
 * A thread that decodes DICOM films, one after the other. It is given up when a film takes too long, and the next
 * film gets a new one.
 * @module
 */
import { Worker } from "node:worker_threads";
import type { DECODERS, Frame, StoredPixels } from "@/dicom_decoders.ts";

/** What the thread is asked. */
export interface Task {
  decoder: keyof typeof DECODERS;
  frame: Frame;
}

/** What it answers, after a first message that it is ready. */
export type Answer = { pixels: StoredPixels } | { error: string };

/** Time for a film: a fixed part, and one for each million pixels. */
const SECONDS = 3;
const SECONDS_A_MEGAPIXEL = 5;

let thread: Promise<Worker> | undefined;
/** When the film before is done. */
let before: Promise<unknown> = Promise.resolve();

/**
 * Decodes a film's pixels in the thread, when its turn has come.
 *
 * @throws {Error} If the decoder fails, or takes too long.
 */
export function decodeElsewhere(
  frame: Frame,
  decoder: keyof typeof DECODERS,
): Promise<StoredPixels> {
  const pixels = before.then(() => ask({ frame, decoder }));
  before = pixels.catch(() => {});
  return pixels;
}

async function ask(task: Task): Promise<StoredPixels> {
  const worker = await (thread ??= begin());
  const { bytes, rows, columns } = task.frame;
  const seconds = SECONDS + SECONDS_A_MEGAPIXEL * rows * columns / 1e6;
  const answer = nextMessage<Answer>(worker, seconds);
  // A copy of the bytes alone: with them would go the whole file that they are a part of.
  worker.postMessage({ ...task, frame: { ...task.frame, bytes: bytes.slice() } } satisfies Task);
  const reply = await answer.catch((error) => {
    thread = undefined;
    worker.terminate();
    throw error;
  });
  if ("error" in reply) throw new Error(reply.error);
  return reply.pixels;
}

async function begin(): Promise<Worker> {
  const worker = new Worker(new URL("./dicom_worker.ts", import.meta.url));
  await nextMessage(worker, 60);
  return worker;
}

/** Waits for a message. The process may end while none is waited for. */
function nextMessage<Message>(worker: Worker, seconds: number): Promise<Message> {
  const { promise, resolve, reject } = Promise.withResolvers<Message>();
  const timer = setTimeout(() => reject(new Error("it cannot be decoded in time")), 1000 * seconds);
  worker.ref();
  worker.once("message", resolve);
  worker.once("error", reject);
  return promise.finally(() => {
    clearTimeout(timer);
    worker.off("message", resolve);
    worker.off("error", reject);
    worker.unref();
  });
}
