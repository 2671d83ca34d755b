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
import { openRunFilms } from "@/runs/films.ts";
import { planTraining } from "@/runs/plan.ts";
import { requireRoom } from "@/runs/room.ts";
import { removeRuns } from "@/runs/run.ts";
import { networkOf } from "@/runs/settings.ts";
import { defined, namedData, stopSignal } from "@/tasks/task.ts";
import type { TrainCommand } from "@/tasks/training_flags.ts";

/**
 * Trains each experiment with each seed.
 *
 * @throws {Error} If there is too little memory for a step or disk for all checkpoints, or if a run
 * fails.
 */
export async function trainAll(
  { options: { restart = false, ...options }, ...request }: TrainCommand,
): Promise<void> {
  // All experiments share one cache.
  const { keep = "all", network, out = ".", cache = openFilmCache() } = options;
  const { seeds } = request;
  const root = fromRoot(out);
  const planned = await planTraining(request, { root, restart });
  const runs = seeds.flatMap((seed) =>
    planned.map(({ experiment: { name, epochs } }) => ({
      ...{ name, epochs, folders: runFolders(name, { seed, root }) },
    }))
  );
  for (const { experiment, like } of planned) {
    const precision = options.precision ?? like?.precision ?? defaultPrecision();
    requireMemory({ experiment, network: networkOf({ network, like }), precision });
  }
  const architecture = describeResNet50(networkOf({ network, like: planned[0]!.like }));
  await requireRoom(runs, { architecture, keep, restart, folder: join(root, "model") });
  // Found once, so that all runs use one split, even if another is made meanwhile.
  const films = await openRunFilms({ ...options, data: namedData(options.data) });
  console.log(`Films of ${films.root}`);
  if (restart) {
    const [{ like } = {}] = planned;
    const experiments = planned.map(({ experiment }) => experiment);
    await openReadable(experiments, { ...options, ...defined({ like }), films, cache });
    await removeRuns(runs.map(({ folders }) => folders));
  }
  const signal = stopSignal();
  for (const seed of seeds) {
    for (const { experiment, like } of planned) {
      const settings = { ...options, ...defined({ like }), films, seed, signal, cache };
      await runExperiment(experiment, settings);
    }
  }
}
