/**
 * Films as tensors: in batches with their names for training, or as a `tf.data.Dataset`.
 * @module
 */
import { type BatchOptions, pixelBatches } from "@/batches.ts";
import { openFilmCache } from "@/film_cache.ts";
import { createPrng, shuffle } from "@/random.ts";
import type { LabelledFilm } from "@/split.ts";
import { tf } from "@/tensorflow/backend.ts";

/** A batch of films as tensors, to be disposed of by whoever takes it. */
export interface FilmBatch {
  /** Pixels, red, green and blue, 0 to 255: int32 `[B,size,size,3]`. */
  xs: tf.Tensor4D;
  /** 0 Healthy, 1 TB: int32 `[B]`. */
  ys: tf.Tensor1D;
  films: LabelledFilm[];
}

/**
 * Gives films in batches, in their order, the following ones being decoded meanwhile.
 *
 * @throws {ImageError} If a film cannot be read.
 */
export async function* filmBatches(
  films: readonly LabelledFilm[],
  options: BatchOptions,
): AsyncGenerator<FilmBatch, void> {
  const { size = 224 } = options;
  for await (const { pixels, films: batch } of pixelBatches(films, options)) {
    yield {
      xs: tf.tensor4d(pixels, [batch.length, size, size, 3], "int32"),
      ys: tf.tensor1d(batch.map(({ label }) => label), "int32"),
      films: batch,
    };
  }
}

/**
 * Films in the order of an epoch, which depends on seed and epoch alone, so that any epoch can be drawn again.
 *
 * @param epoch From 0.
 */
export function epochOrder<Each>(
  films: readonly Each[],
  { seed, epoch }: { seed: number; epoch: number },
): Each[] {
  return shuffle(films, createPrng(`${seed}/order/${epoch}`));
}

/** What {@linkcode filmDataset} may be told. */
export interface DatasetOptions extends Omit<BatchOptions, "key"> {
  /** Decides the order and the augmentations of each epoch. Default: the films stay in their order. */
  seed?: number;
}

/**
 * Films as a dataset of `{ xs: [B,size,size,3], ys: [B] }`, as in {@linkcode FilmBatch}. With a seed, every time
 * that it is iterated is another epoch, in another order.
 */
export function filmDataset(
  films: readonly LabelledFilm[],
  { seed, cache = openFilmCache(), ...options }: DatasetOptions,
): tf.data.Dataset<{ xs: tf.Tensor4D; ys: tf.Tensor1D }> {
  let epoch = 0;
  async function* iterate() {
    const key = `${seed ?? 0}/${epoch}`;
    const order = seed === undefined ? films : epochOrder(films, { seed, epoch });
    epoch++;
    for await (const { xs, ys } of filmBatches(order, { ...options, cache, key })) {
      yield { xs, ys };
    }
  }
  // tfjs awaits what the iterator gives; its types know of iterators that need not be awaited only.
  return tf.data.generator(
    iterate as unknown as () => Iterator<{ xs: tf.Tensor4D; ys: tf.Tensor1D }>,
  );
}
