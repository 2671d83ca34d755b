/**
 * The results folder of a run, `results/<experiment>/`:
 *
 * - `config.json`: what the run used;
 * - `metrics.csv`: one row an epoch, all its numbers, shares as fractions in [0, 1];
 * - `acc_train.txt`, `acc_test.txt` (percent), `f_1_test.txt`, `loss_train.txt`, `loss_test.txt`: the assignment's
 *   files, one line an epoch, 4 decimals;
 * - `predictions/epochNN.csv`: the probability of TB of each test film, and
 *   `predictions/validation_epochNN.csv` where there is a validation set.
 *
 * A run with another seed than 0 is in `results/seeds/<seed>/<experiment>/`. Its checkpoints are in `model/` under
 * the same name.
 * @module
 */
import { join } from "node:path";
import { parse, stringify } from "@std/csv";
import * as z from "zod";
import type { Experiment } from "@/experiments.ts";
import { writeAtomic } from "@/files.ts";
import { COUNT, parseJson } from "@/json.ts";
import { CLASS_NAMES, type ClassNames, type EpochRow, type Label } from "@/metrics.ts";
import { PROJECT_ROOT } from "@/paths.ts";
import type { Precision } from "@/precision.ts";

/** The columns of metrics.csv, in order. */
export const EPOCH_COLUMNS: readonly string[] = [
  ...["epoch", "learning_rate", "train_loss", "train_cross_entropy", "train_accuracy"],
  ...["test", "validation"].flatMap((set) =>
    ["loss", "cross_entropy", "accuracy", "f1", "auc", "sensitivity", "specificity"]
      .concat(["tn", "fp", "fn", "tp"]).map((field) => `${set}_${field}`)
  ),
  ...["train_seconds", "test_seconds", "images_per_second"],
];

/** What one film's evaluation gave. */
export interface Prediction {
  filename: string;
  label: Label;
  /** Probability of TB, a float32 in [0, 1]. */
  probability: number;
}

/** Which set was evaluated after which epoch (from 0). */
export interface PredictionsOf {
  epoch: number;
  set?: "test" | "validation";
  /** Names of the classes in the file. Default: TBX11K's. */
  classes?: ClassNames;
}

/** A set of films as a run used it. */
export interface DataSummary {
  /** Films of class 0. */
  healthy: number;
  /** Films of class 1. */
  tb: number;
  /** SHA-256 of the films' names, labels and contents. */
  fingerprint: string;
}

/** On what a run was computed. */
export interface Session {
  /** ISO 8601. */
  started: string;
  versions: Record<string, string>;
  machine: Record<string, string | number>;
}

/** The network of a run. */
export interface NetworkConfig {
  /** `[width, blocks, stride]` of each stage. */
  stages: readonly (readonly number[])[];
  /** Which convolution of a bottleneck has the stride. */
  strideOn: "1x1" | "3x3";
  /** Pixels a side of the films that it is given. */
  imageSize: number;
  /** The file that its weights began with, and its SHA-256. Null: the seed's own initial weights. */
  init: { file: string; sha256: string } | null;
}

/** What a run used: config.json. */
export interface RunConfig {
  experiment: Experiment;
  seed: number;
  precision: Precision;
  network: NetworkConfig;
  /** What the labels 0 and 1 are called. */
  classes: ClassNames;
  data: {
    train: DataSummary;
    test: DataSummary;
    validation: DataSummary | null;
    /** Names of the films that cannot be read and were left out. */
    skipped: readonly string[];
  };
  /** One, unless the run was gone on with on another machine or with other versions. */
  sessions: Session[];
}

const FILM_SET: z.ZodType<DataSummary> = z.looseObject({
  ...{ healthy: COUNT, tb: COUNT, fingerprint: z.string() },
});

