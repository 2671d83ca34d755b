/**
 * The runs of `deno task train`.
 * @module
 */
import { join } from "node:path";
import { fromRoot } from "@/common/paths.ts";
import { openFilmCache } from "@/films/cache.ts";
import { describeResNet50 } from "@/network/architecture.ts";
import { defaultPrecision } from "@/network/precision.ts";
import { openReadable, runExperiment } from "@/notebooks/run_live.ts";
import { requireMemory } from "@/runs/cost.ts";
import { runFolders } from "@/runs/files.ts";
import { foldsOfSplit, type OpenedFilms, openRunFilms } from "@/runs/films.ts";
import { planTraining } from "@/runs/plan.ts";
import { requireRoom } from "@/runs/room.ts";
import { removeRuns } from "@/runs/run.ts";
import { networkOf } from "@/runs/settings.ts";
import { defined, namedData, stopSignal } from "@/tasks/task.ts";
import type { TrainCommand } from "@/tasks/training_flags.ts";

/**
 * Trains each experiment on each fold with each seed.
 *
 * @throws {Error} If there is too little memory for a step or disk for all checkpoints, or if a run
 * fails.
 */
export async function trainAll(
  { options: { restart = false, ...options }, fold = 0, ...request }: TrainCommand,
): Promise<void> {
  // All experiments share one cache.
  const { keep = "all", network, out = ".", cache = openFilmCache() } = options;
  const { seeds } = request;
  const data = namedData(options.data);
  const folds = fold === "all" ? await foldsOfSplit(data) : [fold];
  const root = fromRoot(out);
  const planned = await planTraining(request, { root, restart });
  const places = folds.flatMap((fold) => seeds.map((seed) => ({ fold, seed })));
  const runs = places.flatMap((place) =>
    planned.map(({ experiment: { name, epochs } }) => ({
      ...{ name, epochs, folders: runFolders(name, { ...place, root }) },
    }))
  );
  for (const { experiment, like } of planned) {
    const precision = options.precision ?? like?.precision ?? defaultPrecision();
    requireMemory({ experiment, network: networkOf({ network, like }), precision });
  }
  const architecture = describeResNet50(networkOf({ network, like: planned[0]!.like }));
  await requireRoom(runs, { architecture, keep, restart, folder: join(root, "model") });
  // Found once, so that all runs use one split, even if another is made meanwhile.
  const films = new Map<number, OpenedFilms>();
  for (const fold of folds) {
    films.set(fold, await openRunFilms({ ...options, fold, data }));
  }
  const [first] = films.values();
  console.log(`Films of ${first!.root}`);
  if (restart) {
    const [{ like } = {}] = planned;
    const experiments = planned.map(({ experiment }) => experiment);
    await openReadable(experiments, { ...options, ...defined({ like }), films: first!, cache });
    await removeRuns(runs.map(({ folders }) => folders));
  }
  const signal = stopSignal();
  for (const place of places) {
    if (folds.length > 1) console.log(`Fold ${place.fold} of ${folds.length}`);
    for (const { experiment, like } of planned) {
      const settings = { ...options, ...defined({ like }), ...place, signal, cache };
      await runExperiment(experiment, { ...settings, films: films.get(place.fold)! });
    }
  }
}
