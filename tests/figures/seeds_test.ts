import { assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { summarizeSeeds } from "@/analysis/seeds.ts";
import type { Summary } from "@/analysis/summary.ts";
import { seedsFigure } from "@/figures/analysis.ts";
import { toSvg } from "@/figures/svg.ts";
import { CLASS_NAMES } from "@/films/film.ts";
import type { EpochRow } from "@/runs/epochs.ts";

function seedsOf(runs: [experiment: string, seed: number, testF1: number][]): Summary {
  const seeds = summarizeSeeds(runs.map(([experiment, seed, testF1]) => ({
    experiment,
    seed,
    rows: [{ epoch: 0, testF1, validationF1: null } as EpochRow],
  })));
  return { seeds, classes: CLASS_NAMES } as Summary;
}

Deno.test("seedsFigure() shows each run, and mean and deviation where there are several", () => {
  const made = seedsFigure(seedsOf([
    ["baseline", 0, 0.875],
    ["baseline", 1, 0.9375],
    ["l2", 0, 0.8],
  ]));
  assertEquals(made.data.map(({ x, y }) => [x, y]), [
    [["baseline", "baseline"], [0.875, 0.9375]],
    [["l2"], [0.8]],
    [["baseline"], [0.90625]],
  ]);
  const { array } = made.data[2]!.error_y as unknown as { array: number[] };
  assertAlmostEquals(array[0]!, 0.0625 * Math.SQRT1_2, 1e-12);
  const svg = toSvg(made);
  for (const text of ["baseline", "l2", "F1 of every seed"]) assertStringIncludes(svg, text);
});

Deno.test("seedsFigure() says that one seed tells nothing of chance", () => {
  assertStringIncludes(toSvg(seedsFigure(seedsOf([["baseline", 0, 0.9]]))), "F1 of one seed");
});
