import { assertEquals } from "@std/assert";
import { bestInstructions } from "@/processor.ts";

Deno.test("bestInstructions() names the instructions that decide how fast a processor trains", () => {
  // /proc/cpuinfo of Sapphire Rapids, Zen 5 and Zen 3, of a processor of Arm, and of a system that does not say.
  assertEquals(bestInstructions("sse4_2 avx2 avx512f avx512_bf16 amx_bf16 amx_tile"), "AMX");
  assertEquals(bestInstructions(" fpu avx2 avx512f avx512dq avx512_bf16"), "AVX-512");
  assertEquals(bestInstructions("fpu sse4_2 avx avx2 fma"), "AVX2");
  assertEquals(bestInstructions("fp asimd bf16"), null);
  assertEquals(bestInstructions(""), null);
});
