/**
 * `deno task bench-data`: measures whether training waits for its films. First it compares reading,
 * decoding and resizing films for the first time with sharp alone. Then it compares later epochs,
 * with each experiment's transform, with the same steps on one batch in memory. It measures both
 * sides of a comparison in turns.
 * @module
 */
import sharp from "sharp";
import { percent } from "@/analysis/format.ts";
import { prefetch } from "@/common/prefetch.ts";
import { textTable } from "@/common/table.ts";
import { BASELINE, EXPERIMENTS } from "@/experiments.ts";
import { type BatchOptions, findUnreadable, pixelBatches } from "@/films/batches.ts";
import { openFilmCache } from "@/films/cache.ts";
import { readBytes } from "@/films/decode.ts";
import type { LabelledFilm } from "@/films/film.ts";
import { listFilms, locateFilms, openDataFolder } from "@/films/folder.ts";
import { type FilmBatch, filmBatches } from "@/network/dataset.ts";
import { defaultPrecision } from "@/network/precision.ts";
import { createResNet50 } from "@/network/resnet50.ts";
import { createTrainer } from "@/network/trainer.ts";
import { chooseData } from "@/runs/films.ts";
import { median } from "@/statistics/quantiles.ts";
import { type Command, type CommandLine, runCommand } from "@/tasks/flags.ts";
import { namedData, wholeNumber } from "@/tasks/task.ts";
import { tf } from "@/tensorflow/backend.ts";

const COMMAND = {
  name: "bench-data",
  flags: {
    "data FOLDER":
      "holds the class folders health and tb (default: XRAY_DATA, else the folder of the " +
      "split, else phantom films)",
    "films N": "the films of an epoch (default: 100)",
    "rounds N": "the rounds of training whose median is printed, four steps each (default: 60)",
  },
} as const satisfies Command;

const { batchSize } = BASELINE;

/** The rounds of decoding: few, as other work on the machine disturbs it less than training. */
const DECODING_ROUNDS = 5;

/**
 * Two speeds, in films per second: their medians, and the median ratio of the first to the second
 * in the same round.
 */
interface Comparison {
  what: string;
  speed: number;
  beside: number;
  ratio: number;
  /** The share of its time that the first waited for films. */
  waited?: number;
}

async function main({ flags }: CommandLine<typeof COMMAND>): Promise<void> {
  const count = wholeNumber("--films", { text: flags.films, from: batchSize }) ?? 100;
  const rounds = wholeNumber("--rounds", { text: flags.rounds, from: 1 }) ?? 60;
  const films = await someFilms(count, flags.data);
  const rows = [await compareDecoding(films), ...await compareTraining(films, rounds)];
  console.log(textTable(rows.map(({ what, speed, beside, ratio, waited }) => ({
    what,
    "films/s": speed.toFixed(1),
    beside: beside.toFixed(1),
    ratio: ratio.toFixed(3),
    waited: waited === undefined ? "" : percent(waited),
  }))));
}

/** Lists the first films of each class, in turns. */
async function someFilms(count: number, data: string | undefined): Promise<LabelledFilm[]> {
  const { root, films } = await listFilms(await openDataFolder(await chooseData(namedData(data))));
  const classes = [...Map.groupBy(films, ({ label }) => label).values()];
  const inTurns = Array.from({ length: count }, (_, i) => i)
    .flatMap((i) => classes[i % classes.length]![i / classes.length | 0] ?? []);
  return await locateFilms(inTurns, { root });
}

/** Compares the first epoch of the baseline, without a cache, with sharp on the same files. */
async function compareDecoding(films: readonly LabelledFilm[]): Promise<Comparison> {
  const alone = async () => {
    const work = async ({ path }: LabelledFilm) =>
      await sharp(await readBytes(path)).raw().toBuffer();
    await runThrough(prefetch(films, { ahead: 3 * batchSize, work }));
  };
  const firstEpoch = async () => {
    const folder = await Deno.makeTempDir();
    try {
      await runThrough(pixelBatches(films, { batchSize, cache: openFilmCache({ folder }) }));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  };
  // A warm-up, so that the first round is like the others.
  await alone();
  await firstEpoch();
  const what = "first epoch without its steps (beside: sharp)";
  const rounds = DECODING_ROUNDS;
  return await compare({ what, films: films.length, rounds }, [firstEpoch, alone]);
}

async function runThrough(results: AsyncIterable<unknown>): Promise<void> {
  const iterator = results[Symbol.asyncIterator]();
  while (!(await iterator.next()).done);
}

/** Compares later epochs, with each transform, with the same steps on one batch. */
async function compareTraining(
  films: readonly LabelledFilm[],
  rounds: number,
): Promise<Comparison[]> {
  const network = createResNet50({ seed: 0 });
  const precision = defaultPrecision();
  const trainer = createTrainer(network, { ...BASELINE, precision, seed: 0 });
  const cache = openFilmCache();
  const rows: Comparison[] = [];
  for (const { name, augmentation } of EXPERIMENTS) {
    if (augmentation === null && name !== BASELINE.name) continue;
    // A run begins the same way: it reads the films, then trains a first epoch.
    await findUnreadable(films, { cache, augmented: augmentation !== null });
    const batches = endlessBatches(films, { batchSize, cache, augmentation });
    const next = async () => (await batches.next()).value as FilmBatch;
    let [steps, waited, worked] = [0, 0, 0];
    // One step per turn, so that other work on the machine slows both alike.
    const fromFilms = async () => {
      const began = performance.now();
      const { xs, ys } = await next();
      const came = performance.now();
      await trainer.step(xs, ys, ++steps);
      tf.dispose([xs, ys]);
      waited += came - began;
      worked += performance.now() - came;
    };
    for (let film = 0; film < films.length; film += batchSize) await fromFilms();
    [waited, worked] = [0, 0];
    const { xs, ys } = await next();
    const oneBatch = async () => void await trainer.step(xs, ys, ++steps);
    const what = `epochs of ${name} in ${precision} (beside: one batch)`;
    const found = await compare({ what, films: batchSize, rounds }, [fromFilms, oneBatch]);
    rows.push({ ...found, waited: waited / (waited + worked) });
    tf.dispose([xs, ys]);
    await batches.return();
  }
  trainer.dispose();
  network.dispose();
  return rows;
}

/** Yields the batches of epoch after epoch, without a short last batch: all steps have one size. */
async function* endlessBatches(
  films: readonly LabelledFilm[],
  options: BatchOptions,
): AsyncGenerator<FilmBatch, void> {
  const whole = films.slice(0, films.length - films.length % options.batchSize);
  for (let epoch = 0;; epoch++) yield* filmBatches(whole, { ...options, key: `${epoch}` });
}

/** Runs both in turns: 0, 1, 1, 0 in each round, so that a machine's slowing hits both alike. */
async function compare(
  { what, films, rounds }: { what: string; films: number; rounds: number },
  runs: [() => Promise<void>, () => Promise<void>],
): Promise<Comparison> {
  const speeds = runs.map(() => [] as number[]);
  for (let round = 0; round < rounds; round++) {
    const milliseconds = [0, 0];
    for (const i of [0, 1, 1, 0] as const) {
      const began = performance.now();
      await runs[i]();
      milliseconds[i]! += performance.now() - began;
    }
    for (const i of [0, 1]) speeds[i]!.push(2000 * films / milliseconds[i]!);
  }
  const [first, second] = speeds as [number[], number[]];
  const ratio = median(first.map((speed, round) => speed / second[round]!));
  return { what, speed: median(first), beside: median(second), ratio };
}

if (import.meta.main) await runCommand(COMMAND, main);
