/**
 * The network on parts of films: without the border, and on the border alone. A network that reads lungs loses little by
 * the first and all by the second.
 * @module
 */
import { border, cover, outside } from "@/analysis/pixels.ts";
import { columns } from "@/analysis/scores.ts";
import { BORDER_SHARE } from "@/analysis/shortcuts.ts";
import {
  type FilmsQuestion,
  predictFilms,
  type TrainedNetwork,
} from "@/analysis/trained_network.ts";
import type { Prediction } from "@/results.ts";
import { delongAuc, delongDifference } from "@/statistics/delong.ts";
import type { Estimate } from "@/statistics/intervals.ts";

/** The network's area under the ROC curve by what it sees of the test films. */
export interface BorderScores {
  whole: Estimate;
  /** With the outer 10% at each side covered. */
  blanked: Estimate;
  /** Whole films less blanked ones. */
  loss: Estimate;
  /** With all but the outer 10% covered. */
  borderAlone: Estimate;
}

/** Asks the network about films with and without their border. */
export async function scoreBorders(
  network: TrainedNetwork,
  { whole, ...question }: Omit<FilmsQuestion, "edit"> & {
    /** Its predictions of the films as they are. */
    whole: readonly Prediction[];
  },
): Promise<BorderScores> {
  const size = network.imageSize;
  const region = border({ size, share: BORDER_SHARE });
  const scoresWithout = async (covered: typeof region) => {
    const edit = (pixels: Uint8Array) => cover(pixels, { size, region: covered });
    return columns(await predictFilms(network, { ...question, edit })).probabilities;
  };
  const { truth, probabilities } = columns(whole);
  const blanked = await scoresWithout(region);
  const alone = await scoresWithout(outside(region));
  return {
    whole: delongAuc(truth, { scores: probabilities }),
    blanked: delongAuc(truth, { scores: blanked }),
    loss: delongDifference(truth, { scores: [probabilities, blanked] }),
    borderAlone: delongAuc(truth, { scores: alone }),
  };
}
