/**
 * `deno task beside-pytorch --peer PYTHON`: the baseline in fp32 here and with PyTorch, on the same films: first a few steps
 * from the same weights on the same batches, then whole trainings with several seeds, one after the other. Writes
 *
 * - `epochs.csv`, `steps.csv`: every number;
 * - `table.md`, `table.csv`: what they come to;
 * - `curves.png`: accuracy and area under the ROC curve after each epoch.
 *
 * What takes long is kept in `.cache/beside_pytorch`: a second call goes on from there.
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { toCsv, toMarkdown } from "@/analysis/table_files.ts";
import {
  type BesidePyTorch,
  besideRows,
  besideTable,
  epochsHere,
  epochsOfPyTorch,
  type TrainedEpoch,
} from "@/beside_pytorch.ts";
import { saveWeights } from "@/checkpoint.ts";
import { epochOrder, filmBatches } from "@/dataset.ts";
import { BASELINE } from "@/experiments.ts";
import { besideFigure } from "@/figures/test_panels.ts";
import { saveFigure } from "@/figures/show.ts";
import { exists, readText, writeAtomic } from "@/files.ts";
import { fromRoot } from "@/paths.ts";
import { createResNet50 } from "@/resnet50.ts";
import type { RunFilms } from "@/run_config.ts";
import { runExperiment } from "@/run_experiment.ts";
import { openRunFilms } from "@/run_films.ts";
import type { LabelledFilm } from "@/split.ts";
import { defined, runTask, wholeNumber } from "@/tasks/task.ts";
import { tf } from "@/tensorflow/backend.ts";
import { createTrainer } from "@/train_step.ts";
import { readWeights } from "@/weights.ts";

const HELP = `deno task beside-pytorch --peer PYTHON
  --peer PYTHON  a Python that has what tests/python/requirements.txt names
  --data FOLDER  holds the class folders health and tb (default: XRAY_DATA, else phantom films)
  --epochs N     default: 6
  --seeds N      trains with the seeds 0 to N-1 (default: 2)
  --out FOLDER   gets the tables and the figure (default: results/beside_pytorch)`;

const FLAGS = {
  peer: { type: "string" },
  data: { type: "string" },
  epochs: { type: "string" },
  seeds: { type: "string" },
  out: { type: "string" },
  help: { type: "boolean" },
} as const;

const PEER = fromRoot("tests/python/pytorch_train.py");

/** Steps from the same weights. */
const SAME_STEPS = 20;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: FLAGS });
  const { peer, data } = values;
  if (values.help || peer === undefined) return console.log(HELP);
  const epochs = wholeNumber("--epochs", { text: values.epochs, from: 1 }) ?? 6;
  const seeds = wholeNumber("--seeds", { text: values.seeds, from: 1 }) ?? 2;
  const folder = fromRoot(".cache/beside_pytorch");
  const films = await openRunFilms(defined({ data }));
  // First, so that what PyTorch lacks shows before hours of training.
  const { version, ...steps } = await takeSameSteps(films, { peer, folder, count: SAME_STEPS });
  const trained: TrainedEpoch[] = [];
  for (let seed = 0; seed < seeds; seed++) {
    const options = { ...defined({ data }), seed, precision: "fp32", keep: "last" } as const;
    const rows = await runExperiment({ ...BASELINE, epochs }, { ...options, out: folder });
    trained.push(...epochsHere(seed, rows));
  }
  for (let seed = 0; seed < seeds; seed++) {
    trained.push(...await trainWithPyTorch(films, { peer, folder, epochs, seed }));
  }
  const out = fromRoot(values.out ?? "results/beside_pytorch");
  await writeComparison(out, { epochs: trained, steps, version });
  console.log(`Written: ${out}`);
}

/** Losses of the first steps of the first epoch, here and with PyTorch, from the same initial weights. */
export async function takeSameSteps(
  { train }: Pick<RunFilms, "train">,
  { peer, folder, count }: { peer: string; folder: string; count: number },
): Promise<BesidePyTorch["steps"] & { version: string }> {
  const { batchSize } = BASELINE;
  const order = epochOrder(train, { seed: 0, epoch: 0 }).slice(0, count * batchSize);
  const network = createResNet50({ seed: 0 });
  const weights = join(folder, "initial.safetensors");
  await saveWeights(weights, { weights: readWeights(network), steps: 0 });
  const trainer = createTrainer(network, { ...BASELINE, precision: "fp32", seed: 0 });
  const here: number[] = [];
  const batches: LabelledFilm[][] = [];
  for await (const { xs, ys, films } of filmBatches(order, { batchSize })) {
    batches.push(films);
    here.push((await trainer.step(xs, ys, batches.length)).loss);
    tf.dispose([xs, ys]);
  }
  trainer.dispose();
  network.dispose();
  const told = join(folder, "batches.json");
  await writeAtomic(told, JSON.stringify(batches.map((films) => films.map(placeAndLabel))));
  const [line] = await ask(peer, ["steps", told, weights]);
  const { torch: version, losses } = JSON.parse(line!);
  return { here, pytorch: losses, version };
}

/** Trains with PyTorch, unless that was done before. */
async function trainWithPyTorch(
  { train, test }: RunFilms,
  { peer, folder, epochs, seed }: { peer: string; folder: string; epochs: number; seed: number },
): Promise<TrainedEpoch[]> {
  const films = JSON.stringify({ train: train.map(placeAndLabel), test: test.map(placeAndLabel) });
  const asked = JSON.stringify([films, await readText(PEER), epochs]);
  const key = createHash("sha256").update(asked).digest("hex").slice(0, 16);
  const path = join(folder, `pytorch_${key}_seed${seed}.jsonl`);
  if (!await exists(path)) {
    const told = join(folder, "films.json");
    await writeAtomic(told, films);
    const lines = await ask(
      peer,
      ["train", told, String(epochs), String(seed)],
      (line) => console.log(`PyTorch ${line}`),
    );
    await writeAtomic(path, lines.join("\n") + "\n");
  }
  return epochsOfPyTorch(await readText(path));
}

function placeAndLabel({ path, label }: LabelledFilm): [path: string, label: number] {
  return [path, label];
}

/** Runs PyTorch's side, and gives the lines that it prints. */
async function ask(
  peer: string,
  args: string[],
  onLine: (line: string) => void = () => {},
): Promise<string[]> {
  let child;
  try {
    child = new Deno.Command(peer, { args: [PEER, ...args], stdout: "piped" }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`Cannot start ${peer}: there is no such program`, { cause: error });
  }
  const lines: string[] = [];
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    for (const line of parts) {
      lines.push(line);
      onLine(line);
    }
  }
  const { success } = await child.status;
  if (success && lines.length > 0) return lines;
  throw new Error(
    `Cannot compare with PyTorch: ${peer} ${PEER} failed; what it said is above. It needs what ` +
      "tests/python/requirements.txt names",
  );
}

async function writeComparison(folder: string, found: BesidePyTorch): Promise<void> {
  const table = besideTable(found);
  for (const { name, csv } of [...besideRows(found), table]) {
    await writeAtomic(join(folder, `${name}.csv`), toCsv(csv));
  }
  await writeAtomic(join(folder, "table.md"), toMarkdown(table));
  await saveFigure(besideFigure(found), join(folder, "curves.png"));
}

if (import.meta.main) await runTask(main);
