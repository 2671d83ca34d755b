/**
 * The rows of the writeup's tables.
 * @module
 */
import { basename, dirname } from "node:path";
import type { Experiment } from "@/experiments.ts";
import type { ExperimentRows } from "@/figures/curves.ts";
import { type Cost, totalCost } from "@/flops.ts";
import { inSentence } from "@/film_classes.ts";
import {
  type ChosenEpoch,
  chosenEpochs,
  type ClassNames,
  type Confusion,
  type EpochRow,
} from "@/metrics.ts";
import reported from "@/reported_results.json" with { type: "json" };
import type { DataSummary, RunConfig, Session } from "@/results.ts";
import type { SplitCount } from "@/split.ts";
import type { TableRow } from "@/tables.ts";

/** What an experiment changes of the first one stands in its column; what it leaves is a dot. */
export function settingsTable(experiments: readonly Experiment[]): TableRow[] {
  const all = experiments.map((experiment) => ({
    name: experiment.name,
    of: settings(experiment),
  }));
  const [first] = all;
  return Object.keys(first?.of ?? {}).map((setting) =>
    Object.fromEntries([
      ["Setting", setting],
      ...all.map((
        { name, of },
        i,
      ) => [name, i > 0 && of[setting] === first!.of[setting] ? "\u00b7" : of[setting]!]),
    ])
  );
}

function settings(experiment: Experiment): Record<string, string> {
  const { epochs, batchSize, learningRate, weightDecay, l2Penalty, dropout, augmentation } =
    experiment;
  return {
    "Epochs": String(epochs),
    "Films a batch": String(batchSize),
    "Adam's learning rate": learningRate.toExponential(),
    "Adam's weight decay": weightDecay.toExponential(),
    "L2 penalty in the loss": l2Penalty === 0 ? "none" : `${l2Penalty} / 2 x sum of squares`,
    "Dropout before the linear layer": dropout === 0 ? "none" : String(dropout),
    "Augmentation": describeAugmentation(augmentation),
  };
}

function describeAugmentation(augmentation: Experiment["augmentation"]): string {
  switch (augmentation?.kind) {
    case "sharpness":
      return `sharpness x ${augmentation.factor}, probability ${augmentation.probability}`;
    case "contrast":
      return `contrast x ${augmentation.low} to ${augmentation.high}`;
    default:
      return "none";
  }
}

/** The films of each class in each set. */
export function splitTable(counts: readonly SplitCount[]): TableRow[] {
  return counts.map(({ set, label, films, first, last }) => ({
    "Set": set,
    "Class": label,
    "Films": films,
    "Share of the set (%)": percent(films / filmsOf(counts, set)),
    "First": first,
    "Last": last,
  }));
}

function filmsOf(counts: readonly SplitCount[], set: string): number {
  return counts.filter((count) => count.set === set).reduce((sum, { films }) => sum + films, 0);
}

/** How accurate it is to call every film of a set one of class 0: Healthy. */
export function majorityTable(counts: readonly SplitCount[]): TableRow[] {
  return [...Map.groupBy(counts, ({ set }) => set)].map(([set, ofSet]) => {
    const all = ofSet.reduce((sum, { films }) => sum + films, 0);
    return {
      "Set": set,
      [`Accuracy of calling every film ${inSentence(ofSet[0]!.label)} (%)`]: percent(
        ofSet[0]!.films / all,
      ),
    };
  });
}

/** What training took. */
export function trainingTable(experiments: readonly ExperimentRows[]): TableRow[] {
  return experiments.map(({ experiment, rows }) => {
    const seconds = rows.reduce((sum, row) => sum + row.trainSeconds + row.testSeconds, 0);
    return {
      "Experiment": assignmentName(experiment),
      "Epochs": rows.length,
      "Minutes": (seconds / 60).toFixed(1),
      "Films a second in training": rows.at(-1)!.imagesPerSecond.toFixed(1),
    };
  });
}

/** Where pictures are, those of one folder in a row. */
export function picturesTable(paths: readonly string[]): TableRow[] {
  return [...Map.groupBy(paths, (path) => dirname(path))].map(([folder, ofFolder]) => ({
    "Folder": folder,
    "Pictures": ofFolder.map((path) => basename(path)).join(", "),
  }));
}

