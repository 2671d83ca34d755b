/**
 * A network's answers on film files, one after the other: however many there are, only some are in memory at a time.
 * @module
 */
import { ImageError, readImage } from "@/images.ts";
import { type Predict, probabilityOfTb } from "@/evaluate.ts";
import { type ClassNames, isPositive } from "@/metrics.ts";
import { prefetch } from "@/prefetch.ts";
import { tf } from "@/tensorflow/backend.ts";
import { resize, toRgb } from "@/transforms.ts";

/** Films that the network is given at once. */
const BATCH = 16;

/** What a network says of a film. */
export interface FileAnswer {
  path: string;
  /** The name of its class. */
  label: string;
  /** Probability of TB, or whatever class 1 is, in [0, 1]. */
  probability: number;
  /** Time in the network: its batch's, divided among the films of the batch. */
  milliseconds: number;
}

/** A film that cannot be read, and why. */
export interface FileError {
  path: string;
  error: string;
}

/** What is needed of a network. */
export interface FilmClassifier {
  predict: Predict;
  /** Pixels a side of the films that it is given. */
  imageSize: number;
  classes: ClassNames;
}

/** A film that was read, `[size,size,3]`. */
interface ReadFilm {
  path: string;
  pixels: Uint8Array;
}

/**
 * Asks a network about film files. They are answered in their order; one that cannot be read with the reason, and the
 * others go on.
 */
export async function* predictFiles(
  classifier: FilmClassifier,
  paths: readonly string[],
): AsyncGenerator<FileAnswer | FileError, void> {
  const size = Math.min(BATCH, paths.length);
  await warmUp(classifier, size);
  let batch: (ReadFilm | FileError)[] = [];
  let done = 0;
  const work = (path: string) => readFilm(path, classifier.imageSize);
  for await (const film of prefetch(paths, { ahead: 2 * BATCH, work })) {
    batch.push(film);
    done++;
    if (batch.length < size && done < paths.length) continue;
    yield* await answer(classifier, { batch, size });
    batch = [];
  }
}

/** The first call compiles the network, which is no film's time. */
async function warmUp({ predict, imageSize }: FilmClassifier, size: number): Promise<void> {
  const xs = tf.zeros<tf.Rank.R4>([size, imageSize, imageSize, 3], "int32");
  await predict(xs);
  xs.dispose();
}

async function readFilm(path: string, size: number): Promise<ReadFilm | FileError> {
  try {
    const image = resize(await readImage(path), { width: size, height: size });
    return { path, pixels: toRgb(image) };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return { path, error: error.message };
  }
}

/** Answers a batch, which is filled up to `size` films: every other size would be compiled anew. */
async function answer(
  { predict, imageSize, classes }: FilmClassifier,
  { batch, size }: { batch: readonly (ReadFilm | FileError)[]; size: number },
): Promise<(FileAnswer | FileError)[]> {
  const films = batch.filter((film) => "pixels" in film);
  if (films.length === 0) return batch.filter((film) => "error" in film);
  const pixels = new Uint8Array(size * imageSize * imageSize * 3);
  films.forEach((film, i) => pixels.set(film.pixels, i * film.pixels.length));
  const xs = tf.tensor4d(pixels, [size, imageSize, imageSize, 3], "int32");
  const began = performance.now();
  const logits = await predict(xs);
  const milliseconds = (performance.now() - began) / films.length;
  xs.dispose();
  return batch.map((film) => {
    if ("error" in film) return film;
    const row = films.indexOf(film);
    const probability = probabilityOfTb(logits.subarray(2 * row, 2 * row + 2));
    const label = classes[isPositive(probability) ? 1 : 0];
    return { path: film.path, label, probability, milliseconds };
  });
}
