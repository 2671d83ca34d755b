/**
 * Experiments against chance: runs of each that differ by their seed alone, to see whether an
 * experiment changes a score more than a seed does.
 * @module
 */
import * as z from "zod";
import { count, decimalInterval } from "@/analysis/format.ts";
import { honestEpoch } from "@/analysis/selection.ts";
import { COUNT, NUMBER } from "@/common/json.ts";
import { isOwnName } from "@/experiments.ts";
import type { ExperimentRows } from "@/runs/epochs.ts";
import { ESTIMATE, meanOf, momentsOf } from "@/statistics/intervals.ts";

/** A run of an experiment with a seed. */
export type SeededRun = ExperimentRows & { seed: number };

/** A score over an experiment's seeds; the standard deviation of a single one is NaN. */
const SPREAD = z.object({ mean: NUMBER, deviation: NUMBER, values: z.array(NUMBER) });

/** An experiment over its seeds, at the epoch that was chosen without the test set. */
const EXPERIMENT_SPREAD = z.object({
  experiment: z.string(),
  seeds: z.array(COUNT),
  ...{ accuracy: SPREAD, f1: SPREAD, auc: SPREAD },
});
type ExperimentSpread = z.infer<typeof EXPERIMENT_SPREAD>;

/** The changes in test scores by an experiment. */
const SEED_EFFECT = z.object({
  experiment: z.string(),
  /** Seeds that both were run with. */
  pairs: COUNT,
  ...{ accuracy: ESTIMATE, f1: ESTIMATE, auc: ESTIMATE },
  words: z.string(),
});

/** All experiments over their seeds. */
export const SEED_REPORT = z.object({
  /** Epochs of each run that count: those of the experiments' shortest run. */
  epochs: COUNT,
  spreads: z.array(EXPERIMENT_SPREAD),
  /** Changes from the first experiment, by pairs of the same seed; empty with one seed only. */
  effects: z.array(SEED_EFFECT),
});

/**
 * Summarizes runs. The others are compared with the first run's experiment. Custom runs that have
 * fewer epochs than the experiments are left out, so that a short one does not shorten the others.
 */
export function summarizeSeeds(runs: readonly SeededRun[]): z.infer<typeof SEED_REPORT> {
  if (runs.length === 0) return { epochs: 0, spreads: [], effects: [] };
  const experiments = runs.filter(({ experiment }) => !isOwnName(experiment));
  const leading = experiments.length > 0 ? experiments : runs;
  const epochs = Math.min(...leading.map(({ rows }) => rows.length));
  const alike = runs.filter(({ rows }) => rows.length >= epochs)
    .map((run) => ({ ...run, rows: run.rows.slice(0, epochs) }));
  const spreads = [...Map.groupBy(alike, ({ experiment }) => experiment)].map(spreadOf);
  const [reference, ...others] = spreads;
  const effects = others.map((other) => effectOf(other, { reference: reference!, epochs }));
  return { epochs, spreads, effects: effects.filter((effect) => effect !== null) };
}

function spreadOf([experiment, runs]: [string, SeededRun[]]): ExperimentSpread {
  const rows = runs.map((run) => honestEpoch(run.rows).row);
  const spread = (values: number[]) => ({ ...momentsOf(values), values });
  return {
    experiment,
    seeds: runs.map(({ seed }) => seed),
    accuracy: spread(rows.map((row) => row.testAccuracy)),
    f1: spread(rows.map((row) => row.testF1)),
    auc: spread(rows.map((row) => row.testAuc)),
  };
}

/** Computes the mean differences over the common seeds; null with fewer than two. */
function effectOf(
  other: ExperimentSpread,
  { reference, epochs }: { reference: ExperimentSpread; epochs: number },
): z.infer<typeof SEED_EFFECT> | null {
  const common = other.seeds.filter((seed) => reference.seeds.includes(seed));
  if (common.length < 2) return null;
  const difference = (score: "accuracy" | "f1" | "auc") => {
    const valueAt = (of: ExperimentSpread, seed: number) =>
      of[score].values[of.seeds.indexOf(seed)]!;
    return meanOf(common.map((seed) => valueAt(other, seed) - valueAt(reference, seed)));
  };
  const f1 = difference("f1");
  const shown = f1.low > 0 || f1.high < 0;
  const words =
    `${other.experiment} against ${reference.experiment} over ${common.length} seeds, after ` +
    `${count(epochs, "epoch")}: F1 ${decimalInterval(f1, { signed: true })}, while seeds alone ` +
    `move F1 of ${reference.experiment} by ${reference.f1.deviation.toFixed(3)} ` +
    `(standard deviation): ${shown ? "a difference is shown" : "no difference shown"}.`;
  return {
    ...{ experiment: other.experiment, pairs: common.length },
    ...{ accuracy: difference("accuracy"), f1, auc: difference("auc"), words },
  };
}
