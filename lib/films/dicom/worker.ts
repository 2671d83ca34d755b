/**
 * The code of the thread in `thread.ts`.
 * @module
 */
import { parentPort } from "node:worker_threads";
import { DECODERS } from "@/films/dicom/decoders.ts";
import type { Answer, Task } from "@/films/dicom/thread.ts";

parentPort!.on("message", async (task: Task) => {
  parentPort!.postMessage(await answer(task));
});
parentPort!.postMessage("ready");

async function answer({ decoder, frame }: Task): Promise<Answer> {
  try {
    return { pixels: await DECODERS[decoder](frame) };
  } catch (error) {
    // The decoders in WebAssembly also throw numbers.
    return { error: error instanceof Error ? error.message : "its pixels are damaged" };
  }
}
