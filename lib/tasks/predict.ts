/**
 * `deno task predict FILM...`: asks a trained network about films, PNG, JPEG or DICOM.
 * @module
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findWeights, openNetwork } from "@/analysis/trained_network.ts";
import { isFilm } from "@/film_folder.ts";
import type { ClassNames } from "@/metrics.ts";
import { fromRoot } from "@/paths.ts";
import { type FileAnswer, type FileError, predictFiles } from "@/predict.ts";
import { readConfig, readEpochs, runFolders } from "@/results.ts";
import { chooseEpoch } from "@/tasks/evaluate.ts";
import { runTask, wholeNumber } from "@/tasks/task.ts";

const HELP = `deno task predict FILM|FOLDER ...
  FILM             a PNG, JPEG or DICOM file; of a FOLDER, all films in it
  --experiment E   whose network answers (default: baseline)
  --epoch EPOCH    a number from 0, best (highest test F1; the default), validation or last
  --json           one line of JSON a film instead of a table
  --seed N         of the run (default: 0)
  --out FOLDER     holds results/ and model/ (default: the project)
For research and education; not for diagnosis.`;

const FLAGS = {
  experiment: { type: "string", default: "baseline" },
  epoch: { type: "string", default: "best" },
  json: { type: "boolean", default: false },
  seed: { type: "string" },
  out: { type: "string", default: "." },
  help: { type: "boolean" },
} as const;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: FLAGS });
  if (values.help || positionals.length === 0) {
    console.log(HELP);
    return;
  }
  const paths = (await Promise.all(positionals.map(filmsAt))).flat();
  const seed = wholeNumber("--seed", { text: values.seed }) ?? 0;
  const folders = runFolders(values.experiment, { seed, root: fromRoot(values.out) });
  const config = await readConfig(folders.results);
  const { epoch } = chooseEpoch(await readEpochs(folders.results), values.epoch);
  using network = await openNetwork(await findWeights(folders, epoch), config);

  const table = answerTable(config.classes);
  const line = values.json ? JSON.stringify : table.line;
  if (!values.json) console.log(table.header);
  let unread = 0;
  for await (const answer of predictFiles(network, paths)) {
    if ("error" in answer) unread++;
    console.log(line(answer));
  }
  if (unread > 0) {
    throw new Error(`Cannot answer ${unread} of ${paths.length} films: see their lines`);
  }
}

/** The film itself, or the films of a folder by name. */
async function filmsAt(path: string): Promise<string[]> {
  const absolute = fromRoot(path);
  const isFolder = await Deno.stat(absolute).then(({ isDirectory }) => isDirectory, () => false);
  if (!isFolder) return [absolute];
  const names = (await Array.fromAsync(Deno.readDir(absolute))).map(({ name }) => name);
  const films = names.filter(isFilm).sort();
  if (films.length === 0) throw new Error(`Cannot find a film in ${absolute}`);
  return films.map((name) => join(absolute, name));
}

/** A table's header, and a film's line of it, as wide as all others, so that none has to wait for the next. */
export function answerTable(
  classes: ClassNames,
): { header: string; line: (answer: FileAnswer | FileError) => string } {
  const share = `P(${classes[1]})`;
  const width = Math.max(...classes.map(({ length }) => length), "label".length);
  const columns = (label: string, probability: string, milliseconds: string, film: string) =>
    [
      label.padEnd(width),
      probability.padStart(Math.max(share.length, 6)),
      milliseconds.padStart(7),
      film,
    ].join("  ");
  return {
    header: columns("label", share, "ms/film", "film"),
    line(answer) {
      if ("error" in answer) return columns("-", "-", "-", `${answer.path}: ${answer.error}`);
      const { label, probability, milliseconds, path } = answer;
      return columns(label, probability.toFixed(4), milliseconds.toFixed(1), path);
    },
  };
}

if (import.meta.main) await runTask(main);
