import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { analyse } from "@/analysis/analyse.ts";
import { readFoldRuns, summarizeFolds } from "@/analysis/folds.ts";
import { describeAnswers } from "@/analysis/folds_report.ts";
import { readAnalysis } from "@/analysis/read_analysis.ts";
import { foldTables } from "@/analysis/tables/folds.ts";
import { foldsFigure } from "@/figures/analysis.ts";
import { openFilmCache } from "@/films/cache.ts";
import { CLASS_NAMES, type LabelledFilm } from "@/films/film.ts";
import { readConfig, writeConfig } from "@/runs/config.ts";
import { readPredictions, runFolders } from "@/runs/files.ts";
import type { RunFilms } from "@/runs/settings.ts";
import { train } from "@/runs/train.ts";
import { makeFolds, splitOfFold } from "@/split/folds.ts";
import { auc } from "@/statistics/classification.ts";
import { inFolder } from "../in_folder.ts";
import { drawFilms, SMALL_EXPERIMENT, smallRun } from "../small_run.ts";

const COUNT = 3;

/** Draws 30 films and makes folds of them. */
async function drawFolds(root: string) {
  const drawn = await drawFilms(root);
  const all = [...drawn.train, ...drawn.test];
  const place = new Map(all.map((film) => [film.filename, film]));
  const films = all.map(({ filename, label }) => ({ filename, label: CLASS_NAMES[label]! }));
  // Two films of each healthy patient, and one of each with TB.
  const groupOf = ({ filename }: { filename: string }) => {
    const number = Number(filename.match(/\d+/)![0]);
    return number % 3 === 0 ? `tb ${number}` : `healthy ${Math.floor(number / 3)}`;
  };
  const folds = makeFolds(films, { count: COUNT, groupOf });
  const sets = Array.from({ length: COUNT }, (_, fold): RunFilms => {
    const split = splitOfFold(folds, fold);
    const of = (set: typeof films): LabelledFilm[] => set.map((film) => place.get(film.filename)!);
    return { train: of(split.train), test: of(split.test), validation: null };
  });
  return { folds, films: sets };
}

async function trainFold(root: string, films: RunFilms, { fold, name = "baseline", epochs = 1 }: {
  fold: number;
  name?: string;
  epochs?: number;
}): Promise<void> {
  const folders = runFolders(name, { fold, root });
  const experiment = { ...SMALL_EXPERIMENT, name, epochs };
  await Array.fromAsync(train(experiment, { ...smallRun(root, films), folders }));
}

Deno.test("analyse() tests every film once over the folds, and gives the mean of their areas", () =>
  inFolder(async (root) => {
    const opened = await drawFolds(root);
    for (const [fold, films] of opened.films.entries()) await trainFold(root, films, { fold });
    const cache = openFilmCache({ folder: join(root, "cache") });
    const options = { root, films: opened.films[0]!, cache, phantom: true, folds: opened };
    const { summary } = await analyse(options);
    const { count, experiments: [found], problems } = summary.folds!;
    assertEquals([count, problems], [COUNT, []]);

    const predictions = await Promise.all(
      found!.folds.map(({ fold, epoch }) =>
        readPredictions(runFolders("baseline", { fold, root }).results, { epoch })
      ),
    );
    const names = predictions.flat().map(({ filename }) => filename).toSorted();
    assertEquals(names.length, 30);
    assertEquals(new Set(names).size, 30);
    const areas = predictions.map((of) =>
      auc(of.map(({ label }) => label), of.map(({ probability }) => probability))
    );
    assertEquals(found!.folds.map(({ auc }) => auc.value), areas);
    assertAlmostEquals(found!.auc.value, areas.reduce((sum, area) => sum + area, 0) / COUNT, 1e-12);
    assert(found!.auc.low <= found!.auc.value && found!.auc.value <= found!.auc.high);
    assertEquals([found!.lowest, found!.highest], [Math.min(...areas), Math.max(...areas)]);
    const { tn, fp, fn, tp } = found!.confusion;
    assertEquals([tn + fp, fn + tp], [20, 10]);
    const right = predictions.flat().filter(({ label, probability }) =>
      label === 1 && probability > 0.5
    );
    assertEquals(tp, right.length);

    const read = (await readAnalysis({ root })).summary;
    assertEquals(read, summary);
    assertEquals(foldTables(read).map(({ csv }) => csv.length), [1, COUNT]);
    assertEquals(foldsFigure(read.folds!).data.length, 2);
  }));

Deno.test("readFoldRuns() pools nothing if a fold is missing, damaged, of another split or trained otherwise", () =>
  inFolder(async (root) => {
    const opened = await drawFolds(root);
    const read = () => readFoldRuns(root, opened);
    await trainFold(root, opened.films[0]!, { fold: 0 });
    await trainFold(root, opened.films[0]!, { fold: 0, name: "l2" });
    assertEquals(
      await read(),
      { experiments: [], problems: [] },
      "Fold 0 alone is an ordinary run",
    );
    await trainFold(root, opened.films[2]!, { fold: 2 });
    const problem = async (...parts: string[]) => {
      const { experiments, problems } = await read();
      assertEquals([experiments.length, problems.length], [0, 1]);
      for (const part of ["The folds of baseline are not pooled", ...parts]) {
        assertStringIncludes(problems[0]!, part);
      }
    };
    await problem("results/folds/1/baseline", "deno task train baseline --fold 1");
    await trainFold(root, opened.films[2]!, { fold: 1 });
    await problem("results/folds/1/baseline has the training films of another split", "--restart");
    await Deno.remove(join(root, "results/folds/1"), { recursive: true });
    await Deno.remove(join(root, "model/folds/1"), { recursive: true });
    await trainFold(root, opened.films[1]!, { fold: 1, epochs: 2 });
    await problem("results/folds/1/baseline has epochs 2", "has 1");
    await trainFold(root, opened.films[0]!, { fold: 0, epochs: 2 });
    await trainFold(root, opened.films[2]!, { fold: 2, epochs: 2 });
    assertEquals((await read()).experiments.map(({ runs }) => runs.length), [COUNT]);

    const { results } = runFolders("baseline", { fold: 2, root });
    const config = await readConfig(results);
    await writeConfig(results, { ...config, precision: "bf16" });
    await problem('results/folds/2/baseline has precision "bf16"', 'has "fp32"');
    await writeConfig(results, config);
    await Deno.writeTextFile(join(results, "predictions/epoch01.csv"), "filename\n");
    await problem("Cannot read results/folds/2/baseline/predictions/epoch01.csv");
    // Folds that were split again: with validation films, or with fewer films to train on.
    const [first, ...others] = opened.films;
    const again = async (films: RunFilms) =>
      (await readFoldRuns(root, { ...opened, films: [films, ...others] })).problems[0]!;
    const validation = first!.train.slice(0, 4);
    assertStringIncludes(
      await again({ ...first!, validation }),
      "has the validation films of another",
    );
    const train = first!.train.slice(1);
    assertStringIncludes(await again({ ...first!, train }), "has the training films of another");
    assertEquals(summarizeFolds(opened, await read()).experiments, []);
  }));

Deno.test("describeAnswers() gives mean and range of the networks, and the area of their mean probability", () => {
  const truth = [0, 0, 1, 1];
  const found = describeAnswers(truth, [[0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.1, 0.9]]);
  assertEquals([found.mean, found.lowest, found.highest], [0.75, 0.5, 1]);
  // The means are 0.25, 0.25, 0.2 and 0.65: two of four pairs are right.
  assertEquals(found.ensemble.value, 0.5);
});
