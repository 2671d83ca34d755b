import { assert, assertEquals, assertRejects } from "@std/assert";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { writeSafetensors } from "@/common/safetensors.ts";
import { describeResNet50, weightBytes } from "@/network/architecture.ts";
import { EPOCH_COLUMNS, type EpochRow } from "@/runs/epochs.ts";
import { runFolders, statePath, weightsPath, writeEpochs } from "@/runs/files.ts";
import { requireRoom } from "@/runs/room.ts";
import { type Keep, neededBytes, type StoredRun } from "@/runs/space.ts";
import { train, type TrainOptions } from "@/runs/train.ts";
import { inFolder } from "../in_folder.ts";
import { SAMPLE_CONFIG } from "../sample_config.ts";
import { drawFilms, SMALL_EXPERIMENT, SMALL_NETWORK, smallRun } from "../small_run.ts";

const RESNET50 = describeResNet50();
const WEIGHTS = weightBytes(RESNET50);

Deno.test("weightBytes() is 4 bytes for each of ResNet50's parameters and statistics", () => {
  assertEquals(WEIGHTS, 4 * (23_512_130 + 53_120));
});

/** Writes a file that says that it is so long, and takes no room. */
async function writeHole(path: string, bytes: number): Promise<void> {
  await Deno.writeFile(path, new Uint8Array());
  await Deno.truncate(path, bytes);
}

const camelCase = (name: string) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());

function rowsOf(epochs: number): EpochRow[] {
  return Array.from({ length: epochs }, (_, epoch) => ({
    ...Object.fromEntries(EPOCH_COLUMNS.map((column) => [camelCase(column), 0])),
    epoch,
  } as EpochRow));
}

/**
 * Writes a run with a checkpoint after so many epochs (none: null), and weights of some of them.
 */
async function leftRun(
  root: string,
  { name = "a", epochs, done, kept = [] }: {
    name?: string;
    epochs: number;
    done: number | null;
    kept?: number[];
  },
): Promise<StoredRun> {
  const folders = runFolders(name, { root });
  await Deno.mkdir(folders.model, { recursive: true });
  for (const epoch of kept) await writeHole(weightsPath(folders, epoch), WEIGHTS);
  if (done !== null) {
    const sums = { films: 0, loss: 0, crossEntropy: 0, correct: 0, seconds: 0 };
    const progress = JSON.stringify({ step: 0, epoch: done, sums, rows: rowsOf(done) });
    const metadata = { progress, config: JSON.stringify(SAMPLE_CONFIG) };
    await writeSafetensors(statePath(folders), { tensors: new Map(), metadata });
  }
  return { name, folders, epochs };
}

/** A state has the weights and two moments of each, and is written beside the one before. */
const CASES: {
  name: string;
  run: Parameters<typeof leftRun>[1];
  keep: Keep;
  weights: number;
}[] = [
  { name: "a new run", run: { epochs: 20, done: null }, keep: "all", weights: 20 + 3 + 3 },
  { name: "a new run", run: { epochs: 20, done: null }, keep: "best", weights: 4 + 3 + 3 },
  { name: "a new run", run: { epochs: 2, done: null }, keep: "best", weights: 2 + 3 + 3 },
  { name: "a new run", run: { epochs: 20, done: null }, keep: "last", weights: 3 + 3 },
  { name: "a resumed run", run: { epochs: 20, done: 1 }, keep: "last", weights: 3 },
  {
    name: "a resumed run",
    run: { epochs: 20, done: 15, kept: [...Array(15).keys()] },
    keep: "all",
    weights: 5 + 3,
  },
  {
    name: "a resumed run",
    run: { epochs: 20, done: 15, kept: [3, 8, 14] },
    keep: "best",
    weights: 1 + 3,
  },
  {
    name: "a run that kept fewer epochs before",
    run: { epochs: 20, done: 15, kept: [3, 8, 14] },
    keep: "all",
    weights: 5 + 3,
  },
  {
    name: "a run that kept more epochs before, which go after the first that is done",
    run: { epochs: 20, done: 15, kept: [...Array(15).keys()] },
    keep: "best",
    weights: 1 + 3,
  },
  {
    name: "a run that was killed between an epoch's weights and its state",
    run: { epochs: 3, done: 1, kept: [0, 1] },
    keep: "all",
    weights: 1 + 3,
  },
  {
    name: "a run that is done",
    run: { epochs: 2, done: 2, kept: [0, 1] },
    keep: "all",
    weights: 0,
  },
];

for (const { name, run, keep, weights } of CASES) {
  Deno.test(`neededBytes() is that of ${weights} times the weights for ${name}, keeping ${keep}`, () =>
    inFolder(async (root) => {
      const runs = [await leftRun(root, run)];
      const bytes = await neededBytes(runs, { architecture: RESNET50, keep });
      assertEquals(bytes / WEIGHTS, weights);
    }));
}

