/**
 * `deno task wasm`: assembles lib/pixels.wat into lib/pixels.wasm, to be run when the first one has changed.
 * @module
 */
import { join } from "node:path";
import loadWabt from "wabt";
import { writeAtomic } from "@/files.ts";
import { PROJECT_ROOT } from "@/paths.ts";
import { runTask } from "@/tasks/task.ts";

const SOURCE = join(PROJECT_ROOT, "lib/pixels.wat");
const BINARY = join(PROJECT_ROOT, "lib/pixels.wasm");

/** The binary of pixels.wat as it is now. */
export async function assemble(): Promise<Uint8Array> {
  const wabt = await loadWabt();
  const parsed = wabt.parseWat("pixels.wat", await Deno.readTextFile(SOURCE), { simd: true });
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

if (import.meta.main) await runTask(main);
