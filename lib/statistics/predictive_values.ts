/**
 * What a decision is worth where TB is rarer than in the test set.
 * @module
 */
import type { Estimate } from "@/statistics/intervals.ts";

/** Predictive values where a share of the people have TB. */
export interface PredictiveValues {
  /** Share of people with TB, in (0, 1). */
  prevalence: number;
  /** Share with TB of those whose film is called TB. */
  positive: Estimate;
  /** Share without TB of those whose film is called Healthy. */
  negative: Estimate;
}

/**
 * Predictive values by Bayes' rule. Their ranges join the lower ends of the intervals of sensitivity and
 * specificity, and the upper ends: wider than 95% intervals, never narrower.
 *
 * @param prevalence Share of people with TB, in (0, 1).
 */
export function predictiveValues(
  prevalence: number,
  { sensitivity, specificity }: { sensitivity: Estimate; specificity: Estimate },
): PredictiveValues {
  const positive = (end: keyof Estimate) => {
    const right = sensitivity[end] * prevalence;
    return right / (right + (1 - specificity[end]) * (1 - prevalence));
  };
  const negative = (end: keyof Estimate) => {
    const right = specificity[end] * (1 - prevalence);
    return right / (right + (1 - sensitivity[end]) * prevalence);
  };
  const atEnds = (of: (end: keyof Estimate) => number) => ({
    value: of("value"),
    low: of("low"),
    high: of("high"),
  });
  return { prevalence, positive: atEnds(positive), negative: atEnds(negative) };
}
