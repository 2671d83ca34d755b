/**
 * A written analysis, for notebooks: reading it needs no TensorFlow.
 * @module
 */
import { join } from "node:path";
import * as z from "zod";
import { CASE, type Case } from "@/analysis/evidence.ts";
import {
  EXPERIMENT_CURVES,
  type ExperimentCurves,
  SUMMARY,
  type Summary,
} from "@/analysis/summary.ts";
import { parseJson } from "@/common/json.ts";

/** An analysis. */
export interface Analysis {
  summary: Summary;
  curves: ExperimentCurves[];
  cases: Case[];
}

/** A summary of any age: one that counts no epochs of its seeds has runs of one length. */
const ANY_SUMMARY = SUMMARY.extend({ seeds: SUMMARY.shape.seeds.partial({ epochs: true }) })
  .transform((summary): Summary => {
    const { epochs = summary.experiments[0]!.epochs } = summary.seeds;
    return { ...summary, seeds: { ...summary.seeds, epochs } };
  });

/**
 * Reads the files of an analysis. Undefined numbers, which are null in the files, are NaN again.
 *
 * @param options.root Folder that holds `results/`.
 * @throws {Error} If a file is missing.
 * @throws {SyntaxError} If a file is of another version, or damaged, naming the first wrong place.
 */
export async function readAnalysis({ root }: { root: string }): Promise<Analysis> {
  const results = join(root, "results");
  return {
    summary: await readFile(join(results, "summary.json"), ANY_SUMMARY),
    curves: await readFile(join(results, "analysis", "curves.json"), z.array(EXPERIMENT_CURVES)),
    cases: await readFile(join(results, "analysis", "cases.json"), z.array(CASE)),
  };
}

async function readFile<Value>(path: string, schema: z.ZodType<Value>): Promise<Value> {
  let text;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`Cannot read ${path}: there is none. Write it: deno task analyse`, {
      cause: error,
    });
  }
  const complaint = (reason: string) =>
    `Cannot read ${path}: ${reason}. Write it again: deno task analyse`;
  return parseJson(text, schema, complaint);
}
