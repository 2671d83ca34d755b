/**
 * Where in a film a network finds its evidence, by two methods, and whether that is true: covering the cells that a
 * map marks must change the decision faster than covering any cells (the deletion test; Petsiuk et al., BMVC 2018).
 * @module
 */
import { cellsRegion, cover } from "@/analysis/pixels.ts";
import type { EvidenceMap, TrainedNetwork } from "@/analysis/trained_network.ts";
import { decimalInterval } from "@/analysis/words.ts";
import { createPrng, shuffle } from "@/random.ts";
import { sigmoid } from "@/statistics/calibration.ts";
import { type Estimate, meanOf } from "@/statistics/intervals.ts";

/** The methods, and what each does. */
export type Method = "Grad-CAM" | "occlusion";

/** A film's maps. */
export type EvidenceMaps = Readonly<Record<Method, EvidenceMap>>;

/** What covering cells in a map's order does to the probability of TB. */
export interface DeletionTest {
  method: Method;
  /** Films, all rightly called TB. */
  films: number;
  /** Shares of the film that are covered. */
  shares: number[];
  /** Mean probability of TB at each share, cells covered in the map's order. */
  byMap: number[];
  /** The same in random order. */
  byChance: number[];
  /** Mean over shares and films of the one less the other: above 0, the map marks what the network uses. */
  difference: Estimate;
  words: string;
}

/** A film in the deletion test. */
export interface TestedFilm {
  filename: string;
  /** `[size,size,3]` */
  pixels: Uint8Array;
}

/** Steps in which cells are covered; the last leaves one part in seven. */
const STEPS = 6;
/** Random orders for each film. */
const RANDOM_ORDERS = 3;

/** Both maps of a film, on one grid. */
export async function findEvidence(
  network: TrainedNetwork,
  pixels: Uint8Array,
): Promise<EvidenceMaps> {
  const gradCam = network.gradCam(pixels);
  return {
    "Grad-CAM": gradCam,
    "occlusion": await occlude(network, { pixels, cells: gradCam.cells }),
  };
}

/**
 * Occlusion (Zeiler and Fergus, ECCV 2014): by how much the log-odds of TB fall when a cell is covered.
 *
 * @param options.cells Along each side of the grid.
 */
async function occlude(
  network: TrainedNetwork,
  { pixels, cells }: { pixels: Uint8Array; cells: number },
): Promise<EvidenceMap> {
  const covered = Array.from(
    { length: cells * cells },
    (_, cell) => without(pixels, { network, cells, covered: [cell] }),
  );
  const [whole, ...others] = await network.logOdds([pixels, ...covered]);
  return { cells, values: others.map((logOdds) => whole! - logOdds) };
}

/** A copy of a film with some cells covered. */
function without(
  pixels: Uint8Array,
  { network: { imageSize: size }, cells, covered }: {
    network: TrainedNetwork;
    cells: number;
    covered: readonly number[];
  },
): Uint8Array {
  const copy = pixels.slice();
  cover(copy, { size, region: cellsRegion(new Set(covered), { size, cells }) });
  return copy;
}

/**
 * Holds the deletion test of both methods.
 *
 * @param films At least two; rightly called TB, so that there is evidence to delete.
 */
export async function testDeletion(
  network: TrainedNetwork,
  films: readonly TestedFilm[],
): Promise<DeletionTest[]> {
  const curves: { byMap: Record<Method, number[]>; byChance: number[] }[] = [];
  for (const { filename, pixels } of films) {
    const maps = await findEvidence(network, pixels);
    const { cells } = maps["Grad-CAM"];
    const curve = (order: readonly number[]) => deletionCurve(network, { pixels, cells, order });
    const random = [];
    for (let i = 0; i < RANDOM_ORDERS; i++) {
      const order = Array.from({ length: cells * cells }, (_, cell) => cell);
      random.push(await curve(shuffle(order, createPrng(`deletion/${i}/${filename}`))));
    }
    curves.push({
      byMap: {
        "Grad-CAM": await curve(strongestFirst(maps["Grad-CAM"])),
        "occlusion": await curve(strongestFirst(maps.occlusion)),
      },
      byChance: meanCurve(random),
    });
  }
  return (["Grad-CAM", "occlusion"] as const).map((method) => {
    const byMap = curves.map((curve) => curve.byMap[method]);
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

/** Probabilities of TB as ever more cells are covered. */
async function deletionCurve(
  network: TrainedNetwork,
  { pixels, cells, order }: { pixels: Uint8Array; cells: number; order: readonly number[] },
): Promise<number[]> {
  const films = Array.from({ length: STEPS + 1 }, (_, step) => {
    const covered = order.slice(0, Math.round((order.length * step) / (STEPS + 1)));
    return without(pixels, { network, cells, covered });
  });
  return Array.from(await network.logOdds(films), sigmoid);
}

function strongestFirst({ values }: EvidenceMap): number[] {
  return values.map((_, cell) => cell).sort((a, b) => values[b]! - values[a]!);
}

function meanCurve(curves: readonly (readonly number[])[]): number[] {
  return curves[0]!.map((_, step) => mean(curves.map((curve) => curve[step]!)));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * What a method's deletion test found, in words.
 *
 * @param positive The class whose probability it is.
 */
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
  return `With the cells covered that ${method} marks most, the probability of ${positive} is on average ${change} than ` +
    `with as many random cells covered: ${verdict}.`;
}
