/**
 * The precision that a network is computed in.
 * @module
 */
import { device } from "@/tensorflow/context.ts";

/**
 * `fp32`: everything in float32. `bf16`: convolutions, batch norm and ReLU in bfloat16 (8 bits of mantissa), the
 * weights that are trained, the loss and the optimizer in float32.
 */
export type Precision = "fp32" | "bf16";

/** The one that trains faster here. */
export function defaultPrecision(): Precision {
  return device.type === "CPU" && multipliesBfloat16(processorFlags()) ? "bf16" : "fp32";
}

/**
 * Whether flags of a processor, as in `/proc/cpuinfo`, name instructions that multiply matrices of bfloat16. Those of
 * AVX-512 multiply vectors only, and train at three quarters of the speed of fp32 (lib/tensorflow/NOTES.md).
 */
export function multipliesBfloat16(flags: string): boolean {
  return /\bamx_bf16\b/.test(flags);
}

/** What Linux says of the processor; nothing on other systems. */
function processorFlags(): string {
  try {
    const cpuinfo = Deno.readTextFileSync("/proc/cpuinfo");
    return /^(?:flags|Features)\s*:(.*)$/m.exec(cpuinfo)?.[1] ?? "";
  } catch {
    return "";
  }
}
