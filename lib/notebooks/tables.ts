/**
 * The rows of the writeup's tables.
 * @module
 */
import { basename, dirname } from "node:path";
import { readText } from "@/common/files.ts";
import { fromRoot } from "@/common/paths.ts";
import type { TableRow } from "@/common/table.ts";
import { type Experiment, IMAGE_SIZE } from "@/experiments.ts";
import { inSentence } from "@/films/classes.ts";
import type { ClassNames } from "@/films/film.ts";
import { type Cost, totalCost } from "@/network/flops.ts";
import reported from "@/notebooks/reported_results.json" with { type: "json" };
import type { DataSummary, RunConfig, Session } from "@/runs/config.ts";
import {
  type ChosenEpoch,
  chosenEpochs,
  type EpochRow,
  type ExperimentRows,
} from "@/runs/epochs.ts";
import { describeOwn, type OwnRun, settingsOf, titleOf } from "@/runs/own.ts";
import type { SplitCount } from "@/split/split.ts";
import { tf } from "@/tensorflow/backend.ts";

/** The packages of deno.json whose versions notebooks show. */
const PACKAGES = ["@tensorflow/tfjs", "sharp", "cephes", "nodeplotlib", "echarts"];

/**
 * Lists the versions that the project pins. The running Deno's is not among them, for the notebooks
 * must give the same outputs on every Deno.
 */
export async function versionsTable(): Promise<TableRow[]> {
  const { imports } = JSON.parse(await readText(fromRoot("deno.json")));
  const requirements = await readText(fromRoot("requirements.txt"));
  return [{
    "Deno": "2.8.1 or newer",
    "TensorFlow": requirements.match(/^tensorflow-cpu==([\d.]+)/m)![1]!,
    ...Object.fromEntries(PACKAGES.map((name) => [name, imports[name].split("@").at(-1)])),
  }];
}

/**
 * Lists the settings of experiments and custom runs. A dot is the first experiment's setting. The
 * films' size has a row if it differs.
 */
export function settingsTable(
  experiments: readonly Experiment[],
  own: readonly { config: Pick<RunConfig, "experiment" | "network"> }[] = [],
): TableRow[] {
  const all = [
    ...experiments.map((experiment) => ({ experiment, imageSize: IMAGE_SIZE })),
    ...own.map(({ config: { experiment, network } }) => ({ experiment, ...network })),
  ];
  const settings = all.map(({ experiment, imageSize }): Record<string, string> => ({
    ...settingsOf(experiment),
    [PIXELS]: String(imageSize),
  }));
  const isShown = (setting: string) =>
    setting !== PIXELS || all.some(({ imageSize }) => imageSize !== IMAGE_SIZE);
  return Object.keys(settings[0] ?? {}).filter(isShown).map((setting) => {
    const [first, ...others] = settings.map((of) => of[setting]!);
    const values = [first!, ...others.map((value) => value === first ? "\u00b7" : value)];
    const named = all.map(({ experiment }, i) => [experiment.name, values[i]!]);
    return Object.fromEntries([["Setting", setting], ...named]);
  });
}

const PIXELS = "Pixels a side of the films";

/** Lists the films of each class in each set. */
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

/** Gives the accuracy of calling every film of a set healthy. */
export function majorityTable(counts: readonly SplitCount[]): TableRow[] {
  return [...Map.groupBy(counts, ({ set }) => set)].map(([set, [healthy]]) => {
    const accuracy = `Accuracy of calling every film ${inSentence(healthy!.label)} (%)`;
    return { "Set": set, [accuracy]: percent(healthy!.films / filmsOf(counts, set)) };
  });
}

/** Lists the cost of training. */
export function trainingTable(experiments: readonly ExperimentRows[]): TableRow[] {
  return experiments.map(({ experiment, own, rows }) => {
    const seconds = rows.reduce((sum, row) => sum + row.trainSeconds + row.testSeconds, 0);
    return {
      "Experiment": assignmentName(experiment, own),
      "Epochs": rows.length,
      "Minutes": (seconds / 60).toFixed(1),
      "Films a second in training": rows.at(-1)!.imagesPerSecond.toFixed(1),
    };
  });
}

