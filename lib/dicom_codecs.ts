/**
 * The pixels of a DICOM film as stored, out of the encodings ("transfer syntaxes") that films come in: uncompressed,
 * run lengths, JPEG, lossless JPEG, JPEG-LS and JPEG 2000.
 * @module
 */
import sharp from "sharp";
import { decodeElsewhere } from "@/dicom_thread.ts";
import { type Frame, requireSize, type StoredPixels } from "@/dicom_decoders.ts";

type Codec = (frame: Frame) => StoredPixels | Promise<StoredPixels>;

/** What is decoded, by the identifier of the transfer syntax (DICOM PS3.6, table A-1). */
const CODECS: Record<string, Codec> = {
  "1.2.840.10008.1.2": (frame) => decodeWords(frame, { littleEndian: true }),
  "1.2.840.10008.1.2.1": (frame) => decodeWords(frame, { littleEndian: true }),
  "1.2.840.10008.1.2.1.99": (frame) => decodeWords(frame, { littleEndian: true }),
  "1.2.840.10008.1.2.2": (frame) => decodeWords(frame, { littleEndian: false }),
  "1.2.840.10008.1.2.5": decodeRunLengths,
  "1.2.840.10008.1.2.4.50": decodeJpeg,
  "1.2.840.10008.1.2.4.51": decodeJpeg,
  "1.2.840.10008.1.2.4.57": (frame) => decodeElsewhere(frame, "losslessJpeg"),
  "1.2.840.10008.1.2.4.70": (frame) => decodeElsewhere(frame, "losslessJpeg"),
  "1.2.840.10008.1.2.4.80": (frame) => decodeElsewhere(frame, "jpegLs"),
  "1.2.840.10008.1.2.4.81": (frame) => decodeElsewhere(frame, "jpegLs"),
  "1.2.840.10008.1.2.4.90": (frame) => decodeElsewhere(frame, "jpeg2000"),
  "1.2.840.10008.1.2.4.91": (frame) => decodeElsewhere(frame, "jpeg2000"),
};

/**
 * Decodes a film's pixels.
 *
 * @throws {Error} If the transfer syntax is none of these, or the pixels are not whole.
 */
export async function decodeFrame(frame: Frame, transferSyntax: string): Promise<StoredPixels> {
  const codec = CODECS[transferSyntax];
  if (codec === undefined) {
    throw new Error(`its encoding, transfer syntax ${transferSyntax}, is not supported`);
  }
  const pixels = await codec(frame);
  const { rows, columns } = frame;
  if (pixels.length < rows * columns) {
    throw new Error(`its pixels end early: ${pixels.length} of ${rows} x ${columns}`);
  }
  return pixels.subarray(0, rows * columns);
}

function decodeWords(
  { bytes, bitsAllocated }: Frame,
  { littleEndian }: { littleEndian: boolean },
): StoredPixels {
  if (bitsAllocated === 8) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Uint16Array.from(
    { length: bytes.length >> 1 },
    (_, i) => view.getUint16(2 * i, littleEndian),
  );
}

/** Run lengths (PS3.5, annex G): a segment for each byte of a pixel, the upper one first. */
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

/** The first `length` bytes of packed ones: `n` below 128, then `n + 1` bytes; above, one byte `257 - n` times. */
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

/** JPEG with 8 bits. sharp has no decoder for 12 and says so. */
async function decodeJpeg({ bytes, rows, columns }: Frame): Promise<StoredPixels> {
  const { data, info } = await sharp(bytes, { failOn: "error", limitInputPixels: rows * columns })
    .toColourspace("b-w").raw().toBuffer({ resolveWithObject: true });
  requireSize(info, { rows, columns });
  return new Uint8Array(data);
}
