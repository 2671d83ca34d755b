/**
 * Hashes the code that makes a notebook's outputs: its cells and the parts of lib that they call.
 * Comments, types and unused code do not count, so that outputs go stale only for a reason.
 * @module
 */
import { createHash } from "node:crypto";
import * as esbuild from "esbuild";
import { exists } from "@/common/files.ts";
import { fromRoot, PROJECT_ROOT } from "@/common/paths.ts";

/**
 * Computes the hash of each module with all that it imports from lib: SHA-256 of the bundled code
 * and of the WebAssembly beside it.
 *
 * @param modules The modules' texts.
 * @throws {Error} If an imported module is missing.
 */
export async function hashCode(modules: readonly string[]): Promise<string[]> {
  try {
    return await Promise.all(modules.map(hashModule));
  } finally {
    await esbuild.stop();
  }
}

async function hashModule(contents: string): Promise<string> {
  const { outputFiles, metafile } = await esbuild.build({
    stdin: { contents, loader: "ts", resolveDir: PROJECT_ROOT },
    absWorkingDir: PROJECT_ROOT,
    alias: { "@": "./lib" },
    packages: "external",
    bundle: true,
    format: "esm",
    target: "esnext",
    minifyWhitespace: true,
    minifySyntax: true,
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  const hash = createHash("sha256").update(outputFiles[0]!.contents);
  const wasm = Object.keys(metafile.inputs).map((path) => path.replace(/\.ts$/, ".wasm"));
  for (const path of wasm.filter((path) => path.endsWith(".wasm")).toSorted()) {
    if (await exists(fromRoot(path))) hash.update(await Deno.readFile(fromRoot(path)));
  }
  return hash.digest("hex");
}
