/**
 * The assignment's image transforms, computed as Pillow computes them (torchvision calls Pillow for images read
 * from files): equal to the last bit, which `tests/transforms_test.ts` holds against Pillow's own output.
 *
 * Letters in shape comments: `H`, `W` height and width in pixels, `C` channels.
 * @module
 */
import type { Augmentation } from "@/experiments.ts";
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
  const blended = Uint8Array.from({ length: 256 }, (_, value) => blend(mean, value, factor));
  const pixels = new Uint8Array(image.pixels.length);
  for (let i = 0; i < pixels.length; i++) pixels[i] = blended[image.pixels[i]!]!;
  return { ...image, pixels };
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

function meanGrey(image: Image): number {
  const grey = toGrey(image);
  let sum = 0;
  for (let i = 0; i < grey.length; i++) sum += grey[i]!;
  return sum / grey.length;
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
  // Pillow 13 starts with the columns where that spares most work.
  const shorter = image.height - height;
  const columnsFirst = shorter > 0 && shorter > 2 * (image.width - width);
  return columnsFirst
    ? resizeRows(resizeColumns(image, height), width)
    : resizeColumns(resizeRows(image, width), height);
}

/** `[H,W,C]` to `[H,width,C]`. */
function resizeRows(image: Image, width: number): Image {
  if (width === image.width) return image;
  const { height, channels } = image;
  const pixels = new Uint8Array(height * width * channels);
  const filter = triangleFilter(image.width, width);
  for (let channel = 0; channel < channels; channel++) {
    applyFilter(filter, {
      from: {
        pixels: image.pixels,
        start: channel,
        along: channels,
        across: image.width * channels,
      },
      to: { pixels, start: channel, along: channels, across: width * channels },
      lines: height,
    });
  }
  return { ...image, width, pixels };
}

/** `[H,W,C]` to `[height,W,C]`. */
function resizeColumns(image: Image, height: number): Image {
  if (height === image.height) return image;
  const lines = image.width * image.channels;
  const pixels = new Uint8Array(height * lines);
  applyFilter(triangleFilter(image.height, height), {
    from: { pixels: image.pixels, start: 0, along: lines, across: 1 },
    to: { pixels, start: 0, along: lines, across: 1 },
    lines,
  });
  return { ...image, height, pixels };
}

/** Binary places of a filter's weights. Those of one output pixel add up to 1, so that sums stay below 2^31. */
const WEIGHT_BITS = 22;
const HALF = 1 << (WEIGHT_BITS - 1);

/** Output pixel `o` of a line is the sum of `taps` input pixels from `first[o]` on, times `weights[o * taps + k]`. */
interface Filter {
  readonly taps: number;
  readonly first: Int32Array;
  readonly weights: Int32Array;
}

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
    const fixed = heights.map((height) => Math.trunc(0.5 + height / total * 2 ** WEIGHT_BITS));
    return { first, fixed };
  });
  // Windows at the border are narrower: widened with weights of 0 to the taps that all have.
  const taps = Math.max(...windows.map(({ fixed }) => fixed.length));
  const filter = { taps, first: new Int32Array(to), weights: new Int32Array(to * taps) };
  windows.forEach(({ first, fixed }, o) => {
    filter.first[o] = Math.min(first, from - taps);
    filter.weights.set(fixed, o * taps + first - filter.first[o]!);
  });
  return filter;
}

/** Where the pixels of parallel lines are: `along` from pixel to pixel of a line, `across` from line to line. */
interface Lines {
  readonly pixels: Uint8Array;
  readonly start: number;
  readonly along: number;
  readonly across: number;
}

/** Filters each line. */
function applyFilter(
  { taps, first, weights }: Filter,
  { from, to, lines }: { from: Lines; to: Lines; lines: number },
): void {
  const sum = taps === 5 ? sumFive : sumAll;
  first.forEach((input, output) => {
    sum(weights.subarray(output * taps, (output + 1) * taps), {
      from: { ...from, start: from.start + input * from.along },
      to: { ...to, start: to.start + output * to.along },
      lines,
    });
  });
}

/** One output pixel of each line. Whole numbers of 32 bits throughout (`| 0`), which need no check at run time. */
function sumAll(
  weights: Int32Array,
  { from: { pixels, start, along, across }, to, lines }: { from: Lines; to: Lines; lines: number },
): void {
  for (let line = 0, i = start, o = to.start; line < lines; line++) {
    let sum = HALF;
    for (let k = 0, tap = i; k < weights.length; k++) {
      sum = sum + Math.imul(pixels[tap]!, weights[k]!) | 0;
      tap = tap + along | 0;
    }
    to.pixels[o] = sum >> WEIGHT_BITS;
    i = i + across | 0;
    o = o + to.across | 0;
  }
}

/** The same for five weights, which 512 to 224 pixels have, written out: it takes half the time. */
function sumFive(
  weights: Int32Array,
  { from: { pixels, start, along, across }, to, lines }: { from: Lines; to: Lines; lines: number },
): void {
  const [a, b, c, d, e] = weights as unknown as [number, number, number, number, number];
  for (let line = 0, i = start, o = to.start; line < lines; line++) {
    let sum = HALF + Math.imul(pixels[i]!, a) | 0;
    sum = sum + Math.imul(pixels[i + along]!, b) | 0;
    sum = sum + Math.imul(pixels[i + 2 * along]!, c) | 0;
    sum = sum + Math.imul(pixels[i + 3 * along]!, d) | 0;
    sum = sum + Math.imul(pixels[i + 4 * along]!, e) | 0;
    to.pixels[o] = sum >> WEIGHT_BITS;
    i = i + across | 0;
    o = o + to.across | 0;
  }
}

/** Pixels in red, green and blue: `[H,W,3]`, a grey value three times. */
export function toRgb({ channels, pixels }: Image): Uint8Array<ArrayBuffer> {
  if (channels === 3) return pixels;
  const rgb = new Uint8Array(pixels.length * 3);
  for (let i = 0, o = 0; i < pixels.length; i++) {
    rgb[o++] = rgb[o++] = rgb[o++] = pixels[i]!;
  }
  return rgb;
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
