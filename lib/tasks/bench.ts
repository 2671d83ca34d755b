/**
 * `deno task bench`: how fast the network is trained and evaluated, and the memory that takes, one line of JSON a case;
 * with `--peer PYTHON` beside PyTorch. Every case and every peer has a process of its own, and they work in turns of a
 * few steps, so that what else the machine does meets all of them alike.
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { parseArgs } from "node:util";
import { compileEvaluation } from "@/evaluation_step.ts";
import { BASELINE } from "@/experiments.ts";
import { fromRoot } from "@/paths.ts";
import type { Precision } from "@/precision.ts";
import { createResNet50 } from "@/resnet50.ts";
import { median } from "@/statistics/median.ts";
import { oneOf, runTask, wholeNumber } from "@/tasks/task.ts";
import { tf } from "@/tensorflow/backend.ts";
import { createTrainer } from "@/train_step.ts";

const HELP = `deno task bench
  --case NAME    one of train-fp32, train-bf16, eval-fp32, eval-bf16 (default: all)
  --peer PYTHON  a Python that has torch (tests/python/requirements.txt): PyTorch takes turns with this
  --rounds N     of which the medians are taken (default: 9)`;

const FLAGS = {
  case: { type: "string" },
  peer: { type: "string" },
  rounds: { type: "string" },
  steps: { type: "boolean" }, // for the processes that this one starts
  help: { type: "boolean" },
} as const;

const PEER = fromRoot("tests/python/pytorch_resnet50.py");

/** Steps before the first round, and of a round. */
const [WARMUP, STEPS] = [10, 6];

const CASES = ["train-fp32", "train-bf16", "eval-fp32", "eval-bf16"] as const;
type Case = typeof CASES[number];

/** PyTorch's modes that a case is held against: what the original ran, and the fastest that is known. */
const PEER_MODES: Record<Case, readonly string[]> = {
  "train-fp32": ["eager", "channels_last,fused"],
  "train-bf16": ["channels_last,fused,bf16"],
  "eval-fp32": ["eager", "channels_last"],
  "eval-bf16": ["channels_last,bf16"],
};

/** What a process says of the steps that it was asked for. */
interface Report {
  /** Of each step. */
  seconds: number[];
  peak_rss_mb: number;
  /** Memory now. */
  rss_mb?: number;
  peer?: string;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: FLAGS });
  if (values.help) return console.log(HELP);
  const only = oneOf("--case", { text: values.case, words: CASES });
  if (values.steps) return await takeSteps(only!);
  const rounds = wholeNumber("--rounds", { text: values.rounds, from: 1 }) ?? 9;
  for (const name of only === undefined ? CASES : [only]) {
    await bench(name, { rounds, peer: values.peer });
  }
}

/** Measures a case and its peers, and prints a line for each peer, or one if there is none. */
async function bench(
  name: Case,
  { rounds, peer }: { rounds: number; peer: string | undefined },
): Promise<void> {
  const own = ["run", "-A", fromRoot("lib/tasks/bench.ts"), "--steps", "--case", name];
  const part = name.split("-")[0]!;
  const modes = peer === undefined ? [] : PEER_MODES[name];
  const workers = [
    startWorker(Deno.execPath(), own),
    ...modes.map((mode) => startWorker(peer!, [PEER, part, mode])),
  ];
  try {
    const warm: Report[] = [];
    for (const worker of workers) warm.push(await worker.steps(WARMUP));
    const reports: Report[][] = workers.map(() => []);
    for (let round = 0; round < rounds; round++) {
      for (const [i, worker] of workers.entries()) reports[i]!.push(await worker.steps(STEPS));
    }
    const speeds = reports.map((each) => each.map(imagesPerSecond));
    const [ours, ...theirs] = reports.map((each) => each.at(-1)!);
    const line = {
      case: name,
      images_per_s: rounded(median(speeds[0]!)),
      peak_rss_mb: rounded(ours!.peak_rss_mb),
      first_step_s: rounded(warm[0]!.seconds[0]!),
      growth_mb: rounded(ours!.rss_mb! - warm[0]!.rss_mb!),
    };
    if (theirs.length === 0) console.log(JSON.stringify(line));
    for (const [i, { peer, peak_rss_mb }] of theirs.entries()) {
      const speedsOfPeer = speeds[i + 1]!;
      console.log(JSON.stringify({
        ...line,
        peer,
        peer_images_per_s: rounded(median(speedsOfPeer)),
        peer_peak_rss_mb: rounded(peak_rss_mb),
        ratio: rounded(median(speedsOfPeer.map((speed, round) => speeds[0]![round]! / speed))),
      }));
    }
  } finally {
    for (const worker of workers) await worker.end();
  }
}

