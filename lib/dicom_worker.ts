/**
 * The thread of dicom_thread.ts: decodes what it is sent.
 * @module
 */
import { parentPort } from "node:worker_threads";
import { DECODERS } from "@/dicom_decoders.ts";
import type { Answer, Task } from "@/dicom_thread.ts";

parentPort!.on("message", async ({ decoder, frame }: Task) => {
  parentPort!.postMessage(await answer({ decoder, frame }));
});
parentPort!.postMessage("ready");

async function answer({ decoder, frame }: Task): Promise<Answer> {
  try {
    return { pixels: await DECODERS[decoder](frame) };
  } catch (error) {
    // The decoders in WebAssembly throw numbers, too.
    return { error: error instanceof Error ? error.message : "its pixels are damaged" };
  }
}
