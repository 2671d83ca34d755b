/**
 * A thread that decodes DICOM films one by one. If a film takes too long, the thread is stopped,
 * and the next film gets a new one.
 * @module
 */
import { Worker } from "node:worker_threads";
import type { DECODERS, Frame, StoredPixels } from "@/films/dicom/decoders.ts";

/** A request to the thread. */
export interface Task {
  decoder: keyof typeof DECODERS;
  frame: Frame;
}

/** The thread's answer, after a first message that it is ready. */
export type Answer = { pixels: StoredPixels } | { error: string };

let thread: Promise<Worker> | undefined;
/** Resolves when the film before is done. */
let before: Promise<unknown> = Promise.resolve();

/**
 * Decodes a film's pixels in the thread, when its turn comes.
 *
 * @throws {Error} If the decoder fails, or takes too long.
 */
export function decodeElsewhere(task: Task): Promise<StoredPixels> {
  const pixels = before.then(() => ask(task));
  before = pixels.catch(() => {});
  return pixels;
}

async function ask(task: Task): Promise<StoredPixels> {
  const worker = await (thread ??= begin());
  const { bytes, rows, columns } = task.frame;
  // The time limit: 10 s, and 5 s per million pixels.
  const seconds = 10 + 5 * rows * columns / 1e6;
  const answer = nextMessage<Answer>(worker, seconds);
  // Copies the bytes, as otherwise the whole file around them would be sent.
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
  const worker = new Worker(new URL("./worker.ts", import.meta.url));
  await nextMessage(worker, 60);
  return worker;
}

/** Waits for a message. At other times, the thread does not keep the process alive. */
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
