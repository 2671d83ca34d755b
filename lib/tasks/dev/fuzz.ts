/**
 * `deno task fuzz`: reads damaged PNG, JPEG, DICOM and CSV files. The exit code is 1 if a file is
 * neither read nor refused with a clear error, takes longer than 15 seconds, or if memory grows. A
 * crash ends the task. With `--peer` it reads valid films, and compares each with what Pillow or
 * pydicom reads.
 * @module
 */
import { checkVariant, makeVariants } from "../../../tests/fuzz/variants.ts";
import type { Outcome } from "../../../tests/fuzz/worker.ts";
import { type Command, type CommandLine, runCommand } from "@/tasks/flags.ts";
import { wholeNumber } from "@/tasks/task.ts";

const COMMAND = {
  name: "fuzz",
  flags: {
    "count N": "the number of inputs (default: 10000)",
    "seed N": "makes other inputs (default: 0)",
    "first N": "starts at this input, to see a failure again (default: 0)",
    "peer PYTHON":
      "compares valid films with what Pillow and pydicom of this Python read; it has " +
      "tests/python/requirements.txt",
  },
} as const satisfies Command;

/** The most seconds that reading an input may take. */
const LIMIT_SECONDS = 15;

/** The inputs that fill caches and pools. After them memory may grow by the limit, in MB. */
const WARM_UP = 1000;
const GROWTH_LIMIT_MB = 150;

/** The counts of a run. */
interface Tally {
  read: number;
  refused: number;
  failures: string[];
}

async function main({ flags }: CommandLine<typeof COMMAND>): Promise<void> {
  const count = wholeNumber("--count", { text: flags.count, from: 1 }) ?? 10_000;
  const seed = wholeNumber("--seed", { text: flags.seed }) ?? 0;
  const first = wholeNumber("--first", { text: flags.first }) ?? 0;
  const began = performance.now();
  const tally: Tally = { read: 0, refused: 0, failures: [] };
  if (flags.peer === undefined) await readDamaged({ seed, first, count }, tally);
  else await compareValid({ python: flags.peer, seed, first, count }, tally);
  const { failures } = tally;
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(`Fuzzing took ${seconds} s. ${failures.join("\n")}`);
  if (failures.length > 0) Deno.exit(1);
}

/** The inputs to make. */
type Inputs = Record<"seed" | "first" | "count", number>;

async function readDamaged({ seed, first, count }: Inputs, tally: Tally): Promise<void> {
  let index = first;
  let before: number | undefined;
  while (index < first + count) {
    const end = Math.min(index + WARM_UP, first + count);
    index = await readInputs({ seed, first: index, end }, tally);
    const megabytes = Deno.memoryUsage().rss / 2 ** 20;
    before ??= megabytes;
    const growth = megabytes - before;
    console.log(
      `${index - first} of ${count}: ${tally.read} read, ${tally.refused} refused, ` +
        `${tally.failures.length} failures, ${Math.round(megabytes)} MB`,
    );
    if (growth > GROWTH_LIMIT_MB) {
      tally.failures.push(`memory has grown by ${Math.round(growth)} MB`);
      return;
    }
  }
}

async function compareValid(inputs: Inputs & { python: string }, tally: Tally): Promise<void> {
  for await (const variant of makeVariants(inputs)) {
    try {
      tally[await checkVariant(variant) ? "read" : "refused"]++;
    } catch (error) {
      tally.failures.push((error as Error).message);
    }
  }
  console.log(
    `${inputs.count} films: ${tally.read} equal, ${tally.refused} refused as they must be, ` +
      `${tally.failures.length} failures`,
  );
}

/** Reads inputs in a worker, up to the first one that hangs. Gives the number of the next one. */
function readInputs(
  { seed, first, end }: { seed: number; first: number; end: number },
  tally: Tally,
): Promise<number> {
  const worker = new Worker(new URL("../../../tests/fuzz/worker.ts", import.meta.url), {
    type: "module",
  });
  let next = first;
  return new Promise((resolve, reject) => {
    const leave = () => {
      clearTimeout(timer);
      worker.terminate();
      resolve(next);
    };
    const hang = () => {
      tally.failures.push(`${next}: not done after ${LIMIT_SECONDS} s`);
      next++;
      leave();
    };
    // The worker has to load first.
    let timer = setTimeout(hang, 60_000);
    worker.onerror = (event) => reject(new Error(event.message));
    worker.onmessage = ({ data: { index, read, failure } }: MessageEvent<Outcome>) => {
      if (failure !== undefined) tally.failures.push(`${index}: ${failure}`);
      else tally[read ? "read" : "refused"]++;
      next = index + 1;
      clearTimeout(timer);
      if (next === end) leave();
      else timer = setTimeout(hang, 1000 * LIMIT_SECONDS);
    };
    worker.postMessage({ seed, first, end });
  });
}

if (import.meta.main) await runCommand(COMMAND, main);
