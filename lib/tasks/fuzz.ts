/**
 * `deno task fuzz`: has damaged PNG, JPEG, DICOM and CSV files read, and ends with exit code 1 if one is neither read
 * nor refused with an error that says so, takes longer than 5 seconds, or if memory grows. A crash ends the task.
 * @module
 */
import { parseArgs } from "node:util";
import type { Outcome } from "../../tests/fuzz/worker.ts";
import { runTask, wholeNumber } from "@/tasks/task.ts";

const HELP = `deno task fuzz
  --count N   inputs (default: 10000)
  --seed N    makes other inputs (default: 0)
  --first N   begins with this one, to see a failure again (default: 0)`;

/** Seconds that reading an input may take. */
const LIMIT_SECONDS = 5;

/** The first inputs fill caches and pools; from then on memory may grow by this, in MB. */
const WARM_UP = 1000;
const GROWTH_LIMIT_MB = 150;

const FLAGS = {
  count: { type: "string" },
  seed: { type: "string" },
  first: { type: "string" },
  help: { type: "boolean" },
} as const;

/** What came of a run. */
interface Tally {
  read: number;
  refused: number;
  failures: string[];
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: FLAGS });
  if (values.help) return console.log(HELP);
  const count = wholeNumber("--count", { text: values.count, from: 1 }) ?? 10_000;
  const seed = wholeNumber("--seed", { text: values.seed }) ?? 0;
  const first = wholeNumber("--first", { text: values.first }) ?? 0;
  const tally: Tally = { read: 0, refused: 0, failures: [] };
  let index = first;
  let before = 0;
  const began = performance.now();
  while (index < first + count) {
    const end = Math.min(index + WARM_UP, first + count);
    index = await readInputs({ seed, first: index, end }, tally);
    const megabytes = Deno.memoryUsage().rss / 2 ** 20;
    if (before === 0) before = megabytes;
    const growth = megabytes - before;
    console.log(
      `${index - first} of ${count}: ${tally.read} read, ${tally.refused} refused, ` +
        `${tally.failures.length} failures, ${Math.round(megabytes)} MB`,
    );
    if (growth > GROWTH_LIMIT_MB) {
      tally.failures.push(`memory has grown by ${Math.round(growth)} MB`);
      break;
    }
  }
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(`Fuzzing took ${seconds} s. ${tally.failures.join("\n")}`);
  if (tally.failures.length > 0) Deno.exit(1);
}

/**
 * Has inputs read in a worker, up to the first one that hangs.
 *
 * @returns The number of the input to go on with.
 */
function readInputs(
  { seed, first, end }: { seed: number; first: number; end: number },
  tally: Tally,
): Promise<number> {
  const worker = new Worker(new URL("../../tests/fuzz/worker.ts", import.meta.url), {
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

if (import.meta.main) await runTask(main);
