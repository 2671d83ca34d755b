/**
 * Films in batches, as plain arrays: read and decoded on other threads while the batch before is worked on.
 * dataset.ts makes tensors of them.
 * @module
 */
import type { Augmentation } from "@/experiments.ts";
import { type FilmCache, openFilmCache } from "@/film_cache.ts";
import { ImageError } from "@/images.ts";
import { prefetch } from "@/prefetch.ts";
import { createPrng } from "@/random.ts";
import type { LabelledFilm } from "@/split.ts";
import { adjust, drawAdjustment, resize, toRgb } from "@/transforms.ts";

/** What is done to films on their way into a batch. */
export interface BatchOptions {
  /** Films in a batch; the last batch may be shorter. */
  batchSize: number;
  /** Width and height of the films in pixels. Default: 224. */
  size?: number;
  /** How films are changed at random. Default: not at all. */
  augmentation?: Augmentation | null;
  /** Names the random numbers: those of a film come from `<key>/<its file name>`, whatever else is drawn. */
  key?: string;
  /** Remembers films from one epoch to the next. Default: one of its own. */
  cache?: FilmCache;
}

/** A batch of films. */
export interface PixelBatch {
  /** Red, green and blue, 0 to 255: `[B,size,size,3]`. */
  pixels: Uint8Array<ArrayBuffer>;
  films: LabelledFilm[];
}

/** Batches that are under way while one is worked on. */
const BATCHES_AHEAD = 2;

/**
 * Gives films in batches, in their order.
 *
 * @throws {ImageError} If a film cannot be read.
 */
export async function* pixelBatches(
  films: readonly LabelledFilm[],
  { batchSize, size = 224, augmentation = null, key = "", cache = openFilmCache() }: BatchOptions,
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
    yield { pixels: concatenate(batch), films: films.slice(done - batch.length, done) };
    batch = [];
  }
}

function concatenate(arrays: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const array of arrays) {
    whole.set(array, offset);
    offset += array.length;
  }
  return whole;
}

/**
 * Reads every film, and so prepares the cache for a run.
 *
 * @param options.augmented Whether the films will be changed at full size: then they are in memory as far as it goes, and
 * no epoch waits for them. Default: no.
 * @param options.onFilm Told after each film, readable or not.
 * @returns Those that cannot be read, and why; empty if all can.
 */
export async function findUnreadable(
  films: readonly LabelledFilm[],
  { size = 224, cache = openFilmCache(), augmented = false, onFilm }:
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
