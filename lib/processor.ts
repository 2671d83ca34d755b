/**
 * The processor, which its name does not tell enough of: a virtual machine's may be "AMD EPYC" from one generation to
 * the next.
 * @module
 */

/** What Linux says of the processor, as in `/proc/cpuinfo`; nothing on other systems. */
export function processorFlags(): string {
  try {
    const cpuinfo = Deno.readTextFileSync("/proc/cpuinfo");
    return /^(?:flags|Features)\s*:(.*)$/m.exec(cpuinfo)?.[1] ?? "";
  } catch {
    return "";
  }
}

/** Flags of instructions for x86 that decide how fast a network trains, and what they are called. */
const INSTRUCTIONS = [["amx_bf16", "AMX"], ["avx512f", "AVX-512"], ["avx2", "AVX2"]] as const;

/** What such instructions are called. */
export type Instructions = typeof INSTRUCTIONS[number][1];

/** What the best of a processor's instructions are called that decide how fast a network trains; null if not known. */
export function bestInstructions(flags: string): Instructions | null {
  const named = new Set(flags.split(/\s+/));
  return INSTRUCTIONS.find(([flag]) => named.has(flag))?.[1] ?? null;
}
