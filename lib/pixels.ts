/**
 * The loops of pixels.wat, on arrays of bytes.
 * @module
 */
import * as kernels from "@/pixels.wasm";

/**
 * Output pixel `o` of a line is the sum of the `taps` input pixels from `first[o]` on, times
 * `weights[o * taps + k]`, which have 22 binary places and add up to 1; rounded.
 */
export interface Filter {
  /** A multiple of 8. */
  readonly taps: number;
  /** Of the taps, the first ones: the others have the weight 0. */
  readonly used: number;
  readonly first: Int32Array<ArrayBuffer>;
  readonly weights: Int32Array<ArrayBuffer>;
}

/** What is read and written beyond an array's end. */
const ROOM = 64;

/**
 * The grey of pixels whose red, green and blue are equal.
 *
 * @param rgb `[N,3]`
 * @returns `[N]`, or null if the three differ in any pixel.
 */
export function greyOf(rgb: Uint8Array): Uint8Array<ArrayBuffer> | null {
  const count = rgb.length / 3;
  const [source, grey] = reserve(rgb.length, count);
  const memory = new Uint8Array(kernels.memory.buffer);
  memory.set(rgb, source);
  memory.fill(0, source! + rgb.length, source! + rgb.length + ROOM);
  if (kernels.greyOf(source!, count, grey!) === 0) return null;
  return memory.slice(grey, grey! + count);
}

/** Filters rows of grey pixels: `[height,width]` to `[height,filter.first.length]`. */
export function filterRows(
  pixels: Uint8Array,
  { width, height, filter }: { width: number; height: number; filter: Filter },
): Uint8Array<ArrayBuffer> {
  const outputs = filter.first.length;
  const [out, source, first, weights] = place(height * outputs, { pixels, filter });
  kernels.filterRows(source, height, width, first, weights, filter.taps, outputs, out);
  return new Uint8Array(kernels.memory.buffer).slice(out, out + height * outputs);
}

/** Filters columns of grey pixels: `[height,width]` to `[filter.first.length,width]`. */
export function filterColumns(
  pixels: Uint8Array,
  { width, filter }: { width: number; filter: Filter },
): Uint8Array<ArrayBuffer> {
  const outputs = filter.first.length;
  const [out, source, first, weights] = place(outputs * width, { pixels, filter });
  kernels.filterColumns(source, width, filter.used, first, weights, filter.taps, outputs, out);
  return new Uint8Array(kernels.memory.buffer).slice(out, out + outputs * width);
}

/** Copies what a filter needs to the kernels' memory; tells where it is, behind the place of the output. */
function place(
  outputBytes: number,
  { pixels, filter: { first, weights } }: { pixels: Uint8Array; filter: Filter },
): [out: number, source: number, first: number, weights: number] {
  const places = reserve(outputBytes, pixels.length, first.byteLength, weights.byteLength);
  const [out, source, firstAt, weightsAt] = places as [number, number, number, number];
  const memory = new Uint8Array(kernels.memory.buffer);
  memory.set(pixels, source);
  memory.set(new Uint8Array(first.buffer), firstAt);
  memory.set(new Uint8Array(weights.buffer), weightsAt);
  return [out, source, firstAt, weightsAt];
}

const PAGE = 65536;

/** Where arrays of so many bytes have their place in the memory, which grows if it must. */
function reserve(...lengths: number[]): number[] {
  let end = 0;
  const places = lengths.map((length) => {
    const start = end;
    end += Math.ceil((length + ROOM) / 16) * 16;
    return start;
  });
  const missing = Math.ceil((end - kernels.memory.buffer.byteLength) / PAGE);
  if (missing > 0) kernels.memory.grow(missing);
  return places;
}
