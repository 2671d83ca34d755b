/**
 * The slow decoders: lossless JPEG, and JPEG-LS and JPEG 2000 in third-party WebAssembly. They run
 * in a thread (`thread.ts`), as a damaged film may never end.
 * @module
 */
import { decodeLosslessJpeg } from "@/films/dicom/lossless_jpeg.ts";

/** A film's encoded pixels, and their description. */
export interface Frame {
  bytes: Uint8Array<ArrayBuffer>;
  rows: number;
  columns: number;
  /** The bits of a stored pixel: 8 or 16. */
  bitsAllocated: number;
  /** The number of those bits that hold the value. */
  bitsStored: number;
  /** The lowest bit that holds the value, from 0. */
  lowBit: number;
  /** Whether values are signed. */
  signed: boolean;
  /** Whether the bytes come from fragments. */
  isEncapsulated: boolean;
}

/** Stored pixels in rows from the top: bit patterns as whole numbers from 0. */
export type StoredPixels = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;

/** Decoders that check the announced size first. */
export const DECODERS = { losslessJpeg, jpegLs, jpeg2000 } as const;

function losslessJpeg(frame: Frame): StoredPixels {
  const format = announcedFormat(frame.bytes, 0xffc3);
  requireFormat(format, frame);
  return widen(decodeLosslessJpeg(frame.bytes), { ...frame, ...format });
}

/** Reads the frame header of a JPEG or JPEG-LS, behind segments that announce their length. */
function announcedFormat(bytes: Uint8Array, marker: number): Format {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 2;
  while (view.getUint16(at) !== marker) at += 2 + view.getUint16(at + 2);
  return {
    bits: view.getUint8(at + 4),
    height: view.getUint16(at + 5),
    width: view.getUint16(at + 7),
    channels: view.getUint8(at + 9),
  };
}

async function jpegLs(frame: Frame): Promise<StoredPixels> {
  const format = announcedFormat(frame.bytes, 0xfff7);
  requireFormat(format, frame);
  const { default: load } = await import("@cornerstonejs/codec-charls/decodewasmjs");
  const { JpegLSDecoder } = await load(silent());
  return widen(decodeByWasm(new JpegLSDecoder(), frame.bytes), { ...frame, ...format });
}

async function jpeg2000(frame: Frame): Promise<StoredPixels> {
  const { isSigned, ...format } = jpeg2000Format(frame.bytes);
  requireFormat(format, frame);
  if (isSigned && !frame.signed) {
    throw new Error("its encoded pixels are signed, and its header says unsigned");
  }
  const { default: load } = await import("@cornerstonejs/codec-openjpeg/decodewasmjs");
  const { J2KDecoder } = await load(silent());
  // The decoder clips values below 0. Without the sign mark, it returns values half their range
  // higher.
  const unmarked = frame.bytes.slice();
  unmarked[SIGN_AND_BITS]! &= 0x7f;
  const pixels = decodeByWasm(new J2KDecoder(), unmarked);
  if (isSigned) return Uint16Array.from(pixels, (value) => value - 2 ** (format.bits - 1));
  return widen(pixels, { ...frame, ...format });
}

/** The place of the sign mark and the number of bits, in the header of a grey JPEG 2000. */
const SIGN_AND_BITS = 42;

/** Reads a JPEG 2000's header. It gives the edges of the pixels, not their size. */
function jpeg2000Format(bytes: Uint8Array): Format & { isSigned: boolean } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0) !== 0xff4fff51) throw new Error("its pixels are not JPEG 2000");
  const [right, bottom, left, top] = [8, 12, 16, 20].map((at) => view.getUint32(at));
  return {
    bits: (view.getUint8(SIGN_AND_BITS) & 0x7f) + 1,
    isSigned: view.getUint8(SIGN_AND_BITS) >= 0x80,
    height: bottom! - top!,
    width: right! - left!,
    channels: view.getUint16(40),
  };
}

/** Widens encoded signed pixels to the film's number of bits, which may be larger. */
function widen(
  pixels: StoredPixels,
  { signed, bits }: { signed: boolean; bits: number },
): StoredPixels {
  const minus = 2 ** (bits - 1);
  return signed
    ? Uint16Array.from(pixels, (value) => value < minus ? value : value - 2 * minus)
    : pixels;
}

/** The options of a decoder's module that keep it from printing. */
const silent = () => ({ print: () => {}, printErr: () => {} });

/** A decoder of JPEG-LS or JPEG 2000 in WebAssembly. */
interface WasmDecoder {
  /** Gives the decoder's memory, to be filled with the encoded bytes. */
  getEncodedBuffer(length: number): Uint8Array;
  getFrameInfo(): { bitsPerSample: number };
  decode(): void;
  /** Gives the decoder's memory with the pixels, to be copied. */
  getDecodedBuffer(): Uint8Array;
}

/** Decodes with a module that was loaded for this film alone, as a damaged film may break it. */
function decodeByWasm(decoder: WasmDecoder, bytes: Uint8Array): StoredPixels {
  decoder.getEncodedBuffer(bytes.length).set(bytes);
  decoder.decode();
  const decoded = new Uint8Array(decoder.getDecodedBuffer());
  return decoder.getFrameInfo().bitsPerSample <= 8 ? decoded : new Uint16Array(decoded.buffer);
}

/** The header of encoded pixels. */
interface Format {
  width: number;
  height: number;
  channels: number;
  /** The bits of one channel. */
  bits: number;
}

/**
 * Compares the header of the encoded pixels with the film's own.
 *
 * @throws {Error} If they differ.
 */
export function requireFormat(
  { width, height, channels, bits }: Format,
  { rows, columns, bitsAllocated }: Frame,
): void {
  if (width !== columns || height !== rows) {
    throw new Error(`its pixels are ${width} x ${height} where ${columns} x ${rows} are announced`);
  }
  if (channels !== 1) {
    throw new Error(`its pixels have ${channels} colours where grey is announced`);
  }
  if (bits > bitsAllocated) {
    throw new Error(`its pixels have ${bits} bits where ${bitsAllocated} are announced`);
  }
}
