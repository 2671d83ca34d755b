/**
 * `deno task analyse`: computes intervals, comparisons, shortcut audit, evidence maps, model card
 * and ONNX file of the runs in `results/`.
 * @module
 */
import { join } from "node:path";
import { analyse } from "@/analysis/analyse.ts";
import { count } from "@/analysis/format.ts";
import type { Summary } from "@/analysis/summary.ts";
import { fromRoot } from "@/common/paths.ts";
import { openFilmCache } from "@/films/cache.ts";
import { isPhantom } from "@/films/folder.ts";
import { openFolds, openRunFilms } from "@/runs/films.ts";
import { EXTERNAL_FLAGS, openExternals } from "@/tasks/external.ts";
import { type Command, type CommandLine, runCommand } from "@/tasks/flags.ts";
import { namedData } from "@/tasks/task.ts";

const COMMAND = {
  name: "analyse",
  flags: {
    "data FOLDER": "holds the films of the runs (default: XRAY_DATA, else the folder of the split)",
    "out FOLDER": "holds results/ and model/ (default: the project)",
    ...EXTERNAL_FLAGS,
  },
  notes: "On phantom films it asks about those of a second hospital, unless --external names some.",
} as const satisfies Command;

async function main({ flags }: CommandLine<typeof COMMAND>): Promise<void> {
  const root = fromRoot(flags.out ?? ".");
  const films = await openRunFilms({ data: namedData(flags.data) });
  console.log(`Films of ${films.root}`);
  const external = await openExternals(flags, films);
  const folds = await openFolds(namedData(flags.data));
  const { summary } = await analyse({
    root,
    films,
    cache: openFilmCache(),
    phantom: isPhantom(films.root),
    external,
    ...folds && { folds },
    onStage: (stage) => console.log(`${stage} ...`),
  });
  for (const line of conclusions(summary)) console.log(line);
  const results = join(root, "results");
  console.log(`Written: ${join(results, "summary.json")} and ${join(results, "analysis")}`);
}

/** Lists the conclusions of an analysis, one sentence per line. */
function conclusions(
  summary: Summary,
): string[] {
  const { experiments, comparisons, seeds, shortcuts, nearDuplicates, deletion, errors } = summary;
  const { matched = [], folds, external = [] } = summary;
  const pairs = count(nearDuplicates.length, "pair");
  return [
    ...experiments.map(({ selection }) => selection.words),
    ...[...comparisons, ...seeds.effects, ...shortcuts, ...deletion].map(({ words }) => words),
    `${pairs} of a training and a test film that are nearly the same.`,
    errors.words,
    ...matched.map(({ words }) => words),
    ...folds?.experiments.map(({ words }) => words) ?? [],
    ...folds?.problems ?? [],
    ...external.flatMap(({ name, words, notes }) => [
      words,
      ...notes.map((note) => `${name}: ${note}`),
    ]),
  ];
}

if (import.meta.main) await runCommand(COMMAND, main);
