/**
 * `deno task beside-pytorch --peer PYTHON`: trains the baseline in fp32 here and with PyTorch on
 * the same films: first a few steps from the same weights on the same batches, then whole trainings
 * with several seeds. It writes every number (`epochs.csv`, `steps.csv`), the summary (`table.md`,
 * `table.csv`), and accuracy and area under the ROC curve after each epoch (`curves.png`). It keeps
 * the trainings in `.cache/beside_pytorch`, from where a second call resumes.
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import {
  type BesidePyTorch,
  besideRows,
  besideTable,
  epochsHere,
  epochsOfPyTorch,
  type TrainedEpoch,
} from "@/analysis/beside_pytorch.ts";
import { tableCsv, toMarkdown } from "@/analysis/tables/table.ts";
import { exists, readText, writeAtomic } from "@/common/files.ts";
import { fromRoot } from "@/common/paths.ts";
import { BASELINE } from "@/experiments.ts";
import { saveFigure } from "@/figures/show.ts";
import { besideFigure } from "@/figures/test_panels.ts";
import type { LabelledFilm } from "@/films/film.ts";
import { epochOrder, filmBatches } from "@/network/dataset.ts";
import { createResNet50 } from "@/network/resnet50.ts";
import { createTrainer } from "@/network/trainer.ts";
import { readWeights } from "@/network/weights.ts";
import { runExperiment } from "@/notebooks/run_live.ts";
import { saveWeights } from "@/runs/checkpoint.ts";
import { openRunFilms } from "@/runs/films.ts";
import type { RunFilms } from "@/runs/settings.ts";
import { type Command, type CommandLine, runCommand } from "@/tasks/flags.ts";
import { namedData, wholeNumber } from "@/tasks/task.ts";
import { tf } from "@/tensorflow/backend.ts";

const COMMAND = {
  name: "beside-pytorch",
  flags: {
    "peer PYTHON": "a Python that has the packages of tests/python/requirements.txt (required)",
    "data FOLDER":
      "holds the class folders health and tb (default: XRAY_DATA, else the folder of the " +
      "split, else phantom films)",
    "epochs N": "the epochs of each training (default: 6)",
    "seeds N": "trains with the seeds 0 to N-1 (default: 2)",
    "out FOLDER": "gets the tables and the figure (default: results/beside_pytorch)",
  },
} as const satisfies Command;

const PEER = fromRoot("tests/python/pytorch_train.py");

/** The number of steps from the same weights. */
const SAME_STEPS = 20;

async function main({ flags }: CommandLine<typeof COMMAND>): Promise<void> {
  const { peer } = flags;
  if (peer === undefined) {
    throw new TypeError("Cannot run without a peer. Usage: deno task beside-pytorch --peer PYTHON");
  }
  const data = namedData(flags.data);
  const epochs = wholeNumber("--epochs", { text: flags.epochs, from: 1 }) ?? 6;
  const seeds = wholeNumber("--seeds", { text: flags.seeds, from: 1 }) ?? 2;
  const folder = fromRoot(".cache/beside_pytorch");
  const films = await openRunFilms({ data });
  // First, so that a missing package of PyTorch's side shows before hours of training.
  const { version, ...steps } = await takeSameSteps(films, { peer, folder, count: SAME_STEPS });
  const trained: TrainedEpoch[] = [];
  for (let seed = 0; seed < seeds; seed++) {
    const options = { data, seed, precision: "fp32", keep: "last" } as const;
    const rows = await runExperiment({ ...BASELINE, epochs }, { ...options, out: folder });
    trained.push(...epochsHere(seed, rows));
  }
  for (let seed = 0; seed < seeds; seed++) {
    trained.push(...await trainWithPyTorch(films, { peer, folder, epochs, seed }));
  }
  const out = fromRoot(flags.out ?? "results/beside_pytorch");
  const found = { epochs: trained, steps, version };
  const table = besideTable(found);
  for (const { name, csv } of [...besideRows(found), table]) {
    await writeAtomic(join(out, `${name}.csv`), tableCsv(csv));
  }
  await writeAtomic(join(out, "table.md"), toMarkdown(table));
  await saveFigure(besideFigure(found), join(out, "curves.png"));
  console.log(`Written: ${out}`);
}

/** Computes the losses of the first steps, here and with PyTorch, from the same initial weights. */
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

/** Trains with PyTorch, or reads the result of an earlier call. */
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
    const args = ["train", told, String(epochs), String(seed)];
    const lines = await ask(peer, args, (line) => console.log(`PyTorch ${line}`));
    await writeAtomic(path, lines.join("\n") + "\n");
  }
  return epochsOfPyTorch(await readText(path));
}

function placeAndLabel({ path, label }: LabelledFilm): [path: string, label: number] {
  return [path, label];
}

/** Runs PyTorch's side and gives the lines that it prints. */
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
  for await (const line of createInterface(Readable.from(child.stdout))) {
    lines.push(line);
    onLine(line);
  }
  const { success } = await child.status;
  if (success && lines.length > 0) return lines;
  throw new Error(
    `Cannot compare with PyTorch: ${peer} ${PEER} failed; see its output above. It needs the ` +
      "packages of tests/python/requirements.txt",
  );
}

if (import.meta.main) await runCommand(COMMAND, main);
