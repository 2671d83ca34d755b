/**
 * The shortcut audit: how well films are told apart without looking at a lung. Where a logistic regression of a
 * thumbnail, of the border alone or of six grey values comes near the network's score, the score does not show that
 * the network reads films: the classes may come from different machines.
 * @module
 */
import { type Estimate, wilson } from "@/statistics/intervals.ts";
import { delongAuc } from "@/statistics/delong.ts";
import { fitLogisticRegression, logisticScores } from "@/statistics/logistic_regression.ts";
import { quantileSorted } from "@/statistics/bootstrap.ts";
import { decimalInterval } from "@/analysis/words.ts";
import { type Image, toGrey } from "@/transforms.ts";

/** What a baseline sees of a film. */
export type Shortcut = "thumbnail" | "border" | "grey statistics";

/** What a film gives each baseline. */
export type ShortcutFeatures = Readonly<Record<Shortcut, Float64Array>>;

/** A film as the baselines see it, with its class. */
export interface AuditedFilm {
  label: number;
  features: ShortcutFeatures;
}

/** How well a baseline does on the test films. */
export interface ShortcutScore {
  shortcut: Shortcut;
  /** What it sees, in words. */
  sees: string;
  features: number;
  auc: Estimate;
  /** At the probability one half. */
  accuracy: Estimate;
  /** Whether it is a shortcut, in a sentence. */
  words: string;
}

/** Blocks of a thumbnail along each side. */
const THUMBNAIL_BLOCKS = 16;
/** Blocks along each side of the grid that the border is cut from. */
const BORDER_GRID = 20;
/** Share of width and of height that the border takes at each side. */
export const BORDER_SHARE = 0.1;
/** Percentiles of the grey values. */
const PERCENTILES = [0.01, 0.25, 0.5, 0.99];

const SEES: Readonly<Record<Shortcut, string>> = {
  thumbnail: "a thumbnail of 16x16 blocks",
  border: "the outer 10% at each side alone",
  "grey statistics":
    "six numbers: mean, standard deviation, 1st, 25th, 50th and 99th percentile of the grey values",
};

/** What the baselines see of a film. */
export function shortcutFeatures(image: Image): ShortcutFeatures {
  return {
    thumbnail: blockMeans(image, THUMBNAIL_BLOCKS),
    border: borderMeans(image),
    "grey statistics": greyStatistics(image),
  };
}

/**
 * The mean grey of each block of a grid. A pixel that a line of the grid crosses counts for both sides by its area,
 * and no block sees a pixel outside of it.
 *
 * @param blocks Along each side.
 * @returns Row by row, each in [0, 255].
 */
export function blockMeans(image: Image, blocks: number): Float64Array {
  const grey = toGrey(image);
  const rows = blockOverlaps(image.height, blocks);
  const columns = blockOverlaps(image.width, blocks);
  const area = (image.width / blocks) * (image.height / blocks);
  const means = new Float64Array(blocks * blocks);
  const sums = new Float64Array(image.width);
  rows.forEach((overlap, row) => {
    sums.fill(0);
    for (const { pixel: y, share } of overlap) {
      const line = grey.subarray(y * image.width, (y + 1) * image.width);
      for (let x = 0; x < line.length; x++) sums[x]! += share * line[x]!;
    }
    columns.forEach((overlap, column) => {
      const sum = overlap.reduce((total, { pixel: x, share }) => total + share * sums[x]!, 0);
      means[row * blocks + column] = sum / area;
    });
  });
  return means;
}

/** Which pixels of a line lie in each block, and by what share. */
function blockOverlaps(pixels: number, blocks: number): { pixel: number; share: number }[][] {
  return Array.from({ length: blocks }, (_, block) => {
    const start = (block * pixels) / blocks;
    const end = ((block + 1) * pixels) / blocks;
    const first = Math.floor(start);
    return Array.from({ length: Math.ceil(end) - first }, (_, i) => ({
      pixel: first + i,
      share: Math.min(first + i + 1, end) - Math.max(first + i, start),
    }));
  });
}

/** The blocks of a 20x20 grid that lie in the outer 10%: two rings. */
function borderMeans(image: Image): Float64Array {
  const width = BORDER_GRID * BORDER_SHARE;
  const isBorder = (place: number) => place < width || place >= BORDER_GRID - width;
  return blockMeans(image, BORDER_GRID)
    .filter((_, i) => isBorder(Math.floor(i / BORDER_GRID)) || isBorder(i % BORDER_GRID));
}

/** Mean, standard deviation and four percentiles of a film's grey values. */
export function greyStatistics(image: Image): Float64Array {
  const counts = new Uint32Array(256);
  for (const value of toGrey(image)) counts[value]!++;
  const pixels = image.width * image.height;
  const mean = counts.reduce((sum, count, value) => sum + count * value, 0) / pixels;
  const variance = counts.reduce((sum, count, value) => sum + count * (value - mean) ** 2, 0) /
    pixels;
  const sorted = sortedByCounts(counts);
  const percentiles = PERCENTILES.map((p) => quantileSorted(sorted, p));
  return Float64Array.of(mean, Math.sqrt(variance), ...percentiles);
}

/** The values that were counted, ascending. */
function sortedByCounts(counts: Uint32Array): Uint8Array {
  const sorted = new Uint8Array(counts.reduce((sum, count) => sum + count, 0));
  let start = 0;
  counts.forEach((count, value) => sorted.fill(value, start, start += count));
  return sorted;
}

/** Fits each baseline to the training films and scores it on the test films. */
export function auditShortcuts(
  { train, test }: { train: readonly AuditedFilm[]; test: readonly AuditedFilm[] },
): ShortcutScore[] {
  return (Object.keys(SEES) as Shortcut[]).map((shortcut) => {
    const seen = (films: readonly AuditedFilm[]) => films.map((film) => film.features[shortcut]);
    const labels = train.map(({ label }) => label);
    const model = fitLogisticRegression(seen(train), { labels });
    const scores = logisticScores(model, seen(test));
    const truth = test.map(({ label }) => label);
    const auc = delongAuc(truth, { scores });
    const right = truth.filter((label, i) => (scores[i]! > 0) === (label === 1)).length;
    return {
      shortcut,
      sees: SEES[shortcut],
      features: model.weights.length,
      auc,
      accuracy: wilson(right, { trials: truth.length }),
      words: inWords(shortcut, auc),
    };
  });
}

/** From here on a baseline ranks films well. */
const WELL = 0.8;

function inWords(shortcut: Shortcut, auc: Estimate): string {
  const reached = `${decimalInterval(auc)} is reached from ${SEES[shortcut]}`;
  if (auc.low <= 0.5) return `No shortcut is shown here: AUC ${reached}.`;
  if (auc.value < WELL) return `A weak shortcut: AUC ${reached}, without looking at a lung.`;
  return `AUC ${reached}, without looking at a lung: the classes differ by more than disease, and a high score ` +
    "of the network does not show that it finds disease.";
}
