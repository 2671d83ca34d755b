/**
 * The description of a run as its config.json has it, and what differs when a run resumes.
 * @module
 */
import { createHash } from "node:crypto";
import os from "node:os";
import { sha256Of } from "@/common/files.ts";
import { fromRoot } from "@/common/paths.ts";
import { bestInstructions, processorFlags } from "@/common/processor.ts";
import { type Experiment, IMAGE_SIZE } from "@/experiments.ts";
import { inSentence } from "@/films/classes.ts";
import { CLASS_NAMES, type ClassNames, type LabelledFilm } from "@/films/film.ts";
import { RESNET50_STAGES } from "@/network/architecture.ts";
import { defaultPrecision, type Precision } from "@/network/precision.ts";
import type { DataSummary, NetworkConfig, RunConfig, Session } from "@/runs/config.ts";
import { tf } from "@/tensorflow/backend.ts";
import { VERSION } from "@/tensorflow/c_api.ts";
import { device } from "@/tensorflow/context.ts";

/** The films of a run. */
export interface RunFilms {
  train: readonly LabelledFilm[];
  test: readonly LabelledFilm[];
  validation: readonly LabelledFilm[] | null;
  /** The names of the labels 0 and 1. Default: TBX11K's. */
  classes?: ClassNames;
  /** Names of the films that cannot be read and were left out. Default: none. */
  skipped?: readonly string[];
}

/**
 * The settings that decide a run's numbers beside its experiment. Omitted ones keep the run's
 * original values.
 */
export interface RunSettings {
  films: RunFilms;
  /** Decides the initial weights, the order of the films, dropout and augmentation. Default: 0. */
  seed?: number;
  /** Default for a new run: the one that suits this processor. */
  precision?: Precision;
  /** A safetensors file of weights to begin with. A linear layer for other classes is replaced. */
  init?: string;
  /** Default for a new run: ResNet50, the stride on the first 1x1, films of 224 x 224 pixels. */
  network?: Partial<Pick<NetworkConfig, "stages" | "strideOn" | "imageSize">>;
  /** A run of that name, with another seed or removed since: it gives a new run's defaults. */
  like?: RunConfig;
}

/** Describes the network of a run, but for new first weights. */
export function networkOf(
  { network, like }: { network?: RunSettings["network"] | undefined; like?: RunConfig | undefined },
): NetworkConfig {
  return {
    stages: RESNET50_STAGES,
    strideOn: "1x1",
    imageSize: IMAGE_SIZE,
    init: null,
    ...like?.network,
    ...network,
  };
}

/**
 * Describes a run that is about to begin or to go on. Every film is read.
 *
 * @param saved The config that the run began with.
 * @throws {Error} If a film or the initial weights cannot be read.
 * @throws {RangeError} If a set has no film of one class.
 */
export async function describeRun(
  experiment: Experiment,
  { films, seed = 0, precision, init, network, like, saved }: RunSettings & { saved?: RunConfig },
): Promise<RunConfig> {
  const session = describeSession();
  const begun = saved ?? like;
  const first = init ?? (saved === undefined ? like?.network.init?.file : undefined);
  const sessions = saved?.sessions ?? [];
  const before = sessions.at(-1);
  const { classes = CLASS_NAMES } = films;
  return {
    experiment,
    seed,
    precision: precision ?? begun?.precision ?? defaultPrecision(),
    network: {
      ...networkOf({ network, like: begun }),
      ...first !== undefined && { init: { file: first, sha256: await sha256Of(fromRoot(first)) } },
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

/** Computes the SHA-256 of films' names, labels and contents, in their order. */
export async function fingerprintOf(films: readonly LabelledFilm[]): Promise<string> {
  const hash = createHash("sha256");
  for (const { path, filename, label } of films) {
    const content = await Deno.readFile(path);
    hash.update(`${filename}\0${label}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

/** Describes the machine, without its name, and the versions that compute. */
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
 * Lists what differs between two configs and decides a run's numbers, a line each: `seed: 0, now
 * 1`. The number of epochs may differ, as a run may be lengthened. So may versions, machines and
 * paths.
 */
export function differences(saved: RunConfig, now: RunConfig): string[] {
  const before = leaves(decisive(saved));
  const after = leaves(decisive(now));
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((key) => before.get(key) !== after.get(key))
    .map((key) =>
      // A hash tells a person nothing.
      before.has(key) && after.has(key) && key.endsWith(".fingerprint")
        ? `${key.replace(/\.fingerprint$/, "")}: other films`
        : `${key}: ${before.get(key) ?? "none"}, now ${after.get(key) ?? "none"}`
    );
}

function decisive({ experiment, seed, precision, network, classes, data }: RunConfig): unknown {
  const { epochs: _epochs, ...settings } = experiment;
  const decisiveNetwork = { ...network, init: network.init?.sha256 };
  return { experiment: settings, seed, precision, network: decisiveNetwork, classes, data };
}

/** Flattens `{ a: { b: 1 } }` to `a.b` = `1`; null and undefined are left out. */
function leaves(value: unknown, prefix = ""): Map<string, string> {
  if (value === null || value === undefined) return new Map();
  if (typeof value !== "object") return new Map([[prefix, String(value)]]);
  const inner = Object.entries(value)
    .flatMap(([key, part]) => [...leaves(part, prefix === "" ? key : `${prefix}.${key}`)]);
  return new Map(inner);
}
