/**
 * DICOM films: what a viewer shows of them, as 8-bit grey. Values are rescaled, windowed as the file says, and
 * inverted where 0 is white (MONOCHROME1). Nothing else leaves the file: no name, no number, no date of a patient.
 * @module
 */
import { inflateRawSync } from "node:zlib";
import dicomParser, { type DataSet } from "dicom-parser";
import { decodeFrame } from "@/dicom_codecs.ts";
import type { StoredPixels } from "@/dicom_decoders.ts";
import type { Image } from "@/transforms.ts";

/** Elements of a DICOM file, by their tags (PS3.6). */
const TAG = {
  transferSyntax: "x00020010",
  samplesPerPixel: "x00280002",
  photometricInterpretation: "x00280004",
  numberOfFrames: "x00280008",
  rows: "x00280010",
  columns: "x00280011",
  bitsAllocated: "x00280100",
  bitsStored: "x00280101",
  highBit: "x00280102",
  pixelRepresentation: "x00280103",
  windowCenter: "x00281050",
  windowWidth: "x00281051",
  rescaleIntercept: "x00281052",
  rescaleSlope: "x00281053",
  windowFunction: "x00281056",
  modalityTable: "x00283000",
  tableDescriptor: "x00283002",
  tableData: "x00283006",
  voiTable: "x00283010",
  pixelData: "x7fe00010",
} as const;

/** Whether bytes are a DICOM file: 128 bytes of anything, then "DICM". */
export function isDicom(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes.subarray(128, 132)) === "DICM";
}

/**
 * Decodes a DICOM film with one frame in grey.
 *
 * @param options.maxPixels The largest film that is decoded.
 * @throws {Error} If it is not whole, has colours or several frames, or is encoded in a way that is not supported.
 */
export async function decodeDicom(
  bytes: Uint8Array<ArrayBuffer>,
  { maxPixels }: { maxPixels: number },
): Promise<Image> {
  const dataSet = parse(bytes, { maxBytes: 2 * maxPixels + bytes.length });
  const layout = layoutOf(dataSet);
  const { rows, columns, bitsAllocated } = layout;
  if (rows * columns > maxPixels) throw new Error("it exceeds the pixel limit");
  const frame = { bytes: pixelDataOf(dataSet), rows, columns, bitsAllocated };
  const stored = await decodeFrame(frame, dataSet.string(TAG.transferSyntax) ?? "");
  const table = displayTable(dataSet, { layout, stored });
  const mask = table.length - 1;
  const pixels = new Uint8Array(rows * columns);
  for (let i = 0; i < pixels.length; i++) pixels[i] = table[stored[i]! & mask]!;
  return { width: columns, height: rows, channels: 1, pixels };
}

function parse(bytes: Uint8Array<ArrayBuffer>, { maxBytes }: { maxBytes: number }): DataSet {
  const inflater = (whole: Uint8Array, position: number) => {
    const inflated = inflateRawSync(whole.subarray(position), { maxOutputLength: maxBytes });
    const plain = new Uint8Array(position + inflated.length);
    plain.set(whole.subarray(0, position));
    plain.set(inflated, position);
    return plain;
  };
  try {
    return dicomParser.parseDicom(bytes, { inflater });
  } catch (thrown) {
    // The parser throws texts, or an object that holds one and all that was read, which must not be shown.
    const { exception = thrown } = thrown as { exception?: unknown };
    throw exception instanceof Error ? exception : new Error(String(exception));
  }
}

/** How pixels are stored. */
interface Layout {
  rows: number;
  columns: number;
  bitsAllocated: number;
  /** The lower bits, which hold the value. */
  bitsStored: number;
  signed: boolean;
}

function layoutOf(dataSet: DataSet): Layout {
  const need = (name: keyof typeof TAG) => {
    const value = dataSet.uint16(TAG[name]);
    if (value === undefined) throw new Error(`its header has no ${name} (${TAG[name].slice(1)})`);
    return value;
  };
  const frames = dataSet.intString(TAG.numberOfFrames) ?? 1;
  if (frames !== 1) throw new Error(`it has ${frames} frames where a film has one`);
  const interpretation = dataSet.string(TAG.photometricInterpretation) ?? "";
  if (need("samplesPerPixel") !== 1 || !/^MONOCHROME[12]$/.test(interpretation)) {
    throw new Error(`it is not grey: its photometric interpretation is ${interpretation}`);
  }
  const bitsAllocated = need("bitsAllocated");
  const bitsStored = need("bitsStored");
  const fits = bitsStored > 0 && bitsStored <= bitsAllocated && need("highBit") === bitsStored - 1;
  if (!(bitsAllocated === 8 || bitsAllocated === 16) || !fits) {
    throw new Error(`its pixels of ${bitsStored} bits in ${bitsAllocated} are not supported`);
  }
  const signed = dataSet.uint16(TAG.pixelRepresentation) === 1;
  const [rows, columns] = [need("rows"), need("columns")];
  if (rows * columns === 0) throw new Error(`it is ${columns} x ${rows} pixels`);
  return { rows, columns, bitsAllocated, bitsStored, signed };
}

