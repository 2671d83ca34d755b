/**
 * The results folder of a run, `results/<experiment>/`:
 *
 * - `config.json`: all that the run uses;
 * - `metrics.csv`: one row an epoch, all its numbers, shares as fractions in [0, 1];
 * - `acc_train.txt`, `acc_test.txt` (percent), `f_1_test.txt`, `loss_train.txt`, `loss_test.txt`:
 *   the assignment's files, one line an epoch, 4 decimals;
 * - `predictions/epochNN.csv`: the probability of TB of each test film, and
 *   `predictions/validation_epochNN.csv` where there is a validation set.
 *
 * A run with another seed than 0 is in `results/seeds/<seed>/<experiment>/`, one of another fold
 * than 0 in `results/folds/<fold>/<experiment>/`. Its checkpoints are in `model/` under the same
 * name.
 * @module
 */
import { join } from "node:path";
import { parseCsv, toCsv } from "@/common/csv.ts";
import { excerpt, writeAtomic } from "@/common/files.ts";
import { PROJECT_ROOT } from "@/common/paths.ts";
import { CLASS_NAMES, type ClassNames, type Label, type Prediction } from "@/films/film.ts";
import { readResult } from "@/runs/config.ts";
import { EPOCH_COLUMNS, type EpochRow, fieldOf } from "@/runs/epochs.ts";

/** Which set was evaluated after which epoch (from 0). */
export interface PredictionsOf {
  epoch: number;
  set?: "test" | "validation";
  /** Names of the classes in the file. Default: TBX11K's. */
  classes?: ClassNames;
}

/** The folders of a run. */
export interface RunFolders {
  /** `results/<experiment>` */
  results: string;
  /** `model/<experiment>` */
  model: string;
}

/**
 * Gives the folders of a run.
 *
 * @param root Folder that holds `results/` and `model/`. Default: the project's root.
 */
export function runFolders(
  experiment: string,
  { seed = 0, fold = 0, root = PROJECT_ROOT }: {
    seed?: number;
    fold?: number;
    root?: string;
  } = {},
): RunFolders {
  const within = [
    ...fold === 0 ? [] : ["folds", String(fold)],
    ...seed === 0 ? [] : ["seeds", String(seed)],
    experiment,
  ];
  return { results: join(root, "results", ...within), model: join(root, "model", ...within) };
}

/** Gives the path of a run's last checkpoint, which it resumes from. */
export function statePath({ model }: RunFolders): string {
  return join(model, "last.safetensors");
}

/** Gives the path of an epoch's weights. */
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
      if (text === "" && column.startsWith("validation_")) return [fieldOf(column), null];
      const value = text === "" ? NaN : Number(text);
      if (!Number.isNaN(value) || text === "NaN") return [fieldOf(column), value];
      throw new SyntaxError(`Cannot read ${path}: ${column} of row ${epoch} is "${excerpt(text)}"`);
    });
    const row: EpochRow = Object.fromEntries(fields);
    if (row.epoch !== epoch) {
      throw new SyntaxError(`Cannot read ${path}: row ${epoch} is of epoch ${row.epoch}`);
    }
    return row;
  });
}

/** Gives the path of an epoch's predictions. */
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
    // The shortest usual form that reads as the same float32.
    probability: String(Number(probability.toPrecision(9))),
  }));
  const text = toCsv(records, ["filename", "label", "probability"]);
  await writeAtomic(predictionsPath(folder, of), text);
}

/**
 * Reads the predictions of an epoch.
 *
 * @throws {Error} If they are missing.
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
      throw new SyntaxError(
        `Cannot read ${path}: row ${row} has "${excerpt(`${label}" and "${probability}`)}"`,
      );
    }
    const filename = record.filename!;
    return { filename, label: label as Label, probability: Math.fround(probability) };
  });
}

async function readCsv(
  path: string,
  columns: readonly string[],
): Promise<Record<string, string>[]> {
  const text = await readResult(path);
  const [header = [], ...rows] = parseCsv(text, path);
  if (header.join() !== columns.join()) {
    throw new SyntaxError(
      `Cannot read ${path}: its columns are ${excerpt(header.join())}, not ${columns}`,
    );
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
