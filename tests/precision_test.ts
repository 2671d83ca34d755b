import { assertEquals, assertMatch } from "@std/assert";
import { defaultPrecision, slowPrecision } from "@/precision.ts";

Deno.test("defaultPrecision() is bf16 on a processor that multiplies matrices of bfloat16, not vectors alone", () => {
  // /proc/cpuinfo of Sapphire Rapids, with and without its matrix unit in a virtual machine, and of Cascade Lake.
  assertEquals(defaultPrecision("fpu avx512_bf16 avx512_fp16 amx_bf16 amx_tile amx_int8"), "bf16");
  assertEquals(defaultPrecision("fpu avx512_bf16 avx512_fp16 avx512_vnni"), "fp32");
  assertEquals(defaultPrecision("fpu avx512f avx512_vnni"), "fp32");
  assertEquals(defaultPrecision(""), "fp32");
});

Deno.test("slowPrecision() warns of bf16 on an x86 processor without a matrix unit for it, with what was measured", () => {
  // Sapphire Rapids with its matrix unit and without, Zen 3; a processor of Arm; a system that does not say.
  assertEquals(slowPrecision("bf16", "avx2 avx512f avx512_bf16 amx_bf16"), null);
  assertMatch(
    slowPrecision("bf16", "avx2 avx512f avx512_bf16")!,
    /without AMX: .* three quarters of/,
  );
  assertMatch(slowPrecision("bf16", "sse4_2 avx avx2 fma")!, /without AVX-512: .* a seventh of/);
  assertEquals(slowPrecision("bf16", "fp asimd bf16"), null);
  assertEquals(slowPrecision("bf16", ""), null);
  assertEquals(slowPrecision("fp32", "sse4_2 avx avx2 fma"), null);
});
