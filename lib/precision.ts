/**
 * The precision that a network is computed in.
 * @module
 */
import { bestInstructions, type Instructions, processorFlags } from "@/processor.ts";
import { device } from "@/tensorflow/context.ts";

/**
 * `fp32`: everything in float32. `bf16`: convolutions, batch norm and ReLU in bfloat16 (8 bits of mantissa), the
 * weights that are trained, the loss and the optimizer in float32.
 */
export type Precision = "fp32" | "bf16";

/**
 * The one that trains faster here: bf16 where there are instructions that multiply matrices of it. Those of AVX-512
 * multiply vectors only, and train at three quarters of the speed of fp32 (lib/tensorflow/NOTES.md).
 */
export function defaultPrecision(flags = flagsHere()): Precision {
  return bestInstructions(flags) === "AMX" ? "bf16" : "fp32";
}

/** What bf16 lacks on a processor, and how fast it trains there beside fp32 (lib/tensorflow/NOTES.md). */
const SLOW_BF16 = new Map<Instructions | null, { missing: Instructions; speed: string }>([
  ["AVX-512", { missing: "AMX", speed: "three quarters" }],
  ["AVX2", { missing: "AVX-512", speed: "a seventh" }],
]);

/**
 * What to say before training in a precision that is slow on a processor.
 *
 * @param flags As in `/proc/cpuinfo`. Default: of this one.
 * @returns Null if it is not slow, and where the flags do not tell, as on a GPU.
 */
export function slowPrecision(precision: Precision, flags = flagsHere()): string | null {
  const slow = precision === "bf16" ? SLOW_BF16.get(bestInstructions(flags)) : undefined;
  if (slow === undefined) return null;
  return `bf16 is slow on a processor without ${slow.missing}: it trains at about ${slow.speed} of fp32's speed. To train ` +
    "in fp32, say --precision fp32; a run that was begun in bf16 begins anew for it, with --restart";
}

/** Those of the processor, if that is what computes. */
function flagsHere(): string {
  return device.type === "CPU" ? processorFlags() : "";
}
