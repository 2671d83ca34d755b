/**
 * A model card (Mitchell et al., FAT* 2019) of the best network, filled in from the run.
 * @module
 */
import type { ExternalReport } from "@/analysis/external_report.ts";
import { count, decimalInterval, percentInterval } from "@/analysis/format.ts";
import type { ExperimentSummary, Summary } from "@/analysis/summary.ts";
import { toMarkdown } from "@/analysis/tables/table.ts";
import { CLASS_NAMES } from "@/films/film.ts";
import type { DataSummary, RunConfig } from "@/runs/config.ts";
import { titleOf } from "@/runs/own.ts";

/** Writes the card as Markdown. */
export function modelCard(summary: Summary, config: RunConfig): string {
  const { experiments, best: { experiment: name }, external = [] } = summary;
  const best = experiments.find(({ experiment }) => experiment === name)!;
  return [
    `# Model card: ResNet50, experiment ${titleOf(best.experiment, best.own)}, epoch ${best.epoch}`,
    "**Not for diagnosis.** A model of an exercise in research and teaching. It was tested on films " +
    `of the collection that it was trained on ${elsewhere(summary)}, by nobody with a clinical ` +
    "eye. It must not decide anything about a person.",
    section("Model", modelLines(summary, config)),
    section("Data", dataLines(summary)),
    toMarkdown({ title: "Metrics", markdown: metrics(best, summary) }).trimEnd(),
    section("What the scores mean", meaningLines(summary, best)),
    ...external.length > 0 ? [section("Films of other sources", externalLines(external))] : [],
    section("Limits", limitLines(summary)),
    "",
  ].join("\n\n");
}

function section(title: string, lines: readonly string[]): string {
  return `## ${title}\n\n${lines.map((line) => `- ${line}`).join("\n")}`;
}

function modelLines(
  { best, classes: [negative, positive] }: Summary,
  { network, precision, seed, sessions, experiment }: RunConfig,
): string[] {
  const { versions, machine } = sessions.at(-1)!;
  const list = (facts: object) =>
    Object.entries(facts).map(([name, value]) => `${name} ${value}`).join(", ");
  const { imageSize, strideOn, init } = network;
  const { epochs, batchSize, learningRate, weightDecay, l2Penalty, dropout, augmentation } =
    experiment;
  const disease = positive === CLASS_NAMES[1] ? "tuberculosis (TB)" : positive;
  const start = init === null
    ? "trained from random initial weights"
    : `begun with ${init.file} (SHA-256 ${init.sha256})`;
  const optimism = best.chosenBy === "test F1"
    ? ", so its own test scores are a little optimistic"
    : "";
  return [
    `Input: a chest film as RGB pixels, resized to ${imageSize}x${imageSize}. Output: the ` +
    `probability of ${disease} against ${negative}; above one half is called ${positive}.`,
    `ResNet50, the stride on a bottleneck's ${strideOn} convolution, ${start}, seed ${seed}, ` +
    `computed in ${precision}.`,
    [
      `Training: ${epochs} epochs in batches of ${batchSize}`,
      `Adam with learning rate ${learningRate} and weight decay ${weightDecay}`,
      `cross-entropy${l2Penalty > 0 ? ` and an L2 penalty of ${l2Penalty}` : ""}`,
      `dropout ${dropout}`,
      `augmentation ${augmentation === null ? "none" : JSON.stringify(augmentation)}.`,
    ].join(", "),
    `Chosen among the experiments by ${best.chosenBy}${optimism}.`,
    `Versions: ${list(versions)}. Machine: ${list(machine)}.`,
  ];
}

