/**
 * Films as tensors: in batches with their names for training, or as a `tf.data.Dataset`.
 * @module
 */
import { createPrng, shuffle } from "@/common/random.ts";
import { IMAGE_SIZE } from "@/experiments.ts";
import { type BatchOptions, pixelBatches } from "@/films/batches.ts";
import type { LabelledFilm } from "@/films/film.ts";
import { IMAGENET_MEAN, IMAGENET_STD } from "@/films/transforms.ts";
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
  const { size = IMAGE_SIZE } = options;
  for await (const { pixels, films: batch } of pixelBatches(films, options)) {
    yield {
      xs: tf.tensor4d(pixels, [batch.length, size, size, 3], "int32"),
      ys: tf.tensor1d(batch.map(({ label }) => label), "int32"),
      films: batch,
    };
  }
}

/**
 * Films in the order of an epoch, which depends on seed and epoch alone, so that any epoch can be
 * drawn again.
 *
 * @param epoch From 0.
 */
export function epochOrder<Each>(
  films: readonly Each[],
  { seed, epoch }: { seed: number; epoch: number },
): Each[] {
  return shuffle(films, createPrng(`${seed}/order/${epoch}`));
}

/** Options of {@linkcode epochBatches}: which epoch it is, and from where on. */
export interface EpochOptions extends Omit<BatchOptions, "key"> {
  /** Decides, with the epoch, the order of the films and their augmentations. */
  seed: number;
  /** Counted from 0. */
  epoch: number;
  /** Films of the epoch that are left out: a stopped run has trained on them. Default: 0. */
  from?: number;
}

/**
 * Gives the batches of a training epoch. They depend on the options alone, so an epoch can be
 * entered anywhere.
 *
 * @throws {ImageError} If a film cannot be read.
 */
export function epochBatches(
  films: readonly LabelledFilm[],
  { seed, epoch, from = 0, ...options }: EpochOptions,
): AsyncGenerator<FilmBatch, void> {
  const order = epochOrder(films, { seed, epoch }).slice(from);
  return filmBatches(order, { ...options, key: `${seed}/${epoch}` });
}

/**
 * Gives the batches of {@linkcode epochBatches} as a dataset of `{ xs: [B,size,size,3], ys: [B] }`.
 * It keeps no state: whenever it is iterated it gives the same batches, and one that is left early
 * leaves nothing behind.
 */
export function filmDataset(
  films: readonly LabelledFilm[],
  options: EpochOptions,
): tf.data.Dataset<{ xs: tf.Tensor4D; ys: tf.Tensor1D }> {
  async function* iterate() {
    for await (const { xs, ys } of epochBatches(films, options)) yield { xs, ys };
  }
  // tfjs awaits what the iterator gives; its types know only of iterators that are not awaited.
  return tf.data.generator(
    iterate as unknown as () => Iterator<{ xs: tf.Tensor4D; ys: tf.Tensor1D }>,
  );
}

/** Scales pixels, int32, to `[0, 1]`, then as ImageNet's were. Float32 counts as normalized. */
export function normalize(xs: tf.Tensor4D): tf.Tensor4D {
  if (xs.dtype === "float32") return xs;
  const mean = tf.tensor1d(IMAGENET_MEAN.map((mean) => 255 * mean));
  const std = tf.tensor1d(IMAGENET_STD.map((std) => 255 * std));
  return xs.cast("float32").sub(mean).div(std);
}
