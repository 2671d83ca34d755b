import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { describeCalibration } from "@/analysis/calibration.ts";
import { compareAll } from "@/analysis/comparison.ts";
import { listErrors } from "@/analysis/errors.ts";
import { count, decimalInterval, percent, percentInterval, pValue } from "@/analysis/format.ts";
import { describeOperation } from "@/analysis/operating_points.ts";
import { estimateScores } from "@/analysis/scores.ts";
import { summarizeSeeds } from "@/analysis/seeds.ts";
import { compareChoices, honestEpoch } from "@/analysis/selection.ts";
import type { Label, Prediction } from "@/films/film.ts";
import type { EpochRow } from "@/runs/epochs.ts";
import type { OwnRun } from "@/runs/own.ts";
import { wilson } from "@/statistics/intervals.ts";
import reference from "../reference/statistics.json" with { type: "json" };

/** Makes predictions of films that are named by their place. */
function predict(labels: readonly number[], probabilities: readonly number[]): Prediction[] {
  return labels.map((label, i) => ({
    filename: `film${i}.png`,
    label: label as Label,
    probability: probabilities[i]!,
  }));
}

function epochRow(epoch: number, fields: Partial<EpochRow>): EpochRow {
  return { epoch, testAccuracy: 0.9, testAuc: 0.9, validationF1: null, ...fields } as EpochRow;
}

const { truth, one, other, delong, calibration } = reference.sets[0]!;

Deno.test("estimateScores() gives each score the interval that fits it", () => {
  const found = estimateScores(predict(truth, one));
  const { tn, fp, fn, tp } = found.confusion;
  assertEquals(tn + fp + fn + tp, truth.length);
  assertEquals(found.accuracy, wilson(tn + tp, { trials: truth.length }));
  assertEquals(found.sensitivity, wilson(tp, { trials: tp + fn }));
  assertEquals(found.specificity, wilson(tn, { trials: tn + fp }));
  assertAlmostEquals(found.auc.low, delong.low, 1e-12);
  // SciPy's interval of many resamples; 2,000 leave some chance at the ends.
  const { bootstrap } = reference.sets[0]!;
  assertAlmostEquals(found.aucBootstrap.low, bootstrap.auc.low, 0.015);
  assertAlmostEquals(found.f1.high, bootstrap.f1.high, 0.03);
  assertAlmostEquals(found.f1.value, (2 * tp) / (2 * tp + fp + fn), 1e-15);
  assertEquals(estimateScores(predict(truth, one)), found);
});

Deno.test("compareAll() words whether a difference is shown, and corrects for the number of pairs", () => {
  const inverted = one.map((p) => 1 - p);
  const found = compareAll([
    { experiment: "baseline", predictions: predict(truth, one) },
    { experiment: "l2", predictions: predict(truth, other) },
    { experiment: "wrong", predictions: predict(truth, inverted) },
  ]);
  assertEquals(found.map(({ first, second }) => [first, second]), [
    ["baseline", "l2"],
    ["baseline", "wrong"],
    ["l2", "wrong"],
  ]);
  const [same, better] = found;
  assertAlmostEquals(same!.auc.value, delong.difference, 1e-12);
  // The largest of three p-values stays as it is.
  assertAlmostEquals(same!.auc.corrected, delong.p, 1e-12);
  assertEquals(same!.words.match(/no difference shown/g)?.length, 2);
  assert(same!.words.startsWith("baseline and l2: by decisions no difference shown ("));
  // The second smallest of three counts twice.
  assertAlmostEquals(better!.decisions.corrected, 2 * better!.decisions.p, 1e-15);
  assertEquals(better!.words.match(/baseline is better/g)?.length, 2);
});

