/**
 * The memory that a training step takes.
 * @module
 */
import { EVALUATION_BATCH } from "@/network/evaluation.ts";
import { type Cost, totalCost } from "@/network/flops.ts";
import type { Precision } from "@/network/precision.ts";

/** Bytes a number that a convolution gives: itself, its batch norm's output, and a gradient. */
const BYTES_AN_OUTPUT: Record<Precision, number> = { fp32: 3 * 4, bf16: 3 * 2 };

/** Bytes of a parameter, its gradient and Adam's two moments, in float32. */
const BYTES_A_PARAMETER = 4 * 4;

/**
 * Estimates the memory that training takes at its peak, in bytes, without the 0.3 GB of Deno and
 * TensorFlow: `16 parameters + 12 films x convolution outputs`, 6 instead of 12 in bf16. With
 * one film a step the evaluation takes more: the stem's output for each of its films.
 *
 * With those 0.3 GB it is 1% below to 11% above the peaks that were measured in fp32 on 2 cores:
 * 1.10 GiB with 4 films of 224 x 224 pixels, 1.55 of 320 x 320, 2.41 of 448 x 448 and 4.54 of 640 x
 * 640, 1.49 with 8 films of 224 x 224 and 2.42 with 16; and 6% above 1.53 with 4 of 448 x 448 in
 * bf16. Evaluating 16 films of 1024 x 1024 takes 3.67.
 *
 * @param costs Of the network, as `countCosts()` gives them.
 */
export function stepMemory(
  costs: readonly Cost[],
  { batchSize, precision }: { batchSize: number; precision: Precision },
): number {
  const { parameters, outputs } = totalCost(costs);
  const most = Math.max(batchSize * outputs, EVALUATION_BATCH * costs[0]!.outputs);
  return BYTES_A_PARAMETER * parameters + BYTES_AN_OUTPUT[precision] * most;
}
