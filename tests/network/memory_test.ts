import { assertAlmostEquals } from "@std/assert";
import { describeResNet50 } from "@/network/architecture.ts";
import { countCosts } from "@/network/flops.ts";
import { stepMemory } from "@/network/memory.ts";
import type { Precision } from "@/network/precision.ts";

/**
 * Peaks in MiB that were measured on 2 cores (VmHWM of a process of its own), Deno's and
 * TensorFlow's 290 among them.
 */
const PEAKS: [{ imageSize?: number; batchSize?: number; precision?: Precision }, number][] = [
  [{}, 1127],
  [{ imageSize: 320 }, 1583],
  [{ imageSize: 448 }, 2469],
  [{ imageSize: 640 }, 4652],
  [{ imageSize: 1024, batchSize: 1 }, 3753], // of the evaluation
  [{ batchSize: 8 }, 1525],
  [{ batchSize: 16 }, 2477],
  [{ imageSize: 448, precision: "bf16" }, 1567],
];

Deno.test("stepMemory() is within a few percent of measured peaks, mostly above", () => {
  for (const [options, measured] of PEAKS) {
    const { imageSize = 224, batchSize = 4, precision = "fp32" } = options;
    const costs = countCosts(describeResNet50(), { imageSize });
    const ratio = (stepMemory(costs, { batchSize, precision }) / 2 ** 20 + 290) / measured;
    assertAlmostEquals(ratio, 1.05, 0.1, JSON.stringify(options));
  }
});
