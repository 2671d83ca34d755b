/**
 * Damaged inputs for the readers: valid films and CSV files, changed at random. A key seeds each
 * input, so that it can be made again.
 * @module
 */
import { crc32 } from "node:zlib";
import { createPrng, type Prng } from "@/common/random.ts";
import { decodeImage, ImageError } from "@/films/decode.ts";
import { fromCsv } from "@/split/split.ts";

const REFERENCE = new URL("../reference/", import.meta.url);

/** A file that a reader reads. */
interface Input {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
}

const CSV = new TextEncoder().encode(
  'filename,label\nh0001.png,Healthy\n"a ""quoted"", name.png",TB\r\nsub/tb 1.png,TB\nüñï.png,Healthy\n',
);

/** Lists the valid inputs: every film of the references, and a CSV file ten times. */
export async function validInputs(): Promise<Input[]> {
  const inputs: Input[] = Array.from({ length: 10 }, () => ({ name: "split.csv", bytes: CSV }));
  for (const folder of ["images", "dicom"]) {
    const at = new URL(`${folder}/`, REFERENCE);
    for await (const { name } of Deno.readDir(at)) {
      if (name.endsWith(".json")) continue;
      inputs.push({ name, bytes: await Deno.readFile(new URL(name, at)) });
    }
  }
  return inputs.sort((a, b) => a.name < b.name ? -1 : 1);
}

/** Damages one of the inputs in one to four places. */
export function damagedInput(valid: readonly Input[], key: string): Input {
  const prng = createPrng(`fuzz/${key}`);
  const { name, bytes } = valid[prng.integer(valid.length)]!;
  let damaged = bytes;
  for (let left = 1 + prng.integer(4); left > 0 && damaged.length > 0; left--) {
    damaged = DAMAGES[prng.integer(DAMAGES.length)]!(damaged, prng);
  }
  // Wrong checksums would stop the reader of a PNG early.
  if (name.endsWith(".png") && prng.uniform() < 0.7) repairChecksums(damaged);
  return { name, bytes: damaged };
}

type Damage = (bytes: Uint8Array<ArrayBuffer>, prng: Prng) => Uint8Array<ArrayBuffer>;

/** The limits of number types. */
const EXTREMES = [
  0,
  1,
  0x7f,
  0x80,
  0xff,
  0x7fff,
  0x8000,
  0xffff,
  0x7fffffff,
  0x80000000,
  0xffffffff,
];

const DAMAGES: readonly Damage[] = [
  function flipBit(bytes, prng) {
    const changed = bytes.slice();
    changed[prng.integer(bytes.length)]! ^= 1 << prng.integer(8);
    return changed;
  },
  function setByte(bytes, prng) {
    const changed = bytes.slice();
    changed[prng.integer(bytes.length)] = prng.integer(256);
    return changed;
  },
  function setExtreme(bytes, prng) {
    const changed = bytes.slice();
    const value = EXTREMES[prng.integer(EXTREMES.length)]!;
    const length = [1, 2, 4][prng.integer(3)]!;
    const at = prng.integer(bytes.length);
    const order = prng.uniform() < 0.5 ? (i: number) => i : (i: number) => length - 1 - i;
    for (let i = 0; i < length && at + i < bytes.length; i++) {
      changed[at + i] = value >>> 8 * order(i);
    }
    return changed;
  },
  function cutOff(bytes, prng) {
    return bytes.slice(0, prng.integer(bytes.length + 1));
  },
  function leaveOut(bytes, prng) {
    const [from, to] = range(bytes, prng);
    return join(bytes.subarray(0, from), bytes.subarray(to));
  },
  function repeat(bytes, prng) {
    const [from, to] = range(bytes, prng);
    return join(bytes.subarray(0, to), bytes.subarray(from));
  },
  function insertNoise(bytes, prng) {
    const noise = Uint8Array.from({ length: 1 + prng.integer(64) }, () => prng.integer(256));
    const at = prng.integer(bytes.length);
    return join(bytes.subarray(0, at), noise, bytes.subarray(at));
  },
  function fill(bytes, prng) {
    const [from, to] = range(bytes, prng);
    return bytes.slice().fill(prng.integer(256), from, to);
  },
];

/** Draws a range of at most 256 bytes. */
function range(bytes: Uint8Array, prng: Prng): [from: number, to: number] {
  const from = prng.integer(bytes.length);
  return [from, Math.min(from + 1 + prng.integer(256), bytes.length)];
}

function join(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Gives every whole chunk of a PNG (length, name, content, checksum) its checksum. */
function repairChecksums(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer);
  for (let at = 8; at + 12 <= bytes.length;) {
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > bytes.length) return;
    view.setUint32(end, crc32(bytes.subarray(at + 4, end)));
    at = end + 4;
  }
}

/**
 * Reads an input.
 *
 * @returns True if it was read, false if it was refused with a right error.
 * @throws {Error} If the result is not a film, or the error is one that readers may not throw.
 */
export async function isRead({ name, bytes }: Input): Promise<boolean> {
  try {
    if (name.endsWith(".csv")) {
      fromCsv(new TextDecoder().decode(bytes), { path: name });
      return true;
    }
    const { width, height, channels, pixels } = await decodeImage(bytes, name);
    if (pixels.length === 0 || pixels.length !== width * height * channels) {
      throw new Error(`${width} x ${height} x ${channels} pixels are ${pixels.length} bytes`);
    }
    return true;
  } catch (error) {
    const { constructor } = error as Error;
    if ([ImageError, SyntaxError, RangeError].some((type) => type === constructor)) return false;
    throw new Error(`Cannot read or refuse ${name} as expected`, { cause: error });
  }
}
