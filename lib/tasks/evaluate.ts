/**
 * `deno task evaluate EXPERIMENT EPOCH|best|last`: evaluates the weights of any epoch on any split.
 * @module
 */
import { dirname } from "node:path";
import { askRun, readSet, seenBefore, type SeenFilms } from "@/analysis/external.ts";
import { notesOn } from "@/analysis/external_report.ts";
import { readFilms } from "@/analysis/read_films.ts";
import { scoreText } from "@/analysis/format.ts";
import type { AnalysedRun } from "@/analysis/read_run.ts";
import { columns } from "@/analysis/scores.ts";
import { findWeights, openNetwork, predictFilms } from "@/analysis/trained_network.ts";
import { closest } from "@/common/closest.ts";
import { readText } from "@/common/files.ts";
import { fromRoot } from "@/common/paths.ts";
import { openFilmCache } from "@/films/cache.ts";
import { namesOf, parseClasses } from "@/films/classes.ts";
import { type ClassNames, type LabelledFilm, TBX11K_CLASSES } from "@/films/film.ts";
import { locateFilms, openFolderOf } from "@/films/folder.ts";
import { readConfig, type RunConfig } from "@/runs/config.ts";
import { chooseEpoch } from "@/runs/epochs.ts";
import { readEpochs, type RunFolders, runFolders } from "@/runs/files.ts";
import { chooseData, type OpenedFilms, openRunFilms, usedFilms } from "@/runs/films.ts";
import { findRuns } from "@/runs/find.ts";
import { fingerprintOf } from "@/runs/settings.ts";
import { readTrainingFilms } from "@/runs/training_films.ts";
import { readSource } from "@/split/files.ts";
import { fromCsv } from "@/split/split.ts";
import { score } from "@/statistics/classification.ts";
import { EXTERNAL_FLAGS, openExternals } from "@/tasks/external.ts";
import { type Command, type CommandLine, type FlagValues, runCommand } from "@/tasks/flags.ts";
import { namedData, wholeNumber } from "@/tasks/task.ts";

const COMMAND = {
  name: "evaluate",
  positionals: {
    EXPERIMENT: "an experiment, or a run of your own",
    EPOCH:
      "a number from 0; best: the highest test F1; validation: the highest validation F1; last",
  },
  flags: {
    "split FILE": "a CSV file of films: filename,label (default: the test set)",
    "classes A,B":
      "the folders of class 0 and class 1, with labels as `deno task split` takes them " +
      "(default: those of the split.json beside FILE, else of the project's split)",
    "data FOLDER": "holds the class folders (default: XRAY_DATA, else the folder of the split)",
    "seed N": "the run's seed (default: 0)",
    "fold K": "the run's fold (default: 0)",
    "out FOLDER": "holds results/ and model/ (default: the project)",
    ...EXTERNAL_FLAGS,
  },
  notes:
    "With --external it asks about those films instead, for a quick look. `deno task analyse` " +
    "adds intervals, calibration and baselines.",
} as const satisfies Command;

async function main({ flags, positionals }: CommandLine<typeof COMMAND>): Promise<void> {
  const [name, which] = positionals as [string, string];
  const fold = wholeNumber("--fold", { text: flags.fold }) ?? 0;
  const { folders, config, epoch, reason } = await chooseRun(name, {
    ...flags,
    fold,
    epoch: which,
  });
  const data = namedData(flags.data);
  if (flags.external !== undefined || flags["external-classes"] !== undefined) {
    if (flags.split !== undefined) {
      throw new RangeError("Cannot take --split with --external: name one set of films");
    }
    if (flags.classes !== undefined) {
      throw new RangeError(
        "Cannot take --classes with --external: use --external-classes NAME=A,B",
      );
    }
    console.log(`${name}, epoch ${epoch} (${reason})`);
    return await evaluateExternal({ experiment: name, epoch, folders, config }, { flags, data });
  }
  const { root, films } = await openFilms(config, { ...flags, data, fold });
  using network = await openNetwork(await findWeights(folders, epoch), config);
  const predictions = await predictFilms(network, { films, cache: openFilmCache() });
  const isOwn = await fingerprintOf(films) === config.data.test.fingerprint;
  const set = isOwn
    ? "its test set"
    : "which are not its test set: it may have been trained on some of them";
  console.log(`${name}, epoch ${epoch} (${reason}), on ${films.length} films of ${root}, ${set}`);
  const truth = predictions.map(({ label }) => label);
  const probabilities = predictions.map(({ probability }) => probability);
  console.log(scoreText(score(truth, probabilities), config.classes));
}

