import { assertEquals } from "@std/assert";
import { bestInstructions } from "@/common/processor.ts";

Deno.test("bestInstructions() names the best instruction set that it knows", () => {
  // Flags of Sapphire Rapids, Zen 5, Zen 3, an Arm processor, and an unknown system.
  assertEquals(bestInstructions("sse4_2 avx2 avx512f avx512_bf16 amx_bf16 amx_tile"), "AMX");
  assertEquals(bestInstructions(" fpu avx2 avx512f avx512dq avx512_bf16"), "AVX-512");
  assertEquals(bestInstructions("fpu sse4_2 avx avx2 fma"), "AVX2");
  assertEquals(bestInstructions("fp asimd bf16"), null);
  assertEquals(bestInstructions(""), null);
});
