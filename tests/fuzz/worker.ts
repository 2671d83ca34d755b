/**
 * Reads damaged inputs in a thread, so that the main thread can detect a hang. Takes
 * `{ seed, first, end }` and posts an {@linkcode Outcome} for each input.
 * @module
 */
/// <reference lib="deno.worker" />
import { damagedInput, isRead, validInputs } from "./inputs.ts";

/** The result for one input: whether it was read, or a failure of the reader. */
export interface Outcome {
  index: number;
  read?: boolean;
  failure?: string;
}

self.onmessage = async ({ data: { seed, first, end } }) => {
  const valid = await validInputs();
  for (let index = first; index < end; index++) {
    const input = damagedInput(valid, `${seed}/${index}`);
    try {
      self.postMessage({ index, read: await isRead(input) } satisfies Outcome);
    } catch (error) {
      self.postMessage({ index, failure: Deno.inspect(error) } satisfies Outcome);
    }
  }
};
