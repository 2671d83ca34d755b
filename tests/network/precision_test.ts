import { assert, assertEquals, assertMatch } from "@std/assert";
import { defaultPrecision, slowPrecision } from "@/network/precision.ts";

Deno.test("defaultPrecision() is bf16 on a processor that multiplies matrices of bfloat16, not vectors alone", () => {
  // /proc/cpuinfo of Sapphire Rapids, with and without its matrix unit in a virtual machine, and of
  // Cascade Lake.
  assertEquals(defaultPrecision("fpu avx512_bf16 avx512_fp16 amx_bf16 amx_tile amx_int8"), "bf16");
  assertEquals(defaultPrecision("fpu avx512_bf16 avx512_fp16 avx512_vnni"), "fp32");
  assertEquals(defaultPrecision("fpu avx512f avx512_vnni"), "fp32");
  assertEquals(defaultPrecision(""), "fp32");
});

Deno.test("slowPrecision() warns of bf16 on an x86 processor without AVX-512, and claims no speed", () => {
  // Zen 3; Sapphire Rapids without its matrix unit and with it; a processor of Arm; a system that
  // does not say.
  const warning = slowPrecision("bf16", "sse4_2 avx avx2 fma")!;
  assertMatch(warning, /needs AVX-512, which this processor lacks.*--precision fp32/);
  assertMatch(warning, /`deno task bench` measures/);
  assert(!/\d+(\.\d+)? times|quarter|seventh|%/.test(warning), "The message has a figure");
  assertEquals(slowPrecision("bf16", "avx2 avx512f avx512_bf16"), null);
  assertEquals(slowPrecision("bf16", "avx2 avx512f avx512_bf16 amx_bf16"), null);
  assertEquals(slowPrecision("bf16", "fp asimd bf16"), null);
  assertEquals(slowPrecision("bf16", ""), null);
  assertEquals(slowPrecision("fp32", "sse4_2 avx avx2 fma"), null);
});
