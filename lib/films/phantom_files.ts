/**
 * The phantom films' files, in TBX11K's layout, for a machine without data.
 * @module
 */
import { join } from "node:path";
import sharp from "sharp";
import { exists, writeAtomic } from "@/common/files.ts";
import { drawPhantom, PHANTOM_SIZE } from "@/films/phantom.ts";

/** The number of films in each class folder. Names start at `h0001.png` and `tb0001.png`. */
const PHANTOM_CLASSES = [
  { folder: "health", prefix: "h", count: 180, tb: false },
  { folder: "tb", prefix: "tb", count: 60, tb: true },
] as const;

/** Draws the phantom films that a folder lacks, and gives their number. */
export async function writePhantoms(root: string): Promise<number> {
  let drawn = 0;
  let writing: Promise<void> = Promise.resolve();
  for (const { folder, prefix, count, tb } of PHANTOM_CLASSES) {
    for (let i = 1; i <= count; i++) {
      const name = `${prefix}${String(i).padStart(4, "0")}`;
      const path = join(root, folder, `${name}.png`);
      if (await exists(path)) continue;
      const pixels = drawPhantom(name, { tb });
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
