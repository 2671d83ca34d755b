/**
 * The assignment's image transforms, computed as Pillow computes them (torchvision calls Pillow for images read
 * from files): equal to the last bit, which `tests/transforms_test.ts` holds against Pillow's own output.
 *
 * Letters in shape comments: `H`, `W` height and width in pixels, `C` channels.
 * @module
 */
import type { Augmentation } from "@/experiments.ts";
import {
  blendFrom,
  type Filter,
  filterColumns,
  filterRows,
  packFilter,
  rgbOf,
  sum,
} from "@/pixels.ts";
import type { Prng } from "@/random.ts";

/**
 * Pixels in rows from the top, channels of a pixel side by side: `[H,W,C]`, each 0 to 255. One channel is grey; a
 * film that is stored as RGB with equal channels is held as grey, as every transform gives the same for it.
 */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly pixels: Uint8Array<ArrayBuffer>;
}

/** Raise it whenever a change here changes what comes out, so that nothing cached before is taken for the new. */
export const TRANSFORM_VERSION = 1;

/** Mean of ImageNet's red, green and blue, of pixels in `[0, 1]`. */
export const IMAGENET_MEAN = [0.485, 0.456, 0.406] as const;
/** Standard deviation of ImageNet's red, green and blue, of pixels in `[0, 1]`. */
export const IMAGENET_STD = [0.229, 0.224, 0.225] as const;

/** A change of one film at its full size, with the factor of `adjustSharpness` or `adjustContrast`. */
export interface Adjustment {
  readonly kind: Augmentation["kind"];
  readonly factor: number;
}

/**
 * Draws what an augmentation does to one film.
 *
 * @param prng The film's own stream for this epoch.
 * @returns Null if it leaves the film as it is.
 */
export function drawAdjustment(augmentation: Augmentation, prng: Prng): Adjustment | null {
  const drawn = prng.uniform();
  if (augmentation.kind === "sharpness") {
    const { kind, factor, probability } = augmentation;
    return drawn < probability ? { kind, factor } : null;
  }
  const { kind, low, high } = augmentation;
  return { kind, factor: low + (high - low) * drawn };
}

/** Changes a film as was drawn. */
export function adjust(image: Image, { kind, factor }: Adjustment): Image {
  return kind === "sharpness" ? adjustSharpness(image, factor) : adjustContrast(image, factor);
}

/**
 * Moves each pixel away from the mean grey of the film (factor above 1) or towards it (below 1), as
 * `PIL.ImageEnhance.Contrast` and so torchvision's `ColorJitter(contrast)`.
 *
 * @param factor 0 gives plain grey, 1 the same film.
 */
export function adjustContrast(image: Image, factor: number): Image {
  const mean = Math.floor(meanGrey(image) + 0.5);
  return { ...image, pixels: blendFrom(image.pixels, { from: mean, factor }) };
}

/**
 * Moves each pixel away from a smoothed film (factor above 1) or towards it (below 1), as
 * `PIL.ImageEnhance.Sharpness` and so torchvision's `RandomAdjustSharpness`. Border pixels stay as they are.
 *
 * @param factor 0 gives the smoothed film, 1 the same film.
 */
export function adjustSharpness(image: Image, factor: number): Image {
  const { height, channels, pixels } = image;
  const length = image.width * channels;
  const row = (y: number, of: Uint8Array) => of.subarray(y * length, (y + 1) * length);
  const blended = blends(factor);
  const sharpened = pixels.slice();
  for (let y = 1; y < height - 1; y++) {
    const above = row(y - 1, pixels);
    const here = row(y, pixels);
    const below = row(y + 1, pixels);
    const out = row(y, sharpened);
    for (let i = channels; i < length - channels; i++) {
      const left = i - channels;
      const right = i + channels;
      // Pillow's SMOOTH: weight 5/13 in the middle, 1/13 around it. In floats there, and rounded by adding 0.5:
      // whole numbers give the same, as no thirteenth comes nearer than 1/26 to where rounding turns.
      const sum = above[left]! + above[i]! + above[right]! +
        here[left]! + 5 * here[i]! + here[right]! +
        below[left]! + below[i]! + below[right]!;
      const smooth = (sum + 6) / 13 | 0;
      out[i] = blended[smooth << 8 | here[i]!]!;
    }
  }
  return { ...image, pixels: sharpened };
}

/** What `blend` gives for every pair: `[256 * from + to]`. Kept for the last factor, mostly the only one. */
function blends(factor: number): Uint8Array {
  if (lastBlends?.factor !== factor) {
    const values = Uint8Array.from({ length: 65536 }, (_, i) => blend(i >> 8, i & 255, factor));
    lastBlends = { factor, values };
  }
  return lastBlends.values;
}
let lastBlends: { factor: number; values: Uint8Array } | undefined;

/** A film's grey values, as Pillow's `convert("L")` gives them (ITU-R 601-2 luma, in 16 binary places): `[H,W]`. */
export function toGrey({ channels, pixels }: Image): Uint8Array {
  if (channels === 1) return pixels;
  const grey = new Uint8Array(pixels.length / 3);
  for (let i = 0, o = 0; o < grey.length; i += 3, o++) {
    grey[o] = (19595 * pixels[i]! + 38470 * pixels[i + 1]! + 7471 * pixels[i + 2]! + 0x8000) >> 16;
  }
  return grey;
}

