/**
 * Decodes DICOM films to 8-bit grey, as a viewer shows them: rescaled, windowed, and inverted where
 * 0 is white (MONOCHROME1). Nothing else leaves the file, such as a patient's name or number.
 * @module
 */
import { decodeFrame } from "@/films/dicom/codecs.ts";
import type { Frame } from "@/films/dicom/decoders.ts";
import { type Elements, type Name, nameOf, readElements } from "@/films/dicom/elements.ts";
import { greysOf } from "@/films/dicom/greys.ts";
import type { Image } from "@/films/film.ts";

/**
 * Decodes a DICOM film with one frame in grey.
 *
 * @param options.maxPixels The largest film that is decoded.
 * @throws {Error} If it is not whole, has colours or several frames, or its encoding is unknown.
 */
export async function decodeDicom(
  bytes: Uint8Array<ArrayBuffer>,
  { maxPixels }: { maxPixels: number },
): Promise<Image> {
  const { transferSyntax, elements } = readElements(bytes, {
    maxBytes: 2 * maxPixels + bytes.length,
  });
  const frame = readFrame(elements, { maxPixels });
  const { rows, columns, bitsStored, signed } = frame;
  const stored = await decodeFrame(frame, transferSyntax);
  const mask = 2 ** bitsStored - 1;
  const present = new Uint8Array(mask + 1);
  for (const pattern of stored) present[pattern & mask] = 1;
  const greys = greysOf(elements, { bits: bitsStored, signed, present });
  const pixels = new Uint8Array(rows * columns);
  for (let i = 0; i < pixels.length; i++) pixels[i] = greys[stored[i]! & mask]!;
  return { width: columns, height: rows, channels: 1, pixels };
}

function readFrame(elements: Elements, { maxPixels }: { maxPixels: number }): Frame {
  if (!elements.has("pixelData")) throw new Error("it has no pixels");
  const need = (name: Name) => {
    const value = elements.word(name);
    if (value === undefined) throw new Error(`its header has no ${nameOf(name)}`);
    return value;
  };
  // A missing number, or 0, means 1.
  const frames = elements.decimal("numberOfFrames") || 1;
  if (frames !== 1) throw new Error(`it has ${frames} frames where a film has one`);
  const interpretation = elements.text("photometricInterpretation") ?? "";
  if (need("samplesPerPixel") !== 1 || !/^MONOCHROME[12]$/.test(interpretation)) {
    throw new Error(`it is not grey: its photometric interpretation is ${interpretation}`);
  }
  const bitsAllocated = need("bitsAllocated");
  const bitsStored = need("bitsStored");
  const highBit = need("highBit");
  if (
    !(bitsAllocated === 8 || bitsAllocated === 16) ||
    !(bitsStored > 0 && bitsStored <= bitsAllocated)
  ) {
    throw new Error(`its pixels of ${bitsStored} bits in ${bitsAllocated} are not supported`);
  }
  if (highBit < bitsStored - 1 || highBit >= bitsAllocated) {
    const bits = `${bitsStored} bits in ${bitsAllocated}`;
    throw new Error(`its ${nameOf("highBit")} is ${highBit}, which ${bits} cannot have`);
  }
  const [rows, columns] = [need("rows"), need("columns")];
  if (rows * columns === 0) throw new Error(`it is ${columns} x ${rows} pixels`);
  const representation = need("pixelRepresentation");
  if (representation > 1) throw new Error(`its ${nameOf("pixelRepresentation")} is not 0 or 1`);
  if (rows * columns > maxPixels) throw new Error("it exceeds the pixel limit");
  return {
    bytes: elements.bytes("pixelData", { bits: bitsAllocated }),
    ...{ rows, columns, bitsAllocated, bitsStored },
    lowBit: highBit - bitsStored + 1,
    signed: representation === 1,
    isEncapsulated: elements.isEncapsulated,
  };
}