function imagesPerSecond({ seconds }: Report): number {
  return BASELINE.batchSize / median(seconds);
}

function rounded(value: number): number {
  return Number(value.toFixed(3));
}

/** Starts a process that takes steps when it is told how many, and reports in a line of JSON. */
function startWorker(program: string, args: string[]) {
  const command = new Deno.Command(program, { args, stdin: "piped", stdout: "piped" });
  let child;
  try {
    child = command.spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`Cannot start ${program}: there is no such program`, { cause: error });
  }
  const input = child.stdin.getWriter();
  const lines = createInterface({ input: Readable.from(child.stdout) })[Symbol.asyncIterator]();
  const steps = async (count: number): Promise<Report> => {
    await input.write(new TextEncoder().encode(`${count}\n`)).catch(() => {});
    while (true) {
      const { value, done } = await lines.next();
      if (done) throw new Error(`Cannot measure with ${program} ${args.join(" ")}: it has ended`);
      if (value.startsWith("{")) return JSON.parse(value);
      // What the library was asked to tell, as with ONEDNN_VERBOSE.
      console.log(value);
    }
  };
  const end = async () => {
    await input.close().catch(() => {});
    await child.status;
  };
  return { steps, end };
}

/** Takes the steps of a case that standard input asks for. */
async function takeSteps(name: Case): Promise<void> {
  const began = performance.now();
  const step = prepare(name);
  let first = true;
  for await (const line of createInterface({ input: process.stdin })) {
    const seconds: number[] = [];
    for (let i = 0; i < Number(line); i++) {
      // The first step's time is from the network's creation on: what a user waits for.
      const start = first ? began : performance.now();
      first = false;
      await step();
      seconds.push((performance.now() - start) / 1000);
    }
    const rss_mb = Deno.memoryUsage().rss / 2 ** 20;
    console.log(JSON.stringify({ seconds, rss_mb, peak_rss_mb: peakMemory() ?? rss_mb }));
  }
}

/** Prepares the steps of a case, on one batch of noise. */
function prepare(name: Case): () => Promise<void> {
  const [part, precision] = name.split("-") as ["train" | "eval", Precision];
  const { batchSize } = BASELINE;
  const network = createResNet50({ seed: 0 });
  const xs = tf.randomUniform([batchSize, 224, 224, 3], 0, 256, "int32", 1) as tf.Tensor4D;
  if (part === "eval") {
    const evaluation = compileEvaluation(network, { precision });
    return async () => void await evaluation.predict(xs);
  }
  const ys = tf.range(0, batchSize, 1, "int32").mod(tf.scalar(2, "int32")) as tf.Tensor1D;
  const trainer = createTrainer(network, { ...BASELINE, precision, seed: 0 });
  let step = 0;
  return async () => void await trainer.step(xs, ys, ++step);
}

/** This process's highest use of memory so far, in MiB, where Linux tells. */
function peakMemory(): number | null {
  try {
    const kilobytes = /^VmHWM:\s*(\d+)/m.exec(Deno.readTextFileSync("/proc/self/status"));
    return kilobytes === null ? null : Number(kilobytes[1]) / 1024;
  } catch {
    return null;
  }
}

if (import.meta.main) await runTask(main);
