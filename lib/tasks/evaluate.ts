/**
 * `deno task evaluate EXPERIMENT EPOCH|best|last`: evaluates the weights of any epoch on any split.
 * @module
 */
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { findWeights, openNetwork, predictFilms } from "@/analysis/trained_network.ts";
import { openFilmCache } from "@/film_cache.ts";
import { namesOf, parseClasses, TBX11K_CLASSES } from "@/film_classes.ts";
import { locateFilms } from "@/film_folder.ts";
import { readText } from "@/files.ts";
import { chosenEpochs, type ClassNames, type EpochRow, score } from "@/metrics.ts";
import { fromRoot } from "@/paths.ts";
import { readConfig, readEpochs, type RunConfig, runFolders } from "@/results.ts";
import { fingerprintOf } from "@/run_config.ts";
import { openFolderOf, openRunFilms, usedFilms } from "@/run_films.ts";
import { fromCsv, type LabelledFilm } from "@/split.ts";
import { readSource } from "@/split_files.ts";
import { defined, runTask, wholeNumber } from "@/tasks/task.ts";

const HELP = `deno task evaluate EXPERIMENT EPOCH
  EPOCH           a number from 0; best: the highest test F1; validation: the highest validation F1; last
  --split FILE    a CSV file of films, filename,label (default: the test set)
  --classes A,B   the folders of class 0 and class 1, with their labels as \`deno task split\` takes them
                  (default: those of the split.json beside FILE, else of the project's split)
  --data FOLDER   holds the class folders (default: XRAY_DATA, else phantom films)
  --seed N        of the run (default: 0)
  --out FOLDER    holds results/ and model/ (default: the project)`;

const FLAGS = {
  split: { type: "string" },
  classes: { type: "string" },
  data: { type: "string" },
  seed: { type: "string" },
  out: { type: "string" },
  help: { type: "boolean" },
} as const;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: FLAGS });
  const [name, which] = positionals;
  if (values.help || name === undefined || which === undefined || positionals.length > 2) {
    console.log(HELP);
    return;
  }
  const seed = wholeNumber("--seed", { text: values.seed }) ?? 0;
  const folders = runFolders(name, { seed, root: fromRoot(values.out ?? ".") });
  const config = await readConfig(folders.results);
  const { epoch, reason } = chooseEpoch(await readEpochs(folders.results), which);
  const films = await openFilms(config, defined(values));
  using network = await openNetwork(await findWeights(folders, epoch), config);
  const predictions = await predictFilms(network, { films, cache: openFilmCache() });
  const isOwn = await fingerprintOf(films) === config.data.test.fingerprint;
  console.log(
    `${name}, epoch ${epoch} (${reason}), on ${films.length} films` +
      (isOwn
        ? ", its test set"
        : ", which are not its test set: it may have been trained on some of them"),
  );
  const truth = predictions.map(({ label }) => label);
  console.log(
    scoreText(score(truth, predictions.map(({ probability }) => probability)), config.classes),
  );
}

/**
 * The epoch that a word or number names.
 *
 * @throws {RangeError} If there is none.
 */
export function chooseEpoch(
  rows: readonly EpochRow[],
  which: string,
): { epoch: number; reason: string } {
  const reasons = {
    best: "highest test F1",
    validation: "highest validation F1",
    last: "last epoch",
  };
  const reason = reasons[which as keyof typeof reasons];
  if (reason !== undefined) {
    const chosen = chosenEpochs(rows).find((chosen) => chosen.reason === reason);
    if (chosen !== undefined) return { epoch: chosen.row.epoch, reason };
    throw new RangeError("Cannot choose by validation F1: the run has no validation set");
  }
  if (!/^\d+$/.test(which)) {
    const words = Object.keys(reasons).join(", ");
    throw new RangeError(
      `Cannot take the epoch ${which}: it must be a whole number from 0, or ${words}`,
    );
  }
  const epoch = Number(which);
  if (epoch < rows.length) return { epoch, reason: "as asked for" };
  throw new RangeError(
    `Cannot find epoch ${epoch}: the run has the epochs 0 to ${rows.length - 1}`,
  );
}

/** The films of a split's CSV file, or the test set: the run's own, if they are these films. */
async function openFilms(
  config: RunConfig,
  { split, classes, data }: { split?: string; classes?: string; data?: string },
): Promise<readonly LabelledFilm[]> {
  if (split !== undefined) return await openSplitFile(fromRoot(split), { config, classes, data });
  const { test } = await openRunFilms({ ...defined({ data }) });
  const { skipped, test: summary } = config.data;
  const own = usedFilms(test, { summary, skipped });
  return await fingerprintOf(own) === summary.fingerprint ? own : test;
}

/**
 * The films of a split's CSV file.
 *
 * @throws {RangeError} If its classes are not the run's, or it names none.
 */
async function openSplitFile(
  path: string,
  { config, classes: named, data }: {
    config: RunConfig;
    classes: string | undefined;
    data: string | undefined;
  },
): Promise<LabelledFilm[]> {
  const source = await readSource(dirname(path)) ?? await readSource(fromRoot("dataset"));
  const classes = named === undefined ? source?.classes ?? TBX11K_CLASSES : parseClasses(named);
  const names = namesOf(classes);
  if (names.join() !== config.classes.join()) {
    throw new RangeError(
      `Cannot evaluate on ${path}: its classes are ${names.join(" and ")}, and the run's are ` +
        `${config.classes.join(" and ")}. Name the folders of the run's classes: --classes ` +
        config.classes.map((name) => `FOLDER=${name}`).join(","),
    );
  }
  const films = fromCsv(await readText(path), { path, classes });
  if (films.length === 0) throw new RangeError(`Cannot evaluate on ${path}: it names no film`);
  const root = await openFolderOf(films, { data, classes });
  return await locateFilms(films, { root, classes });
}

/** A score as the assignment prints it: accuracy in percent, F1 and the matrix; and what it leaves out. */
export function scoreText(
  { accuracy, f1, auc, sensitivity, specificity, tn, fp, fn, tp }: ReturnType<typeof score>,
  [negative, positive]: ClassNames,
): string {
  const width = Math.max(...[tn, fp, fn, tp].map((count) => String(count).length));
  const row = (...counts: number[]) => counts.map((n) => String(n).padStart(width)).join(" ");
  return [
    `Accuracy: ${(100 * accuracy).toFixed(4)}%`,
    `F1: ${f1.toFixed(4)}`,
    `AUC: ${auc.toFixed(4)}`,
    `Sensitivity: ${(100 * sensitivity).toFixed(4)}%`,
    `Specificity: ${(100 * specificity).toFixed(4)}%`,
    `Confusion matrix (rows: true ${negative}, true ${positive}; columns: called ${negative}, called ${positive}):`,
    `[[${row(tn, fp)}]`,
    ` [${row(fn, tp)}]]`,
  ].join("\n");
}

if (import.meta.main) await runTask(main);
