import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "node:path";
import sharp from "sharp";
import { analyse } from "@/analysis/analyse.ts";
import { compareRanking, describeNetwork, notesOn } from "@/analysis/external_report.ts";
import { readAnalysis } from "@/analysis/read_analysis.ts";
import { externalTables } from "@/analysis/tables/external.ts";
import { parseCsv } from "@/common/csv.ts";
import { exists } from "@/common/files.ts";
import { createPrng } from "@/common/random.ts";
import { externalFigure } from "@/figures/analysis.ts";
import { openFilmCache } from "@/films/cache.ts";
import type { Label, LabelledFilm, Prediction } from "@/films/film.ts";
import { runFolders, weightsPath } from "@/runs/files.ts";
import type { RunFilms } from "@/runs/settings.ts";
import { train } from "@/runs/train.ts";
import type { ExternalSet } from "@/split/external.ts";
import { auc } from "@/statistics/classification.ts";
import { inFolder } from "../in_folder.ts";
import { drawFilms, SMALL_EXPERIMENT, smallRun } from "../small_run.ts";

const SIDE = 48;

/** Draws a film of noise of another hospital: of 48 pixels, TB with a bright lower half. */
async function drawFilm(folder: string, name: string, label: Label): Promise<LabelledFilm> {
  const path = join(folder, name);
  const { integer } = createPrng(`external/${name}`);
  const pixels = Uint8Array.from(
    { length: SIDE * SIDE },
    (_, at) => integer(150) + (label === 1 && at >= SIDE * SIDE / 2 ? 60 : 0),
  );
  await sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 1 } }).png().toFile(path);
  return { path, filename: name, label };
}

/** Draws an external set. */
async function drawSet(root: string, name: string, labels: readonly Label[]): Promise<ExternalSet> {
  const films = await Promise.all(
    labels.map((label, i) => drawFilm(root, `${name}${i}.png`, label)),
  );
  return { name, root, films, others: null };
}

async function trainSmall(root: string, films: RunFilms, run: { name: string; init?: string }) {
  const { name, ...options } = run;
  const folders = runFolders(name, { root });
  const experiment = { ...SMALL_EXPERIMENT, name, epochs: 2 };
  await Array.fromAsync(train(experiment, { ...smallRun(root, films), folders, ...options }));
  return folders;
}

function analyseFolder(root: string, films: RunFilms, external: ExternalSet[]) {
  const cache = openFilmCache({ folder: join(root, "cache") });
  return analyse({ root, films, cache, phantom: true, external });
}