/** What is in it besides stays: a setting of another version must not be overlooked when a run is gone on with. */
const RUN_CONFIG: z.ZodType<RunConfig> = z.looseObject({
  experiment: z.looseObject({
    name: z.string(),
    epochs: COUNT,
    batchSize: COUNT,
    learningRate: z.number(),
    weightDecay: z.number(),
    l2Penalty: z.number(),
    dropout: z.number(),
    augmentation: z.discriminatedUnion("kind", [
      z.looseObject({ kind: z.literal("sharpness"), factor: z.number(), probability: z.number() }),
      z.looseObject({ kind: z.literal("contrast"), low: z.number(), high: z.number() }),
    ]).nullable(),
  }),
  seed: COUNT,
  precision: z.enum(["fp32", "bf16"]),
  network: z.looseObject({
    stages: z.array(z.array(z.int().positive()).length(3)).nonempty(),
    strideOn: z.enum(["1x1", "3x3"]),
    imageSize: z.int().positive(),
    init: z.looseObject({ file: z.string(), sha256: z.string() }).nullable(),
  }),
  classes: z.tuple([z.string(), z.string()]).readonly().default(CLASS_NAMES),
  data: z.looseObject({
    ...{ train: FILM_SET, test: FILM_SET, validation: FILM_SET.nullable() },
    skipped: z.array(z.string()),
  }),
  sessions: z.array(z.looseObject({
    started: z.string(),
    versions: z.record(z.string(), z.string()),
    machine: z.record(z.string(), z.union([z.string(), z.number()])),
  })),
});

/** One epoch's numbers in a state, where JSON cannot have NaN. */
export const EPOCH_ROW = z.strictObject(Object.fromEntries(
  EPOCH_COLUMNS.map((column) => [
    fieldOf(column),
    column.startsWith("validation_") ? z.number().nullable() : z.number(),
  ]),
)) as unknown as z.ZodType<EpochRow>;

/** The folders of a run. */
export interface RunFolders {
  /** `results/<experiment>` */
  results: string;
  /** `model/<experiment>` */
  model: string;
}

/**
 * Where a run keeps its files.
 *
 * @param root Folder that holds `results/` and `model/`: the project's root unless another is given.
 */
export function runFolders(
  experiment: string,
  { seed = 0, root = PROJECT_ROOT }: { seed?: number; root?: string } = {},
): RunFolders {
  const within = seed === 0 ? [experiment] : ["seeds", String(seed), experiment];
  return { results: join(root, "results", ...within), model: join(root, "model", ...within) };
}

/** The file that holds where a run is. */
export function statePath({ model }: RunFolders): string {
  return join(model, "last.safetensors");
}

/** The file that holds an epoch's weights. */
export function weightsPath({ model }: RunFolders, epoch: number): string {
  return join(model, `epoch${String(epoch).padStart(2, "0")}.safetensors`);
}

/** Writes metrics.csv and the assignment's text files, all epochs at once. */
export async function writeEpochs(folder: string, rows: readonly EpochRow[]): Promise<void> {
  const records = rows.map((row) =>
    Object.fromEntries(EPOCH_COLUMNS.map((column) => [column, row[fieldOf(column)] ?? ""]))
  );
  await writeAtomic(join(folder, "metrics.csv"), toCsv(records, EPOCH_COLUMNS));
  const lines = (value: (row: EpochRow) => number) =>
    rows.map((row) => `${value(row).toFixed(4)}\n`).join("");
  const texts = {
    acc_train: lines((row) => 100 * row.trainAccuracy),
    acc_test: lines((row) => 100 * row.testAccuracy),
    f_1_test: lines((row) => row.testF1),
    loss_train: lines((row) => row.trainLoss),
    loss_test: lines((row) => row.testLoss),
  };
  for (const [name, text] of Object.entries(texts)) {
    await writeAtomic(join(folder, `${name}.txt`), text);
  }
}

/**
 * Reads metrics.csv.
 *
 * @throws {Error} If there is none.
 * @throws {SyntaxError} If its columns or values are not those that {@linkcode writeEpochs} writes.
 */
export async function readEpochs(folder: string): Promise<EpochRow[]> {
  const path = join(folder, "metrics.csv");
  const records = await readCsv(path, EPOCH_COLUMNS);
  return records.map((record, epoch) => {
    const fields = EPOCH_COLUMNS.map((column) => {
      const text = record[column]!;
      const optional = column.startsWith("validation_");
      const value = text === "" && optional ? null : text === "" ? undefined : Number(text);
      if (value === undefined || (Number.isNaN(value) && text !== "NaN")) {
        throw new SyntaxError(`Cannot read ${path}: ${column} of row ${epoch} is "${text}"`);
      }
      return [fieldOf(column), value];
    });
    const row: EpochRow = Object.fromEntries(fields);
    if (row.epoch !== epoch) {
      throw new SyntaxError(`Cannot read ${path}: row ${epoch} is of epoch ${row.epoch}`);
    }
    return row;
  });
}