/** Prints a run's scores on external sets, and their limits. */
async function evaluateExternal(
  run: Pick<AnalysedRun, "experiment" | "epoch" | "folders" | "config">,
  { flags, data }: {
    flags: FlagValues<typeof EXTERNAL_FLAGS>;
    data: string | undefined;
  },
): Promise<void> {
  const { classes, network: { imageSize } } = run.config;
  const own = await openRunFilms({ data });
  requireClassesOf(run.config, { path: fromRoot("dataset"), names: own.classes });
  const named = await openExternals(flags, own);
  const seen = await seenBy(run, own);
  const sets = await Promise.all(named.map((set) => readSet(set, seen)));
  const answers = await askRun(run, { sets, cache: openFilmCache() });
  for (const [i, set] of sets.entries()) {
    const { truth, probabilities } = columns(answers[i]!);
    console.log(`${set.name}, ${set.films.length} films`);
    console.log(scoreText(score(truth, probabilities), classes));
    const { unknownOrigin } = seen;
    const facts = { ...set, unknownOrigin, classes, imageSizes: [imageSize], ownPrevalence: null };
    for (const note of notesOn(facts)) console.log(note);
  }
}

/** Lists the films that a run has seen, as its results tell, or else the films of the split. */
async function seenBy(
  run: Pick<AnalysedRun, "experiment" | "folders" | "config">,
  { train, test }: OpenedFilms,
): Promise<SeenFilms> {
  const { data } = run.config;
  const { films: before, unknownOrigin } = await seenBefore([run]);
  const used = usedFilms(train, { summary: data.train, skipped: data.skipped });
  const isOwn = await fingerprintOf(used) === data.train.fingerprint;
  const listed = (await readTrainingFilms(run.folders.results))?.flatMap((film) =>
    film.hash === null || film.weights !== "" ? [] : [{ filename: film.filename, hash: film.hash }]
  );
  const trained = listed ?? (isOwn ? await readFilms(used) : null);
  const of = (films: readonly Omit<SeenFilms["films"][number], "of">[], set: string) =>
    films.map(({ filename, hash }) => ({ filename, hash, of: set }));
  return {
    films: [
      ...of(trained ?? [], "training"),
      ...of(isOwn ? await readFilms(test) : [], "test"),
      ...before,
    ],
    unknownOrigin: trained === null ? [...unknownOrigin, run.experiment] : unknownOrigin,
  };
}

/**
 * Finds a run and one of its epochs by the words of a command line.
 *
 * @throws {Error} If there is no such run or epoch.
 */
export async function chooseRun(
  name: string,
  { epoch: which, seed: text, fold = 0, out = "." }: {
    epoch: string;
    seed?: string;
    fold?: number;
    out?: string;
  },
): Promise<{ folders: RunFolders; config: RunConfig; epoch: number; reason: string }> {
  const root = fromRoot(out);
  const folders = runFolders(name, { seed: wholeNumber("--seed", { text }) ?? 0, fold, root });
  const names = (await findRuns(root, { file: "config.json", fold })).map(({ experiment }) =>
    experiment
  );
  const near = names.includes(name) ? undefined : closest(name, names);
  if (near !== undefined) {
    throw new RangeError(`Cannot find the run ${name}: did you mean ${near}?`);
  }
  const config = await readConfig(folders.results);
  return { folders, config, ...chooseEpoch(await readEpochs(folders.results), which) };
}

/** Opens the test set: the run's own films if they match. */
async function openTestSet(
  config: RunConfig,
  { data, fold }: { data: string | undefined; fold: number },
) {
  const { root, test, classes: names } = await openRunFilms({ data, fold });
  requireClassesOf(config, { path: fromRoot("dataset"), names });
  const { skipped, test: summary } = config.data;
  const own = usedFilms(test, { summary, skipped });
  return { root, films: await fingerprintOf(own) === summary.fingerprint ? own : test };
}

/** Opens the films of a split's CSV file, else the test set. */
async function openFilms(
  config: RunConfig,
  { split, classes: named, data, fold }: {
    split?: string;
    classes?: string;
    data: string | undefined;
    fold: number;
  },
): Promise<{ root: string; films: readonly LabelledFilm[] }> {
  if (split === undefined) return await openTestSet(config, { data, fold });
  const path = fromRoot(split);
  const hasOwn = await readSource(dirname(path)) !== null;
  const dataset = hasOwn ? dirname(path) : fromRoot("dataset");
  const source = await readSource(dataset);
  const classes = named === undefined ? source?.classes ?? TBX11K_CLASSES : parseClasses(named);
  const names = namesOf(classes);
  requireClassesOf(config, { path, names });
  const films = fromCsv(await readText(path), { path, classes });
  if (films.length === 0) throw new RangeError(`Cannot evaluate on ${path}: it names no film`);
  const root = await openFolderOf(films, { data: await chooseData(data, dataset), classes });
  const followLinks = source?.followLinks ?? false;
  return { root, films: await locateFilms(films, { root, classes, followLinks }) };
}

/** Refuses a split that does not have the run's classes, in their order. */
function requireClassesOf(
  { classes }: RunConfig,
  { path, names }: { path: string; names: ClassNames },
): void {
  if (names.join() === classes.join()) return;
  throw new RangeError(
    `Cannot evaluate on ${path}: its classes are ${names.join(" and ")}, and the run's are ` +
      `${classes.join(" and ")}. Name the folders of the run's classes: deno task split, or ` +
      `evaluate --split FILE, with --classes ${classes.map((name) => `FOLDER=${name}`).join(",")}`,
  );
}

if (import.meta.main) await runCommand(COMMAND, main);
