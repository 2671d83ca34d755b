/**
 * A run as it is analysed.
 * @module
 */
import { honestEpoch } from "@/analysis/selection.ts";
import type { Prediction } from "@/films/film.ts";
import { readConfig, type RunConfig } from "@/runs/config.ts";
import type { ChosenEpoch, EpochRow } from "@/runs/epochs.ts";
import { readEpochs, readPredictions, type RunFolders } from "@/runs/files.ts";
import type { RunPlace } from "@/runs/find.ts";

/** A run and its predictions at the epoch that was chosen without the test set. */
export interface AnalysedRun {
  experiment: string;
  folders: RunFolders;
  config: RunConfig;
  rows: readonly EpochRow[];
  epoch: number;
  chosenBy: ChosenEpoch["reason"];
  test: readonly Prediction[];
  /** Null if the run had no validation set. */
  validation: readonly Prediction[] | null;
}

/**
 * Reads a run.
 *
 * @throws {Error} If it has no epoch or files are missing.
 * @throws {SyntaxError} If a file is damaged.
 */
export async function readRun({ experiment, folders }: RunPlace): Promise<AnalysedRun> {
  const rows = await readEpochs(folders.results);
  if (rows.length === 0) throw new Error(`Cannot analyse ${folders.results}: it has no epoch yet`);
  const { row: { epoch }, reason: chosenBy } = honestEpoch(rows);
  const config = await readConfig(folders.results);
  const { classes } = config;
  const test = await readPredictions(folders.results, { epoch, classes });
  const validation = config.data.validation &&
    await readPredictions(folders.results, { epoch, set: "validation", classes });
  return { experiment, folders, config, rows, epoch, chosenBy, test, validation };
}
