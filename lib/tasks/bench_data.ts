/**
 * `deno task bench-data`: measures whether training waits for its films. First how fast films are read, decoded and
 * resized for the first time, beside sharp alone; then how fast epochs train with each experiment's transform, from the
 * second epoch on, beside the same steps on one batch that is there already. What is compared is measured in turns.
 * @module
 */
import { parseArgs } from "node:util";
import sharp from "sharp";
import { percent } from "@/analysis/words.ts";
import { type BatchOptions, findUnreadable, pixelBatches } from "@/batches.ts";
import { type FilmBatch, filmBatches } from "@/dataset.ts";
import { BASELINE, EXPERIMENTS } from "@/experiments.ts";
import { openFilmCache } from "@/film_cache.ts";
import { listFilms, locateFilms } from "@/film_folder.ts";
import { readBytes } from "@/images.ts";
import { defaultPrecision } from "@/precision.ts";
import { prefetch } from "@/prefetch.ts";
import { createResNet50 } from "@/resnet50.ts";
import { openDataFolder } from "@/run_films.ts";
import type { LabelledFilm } from "@/split.ts";
import { median } from "@/statistics/median.ts";
import { runTask, wholeNumber } from "@/tasks/task.ts";
import { textTable } from "@/text_table.ts";
import { tf } from "@/tensorflow/backend.ts";
import { createTrainer } from "@/train_step.ts";

const HELP = `deno task bench-data
  --data FOLDER  holds the class folders health and tb (default: XRAY_DATA, else phantom films)
  --films N      of an epoch (default: 100)
  --rounds N     of training, four steps each, of which the medians are taken (default: 60)`;

const FLAGS = {
  data: { type: "string" },
  films: { type: "string" },
  rounds: { type: "string" },
  help: { type: "boolean" },
} as const;

const { batchSize } = BASELINE;

/** Rounds of decoding, which other work on the machine disturbs less than training. */
const DECODING_ROUNDS = 5;

/** Two speeds, in films a second: their medians, and the median share that the first has of the second in the same round. */
interface Comparison {
  what: string;
  speed: number;
  beside: number;
  ratio: number;
  /** Share of its time that the first waited for films. */
  waited?: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: FLAGS });
  if (values.help) return console.log(HELP);
  const count = wholeNumber("--films", { text: values.films, from: batchSize }) ?? 100;
  const rounds = wholeNumber("--rounds", { text: values.rounds, from: 1 }) ?? 60;
  const films = await someFilms(count, values.data);
  const rows = [await compareDecoding(films), ...await compareTraining(films, rounds)];
  console.log(textTable(rows.map(({ what, speed, beside, ratio, waited }) => ({
    what,
    "films/s": speed.toFixed(1),
    beside: beside.toFixed(1),
    ratio: ratio.toFixed(3),
    waited: waited === undefined ? "" : percent(waited),
  }))));
}

/** The first films of each class, in turns. */
async function someFilms(count: number, data: string | undefined): Promise<LabelledFilm[]> {
  const { root, films } = await listFilms(await openDataFolder(data));
  const classes = [...Map.groupBy(films, ({ label }) => label).values()];
  const inTurns = Array.from(
    { length: count },
    (_, i) => classes[i % classes.length]![i / classes.length | 0],
  );
  return await locateFilms(inTurns.filter((film) => film !== undefined), { root });
}

/** The first epoch of baseline, nothing cached, beside what sharp takes to decode the same files. */
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
  // Once before, so that the first round is as the others.
  await alone();
  await firstEpoch();
  const what = "first epoch without its steps (beside: sharp)";
  const measured = { what, films: films.length, rounds: DECODING_ROUNDS };
  return await compare(measured, [firstEpoch, alone]);
}

async function runThrough(results: AsyncIterable<unknown>): Promise<void> {
  const iterator = results[Symbol.asyncIterator]();
  while (!(await iterator.next()).done);
}

/** Later epochs with each transform, beside the same steps on one batch. */
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
    // As a run begins: films are read, then there is a first epoch.
    await findUnreadable(films, { cache, augmented: augmentation !== null });
    const batches = endlessBatches(films, { batchSize, cache, augmentation });
    const next = async () => (await batches.next()).value as FilmBatch;
    let steps = 0;
    let [waited, worked] = [0, 0];
    // A step a turn, so that what else the machine does meets both alike.
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

/** The batches of one epoch after the other. Of each only whole batches, for steps of one size are compared. */
async function* endlessBatches(
  films: readonly LabelledFilm[],
  options: BatchOptions,
): AsyncGenerator<FilmBatch, void> {
  const whole = films.slice(0, films.length - films.length % options.batchSize);
  for (let epoch = 0;; epoch++) yield* filmBatches(whole, { ...options, key: `${epoch}` });
}

/** Runs both in turns, in each round there and back, so that a machine that grows slower or faster is so for both. */
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

if (import.meta.main) await runTask(main);
