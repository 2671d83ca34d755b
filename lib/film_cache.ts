/**
 * Films that were read before. Those of the network's size are kept in files, one a film, so that each is decoded
 * and resized once for all runs; those of full size, which an augmentation needs, in memory as far as it goes.
 *
 * A file's name comes from the film's path, its length and checksum, and all else that its pixels depend on: what
 * changes gets another name. It is written under a temporary name and then renamed, so that no other process sees half of
 * it, and ends with a checksum, so that a disk that lost half of it is noticed. The folder may be deleted at any
 * time.
 * @module
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import sharp from "sharp";
import { decodeImage, readBytes } from "@/images.ts";
import { fromRoot } from "@/paths.ts";
import { type Image, resize, TRANSFORM_VERSION } from "@/transforms.ts";

/** Where {@linkcode openFilmCache} keeps what. */
export interface FilmCacheOptions {
  /** Of the files. Default: `.cache/films` in the project. */
  folder?: string;
  /** Bytes of memory for films of full size. Default: a quarter of what is free. */
  memory?: number;
}

/** The films of a run, each read from its file once. */
export interface FilmCache {
  /**
   * The film at its full size.
   *
   * @throws {ImageError} If it cannot be read.
   * @throws {Error} If its file has changed since this cache first read it.
   */
  full(path: string): Promise<Image>;
  /** The film resized to `size` x `size` pixels. Fails as `full()`. */
  resized(path: string, size: number): Promise<Image>;
}

/** What of a film's file tells it from others. */
interface Content {
  path: string;
  bytes: number;
  crc32: number;
}

/** Opens a cache. Each run has its own, over the same files. */
export function openFilmCache(
  { folder = fromRoot(".cache/films"), memory = Deno.systemMemoryInfo().available / 4 }:
    FilmCacheOptions = {},
): FilmCache {
  /** Films as they were when they were first read, by path. */
  const contents = new Map<string, Content>();
  const kept = new Map<string, Image>();
  let free = memory;
  let writable = true;

  /** Reads a film's file. */
  async function read(path: string): Promise<{ bytes: Uint8Array<ArrayBuffer>; content: Content }> {
    const bytes = await readBytes(path);
    const content = { path, bytes: bytes.length, crc32: crc32(bytes) };
    const before = contents.get(path) ?? content;
    if (before.bytes !== content.bytes || before.crc32 !== content.crc32) {
      throw new Error(`Cannot go on with the film ${path}: its file has changed during the run`);
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
      console.warn(`Films are not cached, which makes a run slower: ${reason}`);
    }
  }

  return { full, resized };
}

/** The file of a resized film: another for another film, size, transform or decoder. */
function entryPath(folder: string, { content, size }: { content: Content; size: number }): string {
  const facts = JSON.stringify([content, size, TRANSFORM_VERSION, sharp.versions]);
  return join(folder, `${createHash("sha256").update(facts).digest("hex")}.film`);
}

/** Width, height and channels as little-endian 32-bit numbers; then the pixels; then the CRC-32 of all before. */
const HEADER_BYTES = 12;
const CHECKSUM_BYTES = 4;

/** An entry, if there is a whole one. */
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
 * Writes an entry, whole or not at all. At once, not by another thread, which for so small a file takes longer, and
 * not brought to the disk one by one, which would take longer than decoding: the checksum tells a lost one.
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
      // It was not even begun.
    }
    throw error;
  }
}
