/**
 * A film's file as pixels: PNG and JPEG, decoded by sharp on threads of its own, and DICOM.
 *
 * Pixels are what Pillow's `convert("RGB")` gives: alpha is dropped, not blended; colour profiles, gamma and EXIF's
 * orientation are left alone; 16-bit colour keeps its upper byte. Two differences: 16-bit grey becomes
 * `value / 257`, rounded (Pillow cuts off at 255, which whitens a film), and JPEGs may differ by a level or two
 * where Pillow was built with another decoder.
 * @module
 */
import sharp, { type Sharp } from "sharp";
import { decodeDicom, isDicom } from "@/dicom.ts";
import { greyOf } from "@/pixels.ts";
import type { Image } from "@/transforms.ts";

/** Pixels of the largest film that is read, as Pillow warns from: a picture bomb stops here. */
export const MAX_PIXELS = 89_478_485;

/** Why a film could not be read. */
export type Flaw =
  | "unreadable"
  | "zero bytes"
  | "not an image"
  | "truncated"
  | "damaged"
  | "too large";

/** A film that cannot be read; the message names the file and says what is wrong. */
export class ImageError extends Error {
  override name = "ImageError";

  constructor(readonly path: string, readonly flaw: Flaw, options: ErrorOptions = {}) {
    const { cause } = options;
    const reason = cause instanceof Error ? ` (${cause.message.trim()})` : "";
    super(`Cannot read the film ${path}: ${MEANING[flaw]}${reason}`, options);
  }
}

const MEANING: Record<Flaw, string> = {
  "unreadable": "the file cannot be opened",
  "zero bytes": "the file is empty",
  "not an image": "it is no PNG, JPEG or DICOM file",
  "truncated": "the file ends too early",
  "damaged": "what it holds is damaged or of a kind that is not supported",
  "too large": `it has more than ${MAX_PIXELS} pixels`,
};

/**
 * Reads a film.
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
  try {
    return await Deno.readFile(path);
  } catch (cause) {
    throw new ImageError(path, "unreadable", { cause });
  }
}

/**
 * Decodes a film's bytes.
 *
 * @param path Where they come from, for the message of an error.
 * @throws {ImageError} If they are not a whole film.
 */
export async function decodeImage(bytes: Uint8Array<ArrayBuffer>, path: string): Promise<Image> {
  if (bytes.length === 0) throw new ImageError(path, "zero bytes");
  const decode = decoderOf(bytes);
  if (decode === undefined) throw new ImageError(path, "not an image");
  try {
    return await decode(bytes);
  } catch (cause) {
    throw new ImageError(path, flawOf(cause, bytes), { cause });
  }
}

type Decoder = (bytes: Uint8Array<ArrayBuffer>) => Promise<Image> | Image;

const PNG_START = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const JPEG_START = [0xff, 0xd8, 0xff];

/** By what the file starts with, whatever its name says. */
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

/** Whether a film that could not be decoded has its end. DICOM marks none: there its decoders tell. */
function isWhole(bytes: Uint8Array, message: string): boolean {
  if (isDicom(bytes)) return !/overrun|past end|position|ends? early|end of file/.test(message);
  const end = String.fromCharCode(...bytes.subarray(-64));
  return bytes[0] === PNG_START[0] ? end.includes("IEND") : end.includes("\xff\xd9");
}

function decodePng(bytes: Uint8Array<ArrayBuffer>): Promise<Image> {
  // In the header: bits of a sample, then the kind of colour (0: grey without alpha).
  const [bits, colour] = bytes.subarray(24, 26);
  return bits === 16 && colour === 0 ? decodeDeepGrey(bytes) : decodeColour(bytes);
}

async function decodeJpeg(bytes: Uint8Array<ArrayBuffer>): Promise<Image> {
  const { space } = await open(bytes).metadata();
  return space === "cmyk" ? decodeCmyk(bytes) : decodeColour(bytes);
}

/** sharp's settings for films that somebody else made: pixels as stored, and no half films. */
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
    .toColourspace("grey16").raw({ depth: "ushort" }).toBuffer({ resolveWithObject: true });
  const values = new Uint16Array(bytesOf(data).slice().buffer);
  return { width, height, channels: 1, pixels: Uint8Array.from(values, (v) => (v + 128) / 257) };
}

/** From inks to light as Pillow does: what black leaves, times what the ink leaves. */
async function decodeCmyk(bytes: Uint8Array<ArrayBuffer>): Promise<Image> {
  const { data, info: { width, height } } = await open(bytes)
    .pipelineColourspace("cmyk").toColourspace("cmyk").raw().toBuffer({ resolveWithObject: true });
  const pixels = new Uint8Array(width * height * 3);
  for (let i = 0, o = 0; i < data.length; i += 4) {
    const white = 255 - data[i + 3]!;
    for (let c = 0; c < 3; c++) pixels[o++] = white - Math.round(data[i + c]! * white / 255);
  }
  return asGreyIfEqual({ width, height, channels: 3, pixels });
}

/** Grey that is stored as colour, as TBX11K's films are, as one channel. */
function asGreyIfEqual(image: Image): Image {
  const grey = greyOf(image.pixels);
  return grey === null ? image : { ...image, channels: 1, pixels: grey };
}

/** The bytes of a Buffer as a plain array, not copied. */
function bytesOf(data: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.length);
}
