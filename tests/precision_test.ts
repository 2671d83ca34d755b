import { assertEquals } from "@std/assert";
import { multipliesBfloat16 } from "@/precision.ts";

Deno.test("multipliesBfloat16() wants a processor that multiplies matrices of bfloat16, not vectors alone", () => {
  // /proc/cpuinfo of Sapphire Rapids, with and without its matrix unit in a virtual machine, and of Cascade Lake.
  assertEquals(multipliesBfloat16("fpu avx512_bf16 avx512_fp16 amx_bf16 amx_tile amx_int8"), true);
  assertEquals(multipliesBfloat16("fpu avx512_bf16 avx512_fp16 avx512_vnni"), false);
  assertEquals(multipliesBfloat16("fpu avx512f avx512_vnni"), false);
  assertEquals(multipliesBfloat16(""), false);
});
