/**
 * The shortcut audit: how well a logistic regression tells films apart without a lung in sight. If
 * it comes near the network's score, that score does not show that the network reads films: the
 * classes may come from different machines.
 * @module
 */
import * as z from "zod";
import { decimalInterval } from "@/analysis/format.ts";
import { border } from "@/analysis/regions.ts";
import { COUNT } from "@/common/json.ts";
import type { Image } from "@/films/film.ts";
import { toGrey } from "@/films/transforms.ts";
import { delongAuc } from "@/statistics/delong.ts";
import { ESTIMATE, type Estimate, wilson } from "@/statistics/intervals.ts";
import {
  fitLogisticRegression,
  type LogisticModel,
  logisticScores,
} from "@/statistics/logistic_regression.ts";
import { quantileSorted } from "@/statistics/quantiles.ts";

/** The parts of a film that baselines see. */
export const SHORTCUTS = ["thumbnail", "border", "grey statistics"] as const;
export type Shortcut = typeof SHORTCUTS[number];

/** A film as the baselines see it, with its class. */
export interface AuditedFilm {
  label: number;
  features: Readonly<Record<Shortcut, Float64Array>>;
}

/** A baseline's scores on the test films. */
export const SHORTCUT_SCORE = z.object({
  shortcut: z.enum(SHORTCUTS),
  /** The part of a film that it sees, in words. */
  sees: z.string(),
  /** Numbers that it gets from a film. */
  features: COUNT,
  auc: ESTIMATE,
  /** Accuracy at the probability one half. */
  accuracy: ESTIMATE,
  /** A sentence on whether it is a shortcut. */
  words: z.string(),
});

/** Blocks of a thumbnail along each side. */
const THUMBNAIL_BLOCKS = 16;
/** Blocks along each side of the grid that the border, two rings of it, is cut from. */
const BORDER_GRID = 20;
/** Share of width and of height that the border takes at each side. */
export const BORDER_SHARE = 0.1;
/** Percentiles of the grey values that are taken. */
const PERCENTILES = [0.01, 0.25, 0.5, 0.99];

const SEES = {
  thumbnail: "a thumbnail of 16x16 blocks",
  border: "the outer 10% at each side alone",
  "grey statistics":
    "six numbers: mean, standard deviation, 1st, 25th, 50th and 99th percentile of the grey values",
};

/** Computes the features that the baselines see of a film. */
export function shortcutFeatures(image: Image): AuditedFilm["features"] {
  const isBorder = border({ size: BORDER_GRID, share: BORDER_SHARE });
  return {
    thumbnail: blockMeans(image, THUMBNAIL_BLOCKS),
    border: blockMeans(image, BORDER_GRID)
      .filter((_, i) => isBorder(i % BORDER_GRID, Math.floor(i / BORDER_GRID))),
    "grey statistics": greyStatistics(image),
  };
}

/**
 * Computes the mean grey of each block of a grid. A pixel that a line of the grid crosses counts
 * for both sides by its area.
 *
 * @param blocks Blocks along each side.
 * @returns Row by row, each in [0, 255].
 */
function blockMeans(image: Image, blocks: number): Float64Array {
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

/** Lists the pixels of a line that lie in each block, with their shares. */
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

/** Computes mean, standard deviation and four percentiles of a film's grey values. */
export function greyStatistics(image: Image): Float64Array {
  const counts = new Uint32Array(256);
  for (const value of toGrey(image)) counts[value]!++;
  const sorted = new Uint8Array(image.width * image.height);
  let start = 0;
  counts.forEach((count, value) => sorted.fill(value, start, start += count));
  const meanOver = (of: (value: number) => number) =>
    counts.reduce((sum, count, value) => sum + count * of(value), 0) / sorted.length;
  const mean = meanOver((value) => value);
  const variance = meanOver((value) => (value - mean) ** 2);
  const percentiles = PERCENTILES.map((p) => quantileSorted(sorted, p));
  return Float64Array.of(mean, Math.sqrt(variance), ...percentiles);
}

/** The fitted baselines. */
export type ShortcutModels = Readonly<Record<Shortcut, LogisticModel>>;

/** Fits each baseline to training films. */
export function fitShortcuts(train: readonly AuditedFilm[]): ShortcutModels {
  const models = SHORTCUTS.map((name) => [name, fitShortcut(name, train)]);
  return Object.fromEntries(models) as ShortcutModels;
}

/** Fits one baseline to training films. */
export function fitShortcut(shortcut: Shortcut, train: readonly AuditedFilm[]): LogisticModel {
  const labels = train.map(({ label }) => label);
  return fitLogisticRegression(train.map(({ features }) => features[shortcut]), { labels });
}

/** Computes the log-odds of TB that a baseline gives films. */
export function shortcutLogOdds(
  models: ShortcutModels,
  { shortcut, films }: { shortcut: Shortcut; films: readonly AuditedFilm[] },
): Float64Array {
  return logisticScores(models[shortcut], films.map(({ features }) => features[shortcut]));
}

/** Scores the baselines on the test films. */
export function auditShortcuts(
  models: ShortcutModels,
  test: readonly AuditedFilm[],
): z.infer<typeof SHORTCUT_SCORE>[] {
  const truth = test.map(({ label }) => label);
  return SHORTCUTS.map((shortcut) => {
    const scores = shortcutLogOdds(models, { shortcut, films: test });
    const auc = delongAuc(truth, scores);
    const right = truth.filter((label, i) => (scores[i]! > 0) === (label === 1)).length;
    const accuracy = wilson(right, { trials: truth.length });
    return {
      ...{ shortcut, sees: SEES[shortcut], features: models[shortcut].weights.length },
      ...{ auc, accuracy, words: inWords(shortcut, auc) },
    };
  });
}

function inWords(shortcut: Shortcut, auc: Estimate): string {
  const reached = `${decimalInterval(auc)} is reached from ${SEES[shortcut]}`;
  if (auc.low <= 0.5) return `No shortcut is shown here: AUC ${reached}.`;
  if (auc.value < 0.8) return `A weak shortcut: AUC ${reached}, without looking at a lung.`;
  return `AUC ${reached}, without looking at a lung: the classes differ by more than disease, and ` +
    "a high score of the network does not show that it finds disease.";
}
