/**
 * `deno task conformance`: runs all of tfjs-core's own specs on the engine, and compares the
 * failures with the list of the expected ones. It ends with one line of JSON. The exit code is 1 if
 * any other spec fails, or if one on the list passes.
 * @module
 */
import { builtinModules } from "node:module";
import { join } from "node:path";
import * as esbuild from "esbuild";
// @ts-types="./jasmine_core.d.ts"
import jasmineCore from "jasmine-core";
import { PROJECT_ROOT } from "@/common/paths.ts";
import { runCommand } from "@/tasks/flags.ts";
import { VERSION } from "@/tensorflow/c_api.ts";

const SUITE = join(PROJECT_ROOT, "tests/conformance/suite.js");
const EXPECTED = join(PROJECT_ROOT, "tests/conformance/expected_failures.json");
const BUNDLE = join(PROJECT_ROOT, ".cache/conformance/suite.js");

/** The result of a spec, as Jasmine reports it. */
export interface SpecResult {
  fullName: string;
  status: "passed" | "failed" | "pending" | "excluded";
  failedExpectations: { message: string }[];
}

/**
 * Compares the specs' results with the expected failures, grouped by their reason. Several specs
 * may share a name, which is then on the list as often as it fails.
 *
 * @param groups Their full names, as Jasmine joins them.
 * @returns The specs that failed and are not on the list, and the names on it that passed or did
 * not run.
 */
export function compare(
  results: readonly SpecResult[],
  groups: readonly { specs: string[] }[],
): { failures: SpecResult[]; passes: string[] } {
  const left = groups.flatMap(({ specs }) => specs);
  const failures = results.filter(({ status, fullName }) => {
    if (status !== "failed") return false;
    const place = left.indexOf(fullName);
    if (place >= 0) left.splice(place, 1);
    return place < 0;
  });
  return { failures, passes: left };
}

/** Bundles the suite, because only bundlers resolve the imports of tfjs-core's ES modules. */
async function bundle(): Promise<void> {
  await esbuild.build({
    entryPoints: [SUITE],
    outfile: BUNDLE,
    bundle: true,
    platform: "node",
    format: "esm",
    mainFields: ["module", "main"],
    // tfjs-core declares that it has no side effects, so its specs' registration would be dropped.
    ignoreAnnotations: true,
    external: ["@/*", "node:*", "jasmine-core"],
    alias: Object.fromEntries(builtinModules.map((name) => [name, `node:${name}`])),
    banner: {
      js:
        "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    plugins: [{ name: "es5-super", setup: callSuperAsConstructor }],
    logLevel: "error",
  });
  await esbuild.stop();
}

/**
 * Patches tfjs-node's backend. It is compiled to ES5 and calls its base class as a function, but in
 * the bundle that is an ES6 class, which must be constructed.
 */
function callSuperAsConstructor(build: esbuild.PluginBuild): void {
  build.onLoad({ filter: /nodejs_kernel_backend\.js$/ }, async ({ path }) => {
    const source = await Deno.readTextFile(path);
    const contents = source.replace(
      "_super.call(this) || this",
      "Reflect.construct(_super, [], NodeJSKernelBackend)",
    );
    if (contents === source) throw new Error(`Cannot find the call of the base class in ${path}`);
    return { contents, loader: "js" };
  });
}

/** Runs the bundled specs, in the order of their files. */
async function runSpecs(): Promise<SpecResult[]> {
  const results: SpecResult[] = [];
  const environment = jasmineCore.boot().getEnv();
  environment.configure({ random: false });
  environment.addReporter({ specDone: (spec) => results.push(spec) });
  await import(`file://${BUNDLE}`);
  await environment.execute();
  return results;
}

async function main(): Promise<void> {
  console.log(`tfjs-core's specs on TensorFlow ${VERSION}`);
  await bundle();
  const results = await runSpecs();
  const { failures, passes } = compare(results, JSON.parse(await Deno.readTextFile(EXPECTED)));
  for (const { fullName, failedExpectations } of failures) {
    console.log(`FAILED ${fullName}: ${failedExpectations[0]?.message ?? "no expectation"}`);
  }
  for (const name of passes) console.log(`DID NOT FAIL, but is in ${EXPECTED}: ${name}`);
  const count = (status: string) => results.filter((spec) => spec.status === status).length;
  const [passed, failed] = [count("passed"), count("failed")];
  console.log(JSON.stringify({ specs: results.length, passed, failed }));
  Deno.exit(results.length > 0 && failures.length + passes.length === 0 ? 0 : 1);
}

if (import.meta.main) await runCommand({ name: "conformance", flags: {} }, main);