function pixelDataOf(dataSet: DataSet): Uint8Array<ArrayBuffer> {
  const element = dataSet.elements[TAG.pixelData];
  if (element === undefined) throw new Error("it has no pixels");
  const { dataOffset, length, fragments } = element;
  const bytes = dataSet.byteArray as Uint8Array<ArrayBuffer>;
  if (fragments === undefined) return bytes.subarray(dataOffset, dataOffset + length);
  return dicomParser.readEncapsulatedPixelDataFromFragments(
    ...[dataSet, element, 0, fragments.length] as const,
  ) as Uint8Array<ArrayBuffer>;
}

/** The grey, 0 to 255, of every bit pattern that a pixel may have. */
function displayTable(
  dataSet: DataSet,
  { layout, stored }: { layout: Layout; stored: StoredPixels },
): Uint8Array {
  const { bitsStored, signed } = layout;
  const count = 2 ** bitsStored;
  const rescale = modalityTransform(dataSet);
  const values = Float64Array.from(
    { length: count },
    (_, pattern) => rescale(signed && pattern >= count / 2 ? pattern - count : pattern),
  );
  const present = () => {
    let [smallest, largest] = [Infinity, -Infinity];
    for (const pattern of stored) {
      const value = values[pattern & (count - 1)]!;
      if (value < smallest) smallest = value;
      if (value > largest) largest = value;
    }
    return { smallest, largest };
  };
  const brightness = voiTransform(dataSet) ?? rangeTransform(present());
  const inverted = dataSet.string(TAG.photometricInterpretation) === "MONOCHROME1";
  return Uint8Array.from(values, (value) => {
    const grey = Math.floor(255 * Math.min(Math.max(brightness(value), 0), 1) + 0.5);
    return inverted ? 255 - grey : grey;
  });
}

type Transform = (value: number) => number;

/** From stored values to those that the window is meant for (PS3.3, C.11.1). */
function modalityTransform(dataSet: DataSet): Transform {
  const table = readTable(dataSet, TAG.modalityTable);
  if (table !== undefined) return table.lookUp;
  const slope = dataSet.floatString(TAG.rescaleSlope) ?? 1;
  const intercept = dataSet.floatString(TAG.rescaleIntercept) ?? 0;
  return (value) => value * slope + intercept;
}

/** From values to brightness, 0 to 1, by the file's first table or window (PS3.3, C.11.2), if it has any. */
function voiTransform(dataSet: DataSet): Transform | undefined {
  const table = readTable(dataSet, TAG.voiTable);
  if (table !== undefined) return (value) => table.lookUp(value) / (2 ** table.bits - 1);
  const centre = dataSet.floatString(TAG.windowCenter);
  const width = dataSet.floatString(TAG.windowWidth);
  if (centre === undefined || width === undefined) return undefined;
  const shape = dataSet.string(TAG.windowFunction) ?? "LINEAR";
  if (shape === "SIGMOID") return (value) => 1 / (1 + Math.exp(-4 * (value - centre) / width));
  const [middle, extent] = shape === "LINEAR" ? [centre - 0.5, width - 1] : [centre, width];
  if (!(width >= 1 || (shape === "LINEAR_EXACT" && width > 0))) {
    throw new Error(`its window is ${width} wide`);
  }
  if (extent === 0) return (value) => value > middle ? 1 : 0;
  return (value) => (value - middle) / extent + 0.5;
}

/** Without a window: from the film's smallest value, black, to its largest, white. */
function rangeTransform({ smallest, largest }: { smallest: number; largest: number }): Transform {
  return (value) => largest > smallest ? (value - smallest) / (largest - smallest) : 0;
}

/** The first table of a sequence: values from `first` on; below and above it, its first and last entry. */
function readTable(dataSet: DataSet, tag: string): { bits: number; lookUp: Transform } | undefined {
  const table = dataSet.elements[tag]?.items?.[0]?.dataSet;
  if (table === undefined) return undefined;
  // An announced length of 0 means 65,536.
  const length = table.uint16(TAG.tableDescriptor, 0) || 65536;
  const signed = dataSet.uint16(TAG.pixelRepresentation) === 1;
  const first = signed ? table.int16(TAG.tableDescriptor, 1) : table.uint16(TAG.tableDescriptor, 1);
  const bits = table.uint16(TAG.tableDescriptor, 2);
  const data = table.elements[TAG.tableData];
  if (first === undefined || bits === undefined || data === undefined || data.length < length) {
    throw new Error(`its look-up table (${tag.slice(1)}) is not whole`);
  }
  const packed = data.length < 2 * length;
  const entry = (i: number) =>
    packed ? table.byteArray[data.dataOffset + i]! : table.uint16(TAG.tableData, i)!;
  const entries = Float64Array.from({ length }, (_, i) => entry(i));
  return {
    bits,
    lookUp: (value) => entries[Math.min(Math.max(Math.trunc(value) - first, 0), length - 1)]!,
  };
}
