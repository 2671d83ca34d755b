/**
 * The brightness of a DICOM film's pixels: by the modality's table or slope, then by the table or
 * window of interest ("VOI") in the file (PS3.3, C.11.1 and C.11.2).
 * @module
 */
import { type Elements, type Name, nameOf } from "@/films/dicom/elements.ts";

/** The bit patterns of a film's pixels. */
interface Patterns {
  bits: number;
  /** Whether values are signed. */
  signed: boolean;
  /** 1 for each pattern that a pixel has, else 0. */
  present: Uint8Array;
}

type Transform = (value: number) => number;

/**
 * Finds the grey value, 0 to 255, of each pattern that a pixel has; 0 for all others.
 *
 * @throws {Error} If the file's tables or windows are invalid.
 */
export function greysOf(elements: Elements, { bits, signed, present }: Patterns): Uint8Array {
  const count = 2 ** bits;
  const valueOf = (pattern: number) => signed && pattern >= count / 2 ? pattern - count : pattern;
  const range = signed ? [-count / 2, count / 2 - 1] : [0, count - 1];
  const { rescale, lowest } = modalityTransform(elements, { range, signed });
  const used = Array.from({ length: count }, (_, pattern) => pattern)
    .filter((pattern) => present[pattern]);
  const isPadding = paddingTest(elements, { valueOf, mask: count - 1 });
  const brightness = voiTransform(elements, { signed: lowest < 0 }) ??
    rangeTransform(used.filter((pattern) => !isPadding(pattern)).map(valueOf).map(rescale));
  const inverted = elements.text("photometricInterpretation") === "MONOCHROME1";
  const greys = new Uint8Array(count);
  for (const pattern of used) {
    const bright = brightness(rescale(valueOf(pattern)));
    const grey = Math.floor(255 * Math.min(Math.max(bright, 0), 1) + 0.5);
    greys[pattern] = inverted ? 255 - grey : grey;
  }
  return greys;
}

/** Finds the map from stored values to the window's values, and the lowest possible one. */
function modalityTransform(
  elements: Elements,
  { range, signed }: { range: readonly number[]; signed: boolean },
): { rescale: Transform; lowest: number } {
  const table = readTable(elements, { name: "modalityTable", signed });
  if (table !== undefined) return { rescale: table.lookUp, lowest: 0 };
  const slope = elements.decimal("rescaleSlope") ?? 1;
  const intercept = elements.decimal("rescaleIntercept") ?? 0;
  const rescale = (value: number) => value * slope + intercept;
  return { rescale, lowest: Math.min(...range.map(rescale)) };
}

/** Finds the test for padding, which fills areas outside of the film (PS3.3, C.7.5.1.1.2). */
function paddingTest(
  elements: Elements,
  { valueOf, mask }: { valueOf: Transform; mask: number },
): (pattern: number) => boolean {
  const padding = elements.word("pixelPaddingValue");
  if (padding === undefined) return () => false;
  const limit = elements.word("pixelPaddingRangeLimit") ?? padding;
  const [from, to] = [padding, limit].map((word) => valueOf(word & mask)).sort((a, b) => a - b);
  return (pattern) => valueOf(pattern) >= from! && valueOf(pattern) <= to!;
}

/**
 * Finds the map from values to brightness, 0 to 1, by the file's first table or window, if any.
 *
 * @param options.signed Whether values may be below 0.
 */
function voiTransform(elements: Elements, { signed }: { signed: boolean }): Transform | undefined {
  const table = readTable(elements, { name: "voiTable", signed });
  if (table !== undefined) return (value) => table.lookUp(value) / table.white;
  const window = findWindow(elements);
  if (window === undefined) return undefined;
  const { centre, width } = window;
  const shape = elements.text("windowFunction") ?? "LINEAR";
  if (!["LINEAR", "LINEAR_EXACT", "SIGMOID"].includes(shape)) {
    throw new Error(
      `its ${nameOf("windowFunction")} is ${JSON.stringify(shape)}, which is unknown`,
    );
  }
  if (!(width >= 1 || (shape !== "LINEAR" && width > 0))) {
    throw new Error(`its ${nameOf("windowWidth")} is ${width}`);
  }
  if (shape === "SIGMOID") return (value) => 1 / (1 + Math.exp(-4 * (value - centre) / width));
  const [middle, extent] = shape === "LINEAR" ? [centre - 0.5, width - 1] : [centre, width];
  if (extent === 0) return (value) => value > middle ? 1 : 0;
  return (value) => (value - middle) / extent + 0.5;
}

