/**
 * The elements of a DICOM file: their places, and the few that are read as texts and numbers
 * (PS3.5, section 7; PS3.10, section 7). A blank value counts as missing. Reading ends at the
 * pixels.
 * @module
 */
import { Buffer } from "node:buffer";
import { inflateRawSync } from "node:zlib";

/** The tags of the elements that are read (PS3.6). */
const TAGS = {
  transferSyntax: 0x00020010,
  samplesPerPixel: 0x00280002,
  photometricInterpretation: 0x00280004,
  numberOfFrames: 0x00280008,
  rows: 0x00280010,
  columns: 0x00280011,
  bitsAllocated: 0x00280100,
  bitsStored: 0x00280101,
  highBit: 0x00280102,
  pixelRepresentation: 0x00280103,
  pixelPaddingValue: 0x00280120,
  pixelPaddingRangeLimit: 0x00280121,
  windowCenter: 0x00281050,
  windowWidth: 0x00281051,
  rescaleIntercept: 0x00281052,
  rescaleSlope: 0x00281053,
  windowFunction: 0x00281056,
  modalityTable: 0x00283000,
  tableDescriptor: 0x00283002,
  tableData: 0x00283006,
  voiTable: 0x00283010,
  pixelData: 0x7fe00010,
} as const;

/** An element's name. */
export type Name = keyof typeof TAGS;

/** Transfer syntaxes (PS3.6, table A-1). */
export const LITTLE_ENDIAN = "1.2.840.10008.1.2.1";
export const BIG_ENDIAN = "1.2.840.10008.1.2.2";
export const DEFLATED = "1.2.840.10008.1.2.1.99";

const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;
const UNDEFINED_LENGTH = 0xffffffff;

/** The value types whose length has 2 bytes. Other lengths have 4, after 2 reserved bytes. */
const SHORT_TYPES = new Set(
  "AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split(" "),
);

/** Names an element as errors do: `rows (0028,0010)`. */
export function nameOf(name: Name): string {
  const digits = TAGS[name].toString(16).padStart(8, "0");
  return `${name} (${digits.slice(0, 4)},${digits.slice(4)})`;
}

/**
 * Tells whether bytes start a DICOM file: "DICM" after 128 bytes, or two elements that are in order
 * and of groups that start a file.
 */
export function isDicom(bytes: Uint8Array): boolean {
  if (hasPreamble(bytes)) return true;
  const isFirst = (tag: number) => [0x0002, 0x0008].includes(tag >>> 16) && (tag & 0xffff) < 0x100;
  try {
    const explicit = isExplicit(bytes, 0);
    const reader = new Reader(bytes, { littleEndian: bytes[0] !== 0, explicit });
    const first = reader.header(0);
    if (!isFirst(first.tag) || first.start + first.length > bytes.length) return false;
    const second = reader.header(first.start + first.length);
    return isFirst(second.tag) && second.tag > first.tag;
  } catch {
    return false;
  }
}

/** The number of a file's first bytes that {@linkcode isDicom} needs. */
export const DICOM_START = 1024;

function hasPreamble(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes.subarray(128, 132)) === "DICM";
}

/** Tells whether an element has a type: two capital letters behind its tag. */
function isExplicit(bytes: Uint8Array, at: number): boolean {
  return /^[A-Z]{2}$/.test(String.fromCharCode(...bytes.subarray(at + 4, at + 6)));
}

/**
 * Finds the elements of a DICOM file.
 *
 * @param options.maxBytes The largest size of an inflated file.
 * @returns The elements up to the pixels, and the transfer syntax. Without one, pixels are plain.
 * @throws {Error} If the file ends before its pixels, or is damaged.
 */
