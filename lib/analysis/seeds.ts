/**
 * Experiments against chance: several runs of each that differ by their seed alone, and whether what an experiment
 * changes is larger than what a seed changes.
 * @module
 */
import { honestEpoch } from "@/analysis/selection.ts";
import { count, decimalInterval } from "@/analysis/words.ts";
import type { EpochRow } from "@/metrics.ts";
import { type Estimate, meanOf, momentsOf } from "@/statistics/intervals.ts";

/** Test scores that are followed over the seeds. */
const SCORES = ["accuracy", "f1", "auc"] as const;
type ScoreName = typeof SCORES[number];

/** A run and its rows. */
export interface SeededRun {
  experiment: string;
  seed: number;
  rows: readonly EpochRow[];
}

/** A score over an experiment's seeds. */
export interface Spread {
  mean: number;
  /** Standard deviation over the seeds; NaN of a single one. */
  deviation: number;
  values: number[];
}

/** An experiment over its seeds, at the epoch that the test set had no say in. */
export interface ExperimentSpread extends Record<ScoreName, Spread> {
  experiment: string;
  seeds: number[];
}

/** What an experiment changes, beside what a seed changes. */
export interface SeedEffect extends Record<ScoreName, Estimate> {
  experiment: string;
  /** Seeds that both were run with. */
  pairs: number;
  words: string;
}

/** All experiments over their seeds. */
export interface SeedReport {
  /** Epochs of each run that count: as many as the shortest has, so that all are compared after the same training. */
  epochs: number;
  spreads: ExperimentSpread[];
  /** Against the first experiment, by pairs of runs with the same seed; empty if there is one seed only. */
  effects: SeedEffect[];
}

/** Summarizes runs. The first run's experiment is what the others are compared with. */
export function summarizeSeeds(runs: readonly SeededRun[]): SeedReport {
  if (runs.length === 0) return { epochs: 0, spreads: [], effects: [] };
  const epochs = Math.min(...runs.map(({ rows }) => rows.length));
  const alike = runs.map((run) => ({ ...run, rows: run.rows.slice(0, epochs) }));
  const spreads = [...Map.groupBy(alike, ({ experiment }) => experiment)].map(spreadOf);
  const [reference, ...others] = spreads;
  const effects = others.map((other) => effectOf(other, { reference: reference!, epochs }));
  return { epochs, spreads, effects: effects.filter((effect) => effect !== null) };
}

function spreadOf([experiment, runs]: [string, SeededRun[]]): ExperimentSpread {
  const rows = runs.map((run) => honestEpoch(run.rows).row);
  return {
    experiment,
    seeds: runs.map(({ seed }) => seed),
    accuracy: spread(rows.map((row) => row.testAccuracy)),
    f1: spread(rows.map((row) => row.testF1)),
    auc: spread(rows.map((row) => row.testAuc)),
  };
}

function spread(values: number[]): Spread {
  return { ...momentsOf(values), values };
}

/** The mean difference over the common seeds, with Student's interval for pairs; null of a single pair. */
function effectOf(
  other: ExperimentSpread,
  { reference, epochs }: { reference: ExperimentSpread; epochs: number },
): SeedEffect | null {
  const common = other.seeds.filter((seed) => reference.seeds.includes(seed));
  if (common.length < 2) return null;
  const difference = (score: ScoreName): Estimate => {
    const valueAt = (of: ExperimentSpread, seed: number) =>
      of[score].values[of.seeds.indexOf(seed)]!;
    return meanOf(common.map((seed) => valueAt(other, seed) - valueAt(reference, seed)));
  };
  const f1 = difference("f1");
  const shown = f1.low > 0 || f1.high < 0;
  const words =
    `${other.experiment} against ${reference.experiment} over ${common.length} seeds, after ` +
    `${count(epochs, "epoch")}: F1 ` +
    `${
      decimalInterval(f1, { signed: true })
    }, while seeds alone move F1 of ${reference.experiment} by ` +
    `${reference.f1.deviation.toFixed(3)} (standard deviation): ${
      shown ? "a difference is shown" : "no difference shown"
    }.`;
  return {
    experiment: other.experiment,
    pairs: common.length,
    accuracy: difference("accuracy"),
    f1,
    auc: difference("auc"),
    words,
  };
}
