/**
 * What is wrong with a folder of films: films that cannot be read or are not what they should be, and films that are
 * there twice, above all under two labels or in two sets.
 * @module
 */
import { greyShares } from "@/grey_values.ts";
import { type Flaw, ImageError, readImage } from "@/images.ts";
import { HASH_BITS, nearDuplicates, perceptualHash } from "@/near_duplicates.ts";
import { prefetch } from "@/prefetch.ts";
import type { LabelledFilm } from "@/split.ts";
import type { Image } from "@/transforms.ts";
import { whiteBlocks } from "@/white_blocks.ts";

/** A film to check. */
export interface CheckedFilm extends LabelledFilm {
  /** The set it is in; null if it is in none. */
  set: string | null;
}

/** What may be wrong, besides a film that cannot be read. */
export type Fault =
  | "under two labels"
  | "identical across sets"
  | "identical"
  | "near-identical across labels"
  | "near-identical across sets"
  | "near-identical"
  | "under 64 pixels"
  | "colour"
  | "white blocks";

/** One thing that is wrong. */
export interface Finding {
  kind: Flaw | Fault;
  /** An error must be mended before training; a warning wants a look. */
  severity: "error" | "warning";
  films: CheckedFilm[];
  /** More about it, in words. */
  detail: string;
}

/** Width and height from which a film shows enough. */
const LEAST_SIDE = 64;
/** Channels that differ by more than this many grey values ... */
const COLOUR_DIFFERENCE = 8;
/** ... in more than this share of the pixels make a film a coloured one. */
const COLOUR_SHARE = 0.01;

/** How a film looks. */
export interface Appearance {
  film: CheckedFilm;
  /** Width, height and whether it is grey, in words. */
  size: string;
  /** As {@linkcode greyShares} gives them. */
  greys: Float64Array;
}

/** What is seen on a film. */
interface Facts {
  film: CheckedFilm;
  findings: Finding[];
  /** Null if it cannot be read. */
  content: { sha256: string; hash: Uint32Array; appearance: Appearance } | null;
}

/**
 * Reads every film, several at once, and compares them all.
 *
 * @param options.onFilm Told after each film.
 * @returns What is wrong, and how the films look that can be read.
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

async function inspectFilm(film: CheckedFilm): Promise<Facts> {
  try {
    const image = await readImage(film.path);
    const findings = faultsOf(image).map(({ kind, detail }) => ({
      kind,
      severity: "warning" as const,
      films: [film],
      detail,
    }));
    const appearance = { film, size: sizeOf(image), greys: greyShares(image) };
    const content = { sha256: await sha256(image), hash: perceptualHash(image), appearance };
    return { film, findings, content };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    const detail = error.cause instanceof Error ? error.cause.message.trim() : "";
    return {
      film,
      findings: [{ kind: error.flaw, severity: "error", films: [film], detail }],
      content: null,
    };
  }
}

function sizeOf({ width, height, channels }: Image): string {
  return `${width} x ${height}, ${channels === 1 ? "grey" : "RGB"}`;
}

/** What is wrong with one film, which can be read. */
function faultsOf(image: Image): { kind: Fault; detail: string }[] {
  const { width, height } = image;
  const faults: { kind: Fault; detail: string }[] = [];
  if (Math.min(width, height) < LEAST_SIDE) {
    faults.push({ kind: "under 64 pixels", detail: `${width} x ${height} pixels` });
  }
  const colour = colourShare(image);
  if (colour > COLOUR_SHARE) {
    faults.push({ kind: "colour", detail: `in ${(100 * colour).toFixed(1)}% of its pixels` });
  }
  const blocks = whiteBlocks(image);
  if (blocks.length > 0) {
    const places = blocks.map(({ left, top, width, height }) =>
      `${width} x ${height} at (${left}, ${top})`
    );
    faults.push({ kind: "white blocks", detail: places.join(", ") });
  }
  return faults;
}

/** Share of the pixels whose channels differ. */
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

/** Of the pixels and the size: a film that is stored in another way is the same film. */
async function sha256({ width, height, channels, pixels }: Image): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", pixels);
  return `${width} x ${height} x ${channels} ${new Uint8Array(digest).toHex()}`;
}

/** Finds the films that are there more than once. */
function compare(facts: readonly Facts[]): Finding[] {
  const readable = facts.flatMap(({ film, content }) =>
    content === null ? [] : [{ film, ...content }]
  );
  const groups = [...Map.groupBy(readable, ({ sha256 }) => sha256).values()];
  const identical = groups.filter(({ length }) => length > 1)
    .map((group) => identicalFinding(group.map(({ film }) => film)));
  // Of identical films, one stands for all.
  const ones = groups.map(([one]) => one!);
  const near = nearDuplicates(ones.map(({ hash }) => hash))
    .map(({ first, second, distance }) =>
      nearFinding([ones[first]!.film, ones[second]!.film], distance)
    );
  return [...identical, ...near];
}

function identicalFinding(films: CheckedFilm[]): Finding {
  const kind = haveTwoLabels(films)
    ? "under two labels"
    : areInTwoSets(films)
    ? "identical across sets"
    : "identical";
  return { kind, severity: kind === "identical" ? "warning" : "error", films, detail: "" };
}

function nearFinding(films: CheckedFilm[], distance: number): Finding {
  const kind = haveTwoLabels(films)
    ? "near-identical across labels"
    : areInTwoSets(films)
    ? "near-identical across sets"
    : "near-identical";
  const detail = `hashes differ in ${distance} of ${HASH_BITS} bits`;
  return { kind, severity: "warning", films, detail };
}

function haveTwoLabels(films: readonly CheckedFilm[]): boolean {
  return new Set(films.map(({ label }) => label)).size > 1;
}

function areInTwoSets(films: readonly CheckedFilm[]): boolean {
  return new Set(films.map(({ set }) => set).filter((set) => set !== null)).size > 1;
}