export function readElements(
  bytes: Uint8Array<ArrayBuffer>,
  { maxBytes }: { maxBytes: number },
): { transferSyntax: string; elements: Elements } {
  const start = hasPreamble(bytes) ? 132 : 0;
  const meta = new Reader(bytes, { littleEndian: true, explicit: true })
    .elements(start, { until: (tag) => tag >>> 16 !== 0x0002 });
  const said = meta.elements.text("transferSyntax");
  const isDeflated = said === DEFLATED;
  const body = isDeflated
    ? new Uint8Array(inflateRawSync(bytes.subarray(meta.next), { maxOutputLength: maxBytes }))
    : bytes;
  const next = isDeflated ? 0 : meta.next;
  // The group of the first element is below 256. Some transfer syntaxes are wrong about types.
  const littleEndian = said === undefined ? body[next] !== 0 : said !== BIG_ENDIAN;
  const { elements } = new Reader(body, { littleEndian, explicit: isExplicit(body, next) })
    .elements(next, { until: (tag) => tag === TAGS.pixelData });
  const transferSyntax = said ?? (littleEndian ? LITTLE_ENDIAN : BIG_ENDIAN);
  return { transferSyntax, elements };
}

/** The place of an element. */
interface Place {
  tag: number;
  /** The type of its value, two letters; undefined if it has none. */
  type: string | undefined;
  /** The start of its value. */
  start: number;
  /** The length of its value, in bytes. */
  length: number;
}

/** A reader of elements, one after the other. With `explicit`, they have types. */
class Reader {
  readonly #view: DataView;

  constructor(
    readonly bytes: Uint8Array<ArrayBufferLike>,
    readonly encoding: { littleEndian: boolean; explicit: boolean },
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  uint16(at: number): number {
    this.#requireBytes(at, 2);
    return this.#view.getUint16(at, this.encoding.littleEndian);
  }

  uint32(at: number): number {
    this.#requireBytes(at, 4);
    return this.#view.getUint32(at, this.encoding.littleEndian);
  }

  /** Reads an element's tag, type and length. */
  header(at: number): Place {
    const tag = this.uint16(at) * 0x10000 + this.uint16(at + 2);
    if (!this.encoding.explicit || tag >= ITEM || !isExplicit(this.bytes, at)) {
      return { tag, type: undefined, start: at + 8, length: this.uint32(at + 4) };
    }
    const type = String.fromCharCode(this.bytes[at + 4]!, this.bytes[at + 5]!);
    return SHORT_TYPES.has(type)
      ? { tag, type, start: at + 8, length: this.uint16(at + 6) }
      : { tag, type, start: at + 12, length: this.uint32(at + 8) };
  }

  /**
   * Finds the elements from a place on, up to `end`, the end of an item, or the first tag for which
   * `until` is true. The pixels are still included then.
   */
  elements(
    at: number,
    { end = this.bytes.length, until = () => false }: {
      end?: number;
      until?: (tag: number) => boolean;
    } = {},
  ): { elements: Elements; next: number } {
    const places = new Map<number, Place>();
    const elements = new Elements(this, places);
    while (at < end) {
      const place = this.header(at);
      const { tag, start, length } = place;
      if (tag === ITEM_END) return { elements, next: start };
      if (until(tag)) {
        if (tag === TAGS.pixelData) places.set(tag, place);
        break;
      }
      places.set(tag, place);
      at = length === UNDEFINED_LENGTH ? this.itemsOf(place).next : start + length;
      this.#requireBytes(at, 0);
    }
    return { elements, next: at };
  }

  /** Finds the items and the end of a sequence. The pixels' end may be missing. */
  itemsOf({ tag, type, start, length }: Place) {
    // In a sequence of unknown type, elements have no types (PS3.5, 6.2.2).
    const reader = type === "UN"
      ? new Reader(this.bytes, { littleEndian: true, explicit: false })
      : this;
    const items: { reader: Reader; start: number; length: number }[] = [];
    const end = length === UNDEFINED_LENGTH ? Infinity : start + length;
    let at = start;
    while (at < end) {
      if (tag === TAGS.pixelData && at === this.bytes.length) break;
      const item = reader.header(at);
      at = item.start;
      if (item.tag === SEQUENCE_END) break;
      if (item.tag !== ITEM) throw new Error("its header is damaged: a sequence has no item");
      items.push({ reader, start: at, length: item.length });
      at = item.length === UNDEFINED_LENGTH ? reader.elements(at).next : at + item.length;
      this.#requireBytes(at, 0);
    }
    return { items, next: at };
  }

  #requireBytes(at: number, count: number): void {
    if (at + count > this.bytes.length) throw new Error("its elements end early");
  }
}

