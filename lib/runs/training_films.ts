/**
 * The films that a run's network has seen in training, in `training_films.csv` of its results
 * folder: with the films of a run whose weights it began with, and of those before. A film is kept
 * as its perceptual hash, which tells a copy of it and shows nothing.
 * @module
 */
import { basename, dirname, join, sep as SEPARATOR } from "node:path";
import { parseCsv, toCsv } from "@/common/csv.ts";
import { exists, readText, writeAtomic } from "@/common/files.ts";
import { fromRoot } from "@/common/paths.ts";
import { prefetch } from "@/common/prefetch.ts";
import type { FilmCache } from "@/films/cache.ts";
import type { LabelledFilm } from "@/films/film.ts";
import { perceptualHash } from "@/films/near_duplicates.ts";
import type { RunConfig } from "@/runs/config.ts";

/** A film that a network was trained on. */
export interface TrainingFilm {
  filename: string;
  /** Null stands for all films behind weights whose training is not known. */
  hash: Uint32Array | null;
  /** The run that trained on it: empty, or the file of the weights that this one began with. */
  weights: string;
}

const COLUMNS = ["filename", "hash", "weights"] as const;

/** The least width and height at which a film has the hash of its full size, but for a few bits. */
const LEAST_SIZE = 64;

/** Stands for films that are not known. */
const UNKNOWN: TrainingFilm = { filename: "", hash: null, weights: "" };

/** The name of the file. */
export const TRAINING_FILMS = "training_films.csv";

/** Writes the films that a run trains on, unless its folder has them. */
export async function writeTrainingFilms(
  folder: string,
  { films, cache, config: { network } }: {
    films: readonly LabelledFilm[];
    cache: FilmCache;
    config: RunConfig;
  },
): Promise<void> {
  const path = join(folder, TRAINING_FILMS);
  if (await exists(path)) return;
  const size = Math.max(network.imageSize, LEAST_SIZE);
  const work = async ({ path, filename }: LabelledFilm): Promise<TrainingFilm> => (
    { filename, hash: perceptualHash(await cache.resized(path, size)), weights: "" }
  );
  const ahead = 2 * navigator.hardwareConcurrency;
  const trained = await Array.fromAsync(prefetch(films, { ahead, work }));
  const before = network.init === null ? [] : await filmsBehind(network.init.file);
  const rows = [...trained, ...before].map((film) => ({
    ...film,
    hash: film.hash === null ? "" : toHex(film.hash),
  }));
  await writeAtomic(path, toCsv(rows, COLUMNS));
}

/** Reads the films of the run that left weights in its `model/` folder. */
async function filmsBehind(file: string): Promise<TrainingFilm[]> {
  const path = fromRoot(file);
  const parts = dirname(path).split(SEPARATOR);
  const results = parts.with(Math.max(0, parts.lastIndexOf("model")), "results");
  const films = await readTrainingFilms(results.join(SEPARATOR)) ?? [UNKNOWN];
  const weights = `${parts.at(-1)}/${basename(path)}`;
  return films.map((film) => ({ ...film, weights: film.weights || weights }));
}

/**
 * Reads the films that a run's network has seen; null if its folder does not have them.
 *
 * @throws {SyntaxError} If the file is damaged.
 */
export async function readTrainingFilms(folder: string): Promise<TrainingFilm[] | null> {
  const path = join(folder, TRAINING_FILMS);
  if (!await exists(path)) return null;
  const [header, ...rows] = parseCsv(await readText(path), path);
  return rows.map(([filename = "", hash = "", weights = ""], row) => {
    if (header?.join() === COLUMNS.join() && /^([\da-f]{64})?$/.test(hash)) {
      return { filename, hash: hash === "" ? null : fromHex(hash), weights };
    }
    throw new SyntaxError(
      `Cannot read ${path}: row ${row} is damaged. Remove the file: the films that the network was ` +
        "trained on are then not known",
    );
  });
}

/** Writes a hash as 64 hexadecimal digits. */
function toHex(hash: Uint32Array): string {
  return Array.from(hash, (word) => word.toString(16).padStart(8, "0")).join("");
}

function fromHex(digits: string): Uint32Array {
  return Uint32Array.from(digits.match(/.{8}/g)!, (word) => parseInt(word, 16));
}
