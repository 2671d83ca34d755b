/**
 * The precision that a network is computed in.
 * @module
 */
import { bestInstructions, processorFlags } from "@/common/processor.ts";
import { device } from "@/tensorflow/context.ts";

/**
 * `fp32`: everything in float32. `bf16`: convolutions, batch norm and ReLU in bfloat16 (8 bits of
 * mantissa), the weights that are trained, the loss and the optimizer in float32.
 */
export type Precision = "fp32" | "bf16";

/**
 * Chooses the precision of a new run: bf16 on processors that multiply matrices of it, where it was
 * faster in every measurement. With AVX-512, which multiplies vectors, it was slower on one
 * processor and faster on another (lib/tensorflow/NOTES.md).
 */
export function defaultPrecision(flags = flagsHere()): Precision {
  return bestInstructions(flags) === "AMX" ? "bf16" : "fp32";
}

/**
 * Warns of a precision that TensorFlow computes without oneDNN on a processor.
 *
 * @param flags As in `/proc/cpuinfo`. Default: of this one.
 * @returns Null if it uses oneDNN, and where the flags do not tell, as on a GPU.
 */
export function slowPrecision(precision: Precision, flags = flagsHere()): string | null {
  if (precision !== "bf16" || bestInstructions(flags) !== "AVX2") return null;
  return "bf16 may train slowly here: TensorFlow's fast code for it needs AVX-512, which this processor lacks. " +
    "`deno task bench` measures both precisions. To train in fp32, say --precision fp32, and " +
    "--restart for a run that began in bf16";
}

/** Reads the processor's flags, if the processor computes. */
function flagsHere(): string {
  return device.type === "CPU" ? processorFlags() : "";
}
