/**
 * A cache of films. Films of the network's size are kept in one file each, so that a film is
 * decoded and resized once for all runs. Films of full size, which augmentations need, are kept in
 * memory as far as it lasts.
 *
 * A cache file's name is a hash of everything that its pixels depend on. The file is renamed into
 * place when it is whole, and its checksum reveals damage. The folder may be deleted at any time.
 * @module
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import sharp from "sharp";
import { fromRoot } from "@/common/paths.ts";
import { decodeImage, readBytes } from "@/films/decode.ts";
import type { Image } from "@/films/film.ts";
import { resize, TRANSFORM_VERSION } from "@/films/transforms.ts";

/** The films of a run. Each is read from its file once. */
export interface FilmCache {
  /**
   * Gives a film at its full size.
   *
   * @throws {ImageError} If it cannot be read.
   * @throws {Error} If its file has changed since this cache first read it.
   */
  full(path: string): Promise<Image>;
  /** Gives a film resized to `size` x `size` pixels. Throws the same errors as `full()`. */
  resized(path: string, size: number): Promise<Image>;
}

/** Identifies a film file's content. */
interface Content {
  path: string;
  bytes: number;
  crc32: number;
}

/**
 * Opens a cache for one run. All runs share its files.
 *
 * @param options.folder The folder of the files. Default: `.cache/films` in the project.
 * @param options.memory Bytes for films of full size. Default: a quarter of the free memory.
 */
export function openFilmCache(
  { folder = fromRoot(".cache/films"), memory = Deno.systemMemoryInfo().available / 4 }: {
    folder?: string;
    memory?: number;
  } = {},
): FilmCache {
  /** The content of each film when it was first read, by path. */
  const contents = new Map<string, Content>();
  const kept = new Map<string, Image>();
  let free = memory;
  let writable = true;

  async function read(path: string): Promise<{ bytes: Uint8Array<ArrayBuffer>; content: Content }> {
    const bytes = await readBytes(path);
    const content = { path, bytes: bytes.length, crc32: crc32(bytes) };
    const before = contents.get(path) ?? content;
    if (before.bytes !== content.bytes || before.crc32 !== content.crc32) {
      throw new Error(`Cannot use the film ${path}: its file has changed during the run`);
    }
    contents.set(path, content);
    return { bytes, content };
  }

  async function full(path: string): Promise<Image> {
    const image = kept.get(path) ?? await decodeImage((await read(path)).bytes, path);
    if (!kept.has(path) && image.pixels.length <= free) {
      kept.set(path, image);
      free -= image.pixels.length;
    }
    return image;
  }

  async function resized(path: string, size: number): Promise<Image> {
    const known = contents.get(path);
    const before = known && await readEntry(entryPath(folder, { content: known, size }));
    if (before) return before;
    const { bytes, content } = await read(path);
    const entry = entryPath(folder, { content, size });
    const found = await readEntry(entry);
    if (found) return found;
    const whole = kept.get(path) ?? await decodeImage(bytes, path);
    const image = resize(whole, { width: size, height: size });
    keep(entry, image);
    return image;
  }

  function keep(entry: string, image: Image): void {
    if (!writable) return;
    try {
      writeEntry(entry, image);
    } catch (error) {
      writable = false;
      const reason = (error as Error).message;
      console.warn(`Cannot cache films, which makes a run slower: ${reason}`);
    }
  }

  return { full, resized };
}

/** Gives the file of a resized film. It differs for each film, size, transform and decoder. */
function entryPath(folder: string, { content, size }: { content: Content; size: number }): string {
  const facts = JSON.stringify([content, size, TRANSFORM_VERSION, sharp.versions]);
  return join(folder, `${createHash("sha256").update(facts).digest("hex")}.film`);
}

/** The header: width, height and channels as little-endian 32-bit numbers. Pixels follow it. */
const HEADER_BYTES = 12;
/** The CRC-32 of header and pixels, at the end. */
const CHECKSUM_BYTES = 4;

/** Reads an entry; undefined if it is missing or damaged. */
async function readEntry(path: string): Promise<Image | undefined> {
  const bytes = await Deno.readFile(path).catch(() => undefined);
  if (bytes === undefined || bytes.length < HEADER_BYTES + CHECKSUM_BYTES) return undefined;
  const view = new DataView(bytes.buffer);
  const end = bytes.length - CHECKSUM_BYTES;
  const [width, height, channels] = [0, 4, 8].map((offset) => view.getUint32(offset, true));
  const pixels = bytes.subarray(HEADER_BYTES, end);
  const isWhole = pixels.length === width! * height! * channels! &&
    crc32(bytes.subarray(0, end)) === view.getUint32(end, true);
  if (!isWhole) return undefined;
  return { width: width!, height: height!, channels: channels as 1 | 3, pixels };
}

/**
 * Writes an entry whole. It blocks, as another thread would take longer for so small a file. It
 * does not sync, which would take longer than decoding: the checksum reveals lost data.
 */
function writeEntry(path: string, { width, height, channels, pixels }: Image): void {
  const bytes = new Uint8Array(HEADER_BYTES + pixels.length + CHECKSUM_BYTES);
  const view = new DataView(bytes.buffer);
  [width, height, channels].forEach((number, i) => view.setUint32(4 * i, number, true));
  bytes.set(pixels, HEADER_BYTES);
  const end = HEADER_BYTES + pixels.length;
  view.setUint32(end, crc32(bytes.subarray(0, end)), true);
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    Deno.mkdirSync(dirname(path), { recursive: true });
    Deno.writeFileSync(temporary, bytes);
    Deno.renameSync(temporary, path);
  } catch (error) {
    try {
      Deno.removeSync(temporary);
    } catch {
      // It does not exist.
    }
    throw error;
  }
}
