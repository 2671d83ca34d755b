/**
 * Decodes a DICOM film's pixels from its encoding (its "transfer syntax"): uncompressed, run
 * lengths, JPEG, lossless JPEG, JPEG-LS or JPEG 2000.
 * @module
 */
import sharp from "sharp";
import { type Frame, requireFormat, type StoredPixels } from "@/films/dicom/decoders.ts";
import { BIG_ENDIAN, DEFLATED, LITTLE_ENDIAN } from "@/films/dicom/elements.ts";
import { decodeElsewhere } from "@/films/dicom/thread.ts";

type Codec = (frame: Frame, transferSyntax: string) => StoredPixels | Promise<StoredPixels>;

/** The decoders, by the identifier of the transfer syntax (DICOM PS3.6, table A-1). */
const CODECS: Record<string, Codec> = {
  "1.2.840.10008.1.2": decodeWords,
  [LITTLE_ENDIAN]: decodeWords,
  [DEFLATED]: decodeWords,
  [BIG_ENDIAN]: decodeWords,
  "1.2.840.10008.1.2.5": decodeRunLengths,
  "1.2.840.10008.1.2.4.50": decodeJpeg,
  "1.2.840.10008.1.2.4.51": decodeJpeg,
  "1.2.840.10008.1.2.4.57": (frame) => decodeElsewhere({ frame, decoder: "losslessJpeg" }),
  "1.2.840.10008.1.2.4.70": (frame) => decodeElsewhere({ frame, decoder: "losslessJpeg" }),
  "1.2.840.10008.1.2.4.80": (frame) => decodeElsewhere({ frame, decoder: "jpegLs" }),
  "1.2.840.10008.1.2.4.81": (frame) => decodeElsewhere({ frame, decoder: "jpegLs" }),
  "1.2.840.10008.1.2.4.90": (frame) => decodeElsewhere({ frame, decoder: "jpeg2000" }),
  "1.2.840.10008.1.2.4.91": (frame) => decodeElsewhere({ frame, decoder: "jpeg2000" }),
};

/**
 * Decodes a film's pixels.
 *
 * @throws {Error} If the transfer syntax is not supported, or the pixels are not whole.
 */
export async function decodeFrame(frame: Frame, transferSyntax: string): Promise<StoredPixels> {
  const codec = CODECS[transferSyntax];
  if (codec === undefined) {
    throw new Error(`its encoding, transfer syntax ${transferSyntax}, is not supported`);
  }
  const isJpeg = transferSyntax.startsWith("1.2.840.10008.1.2.4.");
  const { rows, columns, lowBit, bitsStored } = frame;
  if (isJpeg && lowBit > 0) {
    throw new Error(
      `its ${bitsStored} encoded bits start at bit ${lowBit}, which is not supported`,
    );
  }
  const pixels = await codec(frame, transferSyntax);
  if (pixels.length < rows * columns) {
    throw new Error(`its pixels end early: ${pixels.length} of ${rows} x ${columns}`);
  }
  const film = pixels.subarray(0, rows * columns);
  return lowBit > 0 ? film.map((cell) => cell >> lowBit) : film;
}

function decodeWords(
  { bytes, bitsAllocated, isEncapsulated }: Frame,
  syntax: string,
): StoredPixels {
  if (isEncapsulated) {
    throw new Error("its pixels are encoded, and its transfer syntax does not say how");
  }
  if (bitsAllocated === 8) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const word = (_: unknown, i: number) => view.getUint16(2 * i, syntax !== BIG_ENDIAN);
  return Uint16Array.from({ length: bytes.length >> 1 }, word);
}

/** Decodes run lengths (PS3.5, annex G): one segment per byte of a pixel, the upper byte first. */
function decodeRunLengths({ bytes, rows, columns, bitsAllocated }: Frame): StoredPixels {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const segments = view.getUint32(0, true);
  if (segments !== bitsAllocated / 8) {
    throw new Error(`it has ${segments} segments of run lengths for ${bitsAllocated} bits`);
  }
  const pixels = new Uint16Array(rows * columns);
  for (let segment = 0; segment < segments; segment++) {
    const start = view.getUint32(4 + 4 * segment, true);
    const plane = unpackBits(bytes.subarray(start), pixels.length);
    plane.forEach((byte, i) => pixels[i] = pixels[i]! << 8 | byte);
  }
  return pixels;
}

/** Unpacks `length` bytes: `n` below 128 precedes `n + 1` bytes, above 128 one of `257 - n`. */
function unpackBits(packed: Uint8Array, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let done = 0;
  for (let i = 0; done < length;) {
    const n = packed[i++];
    if (n === undefined) throw new Error("its run lengths end early");
    if (n < 128) {
      const literal = packed.subarray(i, i + Math.min(n + 1, length - done));
      bytes.set(literal, done);
      done += literal.length;
      i += n + 1;
    } else if (n > 128) {
      bytes.fill(packed[i++] ?? 0, done, done + 257 - n);
      done += 257 - n;
    }
  }
  return bytes;
}

/** Decodes JPEG with 8 bits. For 12 bits, sharp throws. */
async function decodeJpeg(frame: Frame): Promise<StoredPixels> {
  const { bytes, rows, columns } = frame;
  const limitInputPixels = rows * columns;
  const jpeg = sharp(bytes, { failOn: "error", ignoreIcc: true, limitInputPixels });
  const { width, height, channels } = await jpeg.metadata();
  requireFormat({ width, height, channels, bits: 8 }, frame);
  return new Uint8Array(await jpeg.toColourspace("b-w").raw().toBuffer());
}
