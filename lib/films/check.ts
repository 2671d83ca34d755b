/**
 * Checks a folder of films: for unreadable and unusual films, and for duplicates, above all under
 * two labels or in two sets.
 * @module
 */
import { prefetch } from "@/common/prefetch.ts";
import { type Flaw, ImageError, readImage } from "@/films/decode.ts";
import type { Image, LabelledFilm } from "@/films/film.ts";
import { countGreys, greyShares } from "@/films/grey_values.ts";
import { HASH_BITS, nearDuplicates, perceptualHash } from "@/films/near_duplicates.ts";
import { whiteBlocks } from "@/films/white_blocks.ts";

/** A film to check. */
export interface CheckedFilm extends LabelledFilm {
  /** The film's set; null if it is in none. */
  set: string | null;
}

/** A fault of films that can be read. */
export type Fault =
  | "under two labels"
  | "identical across sets"
  | "identical"
  | "near-identical across labels"
  | "near-identical across sets"
  | "near-identical"
  | "under 64 pixels"
  | "under 16 grey values"
  | "colour"
  | "white blocks";

/** A fault and its films. */
export interface Finding {
  kind: Flaw | Fault;
  /** An error must be fixed before training. A warning should be looked at. */
  severity: "error" | "warning";
  films: CheckedFilm[];
  /** Details for a person, such as a size. */
  detail: string;
}

/** The least width and height of a film, in pixels. */
const LEAST_SIDE = 64;
/** The fewest grey values of a film. Nearly every wrong decoding leaves fewer. */
const LEAST_GREYS = 16;
/** The largest difference between the channels of a pixel without colour. */
const COLOUR_DIFFERENCE = 8;
/** The largest share of coloured pixels in a film without colour. */
const COLOUR_SHARE = 0.01;

/** A film's size and grey values. */
export interface Appearance {
  film: CheckedFilm;
  /** Width, height and colours, as in `512 x 512, grey`. */
  size: string;
  /** The result of {@linkcode greyShares}. */
  greys: Float64Array;
}

/**
 * Reads every film, several at once, and compares each with all others.
 *
 * @param options.onFilm Called after each film.
 * @returns The faults, and the appearance of each readable film.
 */
export async function checkFilms(
  films: readonly CheckedFilm[],
  { onFilm }: { onFilm?: () => void } = {},
): Promise<{ findings: Finding[]; appearances: Appearance[] }> {
  const inspect = async (film: CheckedFilm) => {
    const facts = await inspectFilm(film);
    onFilm?.();
    return facts;
  };
  const ahead = 2 * navigator.hardwareConcurrency;
  const facts = await Array.fromAsync(prefetch(films, { ahead, work: inspect }));
  return {
    findings: [...facts.flatMap(({ findings }) => findings), ...compare(facts)],
    appearances: facts.flatMap(({ content }) => content?.appearance ?? []),
  };
}

/** Finds the faults of one film, and its content for comparisons: null if it cannot be read. */
async function inspectFilm(film: CheckedFilm) {
  const finding = (severity: Finding["severity"], kind: Finding["kind"], detail: string) =>
    ({ kind, severity, films: [film], detail }) satisfies Finding;
  try {
    const image = await readImage(film.path);
    const { width, height, channels } = image;
    const findings = faultsOf(image).map(([kind, detail]) => finding("warning", kind, detail));
    const size = `${width} x ${height}, ${channels === 1 ? "grey" : "RGB"}`;
    const appearance = { film, size, greys: greyShares(image) };
    const content = { sha256: await sha256(image), hash: perceptualHash(image), appearance };
    return { film, findings, content };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    const detail = error.cause instanceof Error ? error.cause.message.trim() : "";
    return { film, findings: [finding("error", error.flaw, detail)], content: null };
  }
}

/** Finds the faults of one readable film. */
function faultsOf(image: Image): [kind: Fault, detail: string][] {
  const { width, height } = image;
  const greys = countGreys(image);
  const colour = colourShare(image);
  const blocks = whiteBlocks(image).map(({ left, top, width, height }) =>
    `${width} x ${height} at (${left}, ${top})`
  );
  const faults: [Fault, boolean, string][] = [
    ["under 64 pixels", Math.min(width, height) < LEAST_SIDE, `${width} x ${height} pixels`],
    ["under 16 grey values", greys < LEAST_GREYS, `${greys} of 256`],
    ["colour", colour > COLOUR_SHARE, `in ${(100 * colour).toFixed(1)}% of its pixels`],
    ["white blocks", blocks.length > 0, blocks.join(", ")],
  ];
  return faults.filter(([, isFound]) => isFound).map(([kind, , detail]) => [kind, detail]);
}

/** Computes the share of coloured pixels. */
function colourShare({ channels, pixels }: Image): number {
  if (channels === 1) return 0;
  let coloured = 0;
  for (let i = 0; i < pixels.length; i += 3) {
    const [red, green, blue] = [pixels[i]!, pixels[i + 1]!, pixels[i + 2]!];
    const difference = Math.max(red, green, blue) - Math.min(red, green, blue);
    if (difference > COLOUR_DIFFERENCE) coloured++;
  }
  return coloured / (pixels.length / 3);
}

/** Hashes size and pixels, so that a film's file format does not matter. */
async function sha256({ width, height, channels, pixels }: Image): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", pixels);
  return `${width} x ${height} x ${channels} ${new Uint8Array(digest).toHex()}`;
}

/** Finds duplicates. */
function compare(facts: readonly Awaited<ReturnType<typeof inspectFilm>>[]): Finding[] {
  const readable = facts.flatMap(({ film, content }) =>
    content === null ? [] : [{ film, ...content }]
  );
  const groups = [...Map.groupBy(readable, ({ sha256 }) => sha256).values()];
  const identical = groups.filter(({ length }) => length > 1).map((group): Finding => {
    const films = group.map(({ film }) => film);
    const kind = worst(films, ["under two labels", "identical across sets", "identical"]);
    return { kind, severity: kind === "identical" ? "warning" : "error", films, detail: "" };
  });
  // One of several identical films is enough.
  const ones = groups.map(([one]) => one!);
  const kinds = [
    "near-identical across labels",
    "near-identical across sets",
    "near-identical",
  ] as const;
  const near = nearDuplicates(ones.map(({ hash }) => hash))
    .map(({ first, second, distance }): Finding => {
      const films = [ones[first]!.film, ones[second]!.film];
      const detail = `hashes differ in ${distance} of ${HASH_BITS} bits`;
      return { kind: worst(films, kinds), severity: "warning", films, detail };
    });
  return [...identical, ...near];
}

/** Chooses the fault of duplicates: under two labels, or else in two sets, or else neither. */
function worst(
  films: readonly CheckedFilm[],
  [acrossLabels, acrossSets, plain]: readonly [Fault, Fault, Fault],
): Fault {
  if (new Set(films.map(({ label }) => label)).size > 1) return acrossLabels;
  const sets = new Set(films.map(({ set }) => set).filter((set) => set !== null));
  return sets.size > 1 ? acrossSets : plain;
}
