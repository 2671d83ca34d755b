/**
 * Decodes lossless JPEG of one channel (ITU-T T.81, annex H). Each pixel is predicted from its
 * neighbours, and a difference is added whose number of bits has a Huffman code.
 * @module
 */

/** The prediction from the pixels to the left, above, and above to the left. */
type Predictor = (left: number, above: number, corner: number) => number;

const PREDICTORS: readonly Predictor[] = [
  (left) => left,
  (_, above) => above,
  (_left, _above, corner) => corner,
  (left, above, corner) => left + above - corner,
  (left, above, corner) => left + ((above - corner) >> 1),
  (left, above, corner) => above + ((left - corner) >> 1),
  (left, above) => (left + above) >> 1,
];

/**
 * Decodes a lossless JPEG.
 *
 * @returns Its pixels, in rows from the top.
 * @throws {Error} If it is damaged, ends early, or has more than one channel.
 */
export function decodeLosslessJpeg(bytes: Uint8Array<ArrayBuffer>): Uint16Array<ArrayBuffer> {
  const { width, height, bits, codes, predict, shift, interval, start } = readHeader(bytes);
  const reader = new BitReader(bytes, start);
  const pixels = new Uint16Array(width * height);
  for (let y = 0; y < height; y++) {
    const isFirst = y % interval === 0;
    if (isFirst && y > 0) reader.restart();
    for (let x = 0, i = y * width; x < width; x++, i++) {
      const guess = isFirst
        ? (x === 0 ? 1 << (bits - shift - 1) : pixels[i - 1]!)
        : x === 0
        ? pixels[i - width]!
        : predict(pixels[i - 1]!, pixels[i - width]!, pixels[i - width - 1]!);
      pixels[i] = guess + reader.difference(codes);
    }
  }
  return shift === 0 ? pixels : pixels.map((value) => value << shift);
}

/** Reads the segments before the pixels. */
function readHeader(bytes: Uint8Array<ArrayBuffer>) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const tables: Uint16Array[] = [];
  let frame: { bits: number; width: number; height: number } | undefined;
  let interval = 0;
  let at = 2;
  while (true) {
    const marker = view.getUint16(at);
    const content = at + 4;
    const next = at + 2 + view.getUint16(at + 2);
    if (marker === 0xffc3) {
      frame = {
        bits: view.getUint8(content),
        height: view.getUint16(content + 1),
        width: view.getUint16(content + 3),
      };
    } else if (marker === 0xffc4) {
      readTables(bytes.subarray(content, next), tables);
    } else if (marker === 0xffdd) {
      interval = view.getUint16(content);
    } else if (marker === 0xffda) {
      // Number of channels, channel, its table, predictor, and the shift in the lower half.
      const [channels, , table, predictor, , shift] = bytes.subarray(content, next);
      const codes = tables[table! >> 4];
      const predict = PREDICTORS[predictor! - 1];
      if (frame === undefined || codes === undefined || predict === undefined || channels !== 1) {
        throw new Error("its lossless JPEG is damaged");
      }
      if (interval % frame.width !== 0) throw new Error("its lossless JPEG restarts within a row");
      return {
        ...frame,
        codes,
        predict,
        /** The number of low bits that were dropped. */
        shift: shift! & 15,
        /** The number of rows after which the prediction restarts. */
        interval: interval === 0 ? frame.height : interval / frame.width,
        /** The start of the pixels. */
        start: next,
      };
    }
    at = next;
  }
}

/**
 * Reads Huffman tables: a number, the counts of codes with 1 to 16 bits, then their meanings. A
 * table has the code at the start of any 16 bits: 256 times its length, plus its meaning.
 */
function readTables(bytes: Uint8Array, tables: Uint16Array[]): void {
  let at = 0;
  while (at < bytes.length) {
    const table = new Uint16Array(65536);
    let code = 0;
    let next = at + 17;
    for (let length = 1; length <= 16; length++) {
      for (let left = bytes[at + length] ?? 0; left > 0; left--) {
        const end = code + 2 ** (16 - length);
        table.fill(length << 8 | bytes[next++]!, code, end);
        code = end;
      }
    }
    if (code > 65536 || next > bytes.length) throw new Error("its lossless JPEG is damaged");
    tables[bytes[at]! & 15] = table;
    at = next;
  }
}

/** A reader of bits, the highest first. Byte 255 is data before a 0, else a marker that ends it. */
class BitReader {
  /** Bits that are read and not yet taken: the lowest `#count`, of which `#missing` are filler. */
  #buffer = 0;
  #count = 0;
  #missing = 0;

  constructor(private readonly bytes: Uint8Array, private at: number) {}

  /** Reads a difference: a code for its number of bits, then the bits. Lower ones are negative. */
  difference(codes: Uint16Array): number {
    const entry = codes[this.#peek()]!;
    if (entry === 0) throw new Error("its lossless JPEG is damaged");
    this.#skip(entry >> 8);
    const bits = entry & 255;
    if (bits === 0) return 0;
    if (bits >= 16) return 32768;
    const value = this.#peek() >> (16 - bits);
    this.#skip(bits);
    return value < 1 << (bits - 1) ? value - (1 << bits) + 1 : value;
  }

  /** Skips the restart marker that comes next. */
  restart(): void {
    this.#buffer = this.#count = this.#missing = 0;
    while (this.bytes[this.at] === 0xff && this.bytes[this.at + 1] === 0xff) this.at++;
    const marker = this.bytes[this.at + 1] ?? 0;
    if (this.bytes[this.at] !== 0xff || marker < 0xd0 || marker > 0xd7) {
      throw new Error("its pixels end early: a part of its lossless JPEG is missing");
    }
    this.at += 2;
  }

  /** Gives the next 16 bits without taking them. */
  #peek(): number {
    while (this.#count < 16) {
      const byte = this.bytes[this.at];
      const isMarker = byte === 0xff && this.bytes[this.at + 1] !== 0;
      if (byte === undefined || isMarker) {
        this.#buffer <<= 8;
        this.#missing += 8;
      } else {
        this.#buffer = this.#buffer << 8 | byte;
        this.at += byte === 0xff ? 2 : 1;
      }
      this.#count += 8;
    }
    return this.#buffer >> (this.#count - 16) & 0xffff;
  }

  #skip(bits: number): void {
    this.#count -= bits;
    if (this.#count < this.#missing) throw new Error("its pixels end early");
  }
}
