/**
 * The cost of a training step, printed and checked before a run that costs more than the
 * assignment's.
 * @module
 */
import { formatBytes } from "@/common/files.ts";
import { BASELINE, IMAGE_SIZE } from "@/experiments.ts";
import { describeResNet50 } from "@/network/architecture.ts";
import { type Cost, countCosts, totalCost } from "@/network/flops.ts";
import { stepMemory } from "@/network/memory.ts";
import type { RunConfig } from "@/runs/config.ts";
import { device } from "@/tensorflow/context.ts";

/** The part of a run's config that decides what a step costs. */
export type StepConfig = Pick<RunConfig, "experiment" | "network" | "precision">;

/** Tells whether a step takes more films, or larger ones, than the assignment's. */
function isLargeStep({ experiment, network: { imageSize } }: StepConfig): boolean {
  return experiment.batchSize * imageSize ** 2 > BASELINE.batchSize * IMAGE_SIZE ** 2;
}

function costsOf(network: StepConfig["network"]): Cost[] {
  return countCosts(describeResNet50(network), network);
}

/** Describes a run's steps with the memory that they take, in bytes. */
function describeSteps({ experiment: { batchSize }, network, precision }: StepConfig) {
  const { imageSize } = network;
  const bytes = stepMemory(costsOf(network), { batchSize, precision });
  const text = `batches of ${batchSize} films of ${imageSize} x ${imageSize} pixels take about ` +
    `${formatBytes(bytes)} of memory`;
  return { bytes, text };
}

/** Reads how many bytes of memory are free; null on a GPU, all of whose memory TensorFlow takes. */
function freeMemory(): number | null {
  return device.type === "CPU" ? Deno.systemMemoryInfo().available : null;
}

/**
 * Makes sure that there is memory for a run's steps, if they are large ones.
 *
 * @param free Bytes of memory that are free. Null: not known.
 * @throws {RangeError} If there is not.
 */
export function requireMemory(config: StepConfig, free = freeMemory()): void {
  const { bytes, text } = describeSteps(config);
  if (!isLargeStep(config) || free === null || bytes <= free) return;
  throw new RangeError(
    `Cannot train ${config.experiment.name}: ${text}, and ${formatBytes(free)} are free. ` +
      "Take a smaller --batch-size or --image-size, or end other programs",
  );
}

/**
 * Describes the cost of a run's steps. Processor time follows the multiply-adds: a step takes 2.0
 * times as much with films of 320 x 320 pixels as with 224 x 224, and 3.8 times with 448 x 448, for
 * 2.0 and 4.0 times as many (measured in fp32).
 *
 * @param free As of {@linkcode requireMemory}.
 * @returns Null if they are no larger than the assignment's.
 */
export function stepNote(config: StepConfig, free = freeMemory()): string | null {
  if (!isLargeStep(config)) return null;
  const { multiplyAdds } = totalCost(costsOf(config.network));
  const usual = totalCost(costsOf({ ...config.network, imageSize: IMAGE_SIZE })).multiplyAdds;
  const billions = (multiplyAdds / 1e9).toFixed(2);
  const times = (multiplyAdds / usual).toFixed(1);
  const room = free === null ? "" : ` (${formatBytes(free)} are free)`;
  return `${config.experiment.name}: ${
    describeSteps(config).text
  }${room}. A film takes ${billions} ` +
    `billion multiply-adds, ${times} times those at ${IMAGE_SIZE} x ${IMAGE_SIZE} pixels, and ` +
    "about as many times the time; the time left is said after the first steps";
}