function meanGrey({ channels, pixels }: Image): number {
  if (channels === 1) return sum(pixels) / pixels.length;
  let total = 0;
  for (let i = 0; i < pixels.length; i += 3) {
    total += (19595 * pixels[i]! + 38470 * pixels[i + 1]! + 7471 * pixels[i + 2]! + 0x8000) >> 16;
  }
  return total / (pixels.length / 3);
}

/** `from + factor * (to - from)` in 32-bit floats, cut off at 0 and 255 and rounded down: Pillow's `Image.blend`. */
function blend(from: number, to: number, factor: number): number {
  const value = Math.fround(from + Math.fround(Math.fround(factor) * (to - from)));
  return value <= 0 ? 0 : value >= 255 ? 255 : value | 0;
}

/**
 * Resizes with a triangle filter as wide as the scale (antialiased): Pillow's `resize(size, BILINEAR)`, and
 * torchvision's `Resize` on its images. Between the two passes pixels are rounded to 8 bits, as in Pillow.
 *
 * @param size Width and height of the result in pixels, from 1.
 */
export function resize(image: Image, { width, height }: { width: number; height: number }): Image {
  if (image.channels === 3) {
    const channels = splitChannels(image).map((channel) => resize(channel, { width, height }));
    return joinChannels(channels as [Image, Image, Image]);
  }
  // Pillow 13 starts with the columns where that spares most work.
  const shorter = image.height - height;
  const columnsFirst = shorter > 0 && shorter > 2 * (image.width - width);
  return columnsFirst
    ? resizeRows(resizeColumns(image, height), width)
    : resizeColumns(resizeRows(image, width), height);
}

/** Grey `[H,W]` to `[H,width]`. */
function resizeRows(image: Image, width: number): Image {
  if (width === image.width) return image;
  const filter = triangleFilter(image.width, width);
  return { ...image, width, pixels: filterRows(image.pixels, { ...image, filter }) };
}

/** Grey `[H,W]` to `[height,W]`. */
function resizeColumns(image: Image, height: number): Image {
  if (height === image.height) return image;
  const filter = triangleFilter(image.height, height);
  return { ...image, height, pixels: filterColumns(image.pixels, { ...image, filter }) };
}

/** Binary places of a filter's weights. */
const WEIGHT_BITS = 22;

/** Filters that were needed before, by their sizes: mostly the films have one size. */
const filters = new Map<string, Filter>();

function triangleFilter(from: number, to: number): Filter {
  const sizes = `${from} to ${to}`;
  let filter = filters.get(sizes);
  if (filter === undefined) {
    filter = makeTriangleFilter(from, to);
    if (filters.size === 100) filters.clear();
    filters.set(sizes, filter);
  }
  return filter;
}

/** The triangle filter from `from` to `to` pixels, as Pillow's `precompute_coeffs` sets it up. */
function makeTriangleFilter(from: number, to: number): Filter {
  const scale = from / to;
  const support = Math.max(scale, 1);
  const windows = Array.from({ length: to }, (_, o) => {
    const centre = (o + 0.5) * scale;
    const first = Math.max(Math.trunc(centre - support + 0.5), 0);
    const end = Math.min(Math.trunc(centre + support + 0.5), from);
    const heights = Array.from(
      { length: end - first },
      // Times the inverse, not divided by the support: the last bit counts.
      (_, k) => Math.max(1 - Math.abs((k + first - centre + 0.5) * (1 / support)), 0),
    );
    const total = heights.reduce((sum, height) => sum + height, 0);
    const weights = heights.map((height) => Math.trunc(0.5 + height / total * 2 ** WEIGHT_BITS));
    return { first, weights };
  });
  return packFilter(windows, from);
}

/** `[H,W,3]` to three times `[H,W,1]`. */
function splitChannels(image: Image): Image[] {
  return [0, 1, 2].map((channel) => {
    const pixels = new Uint8Array(image.width * image.height);
    for (let i = 0; i < pixels.length; i++) pixels[i] = image.pixels[3 * i + channel]!;
    return { ...image, channels: 1, pixels };
  });
}

/** Three times `[H,W,1]` to `[H,W,3]`. */
function joinChannels([red, green, blue]: [Image, Image, Image]): Image {
  const pixels = new Uint8Array(3 * red.pixels.length);
  for (let i = 0, o = 0; o < pixels.length; i++) {
    pixels[o++] = red.pixels[i]!;
    pixels[o++] = green.pixels[i]!;
    pixels[o++] = blue.pixels[i]!;
  }
  return { ...red, channels: 3, pixels };
}

/** Pixels in red, green and blue: `[H,W,3]`, a grey value three times. */
export function toRgb({ channels, pixels }: Image): Uint8Array<ArrayBuffer> {
  return channels === 3 ? pixels : rgbOf(pixels);
}

/**
 * What the network sees: `(pixel / 255 - mean) / std` of each channel, with ImageNet's mean and standard deviation,
 * as torchvision's `ToTensor` and `Normalize`.
 *
 * @param rgb Pixels `[...,3]`, 0 to 255.
 * @returns The same shape.
 */
export function normalize(rgb: Uint8Array): Float32Array {
  return Float32Array.from(rgb, (value, i) => {
    const channel = i % 3;
    return (value / 255 - IMAGENET_MEAN[channel]!) / IMAGENET_STD[channel]!;
  });
}
