/**
 * Room on the disk, asked for before a run rather than found missing in it.
 * @module
 */
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { isMissing } from "@/files.ts";

/**
 * Makes sure that a folder's disk has room.
 *
 * @param folder Need not exist yet.
 * @param bytes How much will be written.
 * @param purpose What for, as the message says it: `train baseline`.
 * @throws {Error} If there is less.
 */
export async function requireSpace(
  folder: string,
  { bytes, purpose }: { bytes: number; purpose: string },
): Promise<void> {
  const { bavail, bsize } = await statfs(existing(folder));
  const free = bavail * bsize;
  if (free >= bytes) return;
  throw new Error(
    `Cannot ${purpose}: ${folder} needs ${gigabytes(bytes)} and its disk has ${gigabytes(free)} ` +
      "free; make room, keep fewer checkpoints (--keep best or last), or write elsewhere (--out)",
  );
}

function existing(folder: string): string {
  try {
    Deno.statSync(folder);
    return folder;
  } catch (error) {
    if (!isMissing(error)) throw error;
    return existing(dirname(folder));
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