/** What decided the numbers of runs. */
export function configTable(configs: readonly RunConfig[]): TableRow[] {
  const films = ({ healthy, tb }: DataSummary, [negative, positive]: ClassNames) =>
    `${healthy} ${inSentence(negative)}, ${tb} ${inSentence(positive)}`;
  return configs.map(({ experiment, seed, precision, classes, data, sessions }) => ({
    "Experiment": assignmentName(experiment.name),
    "Seed": seed,
    "Precision": precision,
    "Training films": films(data.train, classes),
    "Test films": films(data.test, classes),
    "Fingerprint of the training films": data.train.fingerprint.slice(0, 12),
    "TensorFlow": sessions.at(-1)?.versions.tensorflow ?? "",
    "Machine": machinesOf(sessions),
  }));
}

/** What computed a run, for its minutes compare on one machine alone: those of its sessions, in their order. */
function machinesOf(sessions: readonly Session[]): string {
  return [...new Set(sessions.map(({ machine }) => machineInWords(machine)))].join("; ");
}

function machineInWords(
  { device, processor, cores, instructions }: Session["machine"],
): string {
  if (device !== "CPU" || processor === undefined) return String(device ?? "unknown");
  // Not every processor says what instructions it has, and earlier sessions did not keep them.
  return `${processor}, ${cores} cores${instructions === undefined ? "" : `, ${instructions}`}`;
}

/** What each group of layers gives and costs, and the sums. */
export function costTable(costs: readonly Cost[]): TableRow[] {
  const row = (name: string, output: string, cost: ReturnType<typeof totalCost>) => ({
    "Layers": name,
    "Output": output,
    "Parameters": thousands(cost.parameters),
    "Multiply-adds": thousands(cost.multiplyAdds),
    "GFLOPs (two a multiply-add)": (2 * cost.multiplyAdds / 1e9).toFixed(3),
    "GFLOPs as flopth counts": (cost.flopth / 1e9).toFixed(5),
  });
  return [
    ...costs.map((cost) => row(cost.name, cost.output.join(" x "), cost)),
    row("all", "", totalCost(costs)),
  ];
}

function thousands(count: number): string {
  return count.toLocaleString("en-US");
}

/** The assignment's report table for one way of choosing an epoch. */
export function chosenTable(
  experiments: readonly ExperimentRows[],
  reason: ChosenEpoch["reason"],
): TableRow[] {
  return experiments.flatMap(({ experiment, rows }) =>
    chosenEpochs(rows).filter((chosen) => chosen.reason === reason).map(({ row }) => ({
      "Experiment": assignmentName(experiment),
      "Epoch": row.epoch,
      "Accuracy (%)": percent(row.testAccuracy),
      "F1": row.testF1.toFixed(4),
      "AUC": row.testAuc.toFixed(4),
      "Confusion matrix": matrixText(testConfusion(row)),
    }))
  );
}

/** The assignment calls the L2 penalty's experiment `regu_penalty`. */
function assignmentName(experiment: string): string {
  return experiment === "l2" ? "l2 (regu_penalty)" : experiment;
}

/** What the original reported beside what this run got, at the last epoch and at the one with the highest test F1. */
export function reportedTable(experiments: readonly ExperimentRows[]): TableRow[] {
  const reasons = [["highest test F1", "best_f1_epoch"], ["last epoch", "last_epoch"]] as const;
  return reasons.flatMap(([reason, key]) =>
    experiments.flatMap(({ experiment, rows }) => {
      const original = originalOf(experiment)?.[key];
      const here = chosenEpochs(rows).find((chosen) => chosen.reason === reason)!.row;
      if (original === undefined) return [];
      return [{
        "Epoch": reason,
        "Experiment": assignmentName(experiment),
        "Original: accuracy (%)": original.test_accuracy_percent.toFixed(2),
        "Here: accuracy (%)": percent(here.testAccuracy),
        "Original: F1": original.f1.toFixed(4),
        "Here: F1": here.testF1.toFixed(4),
      }];
    })
  );
}

function originalOf(experiment: string) {
  return Object.entries(reported.experiments).find(([name]) => name === experiment)?.[1];
}

/** The confusion matrix of an epoch's test films. */
export function testConfusion({ testTn, testFp, testFn, testTp }: EpochRow): Confusion {
  return { tn: testTn, fp: testFp, fn: testFn, tp: testTp };
}

/** As the assignment prints it: rows are the true class, class 0 first. */
function matrixText({ tn, fp, fn, tp }: Confusion): string {
  return `[[${tn}, ${fp}], [${fn}, ${tp}]]`;
}

function percent(share: number): string {
  return (100 * share).toFixed(2);
}