Deno.test("analyse() asks every run and every shortcut about external films, and leaves out those that were seen", () =>
  inFolder(async (root) => {
    const films = await drawFilms(root);
    const half = {
      ...films,
      train: films.train.slice(0, 10),
      validation: films.train.slice(16),
    };
    const first = await trainSmall(root, films, { name: "u0" });
    await Deno.rename(join(root, "results/u0"), join(root, "first-results"));
    await Deno.mkdir(join(root, "elsewhere/results"), { recursive: true });
    await Deno.rename(join(root, "first-results"), join(root, "elsewhere/results/u0"));
    await Deno.rename(join(root, "model"), join(root, "elsewhere/model"));
    const init = weightsPath({ ...first, model: join(root, "elsewhere/model/u0") }, 1);
    await trainSmall(root, half, { name: "baseline" });
    await trainSmall(root, half, { name: "l2", init });

    const set = await drawSet(root, "HOSPITAL", [0, 1, 0, 1, 0, 0, 1, 0]);
    // Copies of films that train, test, are behind l2's first weights alone, and validate.
    const copies = [half.train[3]!, films.test[2]!, films.train[15]!, half.validation[2]!];
    for (const [i, { path, label }] of copies.entries()) {
      const copy = join(root, `copy${i}.jpg`);
      await sharp(path).jpeg({ quality: 95 }).toFile(copy);
      set.films.push({ path: copy, filename: `copy${i}.jpg`, label });
    }
    await Deno.writeTextFile(join(root, "broken.png"), "no film");
    set.films.push({ path: join(root, "broken.png"), filename: "broken.png", label: 1 });
    const onlyTb = await drawSet(root, "ONLY TB", [1, 1, 1]);
    const { summary } = await analyseFolder(root, half, [set, onlyTb]);

    const [report, tbReport] = summary.external!;
    assertEquals([report!.healthy, report!.tb, report!.unreadable], [5, 3, ["broken.png"]]);
    assertEquals(report!.leftOut.map(({ film, like, of }) => [film, like, of]), [
      ["copy0.jpg", copies[0]!.filename, "training"],
      ["copy1.jpg", copies[1]!.filename, "test"],
      ["copy2.jpg", copies[2]!.filename, "u0/epoch01.safetensors"],
      ["copy3.jpg", copies[3]!.filename, "validation"],
    ]);
    assertEquals(report!.networks.map(({ experiment }) => experiment), ["baseline", "l2"]);

    // The numbers follow from the answers that are written beside them.
    const path = join(root, "results/analysis/external_predictions.csv");
    const [, ...rows] = parseCsv(await Deno.readTextFile(path), path);
    assertEquals(rows.length, 2 * (8 + 3));
    for (const { experiment, auc: area, ownAuc, drop } of report!.networks) {
      const asked = rows.filter(([name, who]) => name === "HOSPITAL" && who === experiment);
      const found = auc(asked.map((row) => Number(row[3])), asked.map((row) => Number(row[4])));
      assertAlmostEquals(area.value, found, 1e-12);
      const { scores } = summary.experiments.find((each) => each.experiment === experiment)!;
      assertEquals(ownAuc, scores.auc);
      assertAlmostEquals(drop.value, scores.auc.value - found, 1e-12);
    }
    assertEquals(
      report!.shortcuts.map(({ ownAuc }) => ownAuc),
      summary.shortcuts.map((s) => s.auc),
    );

    assert(Number.isNaN(tbReport!.networks[0]!.auc.value));
    assertStringIncludes(tbReport!.words, "it has no AUC");
    const [point] = tbReport!.networks[0]!.points;
    assertEquals([point!.purpose, point!.specificity.value], ["probability one half", NaN]);
    assert(point!.sensitivity.value >= 0);
    const notes = tbReport!.notes.join(" ");
    assertStringIncludes(notes, "There are only TB films, so that there is sensitivity alone");
    assertStringIncludes(notes, "3 TB films: below 100 such films the estimates are rough");
    assertStringIncludes(report!.notes.join(" "), "48 x 48 pixels, reduced to 32 x 32");

    // What is written is read again, drawn and put into the card and the tables.
    const read = (await readAnalysis({ root })).summary;
    assertEquals(read, summary);
    assertEquals(externalTables(read).map(({ name, csv }) => [name, csv.length]), [
      ["external", 2 * (2 + 3)],
      ["external_points", 2 * 2 * 4],
      ["external_calibration", 2 * 2],
      ["external_sets", 2],
    ]);
    assertEquals(externalFigure(report!).data.length, 2 * (2 + 3));
    assertEquals(externalFigure(tbReport!).data.length, 2 + 3);
    const card = await Deno.readTextFile(join(root, "results/analysis/model_card.md"));
    assertStringIncludes(card, "and on those of HOSPITAL, ONLY TB, by nobody");
    assertStringIncludes(card, report!.words);

    // An analysis without the sets removes what it no longer says.
    const again = await analyseFolder(root, half, []);
    assertEquals([again.summary.external, await exists(path)], [undefined, false]);
    await assertRejects(
      () => analyseFolder(root, half, [{ ...set, films: set.films.slice(8) }]),
      RangeError,
      "of its 5 films 1 cannot be read, and the runs have seen 4",
    );
  }));

Deno.test("analyse() refuses external films before its work if the weights of a run are gone", () =>
  inFolder(async (root) => {
    const films = await drawFilms(root);
    await trainSmall(root, films, { name: "baseline" });
    await trainSmall(root, films, { name: "l2" });
    await Deno.remove(join(root, "model/l2"), { recursive: true });
    const set = await drawSet(root, "HOSPITAL", [0, 1]);
    await assertRejects(
      () => analyseFolder(root, films, [set]),
      Error,
      "Cannot find the weights of epoch 1",
    );
    assertEquals(await exists(join(root, "results/summary.json")), false);
    // Nobody named the phantoms' second hospital, so that it does not stop an analysis.
    const { summary } = await analyseFolder(root, films, [{ ...set, isDefault: true }]);
    assertEquals(summary.external, undefined);
  }));

/** Makes predictions from labels and probabilities. */
function predictionsOf(labels: Label[], probabilities: number[]): Prediction[] {
  return labels.map((label, i) => ({
    filename: `${i}.png`,
    label,
    probability: probabilities[i]!,
  }));
}

