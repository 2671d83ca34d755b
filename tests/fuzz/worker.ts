/**
 * Reads damaged inputs in a thread of its own, so that the one that waits for it sees a hang. Takes `{ seed, first,
 * end }`; tells of each input `{ index, read }`, and of one that is not read as it should be `{ index, failure }`.
 * @module
 */
/// <reference lib="deno.worker" />
import { damagedInput, isRead, validInputs } from "./inputs.ts";

/** What the worker tells. */
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
