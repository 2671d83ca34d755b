/**
 * The assignment's image transforms. They equal Pillow's to the last bit, which torchvision calls
 * for images from files; `tests/films/transforms_test.ts` compares them.
 *
 * Letters in shapes: `H` and `W` height and width in pixels, `C` channels.
 * @module
 */
import type { Prng } from "@/common/random.ts";
import type { Augmentation } from "@/experiments.ts";
import type { Image } from "@/films/film.ts";
import {
  blendFrom,
  type Filter,
  filterColumns,
  filterRows,
  packFilter,
  rgbOf,
  sum,
} from "@/films/kernels.ts";

/** The version of the transforms' results. Raise it with them, so that old caches are not used. */
export const TRANSFORM_VERSION = 1;

/** The mean of ImageNet's red, green and blue, for pixels in `[0, 1]`. */
export const IMAGENET_MEAN = [0.485, 0.456, 0.406] as const;
/** The standard deviation of ImageNet's red, green and blue, for pixels in `[0, 1]`. */
export const IMAGENET_STD = [0.229, 0.224, 0.225] as const;

/** A change of a film at its full size. */
export interface Adjustment {
  readonly kind: Augmentation["kind"];
  /** The factor of {@linkcode adjustSharpness} or {@linkcode adjustContrast}. */
  readonly factor: number;
}

/**
 * Draws an augmentation's change of one film.
 *
 * @param prng The film's own stream for this epoch.
 * @returns The change; null if the film stays as it is.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createPrng } from "@/common/random.ts";
 * import { drawAdjustment } from "@/films/transforms.ts";
 *
 * const always = { kind: "sharpness", factor: 1.2, probability: 1 } as const;
 * const prng = createPrng("0/augment/0/tb0001.png");
 * assertEquals(drawAdjustment(always, prng), { kind: "sharpness", factor: 1.2 });
 * ```
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

/**
 * Applies a drawn change to a film.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { adjust } from "@/films/transforms.ts";
 *
 * const image = { width: 2, height: 1, channels: 1, pixels: Uint8Array.of(100, 200) } as const;
 * const { pixels } = adjust(image, { kind: "contrast", factor: 2 });
 * assertEquals(pixels, Uint8Array.of(50, 250));
 * ```
 */
export function adjust(image: Image, { kind, factor }: Adjustment): Image {
  return kind === "sharpness" ? adjustSharpness(image, factor) : adjustContrast(image, factor);
}

/**
 * Moves each pixel away from the film's mean grey (factor above 1) or towards it (below 1). Equals
 * `PIL.ImageEnhance.Contrast`, and so torchvision's `ColorJitter(contrast)`.
 *
 * @param factor 0 gives plain grey, 1 the same film.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { adjustContrast } from "@/films/transforms.ts";
 *
 * const image = { width: 2, height: 1, channels: 1, pixels: Uint8Array.of(100, 200) } as const;
 * assertEquals(adjustContrast(image, 0).pixels, Uint8Array.of(150, 150));
 * assertEquals(adjustContrast(image, 2).pixels, Uint8Array.of(50, 250));
 * ```
 */
export function adjustContrast(image: Image, factor: number): Image {
  const grey = toGrey(image);
  const mean = Math.floor(sum(grey) / grey.length + 0.5);
  return { ...image, pixels: blendFrom(image.pixels, { from: mean, factor }) };
}

/**
 * Moves each pixel away from the smoothed film (factor above 1) or towards it (below 1). Border
 * pixels stay. Equals `PIL.ImageEnhance.Sharpness`, and so torchvision's `RandomAdjustSharpness`.
 *
 * @param factor 0 gives the smoothed film, 1 the same film.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { adjustSharpness } from "@/films/transforms.ts";
 *
 * const pixels = Uint8Array.of(0, 0, 0, 0, 130, 0, 0, 0, 0);
 * const image = { width: 3, height: 3, channels: 1, pixels } as const;
 * // The smoothed centre is 5 / 13 of 130.
 * assertEquals(adjustSharpness(image, 0).pixels[4], 50);
 * assertEquals(adjustSharpness(image, 2).pixels[4], 210);
 * ```
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
      // Pillow's SMOOTH: weight 5/13 in the middle, 1/13 around it. Pillow computes in floats and
      // adds 0.5. Whole numbers round the same, as thirteenths are at least 1/26 away from a half.
      const sum = above[left]! + above[i]! + above[right]! +
        here[left]! + 5 * here[i]! + here[right]! +
        below[left]! + below[i]! + below[right]!;
      const smooth = (sum + 6) / 13 | 0;
      out[i] = blended[smooth << 8 | here[i]!]!;
    }
  }
  return { ...image, pixels: sharpened };
}

/** Tabulates `blend` at `[256 * from + to]`. Keeps the last factor's table, often the only one. */
function blends(factor: number): Uint8Array {
  if (lastBlends?.factor !== factor) {
    const values = Uint8Array.from({ length: 65536 }, (_, i) => blend(i >> 8, i & 255, factor));
    lastBlends = { factor, values };
  }
  return lastBlends.values;
}
let lastBlends: { factor: number; values: Uint8Array } | undefined;