Deno.test("describeNetwork() applies thresholds to external films, those chosen on test films last", () => {
  const shared = { predictiveValues: [], sensitivity: { value: 1, low: 1, high: 1 } };
  const point = { ...shared, specificity: shared.sensitivity };
  const test = predictionsOf([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.9]);
  const { points, auc: area, ownAuc } = describeNetwork(
    predictionsOf([0, 0, 0, 1, 1], [0.1, 0.6, 0.2, 0.4, 0.8]),
    {
      ...{ experiment: "baseline", epoch: 3, chosenBy: "last epoch", test },
      points: [
        { ...point, purpose: "90% specificity", chosenOn: "test", threshold: 0.3 },
        { ...point, purpose: "probability one half", chosenOn: null, threshold: 0.5 },
        { ...point, purpose: "WHO triage", chosenOn: "validation", threshold: 0.7 },
      ],
    },
  );
  const shown = points.map(({ purpose, sensitivity, specificity }) => [
    ...[purpose, sensitivity.value, specificity.value],
  ]);
  assertEquals(shown, [
    ["probability one half", 1 / 2, 2 / 3],
    ["WHO triage", 1 / 2, 1],
    ["90% specificity", 1, 2 / 3],
  ]);
  assertEquals([area.value, ownAuc.value], [5 / 6, 1]);
});

Deno.test("compareRanking() gives no number of fewer than two films of a class", () => {
  const own = { truth: [0, 0, 1, 1], scores: [1, 2, 3, 4] };
  for (const truth of [[0, 0, 0], [1, 1], [0, 0, 1]]) {
    const { auc: area, drop, ownAuc } = compareRanking(own, { truth, scores: [1, 2, 3] });
    assertEquals([area.value, drop.value, ownAuc.value], [NaN, NaN, 1]);
  }
});

Deno.test("notesOn() says sizes, prevalence, unknown first weights, and at most ten names", () => {
  const prng = createPrng("hashes");
  const film = (label: number, width: number, height = width) => ({
    ...{ label, width, height, filename: `${label}.png` },
    hash: Uint32Array.from({ length: 8 }, () => prng.integer(2 ** 32)),
  });
  const notes = (films: ReturnType<typeof film>[], others: object = {}) =>
    notesOn({
      ...{ films, unreadable: [], leftOut: [], classes: ["Healthy", "TB"], imageSizes: [224] },
      ...{ ownPrevalence: 0.25, unknownOrigin: [], others: null },
      ...others,
    });
  const many = Array.from({ length: 150 }, (_, i) => film(i < 100 ? 1 : 0, 128));
  assertEquals(notes(many), [
    "66.7% are TB films, and 25.0% of the runs' own test films: intercept and observed/expected " +
    "contain this difference.",
    "The films have 128 x 128 pixels, enlarged to 224 x 224.",
  ]);
  const sizes = (films: ReturnType<typeof film>[], imageSizes: number[]) =>
    notes([...many, ...films], { imageSizes }).find((note) => note.startsWith("The films have"));
  assertEquals(
    sizes([film(0, 3000, 2400)], [128, 448]),
    "The films have 128 x 128 to 3000 x 2400 pixels, reduced to 128 x 128 or resized to 448 x 448.",
  );
  assertEquals(sizes([], [128]), "The films have 128 x 128 pixels, the networks' own size.");
  const unreadable = Array.from({ length: 12 }, (_, i) => `${i}.png`);
  const said = notes([film(1, 224), film(0, 224)], { unreadable, unknownOrigin: ["u1"] });
  assertEquals(said.slice(-2), [
    "12 films cannot be read: 0.png, 1.png, 2.png, 3.png, 4.png, 5.png, 6.png, 7.png, 8.png, " +
    "9.png and 2 more.",
    "Not all films that u1 was trained on are known: some may be among these.",
  ]);
  assertEquals(said[0]!.startsWith("1 TB film: below 100 such films"), true);
  // The same share of TB needs no note, and neither does one that is not known.
  for (const ownPrevalence of [2 / 3, null]) {
    assertEquals(notes(many, { ownPrevalence }).length, 1);
  }
  const twin = film(0, 224);
  const twins = notes([...many, twin, { ...twin, label: 1, filename: "2.png" }], {
    others: "Left out as no films: 6 .bmp",
  });
  assertEquals(twins.slice(-2), [
    "Left out as no films: 6 .bmp.",
    "1 pair of its films are nearly the same, and count twice: 0.png and 2.png, of different classes.",
  ]);
});
