import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readAnalysis } from "@/analysis/read_analysis.ts";
import { analysisTables } from "@/analysis/tables/tables.ts";
import { readText } from "@/common/files.ts";
import { fromRoot } from "@/common/paths.ts";
import { toPng } from "@/figures/png.ts";
import { toSvg } from "@/figures/svg.ts";
import { experimentsFigure } from "@/figures/test_panels.ts";
import { readFinishedRuns } from "@/notebooks/finished.ts";
import { isSamePicture } from "@/notebooks/outputs.ts";
import { REFERENCE_FIGURE, REFERENCE_RUN } from "@/tasks/dev/reference_run.ts";

const README = await readText(fromRoot("README.md"));

Deno.test("the README's scores are those of the run in reference_run/", async () => {
  const { summary } = await readAnalysis({ root: REFERENCE_RUN });
  const { markdown } = analysisTables(summary).find(({ name }) => name === "scores")!;
  const rows = markdown.map((row) => Object.values(row).map(String));
  assert(rows.length > 0);
  const shown = README.split("\n").map((line) => line.split("|").slice(1, -1).map((c) => c.trim()));
  const held = shown.filter(([first], i) => i > 0 && rows.some(([name]) => name === first));
  assertEquals(held, rows);
});

Deno.test("the README says of the experiments' order what the tests and the seeds of the run say", async () => {
  const { summary } = await readAnalysis({ root: REFERENCE_RUN });
  const { best, comparisons, seeds } = summary;
  assertEquals(comparisons.length, 10);
  for (const { words } of comparisons) {
    assertEquals(words.match(/no difference shown/g)?.length, 2, words);
  }
  const baseline = seeds.spreads.find(({ experiment }) => experiment === "baseline")!;
  const effect = seeds.effects.find(({ experiment }) => experiment === best.experiment)!;
  assertEquals([baseline.seeds.length, effect.pairs, seeds.epochs], [3, 3, 6]);
  const seedAlone = baseline.f1.deviation.toFixed(3);
  const below = (-effect.f1.value).toFixed(3);
  assertShown(
    `the baseline's F1 has a standard deviation of ${seedAlone} (three seeds, six epochs)`,
  );
  assertShown(`${best.experiment}, the highest above, is ${below} below the baseline`);
});

Deno.test("the README's areas under the curve without a lung in sight are those of the run in reference_run/", async () => {
  const { summary } = await readAnalysis({ root: REFERENCE_RUN });
  const thumbnail = summary.shortcuts.find(({ shortcut }) => shortcut === "thumbnail")!;
  assertShown(`too few for a lesion, has an AUC of ${thumbnail.auc.value.toFixed(3)},`);
  const { borderAlone } = summary.borders;
  assertShown(
    `the highest F1 reaches an AUC of ${
      borderAlone.value.toFixed(3)
    } when shown only the outer tenth`,
  );
});

Deno.test("the README's curves are those of the run in reference_run/", async () => {
  const runs = await readFinishedRuns({ root: REFERENCE_RUN });
  const drawn = toPng(toSvg(experimentsFigure(runs)));
  const held = await Deno.readFile(REFERENCE_FIGURE);
  const [first, second] = [held, drawn].map((bytes) => Buffer.from(bytes).toString("base64"));
  assert(await isSamePicture(first!, second!), `${REFERENCE_FIGURE} shows another run`);
});

Deno.test("the README's pictures and links to files are there", async () => {
  const links = [...README.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path]) => path!);
  assert(links.length > 0);
  for (const path of links) await Deno.stat(fromRoot(path));
});

/** Throws if the README does not say this, wherever its lines break. */
function assertShown(sentence: string): void {
  assertStringIncludes(README.replaceAll(/\s+/g, " "), sentence);
}