Deno.test("neededBytes() needs nothing for a run that has all results and no checkpoints any more", () =>
  inFolder(async (root) => {
    const run = await leftRun(root, { epochs: 2, done: null });
    await writeEpochs(run.folders.results, rowsOf(2));
    assertEquals(await neededBytes([run], { architecture: RESNET50, keep: "all" }), 0);
  }));

Deno.test("neededBytes() adds the runs up, with one state more, and counts what they remove first", () =>
  inFolder(async (root) => {
    const options = { architecture: RESNET50, keep: "last" } as const;
    const kept = [0, 1, 2, 3];
    const first = await leftRun(root, { name: "a", epochs: 20, done: null, kept });
    const second = await leftRun(root, { name: "b", epochs: 20, done: null });
    assertEquals(await neededBytes([first, second], options) / WEIGHTS, 3 + 3 + 3);
    // The four epochs of the first go before it is trained, those of the second after.
    const restart = { ...options, restart: true };
    assertEquals(await neededBytes([first, second], restart) / WEIGHTS, -4 + 3 + 3 + 3);
    assertEquals(await neededBytes([second, first], restart) / WEIGHTS, 3 + 3);
    // So does what a killed process was about to write.
    await writeHole(join(first.folders.model, "last.safetensors.x.tmp"), 3 * WEIGHTS);
    assertEquals(await neededBytes([first, second], options) / WEIGHTS, -3 + 3 + 3 + 3);
  }));

Deno.test("requireRoom() names the run, or how many there are", () =>
  inFolder(async (root) => {
    const options = { architecture: RESNET50, keep: "all", folder: join(root, "model") } as const;
    const { bavail, bsize } = await statfs(root);
    // Each has room alone, and both have not.
    const epochs = Math.floor(0.7 * bavail * bsize / WEIGHTS);
    const [a, b] = ["a", "b"].map((name) => ({
      name,
      folders: runFolders(name, { root }),
      epochs,
    }));
    await requireRoom([a!], options);
    await assertRejects(() => requireRoom([a!, b!], options), Error, "Cannot train 2 runs: ");
    const twice = { ...a!, epochs: 2 * epochs };
    await assertRejects(() => requireRoom([twice], options), Error, "Cannot train a: ");
  }));

/** Mounts a disk of its own in memory. */
async function mount(folder: string, bytes: number): Promise<AsyncDisposable | null> {
  await Deno.mkdir(folder);
  const run = async (command: string, ...args: string[]) =>
    (await new Deno.Command(command, { args, stderr: "null" }).output().catch(() => null))?.success;
  const mounted = await run("mount", "-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", folder);
  if (!mounted) return null;
  return { [Symbol.asyncDispose]: async () => assert(await run("umount", folder), "Unmounted") };
}

/** Tells whether a process may mount one here, as root may outside of most containers. */
async function canMount(): Promise<boolean> {
  const folder = await Deno.makeTempDir();
  const disk = await mount(join(folder, "disk"), 4096);
  await disk?.[Symbol.asyncDispose]();
  await Deno.remove(folder, { recursive: true });
  return disk !== null;
}

Deno.test({
  name:
    "train() resumes on the disk that it began on, and goes on after a full one (needs root: mounts a disk)",
  ignore: !await canMount(),
  fn: () =>
    inFolder(async (folder) => {
      const network = { ...SMALL_NETWORK, stages: [[32, 1, 1], [64, 1, 2]] };
      const films = await drawFilms(folder);
      const root = join(folder, "disk");
      const state = statePath(runFolders(SMALL_EXPERIMENT.name, { root }));
      const trainFor = async (epochs: number, options: Partial<TrainOptions> = {}) => {
        const cache = smallRun(folder, films).cache!;
        const run = { ...smallRun(root, films), cache, network, keep: "last", ...options } as const;
        return await Array.fromAsync(train({ ...SMALL_EXPERIMENT, epochs }, run));
      };
      // Two states, and what else a run writes.
      const weights = weightBytes(describeResNet50(network));
      await using _disk = await mount(root, 7 * weights);

      assertEquals((await trainFor(1)).length, 1);
      assertEquals((await trainFor(2)).length, 2);

      await assertRejects(() => trainFor(9, { keep: "all" }), Error, "Cannot train small: ");

      // Somebody else fills the disk while an epoch is under way.
      const other = join(root, "other");
      const fill = async () => {
        const { bavail, bsize } = await statfs(root);
        await Deno.writeFile(other, new Uint8Array(bavail * bsize - weights));
      };
      let filled: Promise<void> | undefined;
      const good = await Deno.readFile(state);
      await assertRejects(
        () => trainFor(3, { onProgress: () => void (filled ??= fill()) }),
        Error,
        `Cannot write ${state}: the disk is full; make room`,
      );
      await filled;
      assertEquals(await Deno.readFile(state), good);
      await assertRejects(() => trainFor(3), Error, "Cannot train small: ");

      await Deno.remove(other);
      assertEquals((await trainFor(3)).map(({ epoch }) => epoch), [0, 1, 2]);
    }),
});
