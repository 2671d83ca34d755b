/**
 * The code that makes a notebook's outputs, as one number: its cells and what they call in lib. Comments, types and
 * what is not called do not count, so that outputs do not go stale without a reason.
 * @module
 */
import { createHash } from "node:crypto";
import * as esbuild from "esbuild";
import { exists } from "@/files.ts";
import { fromRoot, PROJECT_ROOT } from "@/paths.ts";

/**
 * The hash of each module and what it imports of lib, transitively: SHA-256 of the code, bundled, and of the WebAssembly
 * beside it.
 *
 * @param modules Their texts.
 * @throws {Error} If one imports what there is not.
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
