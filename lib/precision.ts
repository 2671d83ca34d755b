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

/** `bf16` where the processor has instructions for it, so that it is the faster one; otherwise `fp32`. */
export function defaultPrecision(): Precision {
  return device.type === "CPU" && hasBfloat16(processorFlags()) ? "bf16" : "fp32";
}

/** Whether flags of a processor, as in `/proc/cpuinfo`, name instructions on bfloat16. */
export function hasBfloat16(flags: string): boolean {
  return /\b(avx512_bf16|amx_bf16|bf16)\b/.test(flags);
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