Deno.test("compareAll() compares custom runs with the run that they change, and leaves the others' numbers unchanged", () => {
  const inverted = one.map((p) => 1 - p);
  const of = (experiment: string, probabilities: number[], own?: OwnRun) => ({
    ...{ experiment, predictions: predict(truth, probabilities) },
    ...own && { own },
  });
  const five = [of("baseline", one), of("l2", other), of("dropout", inverted)];
  const big = "pixels a side: 448";
  const found = compareAll([
    ...five,
    of("batch8", inverted, { base: "l2", changes: "films a batch: 8" }),
    of("big-baseline", other, { base: "baseline", changes: big }),
    of("big-l2", inverted, { base: "l2", changes: big }),
  ]);
  assertEquals(found.slice(0, 3), compareAll(five));
  const own = found.slice(3);
  assertEquals(own.map(({ first, second }) => `${first}, ${second}`), [
    ...["baseline, batch8", "baseline, big-baseline", "baseline, big-l2"],
    ...["l2, batch8", "l2, big-l2", "big-baseline, big-l2"],
  ]);
  // Holm's by hand: baseline and big-baseline are the pair of one and other, with the largest of
  // six p-values.
  assertAlmostEquals(own[1]!.auc.corrected, delong.p, 1e-12);
  const smallest = Math.min(...own.map(({ decisions }) => decisions.p));
  const first = own.find(({ decisions }) => decisions.p === smallest)!;
  assertAlmostEquals(first.decisions.corrected, 6 * smallest, 1e-15);
});

Deno.test("compareAll() refuses experiments that were tested on other films", () => {
  const first = { experiment: "baseline", predictions: predict([0, 1, 1], [0, 1, 1]) };
  const second = { experiment: "l2", predictions: predict([0, 1], [0, 1]) };
  assertThrows(
    () => compareAll([first, second]),
    RangeError,
    "Cannot compare baseline with l2: they were not tested on the same films (1/film2.png against none)",
  );
});

Deno.test("describeOperation() reads thresholds off the validation set and applies them to the test set", () => {
  const validation = predict([1, 0, 1, 0, 1, 0], [0.9, 0.8, 0.7, 0.2, 0.1, 0.05]);
  const test = predict([1, 1, 0, 0], [0.95, 0.75, 0.72, 0.3]);
  const { points } = describeOperation(test, { validation });
  const at = (purpose: string) => points.find((point) => point.purpose === purpose)!;
  // On validation 0.9 is the last threshold without a false alarm.
  const strict = at("95% specificity");
  assertEquals([strict.threshold, strict.chosenOn], [0.9, "validation"]);
  assertEquals([strict.sensitivity.value, strict.specificity.value], [0.5, 1]);
  // 90% of three TB films are all three: the threshold is 0.1, below every test film.
  const triage = at("WHO triage");
  assertEquals([triage.threshold, triage.sensitivity.value, triage.specificity.value], [0.1, 1, 0]);
  const half = at("probability one half");
  assertEquals(half.chosenOn, null);
  assertEquals([half.sensitivity, half.specificity], [
    wilson(2, { trials: 2 }),
    wilson(1, { trials: 2 }),
  ]);
  // Of 100 people 10 have TB, who are all found, and half of the other 90 are called TB.
  assertEquals(half.predictiveValues.map(({ prevalence }) => prevalence), [0.01, 0.1]);
  assertAlmostEquals(half.predictiveValues[1]!.positive.value, 10 / 55, 1e-15);
});

Deno.test("describeOperation() calls a film of exactly one half Healthy, as the tables do", () => {
  const { points } = describeOperation(predict([1, 1, 0], [0.9, 0.5, 0.1]), { validation: null });
  assertEquals(points[0]!.sensitivity.value, 0.5);
  assertEquals(points[1]!.chosenOn, "test");
});

Deno.test("describeOperation() words whether the WHO's target is met", () => {
  const films = (healthy: number, tb: number, alarms: number) =>
    predict(
      [...Array(healthy).fill(0), ...Array(tb).fill(1)],
      [...Array(healthy).fill(0).map((_, i) => i < alarms ? 0.9 : 0.1), ...Array(tb).fill(0.8)],
    );
  const words = (...counts: [number, number, number]) =>
    describeOperation(films(...counts), { validation: null }).triage;
  assert(words(200, 100, 0).includes("is met on these films, the intervals' lower ends included"));
  assert(words(10, 10, 3).includes("is met on these films, but an interval reaches below it"));
  assert(words(10, 10, 4).includes("is not met on these films"));
});

