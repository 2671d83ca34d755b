/**
 * `deno task bench`: measures the speed and the memory of training and evaluation, one line of JSON
 * per case; with `--peer PYTHON` PyTorch's, too. Every case and every peer has its own process.
 * They take turns of a few steps, so that other work on the machine slows all of them alike.
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { fromRoot } from "@/common/paths.ts";
import { BASELINE } from "@/experiments.ts";
import { compileEvaluation } from "@/network/evaluation.ts";
import type { Precision } from "@/network/precision.ts";
import { createResNet50 } from "@/network/resnet50.ts";
import { createTrainer } from "@/network/trainer.ts";
import { median } from "@/statistics/quantiles.ts";
import { type Command, type CommandLine, runCommand } from "@/tasks/flags.ts";
import { oneOf, wholeNumber } from "@/tasks/task.ts";
import { tf } from "@/tensorflow/backend.ts";

const COMMAND = {
  name: "bench",
  flags: {
    "case NAME": "one of train-fp32, train-bf16, eval-fp32, eval-bf16 (default: all)",
    "peer PYTHON":
      "a Python that has torch (tests/python/requirements.txt): measures PyTorch in turns " +
      "with this project",
    "rounds N": "the rounds whose median is printed (default: 9)",
    steps: "takes the steps that standard input asks for, as bench's own processes do",
  },
} as const satisfies Command;

const PEER = fromRoot("tests/python/pytorch_resnet50.py");

/** The steps before the first round, and those of a round. */
const [WARMUP, STEPS] = [10, 6];

const CASES = ["train-fp32", "train-bf16", "eval-fp32", "eval-bf16"] as const;
type Case = typeof CASES[number];

/** PyTorch's modes to compare a case with: the original's, and the fastest known. */
const PEER_MODES: Record<Case, readonly string[]> = {
  "train-fp32": ["eager", "channels_last,fused"],
  "train-bf16": ["channels_last,fused,bf16"],
  "eval-fp32": ["eager", "channels_last"],
  "eval-bf16": ["channels_last,bf16"],
};

/** A process's report on its steps. */
interface Report {
  /** The seconds of each step. */
  seconds: number[];
  peak_rss_mb: number;
  /** The current memory. */
  rss_mb?: number;
  peer?: string;
}

async function main({ flags }: CommandLine<typeof COMMAND>): Promise<void> {
  const only = oneOf("--case", { text: flags.case, words: CASES });
  if (flags.steps) return await takeSteps(only!);
  const rounds = wholeNumber("--rounds", { text: flags.rounds, from: 1 }) ?? 9;
  for (const name of only === undefined ? CASES : [only]) {
    await bench(name, { rounds, peer: flags.peer });
  }
}

/** Measures a case and its peers, and prints one line per peer, or one without peers. */
async function bench(
  name: Case,
  { rounds, peer }: { rounds: number; peer: string | undefined },
): Promise<void> {
  const own = ["run", "-A", fromRoot("lib/tasks/dev/bench.ts"), "--steps", "--case", name];
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
    // In images per second.
    const speeds = reports.map((each) =>
      each.map(({ seconds }) => BASELINE.batchSize / median(seconds))
    );
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

function rounded(value: number): number {
  return Number(value.toFixed(3));
}

/** Starts a process that takes as many steps as it is told, and reports them in a line of JSON. */
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
      // Other output of the library, as with ONEDNN_VERBOSE.
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
      // The first step's time includes the network's creation, as a user waits for both.
      const start = first ? began : performance.now();
      first = false;
      await step();
      seconds.push((performance.now() - start) / 1000);
    }
    const rss_mb = Deno.memoryUsage().rss / 2 ** 20;
    console.log(JSON.stringify({ seconds, rss_mb, peak_rss_mb: peakMemory() ?? rss_mb }));
  }
}

/** Prepares the step of a case, on one batch of noise. */
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

/** Reads the peak memory of this process, in MiB; null on systems other than Linux. */
function peakMemory(): number | null {
  try {
    const kilobytes = /^VmHWM:\s*(\d+)/m.exec(Deno.readTextFileSync("/proc/self/status"));
    return kilobytes === null ? null : Number(kilobytes[1]) / 1024;
  } catch {
    return null;
  }
}

if (import.meta.main) await runCommand(COMMAND, main);