function dataLines({ data, phantom, classes: [negative, positive] }: Summary): string[] {
  const set = (name: string, of: DataSummary | null) =>
    of === null ? `${name}: none.` : `${name}: ${of.healthy} ${negative}, ${of.tb} ${positive} ` +
      `(fingerprint ${of.fingerprint.slice(0, 16)}).`;
  return [
    set("Training", data.train),
    set("Validation", data.validation),
    set("Test", data.test),
    ...(data.skipped.length > 0
      ? [`Left out, for they cannot be read: ${count(data.skipped.length, "film")}.`]
      : []),
    "Split: by default the first fifth of each class by file name tests, as the assignment has it, " +
    "and films of one patient may be in both sets; `deno task split` takes other shares, patients " +
    "and sets.",
    phantom
      ? "Terms: these are phantom films that the project draws itself. No patient is in them, and no " +
        "score on them says anything about films of patients."
      : "Terms: the films are the user's own and under the terms of their source, which hold for " +
        "weights trained on them as well. TBX11K, which the assignment uses, is by Liu et al. " +
        "(CVPR 2020); read its terms where it is published.",
  ];
}

function metrics(
  { scores, averagePrecision, calibration }: ExperimentSummary,
  { classes: [negative, positive] }: Summary,
): Record<string, string>[] {
  const { tn, fp, fn, tp } = scores.confusion;
  const rows = {
    "Accuracy": percentInterval(scores.accuracy),
    "Sensitivity": percentInterval(scores.sensitivity),
    "Specificity": percentInterval(scores.specificity),
    [`F1 of ${positive}`]: decimalInterval(scores.f1),
    "Area under the ROC curve": decimalInterval(scores.auc),
    "Average precision": averagePrecision.toFixed(3),
    "Expected calibration error": calibration.raw.expectedError.toFixed(4),
    "Brier score": calibration.raw.brier.toFixed(4),
    "Called right and wrong":
      `${tn} ${negative} and ${tp} ${positive} right, ${fp} ${negative} and ${fn} ${positive} wrong`,
  };
  return Object.entries(rows).map(([metric, value]) => {
    return { "On the test set": metric, "Value [95% interval]": value };
  });
}

function meaningLines(
  { comparisons, classes: [negativeName, positiveName] }: Summary,
  best: ExperimentSummary,
): string[] {
  const half = best.operatingPoints.find(({ purpose }) => purpose === "probability one half")!;
  return [
    best.triage,
    ...half.predictiveValues.map(({ prevalence, positive, negative }) =>
      `Where ${100 * prevalence} of 100 people have ${positiveName}, of those called ` +
      `${positiveName} ${percentInterval(positive)} have it, and of those called ` +
      `${negativeName} ${percentInterval(negative)} do not.`
    ),
    best.selection.words,
    ...comparisons.filter(({ first, second }) => [first, second].includes(best.experiment))
      .map(({ words }) => words),
  ];
}

function elsewhere({ external = [] }: Summary): string {
  const names = external.map(({ name }) => name);
  return names.length === 0 ? "and nowhere else" : `and on those of ${names.join(", ")}`;
}

function externalLines(external: readonly ExternalReport[]): string[] {
  return external.flatMap(({ name, words, notes }) => [
    words,
    ...notes.map((note) => `${name}: ${note}`),
  ]);
}

function limitLines(
  { shortcuts, matched = [], folds, nearDuplicates, borders, deletion, errors, seeds, classes }:
    Summary,
): string[] {
  return [
    ...[...shortcuts, ...matched, ...folds?.experiments ?? []].map(({ words }) => words),
    `The network itself: AUC ${decimalInterval(borders.whole)} on whole films, ` +
    `${decimalInterval(borders.blanked)} with the outer 10% covered, ` +
    `${decimalInterval(borders.borderAlone)} with nothing but that border.`,
    ...deletion.map(({ words }) => words),
    `${count(nearDuplicates.length, "pair")} of a training and a test film that are nearly the ` +
    "same.",
    errors.words,
    ...(seeds.effects.length > 0
      ? seeds.effects.map(({ words }) => words)
      : ["One seed: how much of a difference is the seed's is not known."]),
    `Two classes: a film with another disease is called ${classes.join(" or ")} all the same.`,
  ];
}
