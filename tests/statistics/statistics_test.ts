import { assert, assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import { createPrng } from "@/common/random.ts";
import { stratifiedBootstrap } from "@/statistics/bootstrap.ts";
import {
  atTemperature,
  brierScore,
  expectedCalibrationError,
  fitTemperature,
  reliability,
} from "@/statistics/calibration.ts";
import { auc, countConfusion, f1 } from "@/statistics/classification.ts";
import {
  atSensitivity,
  atSpecificity,
  atThreshold,
  averagePrecision,
  precisionRecallCurve,
  predictiveValues,
  rocCurve,
  thresholds,
} from "@/statistics/curves.ts";
import { delongAuc, delongDifference, delongDrop } from "@/statistics/delong.ts";
import {
  fairBinomialCdf,
  normalQuantile,
  studentQuantile,
  twoSidedNormal,
} from "@/statistics/distributions.ts";
import { type Estimate, wilson } from "@/statistics/intervals.ts";
import { fitLogisticRegression, logisticScores } from "@/statistics/logistic_regression.ts";
import { holm, mcnemar } from "@/statistics/mcnemar.ts";
import { median, quantileSorted } from "@/statistics/quantiles.ts";
import { recalibrate } from "@/statistics/recalibration.ts";
import reference from "../reference/statistics.json" with { type: "json" };

/** Asserts that lists of numbers agree to `tolerance`. */
function assertAllAlmostEqual(
  actual: Iterable<number>,
  expected: readonly number[],
  tolerance = 1e-12,
): void {
  const numbers = [...actual];
  assertEquals(numbers.length, expected.length);
  numbers.forEach((value, i) => assertAlmostEquals(value, expected[i]!, tolerance));
}

Deno.test("twoSidedNormal(), normalQuantile(), studentQuantile() and fairBinomialCdf() agree with SciPy", () => {
  const { two_sided_normal, normal_quantile, student_quantile, fair_binomial } =
    reference.distributions;
  for (const { p, degrees, t } of student_quantile) {
    assertAlmostEquals(studentQuantile(p, degrees), t, 1e-12 * t);
  }
  for (const { z, p } of two_sided_normal) assertAlmostEquals(twoSidedNormal(z), p, 1e-12 * p);
  for (const { z, p } of normal_quantile) assertAlmostEquals(normalQuantile(p), z, 1e-14);
  for (const { k, n, p } of fair_binomial) assertAlmostEquals(fairBinomialCdf(k, n), p, 1e-12 * p);
});

Deno.test("wilson() agrees with statsmodels", () => {
  for (const { successes, trials, low, high } of reference.wilson) {
    const found = wilson(successes, { trials });
    assertEquals(found.value, successes / trials);
    assertAllAlmostEqual([found.low, found.high], [low, high], 1e-14);
  }
});

Deno.test("wilson() gives NaN without trials and refuses numbers that are no counts", () => {
  assertEquals(wilson(0, { trials: 0 }), { value: NaN, low: NaN, high: NaN });
  for (const [successes, trials] of [[3, 2], [-1, 2], [0.5, 2]] as const) {
    assertThrows(() => wilson(successes, { trials }), RangeError, "they are no counts");
  }
});

for (const set of reference.sets) {
  const { truth, one, other } = set;

  Deno.test(`delongAuc() and delongDifference() agree with the definition: ${set.name}`, () => {
    const expected = set.delong;
    const area = delongAuc(truth, one);
    assertAllAlmostEqual([area.value, area.low, area.high], [
      expected.auc,
      expected.low,
      expected.high,
    ]);
    const found = delongDifference(truth, [one, other]);
    assertAllAlmostEqual([found.value, found.low, found.high, found.p], [
      expected.difference,
      expected.difference_low,
      expected.difference_high,
      expected.p,
    ]);
  });

  Deno.test(`recalibrate() agrees with statsmodels: ${set.name}`, () => {
    const { intercept, slope, observedOverExpected } = recalibrate(
      truth,
      set.calibration.probability,
    );
    const expected = set.recalibration;
    const of = ({ value, low, high }: Estimate) => [value, low, high];
    assertAllAlmostEqual(of(intercept), expected.intercept, 1e-6);
    assertAllAlmostEqual(of(slope), expected.slope, 1e-6);
    assertAllAlmostEqual(of(observedOverExpected), expected.observed_over_expected, 1e-9);
  });

  Deno.test(`rocCurve(), precisionRecallCurve() and averagePrecision() agree with scikit-learn: ${set.name}`, () => {
    const counts = thresholds(truth, one);
    const roc = rocCurve(counts);
    assertAllAlmostEqual(roc.map(({ x }) => x), set.curves.false_positive_rate);
    assertAllAlmostEqual(roc.map(({ y }) => y), set.curves.true_positive_rate);
    const points = precisionRecallCurve(counts);
    assertAllAlmostEqual(points.map(({ x }) => x), set.curves.recall);
    assertAllAlmostEqual(points.map(({ y }) => y), set.curves.precision);
    assertAlmostEquals(averagePrecision(counts), set.curves.average_precision, 1e-12);
  });

  Deno.test(`reliability(), brierScore() and fitTemperature() agree with scikit-learn and SciPy: ${set.name}`, () => {
    const { probability, share, mean, error, brier, temperature } = set.calibration;
    const bins = reliability(truth, probability);
    assertEquals(bins.reduce((films, bin) => films + bin.films, 0), truth.length);
    const filled = bins.filter(({ films }) => films > 0);
    assertAllAlmostEqual(filled.map((bin) => bin.shareTb), share);
    assertAllAlmostEqual(filled.map((bin) => bin.meanProbability), mean);
    assertAlmostEquals(expectedCalibrationError(bins), error, 1e-12);
    assertAlmostEquals(brierScore(truth, probability), brier, 1e-12);
    // SciPy's search by values alone stops about 1e-8 from the minimum.
    assertAlmostEquals(fitTemperature(truth, probability), temperature, 1e-6);
  });

  Deno.test(`stratifiedBootstrap() comes near SciPy's percentile interval: ${set.name}`, () => {
    const interval = (statistic: (truth: ArrayLike<number>, p: ArrayLike<number>) => number) =>
      stratifiedBootstrap(truth, { probabilities: one, statistic, prng: createPrng("test") });
    const ofAuc = interval(auc);
    assertEquals(ofAuc.value, auc(truth, one));
    // 2,000 resamples leave about 0.005 of chance at the ends.
    assertAlmostEquals(ofAuc.low, set.bootstrap.auc.low, 0.015);
    assertAlmostEquals(ofAuc.high, set.bootstrap.auc.high, 0.015);
    const ofF1 = interval((classes, p) => f1(countConfusion(classes, p)));
    assertAlmostEquals(ofF1.low, set.bootstrap.f1.low, 0.03);
    assertAlmostEquals(ofF1.high, set.bootstrap.f1.high, 0.03);
    assertEquals(interval(auc), ofAuc);
  });
}

Deno.test("stratifiedBootstrap() keeps the number of films of each class", () => {
  const shares: number[] = [];
  stratifiedBootstrap([1, 0, 0, 1, 0], {
    probabilities: [0.9, 0.1, 0.2, 0.8, 0.3],
    statistic: (truth, p) => {
      assertEquals([...truth].sort(), [0, 0, 0, 1, 1]);
      truth.forEach((label, i) => assertEquals(p[i]! > 0.5, label === 1));
      return shares.push(0);
    },
    prng: createPrng(0),
  });
  assertEquals(shares.length, 2001);
});

Deno.test("stratifiedBootstrap() leaves out resamples in which the number is not defined", () => {
  let call = 0;
  const found = stratifiedBootstrap([0, 1], {
    probabilities: [0, 1],
    statistic: () => call++ % 2 === 0 ? 0.25 : NaN,
    prng: createPrng(0),
  });
  assertEquals(found, { value: 0.25, low: 0.25, high: 0.25 });
});

Deno.test("quantileSorted() draws straight between neighbours", () => {
  // numpy.quantile([1, 2, 4, 8], [0, 0.25, 0.5, 0.9, 1])
  const found = [0, 0.25, 0.5, 0.9, 1].map((p) => quantileSorted([1, 2, 4, 8], p));
  assertAllAlmostEqual(found, [1, 1.75, 3, 6.8, 8]);
  assertEquals(quantileSorted([], 0.5), NaN);
});

Deno.test("delongDifference() finds no difference of a network and itself", () => {
  const { truth, one } = reference.sets[0]!;
  const found = delongDifference(truth, [one, one]);
  assertEquals(found, { value: 0, low: 0, high: 0, p: 1 });
});

Deno.test("mcnemar() agrees with statsmodels", () => {
  for (const { only_first, only_second, p } of reference.mcnemar) {
    const first = [...Array(only_first).fill(true), ...Array(only_second).fill(false), true, false];
    const second = first.map((right, i) => i < only_first + only_second ? !right : right);
    const found = mcnemar(first, second);
    assertEquals([found.onlyFirst, found.onlySecond], [only_first, only_second]);
    assertAlmostEquals(found.p, p, 1e-12);
  }
  assertThrows(() => mcnemar([true], []), RangeError, "Cannot compare decisions on 1 films");
});

Deno.test("holm() agrees with statsmodels", () => {
  assertAllAlmostEqual(holm(reference.holm.p), reference.holm.corrected, 1e-15);
  assertEquals(holm([]), []);
});

Deno.test("atSpecificity() and atSensitivity() take the best of the thresholds that keep the promise", () => {
  // Descending: 1 0.9 | 0 0.8 | 1 0.7 | 1 0.6 | 0 0.5 | 0 0.4 | 1 0.3 | 0 0.2, 0 0.1
  const truth = [1, 0, 1, 1, 0, 0, 1, 0, 0];
  const counts = thresholds(truth, [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]);
  const at80 = atSpecificity(counts, 0.8);
  assertEquals([at80.threshold, at80.sensitivity.value, at80.specificity.value], [0.6, 0.75, 0.8]);
  const at75 = atSpecificity(counts, 0.7);
  assertEquals(at75.threshold, 0.6);
  const found = atSensitivity(counts, 0.5);
  assertEquals([found.threshold, found.sensitivity.value, found.specificity.value], [
    0.6,
    0.75,
    0.8,
  ]);
  assertEquals(atSensitivity(counts, 1).specificity, wilson(2, { trials: 5 }));
  assertEquals(atSpecificity(counts, 1).threshold, 0.9);
  // No film is called TB where all healthy ones lie above.
  assertEquals(atSpecificity(thresholds([0, 1], [0.9, 0.1]), 1).threshold, Infinity);
});

Deno.test("delongDrop() adds the variances of two sets of films", () => {
  const [first, second] = reference.sets.map(({ truth, one }) => ({ truth, scores: one }));
  const { value, low, high } = delongDrop(first!, second!);
  const expected = reference.drop;
  assertAllAlmostEqual([value, low, high], [expected.value, expected.low, expected.high], 1e-12);
  // No difference of areas is beyond 1.
  const rough = { truth: [0, 0, 1, 1], scores: [1, 3, 2, 4] };
  const reversed = { truth: [1, 1, 0, 0], scores: [1, 3, 2, 4] };
  assertEquals(delongDrop(rough, reversed).high, 1);
  assertEquals(delongDrop(reversed, rough).low, -1);
});

Deno.test("recalibrate() gives NaN where a number is not defined", () => {
  const isUndefined = ({ value, low, high }: Estimate) => [value, low, high].every(Number.isNaN);
  const oneClass = recalibrate([1, 1], [0.5, 0.75]);
  assert(isUndefined(oneClass.intercept) && isUndefined(oneClass.slope));
  assert(isUndefined(oneClass.observedOverExpected));
  assert(isUndefined(recalibrate([0, 0], [0.5, 0.75]).observedOverExpected));
  // A threshold separates the classes, in either direction.
  for (const probabilities of [[0.1, 0.2, 0.9], [0.9, 0.8, 0.1], [0.5, 0.5, 0.5]]) {
    const found = recalibrate([0, 0, 1], probabilities);
    assert(isUndefined(found.slope));
    assert(Number.isFinite(found.intercept.value));
  }
  // Saturated float32 probabilities have a finite logit.
  assert(Number.isFinite(recalibrate([0, 1, 0, 1], [0, 1, 1, 0]).intercept.value));
});

Deno.test("atThreshold() applies a threshold from elsewhere", () => {
  const counts = thresholds([1, 0, 1], [0.9, 0.5, 0.4]);
  const at = (threshold: number) => {
    const { sensitivity, specificity } = atThreshold(counts, threshold);
    return [sensitivity.value, specificity.value];
  };
  assertEquals(at(0.95), [0, 1]);
  assertEquals(at(0.5), [0.5, 0]);
  assertEquals(at(0.45), [0.5, 0]);
  assertEquals(at(0), [1, 0]);
  assertEquals(atThreshold(counts, 0.45).threshold, 0.45);
});

Deno.test("reliability() puts 1 into the last bin and an edge into the bin above it", () => {
  const bins = reliability([1, 0, 1], [1, 0.5, 0.5]);
  assertEquals(bins.map(({ films }) => films), [0, 0, 0, 0, 0, 2, 0, 0, 0, 1]);
  assertEquals(bins[5], { low: 0.5, high: 0.6, films: 2, meanProbability: 0.5, shareTb: 0.5 });
  assertEquals(bins[0]!.shareTb, NaN);
});

Deno.test("atTemperature() divides the logit, of 0 and 1 too", () => {
  assertEquals(atTemperature(0.8, 1), 0.8);
  // logit(0.8) = ln 4; half of it is ln 2, of the probability 2/3.
  assertAlmostEquals(atTemperature(0.8, 2), 2 / 3, 1e-15);
  assertLess(atTemperature(1, 2), 1);
  assert(atTemperature(0, 2) > 0);
});

Deno.test("fitTemperature() stops at an end where nothing bounds it", () => {
  assertAlmostEquals(fitTemperature([0, 1], [0.1, 0.9]), 0.01, 1e-9);
  assertAlmostEquals(fitTemperature([1, 0], [0.1, 0.9]), 100, 1e-6);
});

Deno.test("predictiveValues() follow from Bayes' rule", () => {
  const share = (value: number, low: number, high: number) => ({ value, low, high });
  const found = predictiveValues(0.01, {
    sensitivity: share(0.9, 0.8, 1),
    specificity: share(0.7, 0.6, 1),
  });
  // Of 1,000 people 10 have TB and 990 do not: 9 and 297 are called TB.
  assertAlmostEquals(found.positive.value, 9 / (9 + 297), 1e-15);
  assertAlmostEquals(found.positive.low, 8 / (8 + 396), 1e-15);
  assertEquals(found.positive.high, 1);
  assertAlmostEquals(found.negative.value, 693 / (693 + 1), 1e-15);
  assertEquals(found.negative.high, 1);
});

for (const fit of reference.logistic.fits) {
  Deno.test(`fitLogisticRegression() agrees with scikit-learn, C = ${fit.c}`, () => {
    const { features, labels, more } = reference.logistic;
    const model = fitLogisticRegression(features, { labels, c: fit.c });
    assertAllAlmostEqual(model.weights, fit.weights, 1e-9);
    assertAlmostEquals(model.intercept, fit.intercept, 1e-9);
    assertAllAlmostEqual(logisticScores(model, more), fit.scores, 1e-8);
  });
}

Deno.test("fitLogisticRegression() keeps the weights of separable classes finite", () => {
  const model = fitLogisticRegression([[0], [1], [2], [3]], { labels: [0, 0, 1, 1] });
  const [a, b, c, d] = logisticScores(model, [[0], [1], [2], [3]]);
  assert(a! < b! && b! < 0 && 0 < c! && c! < d!);
  assertLess(Math.abs(model.weights[0]!), 10);
});

Deno.test("fitLogisticRegression() refuses features that are no numbers", () => {
  assertThrows(
    () => fitLogisticRegression([[0, 1], [NaN, 1]], { labels: [0, 1] }),
    RangeError,
    "film 1 has features NaN,1",
  );
});

Deno.test("median() is the middle value, and the mean of the two in the middle", () => {
  assertEquals(median([10, 9, 1]), 9);
  assertEquals(median([4, 1, 10, 2]), 3);
  assertEquals(median([7]), 7);
  assertEquals(median([]), NaN);
});
