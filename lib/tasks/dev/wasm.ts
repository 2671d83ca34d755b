/**
 * `deno task wasm`: assembles lib/films/kernels.wat into lib/films/kernels.wasm. Run it after a
 * change of the former.
 * @module
 */
import loadWabt from "wabt";
import { writeAtomic } from "@/common/files.ts";
import { fromRoot } from "@/common/paths.ts";
import { runCommand } from "@/tasks/flags.ts";

const SOURCE = fromRoot("lib/films/kernels.wat");
const BINARY = fromRoot("lib/films/kernels.wasm");

/** Assembles the current kernels.wat. */
export async function assemble(): Promise<Uint8Array> {
  const wabt = await loadWabt();
  const parsed = wabt.parseWat("kernels.wat", await Deno.readTextFile(SOURCE), { simd: true });
  try {
    return parsed.toBinary({}).buffer;
  } finally {
    parsed.destroy();
  }
}

async function main(): Promise<void> {
  const binary = await assemble();
  await writeAtomic(BINARY, [binary]);
  console.log(`Wrote ${binary.length} bytes to ${BINARY}`);
}

if (import.meta.main) await runCommand({ name: "wasm", flags: {} }, main);
