/**
 * Decoders for DICOM films that other people wrote: of lossless JPEG, in JavaScript, of JPEG-LS and JPEG 2000, in
 * WebAssembly. A damaged film may keep one busy for good, so they run in a thread (dicom_thread.ts).
 * @module
 */
import { Decoder as LosslessJpegDecoder } from "jpeg-lossless-decoder-js";

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

/** Decodes pixels whose announced size it has checked. */
export const DECODERS = {
  losslessJpeg: decodeLosslessJpeg,
  jpegLs: decodeJpegLs,
  jpeg2000: decodeJpeg2000,
} as const;

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

/**
 * Compares the size in the header of the encoded pixels with that of the film, as the first may be any.
 *
 * @throws {Error} If they differ.
 */
export function requireSize(
  { width, height }: { width: number; height: number },
  { rows, columns }: { rows: number; columns: number },
): void {
  if (width !== columns || height !== rows) {
    throw new Error(`its pixels are ${width} x ${height} where ${columns} x ${rows} are announced`);
  }
}
