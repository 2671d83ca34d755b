/**
 * Films in batches, as plain arrays. Other threads decode the next batches while one is used.
 * `network/dataset.ts` makes tensors of them.
 * @module
 */
import { Buffer } from "node:buffer";
import { prefetch } from "@/common/prefetch.ts";
import { createPrng } from "@/common/random.ts";
import { type Augmentation, IMAGE_SIZE } from "@/experiments.ts";
import { type FilmCache, openFilmCache } from "@/films/cache.ts";
import { ImageError } from "@/films/decode.ts";
import type { LabelledFilm } from "@/films/film.ts";
import { adjust, drawAdjustment, resize, toRgb } from "@/films/transforms.ts";

/** Options of {@linkcode pixelBatches}. */
export interface BatchOptions {
  /** Films in a batch; the last batch may be shorter. */
  batchSize: number;
  /** Width and height of the films in pixels. Default: 224. */
  size?: number;
  /** The random change of each film. Default: none. */
  augmentation?: Augmentation | null;
  /** Seeds the random numbers: a film's come from `<key>/<file name>` alone. Default: empty. */
  key?: string;
  /** Keeps films from one epoch to the next. Default: a new one. */
  cache?: FilmCache;
}

/** A batch of films. */
interface PixelBatch {
  /** RGB values from 0 to 255: `[B,size,size,3]`. */
  pixels: Uint8Array<ArrayBuffer>;
  films: LabelledFilm[];
}

/** The batches that are decoded while one is used. */
const BATCHES_AHEAD = 2;

/**
 * Yields films in batches, in their order.
 *
 * @throws {ImageError} If a film cannot be read.
 */
export async function* pixelBatches(
  films: readonly LabelledFilm[],
  { batchSize, size = IMAGE_SIZE, augmentation = null, key = "", cache = openFilmCache() }:
    BatchOptions,
): AsyncGenerator<PixelBatch, void> {
  const load = async ({ path, filename }: LabelledFilm): Promise<Uint8Array> => {
    const adjustment = augmentation &&
      drawAdjustment(augmentation, createPrng(`${key}/${filename}`));
    const image = adjustment === null
      ? await cache.resized(path, size)
      : resize(adjust(await cache.full(path), adjustment), { width: size, height: size });
    return toRgb(image);
  };
  const ahead = (1 + BATCHES_AHEAD) * batchSize;
  let batch: Uint8Array[] = [];
  let done = 0;
  for await (const pixels of prefetch(films, { ahead, work: load })) {
    batch.push(pixels);
    done++;
    if (batch.length < batchSize && done < films.length) continue;
    yield {
      pixels: new Uint8Array(Buffer.concat(batch)),
      films: films.slice(done - batch.length, done),
    };
    batch = [];
  }
}

/**
 * Reads every film, which also fills the cache for a run.
 *
 * @param options.augmented Keeps films of full size in memory, as far as it lasts, for a run that
 * augments them. Default: false.
 * @param options.onFilm Called after each film, readable or not.
 * @returns The unreadable films, with their errors.
 */
export async function findUnreadable(
  films: readonly LabelledFilm[],
  { size = IMAGE_SIZE, cache = openFilmCache(), augmented = false, onFilm }:
    & Pick<BatchOptions, "size" | "cache">
    & { augmented?: boolean; onFilm?: () => void } = {},
): Promise<{ film: LabelledFilm; error: ImageError }[]> {
  const read = async (film: LabelledFilm) => {
    try {
      if (augmented) await cache.full(film.path);
      await cache.resized(film.path, size);
      return null;
    } catch (error) {
      if (error instanceof ImageError) return { film, error };
      throw error;
    } finally {
      onFilm?.();
    }
  };
  const ahead = 2 * navigator.hardwareConcurrency;
  const found = await Array.fromAsync(prefetch(films, { ahead, work: read }));
  return found.filter((each) => each !== null);
}
