/**
 * Room for the checkpoints of runs, which a command asks for before it starts them.
 * @module
 */
import { dirname } from "node:path";
import { statfs } from "node:fs/promises";
import { exists, formatBytes } from "@/common/files.ts";
import { neededBytes, type SpaceOptions, type StoredRun } from "@/runs/space.ts";

/**
 * Makes sure that there is room for the checkpoints that runs, one after the other, add.
 *
 * @param options.folder Holds all of them. It need not exist yet.
 * @throws {Error} If there is not.
 * @throws {SyntaxError} If a run's state is damaged.
 */
export async function requireRoom(
  runs: readonly StoredRun[],
  { folder, ...options }: SpaceOptions & { folder: string },
): Promise<void> {
  const needed = await neededBytes(runs, options);
  let existing = folder;
  while (!await exists(existing)) existing = dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  const free = bavail * bsize;
  if (free >= needed) return;
  const what = runs.length === 1 ? runs[0]!.name : `${runs.length} runs`;
  throw new Error(
    `Cannot train ${what}: ${folder} needs ${formatBytes(needed)} and its disk has ` +
      `${formatBytes(free)} free; make room, keep fewer checkpoints (--keep best or last), or ` +
      "write elsewhere (--out)",
  );
}