/**
 * Converts a film to grey values, `[H,W]`, as Pillow's `convert("L")` does: ITU-R 601-2 luma in 16
 * binary places.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { toGrey } from "@/films/transforms.ts";
 *
 * const pixels = Uint8Array.of(255, 0, 0, 0, 255, 0);
 * assertEquals(toGrey({ width: 2, height: 1, channels: 3, pixels }), Uint8Array.of(76, 150));
 * ```
 */
export function toGrey({ channels, pixels }: Image): Uint8Array {
  if (channels === 1) return pixels;
  const grey = new Uint8Array(pixels.length / 3);
  for (let i = 0, o = 0; o < grey.length; i += 3, o++) {
    grey[o] = (19595 * pixels[i]! + 38470 * pixels[i + 1]! + 7471 * pixels[i + 2]! + 0x8000) >> 16;
  }
  return grey;
}

/** Computes Pillow's `Image.blend`: in 32-bit floats, clipped to 0 to 255, rounded down. */
function blend(from: number, to: number, factor: number): number {
  const value = Math.fround(from + Math.fround(Math.fround(factor) * (to - from)));
  return value <= 0 ? 0 : value >= 255 ? 255 : value | 0;
}

/**
 * Resizes with an antialiasing triangle filter, in two passes with 8-bit pixels between them.
 * Equals Pillow's `resize(size, BILINEAR)`, and torchvision's `Resize` on Pillow's images.
 *
 * @param size The width and height of the result in pixels, from 1.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { resize } from "@/films/transforms.ts";
 *
 * const pixels = Uint8Array.of(0, 100, 100, 200);
 * const image = { width: 2, height: 2, channels: 1, pixels } as const;
 * const small = resize(image, { width: 1, height: 1 });
 * assertEquals(small, { width: 1, height: 1, channels: 1, pixels: Uint8Array.of(100) });
 * ```
 */
export function resize(image: Image, { width, height }: { width: number; height: number }): Image {
  if (image.channels === 3) return resizeColour(image, { width, height });
  // Pillow 13 starts with the columns where that saves most work.
  const shorter = image.height - height;
  const columnsFirst = shorter > 0 && shorter > 2 * (image.width - width);
  return columnsFirst
    ? resizeRows(resizeColumns(image, height), width)
    : resizeColumns(resizeRows(image, width), height);
}

/** Resizes grey `[H,W]` to `[H,width]`. */
function resizeRows(image: Image, width: number): Image {
  if (width === image.width) return image;
  const filter = triangleFilter(image.width, width);
  return { ...image, width, pixels: filterRows(image.pixels, { ...image, filter }) };
}

/** Resizes grey `[H,W]` to `[height,W]`. */
function resizeColumns(image: Image, height: number): Image {
  if (height === image.height) return image;
  const filter = triangleFilter(image.height, height);
  return { ...image, height, pixels: filterColumns(image.pixels, { ...image, filter }) };
}

/** Recent filters, by their sizes. Most films have the same size. */
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

/** Makes the triangle filter from `from` to `to` pixels, as Pillow's `precompute_coeffs` does. */
function makeTriangleFilter(from: number, to: number): Filter {
  const scale = from / to;
  const support = Math.max(scale, 1);
  const windows = Array.from({ length: to }, (_, o) => {
    const centre = (o + 0.5) * scale;
    const first = Math.max(Math.trunc(centre - support + 0.5), 0);
    const end = Math.min(Math.trunc(centre + support + 0.5), from);
    const heights = Array.from(
      { length: end - first },
      // Multiplies by the inverse, as dividing may change the last bit.
      (_, k) => Math.max(1 - Math.abs((k + first - centre + 0.5) * (1 / support)), 0),
    );
    const total = heights.reduce((sum, height) => sum + height, 0);
    const weights = heights.map((height) => Math.trunc(0.5 + height / total * 2 ** 22));
    return { first, weights };
  });
  return packFilter(windows, from);
}

/** Resizes the channels of `[H,W,3]` one by one. */
function resizeColour(image: Image, size: { width: number; height: number }): Image {
  const [red, green, blue] = [0, 1, 2].map((channel) => {
    const pixels = new Uint8Array(image.width * image.height);
    for (let i = 0; i < pixels.length; i++) pixels[i] = image.pixels[3 * i + channel]!;
    return resize({ ...image, channels: 1, pixels }, size).pixels;
  }) as [Uint8Array, Uint8Array, Uint8Array];
  const pixels = new Uint8Array(3 * red.length);
  for (let i = 0, o = 0; o < pixels.length; i++) {
    pixels[o++] = red[i]!;
    pixels[o++] = green[i]!;
    pixels[o++] = blue[i]!;
  }
  return { ...size, channels: 3, pixels };
}

/**
 * Gives a film's pixels in RGB, `[H,W,3]`, with each grey value three times.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { toRgb } from "@/films/transforms.ts";
 *
 * const image = { width: 2, height: 1, channels: 1, pixels: Uint8Array.of(7, 9) } as const;
 * assertEquals(toRgb(image), Uint8Array.of(7, 7, 7, 9, 9, 9));
 * ```
 */
export function toRgb({ channels, pixels }: Image): Uint8Array<ArrayBuffer> {
  return channels === 3 ? pixels : rgbOf(pixels);
}