/** Finds the first window that has a centre and a width. */
function findWindow(elements: Elements): { centre: number; width: number } | undefined {
  for (const index of elements.texts("windowCenter").keys()) {
    const centre = elements.decimal("windowCenter", index);
    const width = elements.decimal("windowWidth", index);
    if (centre !== undefined && width !== undefined) return { centre, width };
  }
  return undefined;
}

/** Maps the film's smallest value to black and its largest to white, without a window. */
function rangeTransform(values: readonly number[]): Transform {
  const smallest = values.reduce((a, b) => Math.min(a, b), Infinity);
  const largest = values.reduce((a, b) => Math.max(a, b), -Infinity);
  return (value) => largest > smallest ? (value - smallest) / (largest - smallest) : 0;
}

/**
 * Reads the first table of a sequence that is not empty.
 *
 * @param options.signed Whether looked-up values may be below 0.
 * @returns `lookUp()`, which gives the first or last entry for values outside of the table, and the
 * entry that means white.
 */
function readTable(
  elements: Elements,
  { name, signed }: { name: Name; signed: boolean },
): { lookUp: Transform; white: number } | undefined {
  const table = elements.items(name).find((item) =>
    item.has("tableDescriptor") || item.has("tableData")
  );
  if (table === undefined) return undefined;
  const [announced, start, bits] = [0, 1, 2].map((i) => table.word("tableDescriptor", i));
  if (start === undefined || !table.has("tableData")) {
    throw new Error(`its look-up table, ${nameOf(name)}, is not whole`);
  }
  // A length of 0 means 65,536.
  const length = announced || 65536;
  const isBelowZero = start >= 0x8000 && (signed || table.type("tableDescriptor") === "SS");
  const first = isBelowZero ? start - 0x10000 : start;
  const entries = tableEntries(table, { length, bits: bits! });
  const lookUp = (value: number) => {
    const entry = entries[Math.min(Math.max(Math.floor(value) - first, 0), length - 1)];
    if (entry !== undefined) return entry;
    throw new Error(`its look-up table, ${nameOf(name)}, has no entry for the value ${value}`);
  };
  return { lookUp, white: whiteOf(entries, bits!) };
}

/**
 * Reads a table's entries: bytes, padded to an even number, or words, in which some files also
 * store 8 bits (PS3.3, C.11.1.1.1, note). Some files announce too many words.
 *
 * @throws {Error} If the number of bytes fits neither.
 */
function tableEntries(
  table: Elements,
  { length, bits }: { length: number; bits: number },
): Uint8Array | Uint16Array {
  const bytes = table.bytes("tableData");
  if (bits <= 8 && bytes.length < 2 * length) {
    const isWhole = [length, length + length % 2].includes(bytes.length);
    if (isWhole) return table.bytes("tableData", { bits: 8 });
    throw new Error(
      `its look-up table has ${bytes.length} bytes for ${length} entries of ${bits} bits`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const word = (_: unknown, i: number) => view.getUint16(2 * i, table.littleEndian);
  return Uint16Array.from({ length: Math.min(length, bytes.length >> 1) }, word);
}

/**
 * Finds the entry that means white: the largest number of its bits. Agfa announces 16 bits for 12,
 * and some tables announce too few. Then the largest entry decides, as in Cornerstone's viewers.
 */
function whiteOf(entries: Uint8Array | Uint16Array, bits: number): number {
  let largest = 1;
  for (const entry of entries) largest = Math.max(largest, entry);
  const needed = Math.floor(Math.log2(largest)) + 1;
  return 2 ** (bits < 16 && bits >= needed ? bits : needed) - 1;
}
