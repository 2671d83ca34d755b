/**
 * The pixels of a DICOM film as stored, out of the encodings ("transfer syntaxes") that films come in: uncompressed,
 * run lengths, JPEG, lossless JPEG, JPEG-LS and JPEG 2000.
 * @module
 */
import { Decoder as LosslessJpegDecoder } from "jpeg-lossless-decoder-js";
import sharp from "sharp";

/** A film's pixels as encoded, and what is known of them. */
export interface Frame {
  bytes: Uint8Array<ArrayBuffer>;
  rows: number;
  columns: number;
  /** Of a stored pixel: 8 or 16. */
  bitsAllocated: number;
}

/** Pixels as stored, in rows from the top, bit patterns as whole numbers from 0. */
export type StoredPixels = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;

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
  "1.2.840.10008.1.2.4.57": decodeLosslessJpeg,
  "1.2.840.10008.1.2.4.70": decodeLosslessJpeg,
  "1.2.840.10008.1.2.4.80": decodeJpegLs,
  "1.2.840.10008.1.2.4.81": decodeJpegLs,
  "1.2.840.10008.1.2.4.90": decodeJpeg2000,
  "1.2.840.10008.1.2.4.91": decodeJpeg2000,
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

function decodeLosslessJpeg({ bytes, rows, columns, bitsAllocated }: Frame): StoredPixels {
  requireSize(announcedSize(bytes, 0xffc3), { rows, columns });
  const { buffer, byteOffset, length } = bytes;
  return new LosslessJpegDecoder().decode(
    buffer,
    byteOffset,
    length,
    bitsAllocated / 8,
  ) as StoredPixels;
}

/** The size in the frame header of a JPEG or JPEG-LS. Before it stand marked segments that say their length. */
function announcedSize(bytes: Uint8Array, marker: number): { width: number; height: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 2;
  while (view.getUint16(at) !== marker) at += 2 + view.getUint16(at + 2);
  return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
}

async function decodeJpegLs(frame: Frame): Promise<StoredPixels> {
  requireSize(announcedSize(frame.bytes, 0xfff7), frame);
  const { default: load } = await import("@cornerstonejs/codec-charls/decodewasmjs");
  const { JpegLSDecoder } = await load(silent());
  return decodeByWasm(new JpegLSDecoder(), frame);
}

async function decodeJpeg2000(frame: Frame): Promise<StoredPixels> {
  requireSize(jpeg2000Size(frame.bytes), frame);
  const { default: load } = await import("@cornerstonejs/codec-openjpeg/decodewasmjs");
  const { J2KDecoder } = await load(silent());
  return decodeByWasm(new J2KDecoder(), frame);
}

/** The size in the header that a JPEG 2000 begins with: where its pixels end, less where they begin. */
function jpeg2000Size(bytes: Uint8Array): { width: number; height: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0) !== 0xff4fff51) throw new Error("its pixels are no JPEG 2000");
  const [right, bottom, left, top] = [8, 12, 16, 20].map((at) => view.getUint32(at));
  return { width: right! - left!, height: bottom! - top! };
}

/** A decoder's module, which is made of this object, would print what it does. */
const silent = () => ({ print: () => {}, printErr: () => {} });

/** The decoders of JPEG-LS and JPEG 2000, compiled to WebAssembly. */
interface WasmDecoder {
  /** The decoder's memory for the encoded bytes, to be filled. */
  getEncodedBuffer(length: number): Uint8Array;
  getFrameInfo(): { width: number; height: number; bitsPerSample: number; componentCount: number };
  decode(): void;
  /** The decoder's memory with the pixels, to be copied. */
  getDecodedBuffer(): Uint8Array;
}

/** Decodes by a decoder whose module was loaded for this film alone: what a damaged film does to it stays there. */
function decodeByWasm(decoder: WasmDecoder, { bytes }: Frame): StoredPixels {
  decoder.getEncodedBuffer(bytes.length).set(bytes);
  decoder.decode();
  const { bitsPerSample, componentCount } = decoder.getFrameInfo();
  if (componentCount !== 1) throw new Error(`it has ${componentCount} colours`);
  const decoded = new Uint8Array(decoder.getDecodedBuffer());
  return bitsPerSample <= 8 ? decoded : new Uint16Array(decoded.buffer);
}

function requireSize(
  { width, height }: { width: number; height: number },
  { rows, columns }: { rows: number; columns: number },
): void {
  if (width !== columns || height !== rows) {
    throw new Error(`its pixels are ${width} x ${height} where ${columns} x ${rows} are announced`);
  }
}
