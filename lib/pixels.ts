/**
 * The loops of pixels.wat, on arrays of bytes.
 * @module
 */
import * as kernels from "@/pixels.wasm";

/** Which input pixels make an output pixel: those from `first` on, times their weights. */
export interface Window {
  first: number;
  /** Whole numbers from 0 to 2^22, which stands for 1, that add up to about as much. */
  weights: readonly number[];
}

/** The windows of all output pixels of a line, packed for the kernels. */
export interface Filter {
  /** Of a window; a multiple of 8. The ones behind `used` have the weight 0. */
  readonly taps: number;
  readonly used: number;
  readonly first: Int32Array<ArrayBuffer>;
  /** `[outputs,taps]` */
  readonly weights: Int32Array<ArrayBuffer>;
  /** Of every 8 weights the bits from the 11th on, then the 11 lower ones: `[outputs,taps/8,2,8]`. */
  readonly halves: Int16Array<ArrayBuffer>;
}

/** Packs the windows of a line of `width` pixels. */
export function packFilter(windows: readonly Window[], width: number): Filter {
  const used = Math.max(...windows.map(({ weights }) => weights.length));
  const taps = Math.ceil(used / 8) * 8;
  // A window that is narrower, at the border, is widened with weights of 0, to the left where there are no more pixels.
  const first = Int32Array.from(windows, (window) => Math.min(window.first, width - used));
  const weights = new Int32Array(windows.length * taps);
  windows.forEach((window, o) => {
    weights.set(window.weights, o * taps + window.first - first[o]!);
  });
  const halves = Int16Array.from({ length: 2 * weights.length }, (_, i) => {
    const weight = weights[(i >> 4) * 8 + i % 8]!;
    return i & 8 ? weight & 0x7ff : weight >> 11;
  });
  return { taps, used, first, weights, halves };
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
  const [grey, source] = place(count, rgb) as [number, number];
  return kernels.greyOf(source, count, grey) === 0 ? null : copyOut(grey, count);
}

/** The sum of bytes. */
export function sum(pixels: Uint8Array): number {
  const [, source] = place(0, pixels) as [number, number];
  return kernels.sum(source, pixels.length);
}

/** Changes bytes to `from + factor * (byte - from)` in 32-bit floats, cut off at 0 and 255 and rounded down. */
export function blendFrom(
  pixels: Uint8Array,
  { from, factor }: { from: number; factor: number },
): Uint8Array<ArrayBuffer> {
  const [, source] = place(0, pixels) as [number, number];
  kernels.blend(source, pixels.length, from, factor);
  return copyOut(source, pixels.length);
}

/** Filters rows: `[height,width]` to `[height,outputs]`. */
export function filterRows(
  pixels: Uint8Array,
  { width, height, filter }: { width: number; height: number; filter: Filter },
): Uint8Array<ArrayBuffer> {
  const outputs = filter.first.length;
  const arrays = [pixels, filter.first, filter.halves];
  const places = place(height * outputs, ...arrays) as [number, number, number, number];
  const [out, source, first, halves] = places;
  kernels.filterRows(source, height, width, first, halves, filter.taps, outputs, out);
  return copyOut(out, height * outputs);
}

/** Filters columns: `[height,width]` to `[outputs,width]`. */
export function filterColumns(
  pixels: Uint8Array,
  { width, filter }: { width: number; filter: Filter },
): Uint8Array<ArrayBuffer> {
  const outputs = filter.first.length;
  const arrays = [pixels, filter.first, filter.weights];
  const places = place(outputs * width, ...arrays) as [number, number, number, number];
  const [out, source, first, weights] = places;
  kernels.filterColumns(source, width, filter.used, first, weights, filter.taps, outputs, out);
  return copyOut(out, outputs * width);
}

const PAGE = 65536;

/**
 * Copies arrays to the kernels' memory, each with zeros behind it.
 *
 * @returns The place of so many bytes for an output, then those of the arrays.
 */
function place(outputBytes: number, ...arrays: (Uint8Array | Int16Array | Int32Array)[]): number[] {
  let end = 0;
  const places = [outputBytes, ...arrays.map(({ byteLength }) => byteLength)].map((length) => {
    const start = end;
    end += Math.ceil((length + ROOM) / 16) * 16;
    return start;
  });
  const missing = Math.ceil((end - kernels.memory.buffer.byteLength) / PAGE);
  if (missing > 0) kernels.memory.grow(missing);
  const memory = new Uint8Array(kernels.memory.buffer);
  arrays.forEach(({ buffer, byteOffset, byteLength }, i) => {
    const start = places[i + 1]!;
    memory.set(new Uint8Array(buffer, byteOffset, byteLength), start);
    memory.fill(0, start + byteLength, start + byteLength + ROOM);
  });
  return places;
}

function copyOut(start: number, length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(kernels.memory.buffer).slice(start, start + length);
}
