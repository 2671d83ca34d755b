/**
 * The answers of networks and baselines on films of another source, in numbers and words.
 * @module
 */
import * as z from "zod";
import { calibrationOf } from "@/analysis/calibration.ts";
import type { ReadFilm } from "@/analysis/read_films.ts";
import { FOLD_ANSWERS } from "@/analysis/folds_report.ts";
import { count, percent } from "@/analysis/format.ts";
import { CHOSEN_POINT } from "@/analysis/operating_points.ts";
import { columns } from "@/analysis/scores.ts";
import { REASON } from "@/analysis/selection.ts";
import { type Shortcut, SHORTCUTS } from "@/analysis/shortcuts.ts";
import { COUNT, NUMBER } from "@/common/json.ts";
import { inSentence } from "@/films/classes.ts";
import type { ClassNames, Prediction } from "@/films/film.ts";
import { nearDuplicates } from "@/films/near_duplicates.ts";
import { atThreshold, thresholds } from "@/statistics/curves.ts";
import { delongAuc, delongDrop } from "@/statistics/delong.ts";
import { ESTIMATE, type Estimate } from "@/statistics/intervals.ts";
import { recalibrate, RECALIBRATION } from "@/statistics/recalibration.ts";

/** A network or a baseline on the external films, and by how much its AUC is lower there. */
const RANKING = z.object({
  /** NaN without two films of each class. */
  auc: ESTIMATE,
  /** On its own test films. */
  ownAuc: ESTIMATE,
  /** The AUC on its own test films less that on the external ones. */
  drop: ESTIMATE,
});
type Ranking = z.infer<typeof RANKING>;

/** An experiment's network, at the epoch that was chosen without the test set. */
const EXTERNAL_NETWORK = z.object({
  experiment: z.string(),
  epoch: COUNT,
  chosenBy: REASON,
  ...RANKING.shape,
  /** At the thresholds of its own films. One that was chosen on test films is optimistic there. */
  points: z.array(
    CHOSEN_POINT.pick({
      ...{ purpose: true, chosenOn: true, threshold: true },
      ...{ sensitivity: true, specificity: true },
    }),
  ),
  calibration: z.object({ ...RECALIBRATION.shape, expectedError: NUMBER }),
  /** The networks of all folds, where the experiment was trained on each. */
  folds: FOLD_ANSWERS.exactOptional(),
});
type ExternalNetwork = z.infer<typeof EXTERNAL_NETWORK>;

/** A film that is left out, as the network may have seen it. */
const LEFT_OUT = z.object({
  film: z.string(),
  /** The film that is nearly the same. */
  like: z.string(),
  /** The set of that film: `training`, `test`, or the weights that the run began with. */
  of: z.string(),
  /** Bits of 255 in which their hashes differ. */
  distance: COUNT,
});

/** The report on one external set. */
export const EXTERNAL_REPORT = z.object({
  name: z.string(),
  /** Films of class 0 that the networks were asked about. */
  healthy: COUNT,
  /** Films of class 1. */
  tb: COUNT,
  /** Names of the films that cannot be read. */
  unreadable: z.array(z.string()),
  leftOut: z.array(LEFT_OUT),
  networks: z.array(EXTERNAL_NETWORK),
  shortcuts: z.array(z.object({ shortcut: z.enum(SHORTCUTS), ...RANKING.shape })),
  /** The answer in two sentences. */
  words: z.string(),
  /** Sentences on the limits of these numbers. */
  notes: z.array(z.string()),
});
export type ExternalReport = z.infer<typeof EXTERNAL_REPORT>;

/** The difference of two shares of class 1 from which it is said. */
const SAME_PREVALENCE = 0.01;

/** The least films with the disease for a reliable estimate. */
const ENOUGH_POSITIVES = 100;

/** Scores on a set of films. */
export interface Scored {
  truth: readonly number[];
  scores: ArrayLike<number>;
}

/** Compares the ranking of external films with that of its own test films. */
export function compareRanking(own: Scored, external: Scored): Ranking {
  const undefinedEstimate: Estimate = { value: NaN, low: NaN, high: NaN };
  const ownAuc = delongAuc(own.truth, own.scores);
  const isRanked = [0, 1].every((label) => external.truth.filter((of) => of === label).length > 1);
  if (!isRanked) return { auc: undefinedEstimate, ownAuc, drop: undefinedEstimate };
  return {
    auc: delongAuc(external.truth, external.scores),
    ownAuc,
    drop: delongDrop(own, external),
  };
}

/**
 * Describes a network's answers on external films.
 *
 * @param options.test Its own test predictions.
 * @param options.points Its operating points on its own films.
 */
export function describeNetwork(
  external: readonly Prediction[],
  { test, points, ...run }:
    & Pick<ExternalNetwork, "experiment" | "epoch" | "chosenBy">
    & { test: readonly Prediction[]; points: readonly z.infer<typeof CHOSEN_POINT>[] },
): ExternalNetwork {
  const { truth, probabilities } = columns(external);
  const own = columns(test);
  const counts = thresholds(truth, probabilities);
  // Those that were chosen on test films stand last.
  const honest = points.toSorted((a, b) =>
    Number(a.chosenOn === "test") - Number(b.chosenOn === "test")
  );
  return {
    ...{ experiment: run.experiment, epoch: run.epoch, chosenBy: run.chosenBy },
    ...compareRanking(
      { truth: own.truth, scores: own.probabilities },
      { truth, scores: probabilities },
    ),
    points: honest.map(({ purpose, chosenOn, threshold }) => {
      const { sensitivity, specificity } = atThreshold(counts, threshold);
      return { purpose, chosenOn, threshold, sensitivity, specificity };
    }),
    calibration: {
      ...recalibrate(truth, probabilities),
      expectedError: calibrationOf(truth, probabilities).expectedError,
    },
  };
}

