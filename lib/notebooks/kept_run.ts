/**
 * Keeps the texts of a run that the notebooks read in a folder that can be committed. It omits all
 * that is large or private: weights, films, TensorBoard files, paths of the machine.
 * @module
 */
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative } from "node:path";
import { readAnalysis } from "@/analysis/read_analysis.ts";
import { exists, readText, removeIfAny, writeAtomic } from "@/common/files.ts";
import { PROJECT_ROOT } from "@/common/paths.ts";
import { readFinishedRuns } from "@/notebooks/finished.ts";
import type { RunConfig } from "@/runs/config.ts";
import { chosenEpochs } from "@/runs/epochs.ts";
import { predictionsPath, readEpochs, runFolders } from "@/runs/files.ts";
import { findFolds, findRuns } from "@/runs/find.ts";
import { TRAINING_FILMS } from "@/runs/training_films.ts";
import { readSplit } from "@/split/files.ts";

/** The films of the evidence maps. A run on real films keeps the phantoms that were there. */
const CASES = "results/analysis/cases.json";

/**
 * Replaces the kept run.
 *
 * @param options.from Folder that holds the run's `results/` and `dataset/`.
 * @param options.to Folder of the kept run.
 * @throws {Error} If a file is missing, or contains a path of the machine.
 */
export async function keepRun({ from, to }: { from: string; to: string }): Promise<void> {
  const { summary } = await readAnalysis({ root: from });
  const files = await collect(from);
  if (!summary.phantom) files.set(CASES, await phantomCases(to));
  const { data } = await readSplit(join(from, "dataset"));
  requireNoPaths(files, [PROJECT_ROOT, ...data === null ? [] : [data]]);
  files.set("README.md", readme(summary.phantom));
  await removeIfAny(to);
  for (const [path, text] of files) await writeAtomic(join(to, path), text);
}

/** Reads the texts to keep, by their paths in the run's folder. */
async function collect(from: string): Promise<Map<string, string>> {
  const paths = [
    ...await textsIn(from, "dataset"),
    ...["results/summary.json", "results/data_check.json"],
    ...await textsIn(from, "results/analysis"),
  ];
  for (const { experiment, rows } of await readFinishedRuns({ root: from })) {
    const { results } = runFolders(experiment, { root: "" });
    const epochs = new Set(chosenEpochs(rows).map(({ row }) => row.epoch));
    paths.push(
      ...await textsIn(from, results),
      ...[...epochs].map((epoch) => predictionsPath(results, { epoch })),
    );
  }
  for (const { experiment, seed } of await findRuns(from)) {
    const { results } = runFolders(experiment, { seed, root: "" });
    if (seed !== 0) paths.push(...await textsIn(from, results));
  }
  for (const fold of (await findFolds(from)).slice(1)) {
    for (const { experiment, seed } of await findRuns(from, { fold })) {
      const { results } = runFolders(experiment, { seed, fold, root: "" });
      const chosen = chosenEpochs(await readEpochs(join(from, results)));
      paths.push(
        ...await textsIn(from, results),
        ...new Set(chosen.map(({ row: { epoch } }) => predictionsPath(results, { epoch }))),
      );
    }
  }
  const texts = paths.map(async (path) =>
    [path, withoutPaths(path, await readText(join(from, path)))] as const
  );
  return new Map(await Promise.all(texts));
}

/** Lists the text files of a folder, without subfolders and the large list of training films. */
async function textsIn(from: string, folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(join(from, folder)));
  return entries.filter(({ name, isFile }) => isFile && /\.(csv|json|md|txt)$/.test(name))
    .filter(({ name }) => name !== TRAINING_FILMS)
    .map(({ name }) => join(folder, name)).toSorted();
}

/** Removes the paths of films and weights from a text. */
function withoutPaths(path: string, text: string): string {
  const write = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  if (path === "dataset/split.json") {
    return write({ ...JSON.parse(text), data: null, flags: undefined });
  }
  if (basename(path) !== "config.json") return text;
  const config: RunConfig = JSON.parse(text);
  const { init } = config.network;
  if (init === null || !isAbsolute(init.file)) return text;
  init.file = basename(init.file);
  return write(config);
}

function requireNoPaths(files: Map<string, string>, forbidden: readonly string[]): void {
  for (const [file, text] of files) {
    const path = forbidden.find((path) => text.includes(path)) ??
      text.match(/(?<=["'\s=(])\/(home|root|Users|mnt|media|tmp|work|data)\/[^"'\s)]*/)?.[0];
    if (path !== undefined) throw new Error(`Cannot keep ${file}: ${path} is in it`);
  }
}

async function phantomCases(to: string): Promise<string> {
  const path = join(to, CASES);
  if (await exists(path)) return await readText(path);
  throw new Error(
    "Cannot keep a run on real films: these must not be shown, and no maps of phantoms are in " +
      `${dirname(path)} to replace them. Keep a run on phantom films first`,
  );
}

function readme(phantom: boolean): string {
  const films = phantom ? "phantom films" : "real films";
  return `# The run that the committed notebooks show

This folder holds the texts of one run of \`deno task run-all\` on ${films}, without weights and films.
\`deno task reference-run\` replaces it by the run in \`results/\` and renders the notebooks from it. Nothing else writes
here. To resume the run in a clone, copy \`results/\` and \`dataset/\` to the clone's root: \`run-all\` on the same films
reads the finished experiments and trains the others.

The maps in \`${CASES}\` always show phantoms.
`;
}

/** Computes the SHA-256 of a kept run, names and texts. */
export async function hashOfRun(folder: string): Promise<string> {
  const paths = await filesUnder(folder);
  const texts = await Promise.all(paths.map((path) => readText(join(folder, path))));
  const named = paths.map((path, i) => [path, texts[i]]);
  return createHash("sha256").update(JSON.stringify(named)).digest("hex");
}

/** Lists all files under a folder, by their paths in it, in order. */
export async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name))).toSorted();
}
