/**
 * The phantom films' files, in TBX11K's layout, for a machine without data.
 * @module
 */
import { join } from "node:path";
import sharp from "sharp";
import { exists, writeAtomic } from "@/common/files.ts";
import { drawPhantom, type Hospital, PHANTOM_SIZE } from "@/films/phantom.ts";

/** The films of each class folder. Names start at `h0001.png` and `tb0001.png`. */
const CLASSES = [
  { folder: "health", prefix: "h", count: { own: 180, other: 36 }, tb: false },
  { folder: "tb", prefix: "tb", count: { own: 60, other: 24 }, tb: true },
] as const;

/** The beginnings of the films' seeds. */
const SEEDS: Readonly<Record<Hospital, string>> = { own: "", other: "other/" };

/** Draws the phantom films of a hospital that a folder lacks, and gives their number. */
export async function writePhantoms(root: string, hospital: Hospital = "own"): Promise<number> {
  let drawn = 0;
  let writing: Promise<void> = Promise.resolve();
  for (const { folder, prefix, count, tb } of CLASSES) {
    for (let i = 1; i <= count[hospital]; i++) {
      const name = `${prefix}${String(i).padStart(4, "0")}`;
      const path = join(root, folder, `${name}.png`);
      if (await exists(path)) continue;
      const pixels = drawPhantom(`${SEEDS[hospital]}${name}`, { tb, hospital });
      // The film before is encoded while this one is drawn.
      await writing;
      writing = writePng(path, pixels);
      drawn++;
    }
  }
  await writing;
  return drawn;
}

async function writePng(path: string, pixels: Uint8Array): Promise<void> {
  const raw = { width: PHANTOM_SIZE, height: PHANTOM_SIZE, channels: 1 } as const;
  await writeAtomic(path, [await sharp(pixels, { raw }).png({ compressionLevel: 6 }).toBuffer()]);
}