/** Writes an AUC as `54% of pairs [42, 66]`. */
function pairs({ value, low, high }: Estimate): string {
  const [share, from, to] = [value, low, high].map((part) => (100 * part).toFixed(0));
  return `${share}% of pairs [${from}, ${to}]`;
}

/** Says how a network ranks the films of a set, and its own test films. */
export function rankingInWords(
  name: string,
  { experiment, auc, ownAuc, classes: [negative, positive] }:
    & Pick<ExternalNetwork, "experiment" | "auc" | "ownAuc">
    & { classes: ClassNames },
): string {
  if (Number.isNaN(auc.value)) {
    return `${name} has too few films of one class to rank: it has no AUC.`;
  }
  return `On ${name} ${experiment} ranks a ${positive} film above a ${
    inSentence(negative)
  } one in ` +
    `${pairs(auc)}; on its own test films in ${pairs(ownAuc)}.`;
}

/** Says how a thumbnail ranks the films of a set, and its own test films. */
export function thumbnailInWords(shortcuts: ExternalReport["shortcuts"]): string {
  const { auc, ownAuc } = shortcuts.find(({ shortcut }) =>
    shortcut === "thumbnail" satisfies Shortcut
  )!;
  if (Number.isNaN(auc.value)) return "";
  return ` A thumbnail: ${(100 * auc.value).toFixed(0)}% and ${(100 * ownAuc.value).toFixed(0)}%.`;
}

/** The facts behind the notes on a set. */
export interface SetFacts {
  films: readonly Pick<ReadFilm, "filename" | "label" | "hash" | "width" | "height">[];
  unreadable: readonly string[];
  leftOut: ExternalReport["leftOut"];
  classes: ClassNames;
  /** The networks' film sizes, in pixels a side. */
  imageSizes: readonly number[];
  /** Share of class 1 among the runs' own test films; null leaves the comparison out. */
  ownPrevalence: number | null;
  /** Entries of the folders that are no films, by kind; null if there are none. */
  others: string | null;
  /** The runs of which not all training films are known. */
  unknownOrigin: readonly string[];
}

/** Lists the limits of the numbers on a set. */
export function notesOn(
  { films, unreadable, leftOut, others, classes, imageSizes, ownPrevalence, unknownOrigin }:
    SetFacts,
): string[] {
  const [healthy, tb] = [0, 1].map((label) => films.filter((film) => film.label === label).length);
  const [negative, positive] = classes;
  const names = (of: readonly string[]) =>
    of.slice(0, 10).join(", ") + (of.length > 10 ? ` and ${of.length - 10} more` : "");
  const twins = nearDuplicates(films.map(({ hash }) => hash)).map(({ first, second }) => {
    const [one, other] = [films[first]!, films[second]!];
    return `${one.filename} and ${other.filename}` +
      (one.label === other.label ? "" : ", of different classes");
  });
  const share = tb! / films.length;
  const home = ownPrevalence ?? share;
  const present = tb === 0 ? negative : positive;
  const notes: [boolean, string][] = [
    [
      healthy === 0 || tb === 0,
      `There are only ${inSentence(present)} films, so that there is ` +
      `${tb === 0 ? "specificity" : "sensitivity"} alone: an AUC compares films of both classes.`,
    ],
    [
      tb! > 0 && tb! < ENOUGH_POSITIVES,
      `${count(tb!, `${positive} film`)}: below ${ENOUGH_POSITIVES} such films the estimates are ` +
      "rough (Collins et al. 2016, doi:10.1002/sim.6787).",
    ],
    [
      healthy! > 0 && tb! > 0 && Math.abs(share - home) >= SAME_PREVALENCE,
      `${percent(share)} are ${positive} films, and ${
        percent(home)
      } of the runs' own test films: ` +
      "intercept and observed/expected contain this difference.",
    ],
    [films.length > 0, sizeNote(films, imageSizes)],
    [
      unreadable.length > 0,
      `${count(unreadable.length, "film")} cannot be read: ${names(unreadable)}.`,
    ],
    [others !== null, `${others}.`],
    [
      twins.length > 0,
      `${count(twins.length, "pair")} of its films are nearly the same, and count twice: ` +
      `${names(twins)}.`,
    ],
    [
      leftOut.length > 0,
      `${count(leftOut.length, "film")} left out, which the runs have seen, or nearly: ` +
      `${names(leftOut.map(({ film, like, of }) => `${film} (like ${like} of ${of})`))}.`,
    ],
    [
      unknownOrigin.length > 0,
      `Not all films that ${
        names(unknownOrigin)
      } was trained on are known: some may be among these.`,
    ],
  ];
  return notes.filter(([holds]) => holds).map(([, note]) => note);
}

/** Tells the films' size, and what the networks make of it: `128 x 128, enlarged to 224 x 224`. */
function sizeNote(films: SetFacts["films"], imageSizes: readonly number[]): string {
  const byArea = films.toSorted((a, b) => a.width * a.height - b.width * b.height);
  const [smallest, largest] = [byArea[0]!, byArea.at(-1)!]
    .map(({ width, height }) => `${width} x ${height}`);
  const size = smallest === largest ? smallest! : `${smallest} to ${largest}`;
  const changes = imageSizes.map((side) => {
    const isSmall = films.some(({ width, height }) => Math.min(width, height) < side);
    const isLarge = films.some(({ width, height }) => Math.max(width, height) > side);
    const change = isSmall && isLarge ? "resized" : isSmall ? "enlarged" : "reduced";
    return isSmall || isLarge ? `${change} to ${side} x ${side}` : "the networks' own size";
  });
  return `The films have ${size} pixels, ${changes.join(" or ")}.`;
}
