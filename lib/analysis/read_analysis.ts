/**
 * An analysis as it was written: for notebooks, which then need no TensorFlow.
 * @module
 */
import { join } from "node:path";
import type { Case } from "@/analysis/films.ts";
import { type ExperimentCurves, type Summary, SUMMARY_VERSION } from "@/analysis/summary.ts";

/** What an analysis gives. */
export interface Analysis {
  summary: Summary;
  curves: ExperimentCurves[];
  cases: Case[];
}

/**
 * Reads what an analysis wrote. What is not defined is null.
 *
 * @param results The folder `results`.
 * @throws {Error} If there is none.
 * @throws {SyntaxError} If it was written with other fields, or is damaged.
 */
export async function readAnalysis(results: string): Promise<Analysis> {
  const path = join(results, "summary.json");
  const folder = join(results, "analysis");
  const summary = await readJson<Summary>(path);
  if (summary.version !== SUMMARY_VERSION) {
    throw new SyntaxError(
      `Cannot read ${path}: it is of version ${summary.version}, not ${SUMMARY_VERSION}. ` +
        "Write it anew: deno task analyse",
    );
  }
  return {
    summary,
    curves: await readJson(join(folder, "curves.json")),
    cases: await readJson(join(folder, "cases.json")),
  };
}

async function readJson<T>(path: string): Promise<T> {
  let text;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`Cannot read ${path}: there is none. Write it: deno task analyse`, {
      cause: error,
    });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`Cannot read ${path}: it is not JSON. Write it anew: deno task analyse`, {
      cause: error,
    });
  }
}
