/**
 * An analysis as it was written: for notebooks, which then need no TensorFlow.
 * @module
 */
import { join } from "node:path";
import type { CalibrationReport } from "@/analysis/calibration.ts";
import type { Case } from "@/analysis/films.ts";
import type { ChosenPoint } from "@/analysis/operating_points.ts";
import { type ExperimentCurves, type Summary, SUMMARY_VERSION } from "@/analysis/summary.ts";
import { CLASS_NAMES } from "@/metrics.ts";
import type { RunConfig } from "@/results.ts";

/** Fields that may be absent; a null in any other is a number. */
const OPTIONAL_FIELDS: ReadonlySet<string> = new Set(
  ["scaled", "chosenOn", "validation"] satisfies (
    | keyof CalibrationReport
    | keyof ChosenPoint
    | keyof RunConfig["data"]
  )[],
);

/** What an analysis gives. */
export interface Analysis {
  summary: Summary;
  curves: ExperimentCurves[];
  cases: Case[];
}

/**
 * Reads what an analysis wrote. Numbers that are not defined, which are null in the files, are NaN again.
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
    // One that does not name its classes has TBX11K's; one that counts no epochs of its seeds has runs of one length.
    summary: {
      ...summary,
      classes: summary.classes ?? CLASS_NAMES,
      seeds: {
        ...summary.seeds,
        epochs: summary.seeds.epochs ?? summary.experiments[0]!.epochs,
      },
    },
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
    return JSON.parse(text, undefinedNumber);
  } catch (error) {
    throw new SyntaxError(`Cannot read ${path}: it is not JSON. Write it anew: deno task analyse`, {
      cause: error,
    });
  }
}

function undefinedNumber(key: string, value: unknown): unknown {
  return value === null && !OPTIONAL_FIELDS.has(key) ? NaN : value;
}
