/**
 * The config of a run, as its `config.json` keeps it.
 * @module
 */
import { join } from "node:path";
import * as z from "zod";
import { writeAtomic } from "@/common/files.ts";
import { COUNT, parseJson } from "@/common/json.ts";
import { EXPERIMENTS } from "@/experiments.ts";
import { CLASS_NAMES } from "@/films/film.ts";

const DATA_SUMMARY = z.object({
  /** Films of class 0. */
  healthy: COUNT,
  /** Films of class 1. */
  tb: COUNT,
  /** SHA-256 of the films' names, labels and contents. */
  fingerprint: z.string(),
});

const SESSION = z.object({
  /** ISO 8601. */
  started: z.string(),
  versions: z.record(z.string(), z.string()),
  machine: z.record(z.string(), z.union([z.string(), z.number()])),
});

const NETWORK = z.object({
  /** `[width, blocks, stride]` of each stage. */
  stages: z.array(z.array(z.int().positive()).length(3).readonly()).nonempty().readonly(),
  /** The convolution of a bottleneck that has the stride. */
  strideOn: z.enum(["1x1", "3x3"]),
  /** Pixels a side of the films that the network is given. */
  imageSize: z.int().positive(),
  /** The file of the initial weights, and its SHA-256. Null: the seed's own initial weights. */
  init: z.object({ file: z.string(), sha256: z.string() }).nullable(),
});

const EXPERIMENT = z.object({
  name: z.string(),
  base: z.enum(EXPERIMENTS.map(({ name }) => name)).exactOptional(),
  epochs: COUNT,
  batchSize: COUNT,
  learningRate: z.number(),
  weightDecay: z.number(),
  l2Penalty: z.number(),
  dropout: z.number(),
  augmentation: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("sharpness"), factor: z.number(), probability: z.number() }),
    z.object({ kind: z.literal("contrast"), low: z.number(), high: z.number() }),
  ]).nullable(),
});

/** The films of a run, as `config.json` and `summary.json` keep them. */
export const RUN_DATA = z.object({
  train: DATA_SUMMARY,
  test: DATA_SUMMARY,
  validation: DATA_SUMMARY.nullable(),
  /** Names of the films that cannot be read and were left out. */
  skipped: z.array(z.string()).readonly(),
});

const RUN_CONFIG = z.object({
  experiment: EXPERIMENT,
  seed: COUNT,
  precision: z.enum(["fp32", "bf16"]),
  network: NETWORK,
  /** The names of the labels 0 and 1. */
  classes: z.tuple([z.string(), z.string()]).readonly().default(CLASS_NAMES),
  data: RUN_DATA,
  /** One, unless the run was resumed on another machine or with other versions. */
  sessions: z.array(SESSION),
});

/** A set of films as a run used it. */
export type DataSummary = z.infer<typeof DATA_SUMMARY>;

/** The machine and the versions that computed a run, or a part of it. */
export type Session = z.infer<typeof SESSION>;

/** The network of a run. */
export type NetworkConfig = z.infer<typeof NETWORK>;

/** The content of config.json: all that a run uses. */
export type RunConfig = z.infer<typeof RUN_CONFIG>;

/** Writes config.json. */
export async function writeConfig(folder: string, config: RunConfig): Promise<void> {
  await writeAtomic(join(folder, "config.json"), JSON.stringify(config, null, 2) + "\n");
}

/**
 * Reads config.json.
 *
 * @throws {Error} If there is none.
 * @throws {SyntaxError} If it is not the JSON of a config, naming the first value that is wrong.
 */
export async function readConfig(folder: string): Promise<RunConfig> {
  const path = join(folder, "config.json");
  return parseConfig(
    await readResult(path),
    (reason) => `Cannot read ${path}: ${reason}. Bring back the file that the run wrote`,
  );
}

/**
 * Reads a config from JSON. One without classes has TBX11K's.
 *
 * @param complaint As `parseJson()` takes it.
 * @throws {SyntaxError} If it is not the JSON of a config.
 */
export function parseConfig(text: string, complaint: (reason: string) => string): RunConfig {
  const { classes } = parseJson(text, RUN_CONFIG, complaint);
  // Unknown fields are kept, so that an incompatible resume is still detected.
  return { ...JSON.parse(text), classes };
}

/**
 * Reads a file that a training wrote.
 *
 * @throws {Error} If it is missing, saying how to get it.
 */
export async function readResult(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`Cannot find ${path}: train the experiment first, with deno task train NAME`, {
      cause: error,
    });
  }
}