Deno.test("describeCalibration() fits the temperature to the validation set alone", () => {
  const test = predict([0, 1, 1, 0], [0.3, 0.6, 0.9, 0.2]);
  const { raw, scaled } = describeCalibration(test, {
    validation: predict(truth, calibration.probability),
  });
  // (0.09 + 0.16 + 0.01 + 0.04) / 4, and one film in each of four bins.
  assertAlmostEquals(raw.brier, 0.075, 1e-15);
  assertAlmostEquals(raw.expectedError, (0.3 + 0.4 + 0.1 + 0.2) / 4, 1e-15);
  // SciPy's search by values alone stops about 1e-8 from the minimum.
  assertAlmostEquals(scaled!.temperature, calibration.temperature, 1e-6);
  assert(scaled!.brier > raw.brier);
  assertEquals(describeCalibration(test, { validation: null }).scaled, null);
});

Deno.test("compareChoices() gives the F1 that choosing on the test set adds", () => {
  const rows = [0.8, 0.95, 0.9].map((testF1, epoch) => epochRow(epoch, { testF1 }));
  const found = compareChoices("baseline", rows);
  assertEquals(found.choices.map(({ reason, epoch, f1 }) => [reason, epoch, f1]), [
    ["highest test F1", 1, 0.95],
    ["last epoch", 2, 0.9],
  ]);
  assertAlmostEquals(found.optimism, 0.05, 1e-15);
  assert(found.words.includes("0.9000 (90.0%) at epoch 2, the last: 0.0500 of F1 may come from"));

  const validated = rows.map((row, i) => ({ ...row, validationF1: [0.9, 0.7, 0.8][i]! }));
  assertEquals(honestEpoch(validated), { reason: "highest validation F1", row: validated[0]! });
  assertAlmostEquals(compareChoices("baseline", validated).optimism, 0.15, 1e-15);
});

Deno.test("summarizeSeeds() compares an experiment's effect with the noise of seeds", () => {
  const run = (experiment: string, seed: number, testF1: number) => ({
    experiment,
    seed,
    rows: [epochRow(0, { testF1 })],
  });
  const { epochs, spreads, effects } = summarizeSeeds([
    run("baseline", 0, 0.9),
    run("baseline", 1, 0.92),
    run("baseline", 2, 0.94),
    run("l2", 0, 0.91),
    run("l2", 1, 0.94),
    run("l2", 2, 0.97),
    run("dropout", 0, 0.5),
  ]);
  assertEquals([epochs, spreads[0]!.seeds], [1, [0, 1, 2]]);
  assertAlmostEquals(spreads[0]!.f1.mean, 0.92, 1e-15);
  assertAlmostEquals(spreads[0]!.f1.deviation, 0.02, 1e-15);
  assertEquals(spreads[2]!.f1.deviation, NaN);
  // dropout has one seed only, which shows no effect.
  assertEquals(effects.map(({ experiment, pairs }) => [experiment, pairs]), [["l2", 3]]);
  // scipy.stats.ttest_rel([0.91, 0.94, 0.97], [0.9, 0.92, 0.94]).confidence_interval()
  const { f1, words } = effects[0]!;
  assertAlmostEquals(f1.value, 0.02, 1e-15);
  assertAlmostEquals(f1.low, -0.0048413771175, 1e-10);
  assertAlmostEquals(f1.high, 0.0448413771175, 1e-10);
  assert(words.endsWith("by 0.020 (standard deviation): no difference shown."));
  assertEquals(summarizeSeeds([]), { epochs: 0, spreads: [], effects: [] });
});