/** The form of a number as text (PS3.5, table 6.2-1). */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The elements of a file, or of an item of a sequence in it. */
export class Elements {
  constructor(private readonly reader: Reader, private readonly places: Map<number, Place>) {}

  /** Tells whether an element exists and has a value. */
  has(name: Name): boolean {
    return (this.places.get(TAGS[name])?.length ?? 0) > 0;
  }

  /** Reads an element's texts, with undefined for blank ones; none if it is missing. */
  texts(name: Name): (string | undefined)[] {
    if (!this.has(name)) return [];
    const text = new TextDecoder("latin1").decode(this.bytes(name));
    return text.split("\\").map((part) => part.replace(/^[\s\0]+|[\s\0]+$/g, "") || undefined);
  }

  /** Reads an element's first text; undefined if it is blank or missing. */
  text(name: Name): string | undefined {
    return this.texts(name)[0];
  }

  /**
   * Reads a number from a text; undefined if it is blank or missing.
   *
   * @throws {Error} If the text is not a finite number.
   */
  decimal(name: Name, index = 0): number | undefined {
    const text = this.texts(name)[index];
    if (text === undefined) return undefined;
    const number = NUMBER.test(text) ? Number(text) : NaN;
    if (Number.isFinite(number)) return number;
    const shown = JSON.stringify(text.slice(0, 32));
    throw new Error(`its ${nameOf(name)} is ${shown}, not a finite number`);
  }

  /**
   * Reads an unsigned number of 2 bytes; undefined if it is missing.
   *
   * @throws {Error} If the value has another type or is too short.
   */
  word(name: Name, index = 0): number | undefined {
    if (!this.has(name)) return undefined;
    const { type, start, length } = this.places.get(TAGS[name])!;
    if (length < 2 * index + 2 || !["US", "SS", "OW", "UN", undefined].includes(type)) {
      throw new Error(`its ${nameOf(name)} is not a number of 2 bytes: ${length} of ${type}`);
    }
    return this.reader.uint16(start + 2 * index);
  }

  /** Gives the type of an element's value; undefined if it has none. */
  type(name: Name): string | undefined {
    return this.places.get(TAGS[name])?.type;
  }

  /** Whether a number's lower byte comes first. */
  get littleEndian(): boolean {
    return this.reader.encoding.littleEndian;
  }

  /** Whether the pixels are encapsulated, in fragments. */
  get isEncapsulated(): boolean {
    return this.places.get(TAGS.pixelData)?.length === UNDEFINED_LENGTH;
  }

  /** Finds the items of a sequence; none if it is missing. */
  items(name: Name): Elements[] {
    const place = this.places.get(TAGS[name]);
    if (place === undefined) return [];
    return this.reader.itemsOf(place).items.map(({ reader, start, length }) =>
      reader.elements(start, length === UNDEFINED_LENGTH ? {} : { end: start + length }).elements
    );
  }

  /**
   * Gives the bytes of an element's value. Fragments of encapsulated pixels are joined.
   *
   * @param options.bits The bits of one value. With 8, big-endian words are swapped to bytes.
   * @throws {Error} If the file ends before the value does.
   */
  bytes(name: Name, { bits }: { bits?: number } = {}): Uint8Array<ArrayBuffer> {
    const place = this.places.get(TAGS[name])!;
    const { type, start, length } = place;
    const cut = (start: number, length: number) =>
      this.reader.bytes.subarray(start, start + length);
    if (length === UNDEFINED_LENGTH) {
      // The first fragment is the table of the others' places.
      const [, ...fragments] = this.reader.itemsOf(place).items;
      const parts = fragments.map(({ start, length }) => cut(start, length));
      return new Uint8Array(Buffer.concat(parts));
    }
    const bytes = cut(start, length) as Uint8Array<ArrayBuffer>;
    if (bytes.length < length) throw new Error(`its ${nameOf(name)} ends early`);
    if (bits !== 8 || type !== "OW" || this.littleEndian) return bytes;
    return Uint8Array.from({ length: bytes.length & ~1 }, (_, i) => bytes[i ^ 1]!);
  }
}
