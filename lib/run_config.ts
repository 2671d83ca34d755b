/**
 * What a run uses, as its config.json says it, and whether a run that goes on still uses the same.
 * @module
 */
import { createHash } from "node:crypto";
import os from "node:os";
import type { Experiment } from "@/experiments.ts";
import { inSentence } from "@/film_classes.ts";
import { CLASS_NAMES, type ClassNames } from "@/metrics.ts";
import type { DataSummary, NetworkConfig, RunConfig, Session } from "@/results.ts";
import { RESNET50_STAGES } from "@/resnet50.ts";
import type { LabelledFilm } from "@/split.ts";
import { tf } from "@/tensorflow/backend.ts";
import { VERSION } from "@/tensorflow/c_api.ts";
import { device } from "@/tensorflow/context.ts";
import { fromRoot } from "@/paths.ts";
import { defaultPrecision, type Precision } from "@/precision.ts";
import { bestInstructions, processorFlags } from "@/processor.ts";

/** The films of a run. */
export interface RunFilms {
  train: readonly LabelledFilm[];
  test: readonly LabelledFilm[];
  validation: readonly LabelledFilm[] | null;
  /** What the labels 0 and 1 are called. Default: as TBX11K's. */
  classes?: ClassNames;
  /** Names of the films that cannot be read and were left out. Default: none. */
  skipped?: readonly string[];
}

/** What decides a run's numbers beside its experiment. What is not said is as the run was begun. */
export interface RunSettings {
  films: RunFilms;
  /** Decides the initial weights, the order of the films, dropout and augmentation. Default: 0. */
  seed?: number;
  /** Default for a new run: what suits this processor. */
  precision?: Precision;
  /** A safetensors file of weights to begin with. A linear layer for other classes is replaced. */
  init?: string;
  /** Default for a new run: ResNet50 with the stride on the first 1x1, for films of 224 x 224 pixels. */
  network?: Partial<Pick<NetworkConfig, "stages" | "strideOn" | "imageSize">>;
}

/**
 * Describes a run that is about to begin or to go on. Every film is read.
 *
 * @param saved What the run was begun with.
 * @throws {Error} If a film or the initial weights cannot be read.
 * @throws {RangeError} If a set has no film of one class.
 */
export async function describeRun(
  experiment: Experiment,
  { films, seed = 0, precision, init, network, saved }: RunSettings & { saved?: RunConfig },
): Promise<RunConfig> {
  const session = describeSession();
  const sessions = saved?.sessions ?? [];
  const before = sessions.at(-1);
  const { classes = CLASS_NAMES } = films;
  return {
    experiment,
    seed,
    precision: precision ?? saved?.precision ?? defaultPrecision(),
    network: {
      stages: RESNET50_STAGES,
      strideOn: "1x1",
      imageSize: 224,
      init: null,
      ...saved?.network,
      ...network,
      ...(init === undefined
        ? {}
        : { init: { file: init, sha256: await fileSha256(fromRoot(init)) } }),
    },
    classes,
    data: {
      train: await summarize(films.train, { set: "training", classes }),
      test: await summarize(films.test, { set: "test", classes }),
      validation: films.validation &&
        await summarize(films.validation, { set: "validation", classes }),
      skipped: films.skipped ?? [],
    },
    sessions: before !== undefined && isSame(before, session) ? sessions : [...sessions, session],
  };
}

async function summarize(
  films: readonly LabelledFilm[],
  { set, classes }: { set: string; classes: ClassNames },
): Promise<DataSummary> {
  const tb = films.filter((film) => film.label === 1).length;
  const healthy = films.length - tb;
  if (healthy === 0 || tb === 0) {
    throw new RangeError(
      `Cannot train: the ${set} set has ${healthy} ${inSentence(classes[0])} and ${tb} ` +
        `${inSentence(classes[1])} films, and needs some of both`,
    );
  }
  return { healthy, tb, fingerprint: await fingerprintOf(films) };
}

/** SHA-256 of films' names, labels and contents, in their order. */
export async function fingerprintOf(films: readonly LabelledFilm[]): Promise<string> {
  const hash = createHash("sha256");
  for (const { path, filename, label } of films) {
    const content = await Deno.readFile(path);
    hash.update(`${filename}\0${label}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

async function fileSha256(path: string): Promise<string> {
  return createHash("sha256").update(await Deno.readFile(path)).digest("hex");
}

/** The machine (without its name) and the versions of what computes. */
function describeSession(): Session {
  const cpus = os.cpus();
  const instructions = bestInstructions(processorFlags());
  return {
    started: new Date().toISOString(),
    versions: { deno: Deno.version.deno, tensorflow: VERSION, tfjs: tf.version_core },
    machine: {
      platform: `${Deno.build.os} ${Deno.build.arch}`,
      processor: cpus[0]?.model ?? "unknown",
      ...(instructions !== null && { instructions }),
      cores: cpus.length,
      memoryGb: Math.round(os.totalmem() / 2 ** 30),
      device: device.type,
    },
  };
}

function isSame({ started: _a, ...before }: Session, { started: _b, ...now }: Session): boolean {
  return JSON.stringify(before) === JSON.stringify(now);
}

/**
 * What of a run's config decides its numbers and differs from another's, a line each: `seed: 0, now 1`. The number
 * of epochs may differ, for a run may be lengthened; so may versions, machines and where a file is.
 */
export function differences(saved: RunConfig, now: RunConfig): string[] {
  const before = leaves(decisive(saved));
  const after = leaves(decisive(now));
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((key) => before.get(key) !== after.get(key))
    .map((key) => `${key}: ${before.get(key) ?? "none"}, now ${after.get(key) ?? "none"}`);
}

function decisive(
  { experiment, seed, precision, network, classes, data }: RunConfig,
): unknown {
  const { epochs: _epochs, ...settings } = experiment;
  return {
    experiment: settings,
    seed,
    precision,
    network: { ...network, init: network.init?.sha256 },
    classes,
    data,
  };
}

/** `{ a: { b: 1 } }` -> `a.b` is `1`; null and undefined have no place. */
function leaves(value: unknown, prefix = ""): Map<string, string> {
  if (value === null || value === undefined) return new Map();
  if (typeof value !== "object") return new Map([[prefix, String(value)]]);
  const inner = Object.entries(value)
    .flatMap(([key, part]) => [...leaves(part, prefix === "" ? key : `${prefix}.${key}`)]);
  return new Map(inner);
}