Deno.test("summarizeSeeds() compares runs of different lengths after the epochs that all have", () => {
  const run = (experiment: string, seed: number, f1: number[]) => ({
    experiment,
    seed,
    rows: f1.map((testF1, epoch) => epochRow(epoch, { testF1 })),
  });
  const { epochs, spreads, effects } = summarizeSeeds([
    run("baseline", 0, [0.5, 0.8, 0.95]),
    run("baseline", 1, [0.6, 0.7]),
    run("l2", 0, [0.5, 0.9, 0.99]),
    run("l2", 1, [0.6, 0.9]),
  ]);
  assertEquals(epochs, 2);
  assertEquals(spreads.map(({ f1 }) => f1.values), [[0.8, 0.7], [0.9, 0.9]]);
  assert(
    effects[0]!.words.startsWith("l2 against baseline over 2 seeds, after 2 epochs: F1 +0.150 ["),
  );
});

Deno.test("summarizeSeeds() is not shortened by a custom run", () => {
  const run = (experiment: string, f1: number[]) => ({
    experiment,
    seed: 0,
    rows: f1.map((testF1, epoch) => epochRow(epoch, { testF1 })),
  });
  const five = [run("baseline", [0.5, 0.8, 0.95]), run("l2", [0.5, 0.9, 0.99])];
  const { epochs, spreads } = summarizeSeeds([
    ...five,
    run("quick", [0.1]),
    run("longer", [0.1, 0.2, 0.3, 0.4]),
  ]);
  assertEquals(epochs, 3);
  assertEquals(spreads.map(({ experiment, f1 }) => [experiment, ...f1.values]), [
    ["baseline", 0.95],
    ["l2", 0.99],
    ["longer", 0.3],
  ]);
});

Deno.test("listErrors() ranks wrong films and counts who agrees on them", () => {
  const labels = [1, 0, 1, 0];
  const report = listErrors([
    { experiment: "baseline", predictions: predict(labels, [0.4, 0.9, 0.9, 0.1]) },
    { experiment: "l2", predictions: predict(labels, [0.8, 0.7, 0.6, 0.2]) },
  ]);
  assertEquals(report.films.map(({ filename, label, wrong }) => [filename, label, wrong]), [
    ["film1.png", "Healthy", 2],
    ["film0.png", "TB", 1],
  ]);
  assertEquals(report.films[0]!.verdicts, [
    { experiment: "baseline", probability: 0.9, rank: 1, right: false },
    { experiment: "l2", probability: 0.7, rank: 2, right: false },
  ]);
  assertEquals(report.films[1]!.verdicts[0]!.rank, 3);
  assertEquals(report.agreement, [2, 1, 1]);
  assertEquals(
    report.words,
    "2 test films are called wrong by at least one of 2 experiments, 1 by all of them, 1 by one alone.",
  );
  assertThrows(() => listErrors([]), RangeError, "Cannot list errors of no experiment");
});

Deno.test("listErrors() says so when no film is wrong", () => {
  const report = listErrors([{ experiment: "baseline", predictions: predict([1, 0], [1, 0]) }]);
  assertEquals([report.films, report.agreement], [[], [2, 0]]);
  assertEquals(report.words, "No test film is called wrong by any experiment.");
});

Deno.test("percent(), percentInterval(), decimalInterval(), pValue() and count() write a report's numbers", () => {
  const estimate = { value: 0.98913, low: 0.98, high: 0.9944 };
  assertEquals(percent(0.98913), "98.9%");
  assertEquals(percentInterval(estimate), "98.9% [98.0, 99.4]");
  assertEquals(decimalInterval(estimate), "0.989 [0.980, 0.994]");
  assertEquals(
    decimalInterval({ value: 0.01, low: -0.002, high: 0.022 }, { signed: true }),
    "+0.010 [-0.002, +0.022]",
  );
  const undefinedShare = { value: NaN, low: NaN, high: NaN };
  assertEquals(
    [percent(NaN), percentInterval(undefinedShare), decimalInterval(undefinedShare)],
    ["-", "-", "-"],
  );
  assertEquals([pValue(0.0314), pValue(0.0001)], ["p = 0.031", "p < 0.001"]);
  assertEquals([count(1, "film"), count(2, "film")], ["1 film", "2 films"]);
});
