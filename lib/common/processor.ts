/**
 * The processor's instruction sets. Its name says too little: a virtual machine's may be "AMD EPYC"
 * for several generations.
 * @module
 */

/** Reads the processor's flags from Linux's `/proc/cpuinfo`; empty on other systems. */
export function processorFlags(): string {
  try {
    const cpuinfo = Deno.readTextFileSync("/proc/cpuinfo");
    return /^(?:flags|Features)\s*:(.*)$/m.exec(cpuinfo)?.[1] ?? "";
  } catch {
    return "";
  }
}

/** The x86 instruction sets that decide how fast a network trains, best first: flag and name. */
const INSTRUCTIONS = [["amx_bf16", "AMX"], ["avx512f", "AVX-512"], ["avx2", "AVX2"]] as const;

/** Names the best instruction set among a processor's flags; null if none is known. */
export function bestInstructions(flags: string): typeof INSTRUCTIONS[number][1] | null {
  const named = new Set(flags.split(/\s+/));
  return INSTRUCTIONS.find(([flag]) => named.has(flag))?.[1] ?? null;
}