/** Where the predictions of an epoch are. */
export function predictionsPath(folder: string, { epoch, set = "test" }: PredictionsOf): string {
  const name = `epoch${String(epoch).padStart(2, "0")}.csv`;
  return join(folder, "predictions", set === "test" ? name : `${set}_${name}`);
}

/** Writes the predictions of an epoch. */
export async function writePredictions(
  folder: string,
  { predictions, classes = CLASS_NAMES, ...of }: PredictionsOf & {
    predictions: readonly Prediction[];
  },
): Promise<void> {
  const records = predictions.map(({ filename, label, probability }) => ({
    filename,
    label: classes[label],
    probability: float32Text(probability),
  }));
  const text = toCsv(records, ["filename", "label", "probability"]);
  await writeAtomic(predictionsPath(folder, of), text);
}

/**
 * Reads the predictions of an epoch.
 *
 * @throws {Error} If there are none of it.
 * @throws {SyntaxError} If the file is not what {@linkcode writePredictions} writes.
 */
export async function readPredictions(
  folder: string,
  { classes = CLASS_NAMES, ...of }: PredictionsOf,
): Promise<Prediction[]> {
  const path = predictionsPath(folder, of);
  const records = await readCsv(path, ["filename", "label", "probability"]);
  return records.map((record, row) => {
    const label = classes.indexOf(record.label!);
    const probability = Number(record.probability || NaN);
    if (label < 0 || !(probability >= 0 && probability <= 1)) {
      const { label, probability } = record;
      throw new SyntaxError(`Cannot read ${path}: row ${row} has "${label}" and "${probability}"`);
    }
    return {
      filename: record.filename!,
      label: label as Label,
      probability: Math.fround(probability),
    };
  });
}

/** Writes config.json. */
export async function writeConfig(folder: string, config: RunConfig): Promise<void> {
  await writeAtomic(join(folder, "config.json"), JSON.stringify(config, null, 2) + "\n");
}

/**
 * Reads config.json.
 *
 * @throws {Error} If there is none.
 * @throws {SyntaxError} If it is not the JSON of a config, naming the first value that is wrong.
 */
export async function readConfig(folder: string): Promise<RunConfig> {
  const path = join(folder, "config.json");
  return parseConfig(
    await readResult(path),
    (reason) => `Cannot read ${path}: ${reason}. Bring back the file that the run wrote`,
  );
}

/**
 * A config from JSON. One that does not name its classes has TBX11K's.
 *
 * @param complaint As of `parseJson()`.
 * @throws {SyntaxError} If it is not the JSON of a config.
 */
export function parseConfig(text: string, complaint: (reason: string) => string): RunConfig {
  return parseJson(text, RUN_CONFIG, complaint);
}

/** `test_f1` -> `testF1` */
function fieldOf(column: string): keyof EpochRow {
  return column.replace(/_(.)/g, (_, letter) => letter.toUpperCase()) as keyof EpochRow;
}

/** The shortest usual form that gives the same float32 again. */
function float32Text(value: number): string {
  return String(Number(value.toPrecision(9)));
}

/** CSV with LF, as all of the project's CSV files have it. */
function toCsv(records: Record<string, unknown>[], columns: readonly string[]): string {
  return stringify(records, { columns: [...columns] }).replaceAll("\r\n", "\n");
}

async function readCsv(
  path: string,
  columns: readonly string[],
): Promise<Record<string, string>[]> {
  const text = await readResult(path);
  let header: string[] = [];
  let rows: string[][] = [];
  try {
    [header = [], ...rows] = parse(text);
  } catch (error) {
    throw new SyntaxError(`Cannot read ${path}: it is not a CSV file`, { cause: error });
  }
  if (header.join() !== columns.join()) {
    throw new SyntaxError(`Cannot read ${path}: its columns are ${header}, not ${columns}`);
  }
  return rows.map((row, number) => {
    if (row.length !== columns.length) {
      throw new SyntaxError(
        `Cannot read ${path}: row ${number} has ${row.length} fields, not ${columns.length}`,
      );
    }
    return Object.fromEntries(columns.map((column, i) => [column, row[i]!]));
  });
}

async function readResult(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`Cannot find ${path}: train the experiment first, with deno task train NAME`, {
      cause: error,
    });
  }
}