/** Lists pictures, a row for each folder. */
export function picturesTable(paths: readonly string[]): TableRow[] {
  return [...Map.groupBy(paths, (path) => dirname(path))].map(([folder, ofFolder]) => ({
    "Folder": folder,
    "Pictures": ofFolder.map((path) => basename(path)).join(", "),
  }));
}

/** Lists what decides the numbers of runs. */
export function configTable(configs: readonly RunConfig[]): TableRow[] {
  const films = ({ healthy, tb }: DataSummary, [negative, positive]: ClassNames) =>
    `${healthy} ${inSentence(negative)}, ${tb} ${inSentence(positive)}`;
  return configs.map(({ experiment, seed, precision, network, classes, data, sessions }) => ({
    "Experiment": assignmentName(
      experiment.name,
      describeOwn(experiment.name, { experiment, network }),
    ),
    "Seed": seed,
    "Precision": precision,
    "Training films": films(data.train, classes),
    "Test films": films(data.test, classes),
    "Fingerprint of the training films": data.train.fingerprint.slice(0, 12),
    "TensorFlow": sessions.at(-1)?.versions.tensorflow ?? "",
    "Machine": [...new Set(sessions.map(machineInWords))].join("; "),
  }));
}

/** Describes a session's machine: only minutes of the same machine compare. */
function machineInWords({ machine }: Session): string {
  const { device, processor, cores, instructions } = machine;
  if (device !== "CPU" || processor === undefined) return String(device ?? "unknown");
  // Some processors do not name their instructions, and earlier sessions did not keep them.
  return `${processor}, ${cores} cores${instructions === undefined ? "" : `, ${instructions}`}`;
}

/** Lists the output and the cost of each group of layers, and the sums. */
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

/** Makes the assignment's report table for one choice of an epoch. */
export function chosenTable(
  experiments: readonly ExperimentRows[],
  reason: ChosenEpoch["reason"],
): TableRow[] {
  return experiments.flatMap(({ experiment, own, rows }) =>
    chosenEpochs(rows).filter((chosen) => chosen.reason === reason).map(({ row }) => ({
      "Experiment": assignmentName(experiment, own),
      "Epoch": row.epoch,
      "Accuracy (%)": percent(row.testAccuracy),
      "F1": row.testF1.toFixed(4),
      "AUC": row.testAuc.toFixed(4),
      "Confusion matrix": matrixText(row),
    }))
  );
}

/** Adds the assignment's name `regu_penalty` to l2, and to a custom run its changes. */
function assignmentName(experiment: string, own?: OwnRun | null): string {
  return experiment === "l2" ? "l2 (regu_penalty)" : titleOf(experiment, own);
}

/** Compares with the original's scores, at the epoch with the highest test F1 and at the last. */
export function reportedTable(experiments: readonly ExperimentRows[]): TableRow[] {
  const reasons = [["highest test F1", "best_f1_epoch"], ["last epoch", "last_epoch"]] as const;
  return reasons.flatMap(([reason, key]) =>
    experiments.flatMap(({ experiment, rows }) => {
      const original = new Map(Object.entries(reported.experiments)).get(experiment)?.[key];
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

/** Prints the test matrix as the assignment does: rows are the true class, class 0 first. */
function matrixText({ testTn, testFp, testFn, testTp }: EpochRow): string {
  return `[[${testTn}, ${testFp}], [${testFn}, ${testTp}]]`;
}

function percent(share: number): string {
  return (100 * share).toFixed(2);
}

/** Gives the type, shape, bytes and values of tensors, by their names. */
export function tensorTable(tensors: Readonly<Record<string, tf.Tensor>>): TableRow[] {
  return Object.entries(tensors).map(([name, tensor]) => {
    const values = Array.from(tensor.dataSync());
    const number = (value: number) =>
      tensor.dtype === "int32" && Number.isInteger(value) ? String(value) : value.toFixed(3);
    return {
      "Tensor": name,
      "Type": tensor.dtype,
      "Shape": `[${tensor.shape.join(", ")}]`,
      "Bytes": thousands(values.length * tf.util.bytesPerElement(tensor.dtype)),
      "Least": number(values.reduce((least, value) => Math.min(least, value))),
      "Mean": number(values.reduce((sum, value) => sum + value, 0) / values.length),
      "Greatest": number(values.reduce((greatest, value) => Math.max(greatest, value))),
    };
  });
}
