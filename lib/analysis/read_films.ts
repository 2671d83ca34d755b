/**
 * Films at their full size, as baselines see them and as copies are found.
 * @module
 */
import { type AuditedFilm, shortcutFeatures } from "@/analysis/shortcuts.ts";
import { prefetch } from "@/common/prefetch.ts";
import { ImageError, readImage } from "@/films/decode.ts";
import type { LabelledFilm } from "@/films/film.ts";
import { perceptualHash } from "@/films/near_duplicates.ts";

/** A film that was read: what the baselines see of it, its hash and its size. */
export interface ReadFilm extends AuditedFilm {
  filename: string;
  hash: Uint32Array;
  width: number;
  height: number;
}

/**
 * Reads films at their full size, several at once.
 *
 * @param options.onUnreadable Gets a film that cannot be read, which is left out. Default: throws.
 */
export async function readFilms<Film extends LabelledFilm>(
  films: readonly Film[],
  { onUnreadable }: { onUnreadable?: (film: Film, error: ImageError) => void } = {},
): Promise<(Film & ReadFilm)[]> {
  const work = async (film: Film) => {
    try {
      const image = await readImage(film.path);
      const { width, height } = image;
      const [features, hash] = [shortcutFeatures(image), perceptualHash(image)];
      return { ...film, features, hash, width, height };
    } catch (error) {
      if (onUnreadable === undefined || !(error instanceof ImageError)) throw error;
      onUnreadable(film, error);
      return null;
    }
  };
  const ahead = 2 * navigator.hardwareConcurrency;
  const read = await Array.fromAsync(prefetch(films, { ahead, work }));
  return read.filter((film) => film !== null);
}
