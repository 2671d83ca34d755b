/**
 * `deno task analyse`: intervals, comparisons, shortcut audit, evidence maps, model card and ONNX file of the runs in
 * `results/`.
 * @module
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { analyse } from "@/analysis/analyse.ts";
import { count } from "@/analysis/words.ts";
import type { Summary } from "@/analysis/summary.ts";
import { openFilmCache } from "@/film_cache.ts";
import { fromRoot } from "@/paths.ts";
import { openRunFilms } from "@/run_films.ts";
import { defined, runTask } from "@/tasks/task.ts";

const HELP = `deno task analyse
  --data FOLDER  holds the class folders health and tb that the runs were trained on
                 (default: XRAY_DATA, else phantom films)
  --out FOLDER   holds results/ and model/ (default: the project)`;

const FLAGS = {
  data: { type: "string" },
  out: { type: "string" },
  help: { type: "boolean" },
} as const;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: FLAGS });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const root = fromRoot(values.out ?? ".");
  const { summary } = await analyse({
    root,
    films: await openRunFilms(defined({ data: values.data })),
    cache: openFilmCache(),
    phantom: (values.data ?? Deno.env.get("XRAY_DATA")) === undefined,
    onStage: (stage) => console.log(`${stage} ...`),
  });
  for (const line of conclusions(summary)) console.log(line);
  console.log(
    `Written: ${join(root, "results", "summary.json")} and ${join(root, "results", "analysis")}`,
  );
}

/** What an analysis comes to, a sentence a line. */
function conclusions(
  { experiments, comparisons, seeds, shortcuts, nearDuplicates, deletion, errors }: Summary,
): string[] {
  return [
    ...experiments.map(({ selection }) => selection.words),
    ...comparisons.map(({ words }) => words),
    ...seeds.effects.map(({ words }) => words),
    ...shortcuts.map(({ words }) => words),
    ...deletion.map(({ words }) => words),
    `${
      count(nearDuplicates.length, "pair")
    } of a training and a test film that are nearly the same.`,
    errors.words,
  ];
}

if (import.meta.main) await runTask(main);
