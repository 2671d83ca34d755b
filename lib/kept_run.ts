/**
 * Keeps the texts of a run in a folder that can be committed: what the notebooks read, and nothing that is large, private
 * or a picture of a film. No weights, no films, no TensorBoard files, no path of the machine.
 * @module
 */
import { createHash } from "node:crypto";
import { basename, dirname, isAbsolute, join } from "node:path";
import { readAnalysis } from "@/analysis/read_analysis.ts";
import { findRuns } from "@/analysis/runs.ts";
import { exists, readText, removeIfAny, writeAtomic } from "@/files.ts";
import { readFinishedRuns } from "@/finished_runs.ts";
import { chosenEpochs } from "@/metrics.ts";
import { PROJECT_ROOT } from "@/paths.ts";
import { predictionsPath, type RunConfig, runFolders } from "@/results.ts";
import { readSplit } from "@/split_files.ts";

/** The films whose evidence maps are shown. Of a run on real films those of the phantoms kept before stay. */
const CASES = "results/analysis/cases.json";

/** Files of a run, by their paths in its folder. */
export type KeptFiles = Map<string, string>;

/**
 * Copies what is kept of a run, in the place of what was kept before.
 *
 * @param options.from Folder that holds the run's `results/` and `dataset/`.
 * @param options.to The folder that keeps it.
 * @throws {Error} If something is missing, or a path of the machine is in it.
 */
export async function keepRun({ from, to }: { from: string; to: string }): Promise<void> {
  const { summary } = await readAnalysis(join(from, "results"));
  const files = await collect(from);
  if (!summary.phantom) files.set(CASES, await phantomCases(to));
  const { data } = await readSplit(join(from, "dataset"));
  requireNoPaths(files, [PROJECT_ROOT, ...data === null ? [] : [data]]);
  files.set("README.md", readme(summary.phantom));
  await removeIfAny(to);
  for (const [path, text] of files) await writeAtomic(join(to, path), text);
}

async function collect(from: string): Promise<KeptFiles> {
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
    if (seed !== 0) {
      paths.push(...await textsIn(from, runFolders(experiment, { seed, root: "" }).results));
    }
  }
  const texts = paths.map(async (path): Promise<[string, string]> => {
    const text = await readText(join(from, path));
    return [path, withoutPaths(path, text)];
  });
  return new Map(await Promise.all(texts));
}

/** The text files of a folder, not of those in it. */
async function textsIn(from: string, folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(join(from, folder)));
  return entries.filter(({ name, isFile }) => isFile && /\.(csv|json|md|txt)$/.test(name))
    .map(({ name }) => join(folder, name)).toSorted();
}

/** Leaves out where films and weights were on the machine. */
function withoutPaths(path: string, text: string): string {
  const write = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  if (path === "dataset/split.json") return write({ ...JSON.parse(text), data: null });
  if (basename(path) !== "config.json") return text;
  const config: RunConfig = JSON.parse(text);
  const { init } = config.network;
  if (init === null || !isAbsolute(init.file)) return text;
  return write({
    ...config,
    network: { ...config.network, init: { ...init, file: basename(init.file) } },
  });
}

function requireNoPaths(files: KeptFiles, forbidden: readonly string[]): void {
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
    `Cannot keep a run on real films: its films must not be shown, and there are no maps of phantoms in ${
      dirname(path)
    } to be shown instead. Keep a run on phantom films first`,
  );
}

function readme(phantom: boolean): string {
  return `# What the committed notebooks show

The texts of one run of \`deno task run-all\`, on ${
    phantom ? "phantom films" : "real films"
  }: no weights, no films.
\`deno task reference-run\` puts the run in \`results/\` in its place and renders the notebooks from it. Nothing else
writes here. A clone goes on with the run when \`results/\` and \`dataset/\` are copied to its root: \`run-all\` on the
same films reads what is done and trains what is not.

Whatever the films of the run, the maps in \`${CASES}\` are of phantoms.
`;
}

/** SHA-256 of what is kept in a folder, names and texts. */
export async function hashOfRun(folder: string): Promise<string> {
  const paths = (await filesUnder(folder)).toSorted();
  const texts = await Promise.all(paths.map((path) => readText(join(folder, path))));
  const named = paths.map((path, i) => [path, texts[i]]);
  return createHash("sha256").update(JSON.stringify(named)).digest("hex");
}

/** All files under a folder, by their paths in it. */
export async function filesUnder(folder: string, within = ""): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(join(folder, within)));
  const found = entries.map(({ name, isDirectory }) =>
    isDirectory ? filesUnder(folder, join(within, name)) : [join(within, name)]
  );
  return (await Promise.all(found)).flat();
}
