/**
 * Whether a probability means what it says: of the films given 0.8, do 8 of 10 have TB?
 * @module
 */

/** Films whose probabilities of TB lie in one bin. */
export interface ReliabilityBin {
  /** The bin is [low, high); the last one is closed. */
  low: number;
  high: number;
  films: number;
  /** Mean probability of TB of its films; NaN if it has none. */
  meanProbability: number;
  /** Share of its films that have TB; NaN if it has none. */
  shareTb: number;
}

/** Bins of a reliability figure, of equal width. */
export const RELIABILITY_BINS = 10;

/** Sorts the films into bins of equal width by their probability of TB. */
export function reliability(
  truth: ArrayLike<number>,
  probabilities: ArrayLike<number>,
): ReliabilityBin[] {
  const bins = Array.from({ length: RELIABILITY_BINS }, () => ({ films: 0, sum: 0, tb: 0 }));
  for (let i = 0; i < truth.length; i++) {
    const place = Math.floor(probabilities[i]! * RELIABILITY_BINS);
    const bin = bins[Math.min(place, RELIABILITY_BINS - 1)]!;
    bin.films++;
    bin.sum += probabilities[i]!;
    bin.tb += truth[i]!;
  }
  return bins.map(({ films, sum, tb }, place) => ({
    low: place / RELIABILITY_BINS,
    high: (place + 1) / RELIABILITY_BINS,
    films,
    meanProbability: sum / films,
    shareTb: tb / films,
  }));
}

/**
 * Expected calibration error (Naeini et al., AAAI 2015) of the probability of TB: how far the mean probability of a
 * bin is from its share of TB, averaged over the films; in [0, 1], 0 is best.
 */
export function expectedCalibrationError(bins: readonly ReliabilityBin[]): number {
  const filled = bins.filter(({ films }) => films > 0);
  const films = filled.reduce((sum, bin) => sum + bin.films, 0);
  return filled.reduce(
    (sum, bin) => sum + (bin.films / films) * Math.abs(bin.meanProbability - bin.shareTb),
    0,
  );
}

/** Brier score (1950): mean squared difference of probability and class, in [0, 1]; 0 is best. */
export function brierScore(
  truth: ArrayLike<number>,
  probabilities: ArrayLike<number>,
): number {
  let sum = 0;
  for (let i = 0; i < truth.length; i++) sum += (probabilities[i]! - truth[i]!) ** 2;
  return sum / truth.length;
}

/** Temperatures that {@linkcode fitTemperature} looks among. */
const TEMPERATURES = { low: 0.01, high: 100 };

/**
 * The temperature that makes the probabilities of held-out films fit best (Guo et al., ICML 2017): the T that
 * minimizes the cross-entropy of `sigmoid(logit / T)`. Above 1, the network was too sure.
 *
 * @param truth Class of each film, 0 or 1: of films that neither trained the network nor test it.
 * @param probabilities Probability of TB of each, a float32.
 * @returns In [0.01, 100]; at an end of it if the films do not bound it (all are right, say).
 */
export function fitTemperature(
  truth: ArrayLike<number>,
  probabilities: ArrayLike<number>,
): number {
  const logits = Float64Array.from(probabilities, logit);
  // The cross-entropy is convex in 1/T; its slope, which grows with 1/T, is 0 at the minimum.
  const slope = (inverse: number) =>
    logits.reduce((sum, x, i) => sum + x * (sigmoid(inverse * x) - truth[i]!), 0);
  let { low, high } = TEMPERATURES;
  while (high / low > 1 + 1e-12) {
    const middle = Math.sqrt(low * high);
    if (slope(1 / middle) > 0) low = middle;
    else high = middle;
  }
  return Math.sqrt(low * high);
}

/** The probability at another temperature than 1. */
export function atTemperature(probability: number, temperature: number): number {
  return sigmoid(logit(probability) / temperature);
}

/** `1 / (1 + exp(-x))` */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** The logit of a float32; 0 and 1 are taken as the nearest float32 that still has one. */
function logit(probability: number): number {
  const p = Math.min(Math.max(probability, 2 ** -149), 1 - 2 ** -24);
  return Math.log(p) - Math.log1p(-p);
}
