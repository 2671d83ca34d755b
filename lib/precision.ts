/**
 * The precision that a network is computed in.
 * @module
 */
import { processorFlags } from "@/processor.ts";
import { device } from "@/tensorflow/context.ts";

/**
 * `fp32`: everything in float32. `bf16`: convolutions, batch norm and ReLU in bfloat16 (8 bits of mantissa), the
 * weights that are trained, the loss and the optimizer in float32.
 */
export type Precision = "fp32" | "bf16";

/** The one that trains faster here. */
export function defaultPrecision(): Precision {
  return multipliesBfloat16(flagsHere()) ? "bf16" : "fp32";
}

/**
 * Whether flags of a processor, as in `/proc/cpuinfo`, name instructions that multiply matrices of bfloat16. Those of
 * AVX-512 multiply vectors only, and train at three quarters of the speed of fp32 (lib/tensorflow/NOTES.md).
 */
export function multipliesBfloat16(flags: string): boolean {
  return /\bamx_bf16\b/.test(flags);
}

/**
 * What to say before training in a precision that is slow on a processor. How slow is from lib/tensorflow/NOTES.md.
 *
 * @param flags As in `/proc/cpuinfo`. Default: of this one.
 * @returns Null if it is not slow, and where the flags do not tell, as on a GPU.
 */
export function slowPrecision(precision: Precision, flags = flagsHere()): string | null {
  if (precision !== "bf16" || !/\bavx2\b/.test(flags) || multipliesBfloat16(flags)) return null;
  const [missing, speed] = /\bavx512f\b/.test(flags)
    ? ["AMX", "three quarters"]
    : ["AVX-512", "a seventh"];
  return `bf16 is slow on a processor without ${missing}: it trains at about ${speed} of fp32's speed. To train in fp32, ` +
    "say --precision fp32; a run that was begun in bf16 begins anew for it, with --restart";
}

/** Those of the processor, if that is what computes. */
function flagsHere(): string {
  return device.type === "CPU" ? processorFlags() : "";
}
