/**
 * Decodes films: PNG and JPEG with sharp, which has its own threads, and DICOM.
 *
 * Pixels match Pillow's `convert("RGB")`: alpha is dropped, not blended; colour profiles, gamma and
 * EXIF's orientation are ignored; 16-bit colour keeps its upper byte. There are two differences.
 * 16-bit grey becomes `value / 257`, rounded (Pillow clips at 255, which whitens a film). JPEGs may
 * differ by a level or two where Pillow has another decoder.
 * @module
 */
import sharp, { type Sharp } from "sharp";
import { decodeDicom } from "@/films/dicom/dicom.ts";
import { isDicom } from "@/films/dicom/elements.ts";
import type { Image } from "@/films/film.ts";
import { greyOf } from "@/films/kernels.ts";

/** The most pixels of a film: Pillow's limit against decompression bombs. */
const MAX_PIXELS = 89_478_485;

/** The meaning of each {@linkcode Flaw}. */
const MEANING = {
  "unreadable": "the file cannot be opened",
  "zero bytes": "the file is empty",
  "not an image": "it is not a PNG, JPEG or DICOM file",
  "truncated": "the file ends too early",
  "damaged": "its content is damaged or not supported",
  "too large": `it has more than ${MAX_PIXELS} pixels`,
};

/** A reason why a film cannot be read. */
export type Flaw = keyof typeof MEANING;

/** A film cannot be read. The message names the file and the reason. */
export class ImageError extends Error {
  override name = "ImageError";

  constructor(readonly path: string, readonly flaw: Flaw, options: ErrorOptions = {}) {
    const { cause } = options;
    const reason = cause instanceof Error ? ` (${cause.message.trim()})` : "";
    super(`Cannot read the film ${path}: ${MEANING[flaw]}${reason}`, options);
  }
}

/**
 * Reads and decodes a film.
 *
 * @throws {ImageError} If it cannot be read whole.
 */
export async function readImage(path: string): Promise<Image> {
  return decodeImage(await readBytes(path), path);
}

/**
 * Reads a film's file without decoding it.
 *
 * @throws {ImageError} If the file cannot be opened.
 */
export async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return await Deno.readFile(path).catch((cause) => {
    throw new ImageError(path, "unreadable", { cause });
  });
}

/**
 * Decodes a film's bytes.
 *
 * @param path The film's path, for messages.
 * @throws {ImageError} If they are not a whole film.
 */
export async function decodeImage(bytes: Uint8Array<ArrayBuffer>, path: string): Promise<Image> {
  if (bytes.length === 0) throw new ImageError(path, "zero bytes");
  const decode = decoderOf(bytes);
  if (decode === undefined) throw new ImageError(path, "not an image");
  try {
    const image = await decode(bytes);
    const { width, height, channels, pixels } = image;
    // A decoder may give more channels.
    if (pixels.length === width * height * channels) return image;
    throw new Error(`${pixels.length} values for ${width} x ${height} x ${channels}`);
  } catch (cause) {
    throw new ImageError(path, flawOf(cause, bytes), { cause });
  }
}

type Decoder = (bytes: Uint8Array<ArrayBuffer>) => Promise<Image> | Image;

const PNG_START = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const JPEG_START = [0xff, 0xd8, 0xff];

/** Chooses the decoder by the file's first bytes, as its name may be wrong. */
function decoderOf(bytes: Uint8Array): Decoder | undefined {
  const startsWith = (start: number[]) => start.every((byte, i) => bytes[i] === byte);
  if (startsWith(PNG_START)) return decodePng;
  if (startsWith(JPEG_START)) return decodeJpeg;
  if (isDicom(bytes)) return (dicom) => decodeDicom(dicom, { maxPixels: MAX_PIXELS });
  return undefined;
}

function flawOf(cause: unknown, bytes: Uint8Array): Flaw {
  const message = cause instanceof Error ? cause.message : "";
  if (/pixel limit/i.test(message)) return "too large";
  return isWhole(bytes, message) ? "damaged" : "truncated";
}

/** Tells whether a damaged film has its end. DICOM has no end mark, so its error messages tell. */
function isWhole(bytes: Uint8Array, message: string): boolean {
  if (isDicom(bytes)) return !/overrun|past end|position|ends? early|end of file/.test(message);
  const end = String.fromCharCode(...bytes.subarray(-64));
  return bytes[0] === PNG_START[0] ? end.includes("IEND") : end.includes("\xff\xd9");
}

function decodePng(bytes: Uint8Array<ArrayBuffer>): Promise<Image> {
  // Header: bits per sample, then the colour type (0: grey without alpha).
  const [bits, colour] = bytes.subarray(24, 26);
  return bits === 16 && colour === 0 ? decodeDeepGrey(bytes) : decodeColour(bytes);
}

async function decodeJpeg(bytes: Uint8Array<ArrayBuffer>): Promise<Image> {
  const { space } = await open(bytes).metadata();
  return space === "cmyk" ? decodeCmyk(bytes) : decodeColour(bytes);
}

/** Opens untrusted bytes in sharp: pixels as stored, and an error for a truncated film. */
function open(bytes: Uint8Array<ArrayBuffer>): Sharp {
  return sharp(bytes, { failOn: "error", ignoreIcc: true, limitInputPixels: MAX_PIXELS });
}

async function decodeColour(bytes: Uint8Array<ArrayBuffer>): Promise<Image> {
  const decoded = await open(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const { width, height } = decoded.info;
  return asGreyIfEqual({ width, height, channels: 3, pixels: bytesOf(decoded.data) });
}

async function decodeDeepGrey(bytes: Uint8Array<ArrayBuffer>): Promise<Image> {
  const { data, info: { width, height } } = await open(bytes)
    .removeAlpha().toColourspace("grey16").raw({ depth: "ushort" }).toBuffer({
      resolveWithObject: true,
    });
  const values = new Uint16Array(bytesOf(data).slice().buffer);
  return { width, height, channels: 1, pixels: Uint8Array.from(values, (v) => (v + 128) / 257) };
}

/** Converts inks to light as Pillow does: the light left by black, times that left by the ink. */
async function decodeCmyk(bytes: Uint8Array<ArrayBuffer>): Promise<Image> {
  const { data, info: { width, height } } = await open(bytes)
    .pipelineColourspace("cmyk").toColourspace("cmyk").raw().toBuffer({ resolveWithObject: true });
  const pixels = new Uint8Array(data.length / 4 * 3);
  for (let i = 0, o = 0; i < data.length; i += 4) {
    const white = 255 - data[i + 3]!;
    for (let c = 0; c < 3; c++) pixels[o++] = white - Math.round(data[i + c]! * white / 255);
  }
  return asGreyIfEqual({ width, height, channels: 3, pixels });
}

/** Reduces grey that is stored as colour, as in TBX11K, to one channel. */
function asGreyIfEqual(image: Image): Image {
  const grey = greyOf(image.pixels);
  return grey === null ? image : { ...image, channels: 1, pixels: grey };
}

/** Gives the bytes of a Buffer as a plain array, without a copy. */
function bytesOf(data: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.length);
}
