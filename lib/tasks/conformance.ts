/**
 * `deno task conformance`: runs tfjs-core's own specs on the engine, all of them, and compares the outcome
 * with the list of those that are known to fail. Ends with one line of JSON and exit code 1 if anything
 * else failed, or if one of the list passed.
 *
 * @module
 */
import { builtinModules } from "node:module";
import { join } from "node:path";
import * as esbuild from "esbuild";
import jasmineCore from "jasmine-core";
import { PROJECT_ROOT } from "@/paths.ts";
import { VERSION } from "@/tensorflow/c_api.ts";

const SUITE = join(PROJECT_ROOT, "tests/conformance/suite.js");
const EXPECTED = join(PROJECT_ROOT, "tests/conformance/expected_failures.json");
const BUNDLE = join(PROJECT_ROOT, ".cache/conformance/suite.js");

/** Specs that fail for one reason. */
export interface ExpectedFailures {
  reason: string;
  /** Full names, as Jasmine joins them. */
  specs: string[];
}

/** How a spec ended: what Jasmine gives its reporters. */
export interface SpecResult {
  fullName: string;
  status: "passed" | "failed" | "pending" | "excluded";
  failedExpectations: { message: string }[];
}

/** What differs from the list of expected failures: empty when all is as it should be. */
export interface Surprises {
  /** Failed and not on the list. */
  failures: SpecResult[];
  /** On the list, but passed or not run. */
  passes: string[];
}

/**
 * Compares how the specs ended with which of them were expected to fail. A name may stand for several specs:
 * it is on the list as often as it fails.
 */
export function compare(results: SpecResult[], groups: ExpectedFailures[]): Surprises {
  const left = groups.flatMap(({ specs }) => specs);
  const failures = results.filter(({ status, fullName }) => {
    if (status !== "failed") return false;
    const place = left.indexOf(fullName);
    if (place >= 0) left.splice(place, 1);
    return place < 0;
  });
  return { failures, passes: left };
}

/** Bundles the suite: tfjs-core's ES modules name each other in a way that only bundlers resolve. */
async function bundle(): Promise<void> {
  await esbuild.build({
    entryPoints: [SUITE],
    outfile: BUNDLE,
    bundle: true,
    platform: "node",
    format: "esm",
    mainFields: ["module", "main"],
    // tfjs-core declares itself free of side effects, and its specs' registration would be dropped.
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
 * tfjs-node's backend is compiled to ES5 and calls its base class as a function. In the bundle that class
 * is an ES6 class, which has to be constructed.
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

/** The part of Jasmine that is used here. */
interface Jasmine {
  getEnv(): {
    configure(options: { random: boolean }): void;
    addReporter(reporter: { specDone(spec: SpecResult): void }): void;
    execute(): Promise<unknown>;
  };
}

/** Runs the bundled specs, in the order of their files. */
async function runSpecs(): Promise<SpecResult[]> {
  const results: SpecResult[] = [];
  const jasmine: Jasmine = jasmineCore.boot();
  const environment = jasmine.getEnv();
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
  const groups: ExpectedFailures[] = JSON.parse(await Deno.readTextFile(EXPECTED));
  const { failures, passes } = compare(results, groups);
  for (const { fullName, failedExpectations } of failures) {
    console.log(`FAILED ${fullName}: ${failedExpectations[0]?.message ?? "no expectation"}`);
  }
  for (const name of passes) {
    console.log(`DID NOT FAIL, but is on the list of ${EXPECTED}: ${name}`);
  }
  const count = (status: string) => results.filter((spec) => spec.status === status).length;
  console.log(JSON.stringify({
    specs: results.length,
    passed: count("passed"),
    failed: count("failed"),
  }));
  Deno.exit(results.length > 0 && failures.length + passes.length === 0 ? 0 : 1);
}

if (import.meta.main) await main();
