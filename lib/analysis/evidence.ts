/**
 * Maps of the evidence that a network finds in a film, by two methods, and their test: covering the
 * cells that a map marks must change the decision faster than covering any cells (the deletion
 * test; Petsiuk et al., BMVC 2018).
 * @module
 */
import * as z from "zod";
import { decimalInterval } from "@/analysis/format.ts";
import { cellsRegion, cover } from "@/analysis/regions.ts";
import type { EvidenceMap, TrainedNetwork } from "@/analysis/trained_network.ts";
import { COUNT, NUMBER } from "@/common/json.ts";
import { createPrng, shuffle } from "@/common/random.ts";
import { sigmoid } from "@/statistics/calibration.ts";
import { ESTIMATE, mean, meanOf } from "@/statistics/intervals.ts";

const METHODS = ["Grad-CAM", "occlusion"] as const;

const EVIDENCE_MAP: z.ZodType<EvidenceMap> = z.object({ cells: COUNT, values: z.array(NUMBER) });

/** A film, the network's prediction of it, and its maps. */
export const CASE = z.object({
  filename: z.string(),
  label: z.literal([0, 1]),
  probability: z.number(),
  maps: z.object({ "Grad-CAM": EVIDENCE_MAP, occlusion: EVIDENCE_MAP }),
});
export type Case = z.infer<typeof CASE>;

/** The effect on the probability of TB of covering cells in a map's order. */
export const DELETION_TEST = z.object({
  method: z.enum(METHODS),
  /** Films, all rightly called TB. */
  films: COUNT,
  /** Shares of the film that are covered. */
  shares: z.array(NUMBER),
  /** Mean probability of TB at each share, cells covered in the map's order. */
  byMap: z.array(NUMBER),
  /** The same in random order. */
  byChance: z.array(NUMBER),
  /** Mean of `byChance - byMap`: above 0, the map marks what the network uses. */
  difference: ESTIMATE,
  words: z.string(),
});
type DeletionTest = z.infer<typeof DELETION_TEST>;

/** Cells along each side of a map at most: occlusion asks about each. 448 x 448 pixels have 14. */
const MOST_CELLS = 14;
/** Steps in which cells are covered; the last leaves one part in seven. */
const STEPS = 6;
/** Random orders for each film. */
const RANDOM_ORDERS = 3;

/** Makes both maps of a film, `[size,size,3]`, on one grid. */
export async function findEvidence(
  network: TrainedNetwork,
  pixels: Uint8Array,
): Promise<Case["maps"]> {
  const gradCam = coarsen(network.gradCam(pixels));
  const occlusion = await occlude(network, { pixels, cells: gradCam.cells });
  return { "Grad-CAM": gradCam, occlusion };
}

/** Sums a map that has too many cells into fewer: all add up to the same as before. */
function coarsen(map: EvidenceMap): EvidenceMap {
  const { cells, values } = map;
  const most = MOST_CELLS;
  if (cells <= most) return map;
  // The share of a row, or of a column, that lies in a coarse one.
  const share = (fine: number, coarse: number) => {
    const end = Math.min(fine + 1, (coarse + 1) * cells / most);
    return Math.max(0, end - Math.max(fine, coarse * cells / most));
  };
  const sums = Array.from({ length: most * most }, (_, place) =>
    values.reduce((sum, value, i) => {
      const rows = share(Math.floor(i / cells), Math.floor(place / most));
      return sum + value * rows * share(i % cells, place % most);
    }, 0));
  return { cells: most, values: sums };
}

/**
 * Finds by how much the log-odds of TB fall when a cell is covered: occlusion (Zeiler and Fergus,
 * ECCV 2014).
 */
async function occlude(
  network: TrainedNetwork,
  { pixels, cells }: { pixels: Uint8Array; cells: number },
): Promise<EvidenceMap> {
  const size = network.imageSize;
  const covered = Array.from(
    { length: cells * cells },
    (_, cell) => without(pixels, { size, cells, covered: [cell] }),
  );
  const [whole, ...others] = await network.logOdds([pixels, ...covered]);
  return { cells, values: others.map((logOdds) => whole! - logOdds) };
}

/** Copies a film and covers some cells. */
function without(
  pixels: Uint8Array,
  { size, cells, covered }: { size: number; cells: number; covered: readonly number[] },
): Uint8Array {
  const copy = pixels.slice();
  cover(copy, { size, region: cellsRegion(new Set(covered), { size, cells }) });
  return copy;
}

/**
 * Runs the deletion test of both methods.
 *
 * @param films At least two, `[size,size,3]`, rightly called TB, so that there is evidence.
 */
export async function testDeletion(
  network: TrainedNetwork,
  films: readonly { filename: string; pixels: Uint8Array }[],
): Promise<DeletionTest[]> {
  const curves = await Array.fromAsync(films, async ({ filename, pixels }) => {
    const maps = await findEvidence(network, pixels);
    const { cells, values } = maps["Grad-CAM"];
    const curve = (order: readonly number[]) => deletionCurve(network, { pixels, cells, order });
    const places = [...values.keys()];
    const random = [];
    for (let i = 0; i < RANDOM_ORDERS; i++) {
      random.push(await curve(shuffle(places, createPrng(`deletion/${i}/${filename}`))));
    }
    const byMap = (method: typeof METHODS[number]) => {
      const strength = maps[method].values;
      return curve(places.toSorted((a, b) => strength[b]! - strength[a]!));
    };
    return {
      "Grad-CAM": await byMap("Grad-CAM"),
      occlusion: await byMap("occlusion"),
      byChance: meanCurve(random),
    };
  });
  return METHODS.map((method) => {
    const byMap = curves.map((curve) => curve[method]);
    const byChance = curves.map((curve) => curve.byChance);
    const difference = meanOf(
      byMap.map((curve, film) => mean(byChance[film]!.slice(1)) - mean(curve.slice(1))),
    );
    return {
      method,
      films: films.length,
      shares: Array.from({ length: STEPS + 1 }, (_, step) => step / (STEPS + 1)),
      byMap: meanCurve(byMap),
      byChance: meanCurve(byChance),
      difference,
      words: deletionInWords({ method, difference }, network.classes[1]),
    };
  });
}

/** Computes the probabilities of TB as ever more cells are covered. */
async function deletionCurve(
  network: TrainedNetwork,
  { pixels, cells, order }: { pixels: Uint8Array; cells: number; order: readonly number[] },
): Promise<number[]> {
  const films = Array.from({ length: STEPS + 1 }, (_, step) => {
    const covered = order.slice(0, Math.round((order.length * step) / (STEPS + 1)));
    return without(pixels, { size: network.imageSize, cells, covered });
  });
  return Array.from(await network.logOdds(films), sigmoid);
}

function meanCurve(curves: readonly (readonly number[])[]): number[] {
  return curves[0]!.map((_, step) => mean(curves.map((curve) => curve[step]!)));
}

/** Describes a deletion test's result; `positive` is the class whose probability falls. */
export function deletionInWords(
  { method, difference }: Pick<DeletionTest, "method" | "difference">,
  positive: string,
): string {
  const { value, low, high } = difference;
  const change = value < 0
    ? `${decimalInterval({ value: -value, low: -high, high: -low })} higher`
    : `${decimalInterval(difference)} lower`;
  const verdict = low > 0
    ? `${method} marks what the network uses`
    : high < 0
    ? `${method} marks what the network does not use`
    : `it is not shown that ${method} marks what the network uses`;
  return `With the cells covered that ${method} marks most, the probability of ${positive} is on ` +
    `average ${change} than with as many random cells covered: ${verdict}.`;
}
