/**
 * The loops of kernels.wat, on arrays of bytes.
 * @module
 */
import { join } from "node:path";

/** The exports of kernels.wat, which describes their parameters: addresses and numbers. */
interface Kernels {
  memory: WebAssembly.Memory;
  greyOf(rgb: number, count: number, grey: number): number;
  rgbOf(grey: number, count: number, rgb: number): void;
  sum(pixels: number, count: number): number;
  blend(pixels: number, count: number, from: number, factor: number): void;
  filterRows(...numbers: readonly number[]): void;
  filterColumns(...numbers: readonly number[]): void;
}

let loaded: Kernels | undefined;

/** Gives the kernels, and compiles them at the first call (1 ms). */
function kernels(): Kernels {
  if (loaded === undefined) {
    const binary = Deno.readFileSync(join(import.meta.dirname!, "kernels.wasm"));
    const instance = new WebAssembly.Instance(new WebAssembly.Module(binary));
    loaded = instance.exports as unknown as Kernels;
  }
  return loaded;
}

/** The input pixels of an output pixel: those from `first` on, times their weights. */
interface Window {
  first: number;
  /** Whole numbers; 2^22 stands for 1. Their sum is about 2^22. */
  weights: readonly number[];
}

/** The windows of a line's output pixels, packed for the kernels. */
export interface Filter {
  /** The number of weights in a window. */
  readonly taps: number;
  readonly first: Int32Array<ArrayBuffer>;
  /** `[outputs,taps]` */
  readonly weights: Int32Array<ArrayBuffer>;
}

/** Packs the windows of a line of `width` pixels. */
export function packFilter(windows: readonly Window[], width: number): Filter {
  const taps = Math.max(...windows.map(({ weights }) => weights.length));
  // A narrower window, at the border, gets weights of 0, on the left where the line ends.
  const first = Int32Array.from(windows, (window) => Math.min(window.first, width - taps));
  const weights = new Int32Array(windows.length * taps);
  windows.forEach((window, o) => {
    weights.set(window.weights, o * taps + window.first - first[o]!);
  });
  return { taps, first, weights };
}

/** The bytes that kernels may access beyond an array's end. */
const ROOM = 64;

/**
 * Reduces RGB with equal channels to grey.
 *
 * @param rgb `[N,3]`
 * @returns `[N]`, or null if the three differ in any pixel.
 */
export function greyOf(rgb: Uint8Array): Uint8Array<ArrayBuffer> | null {
  const count = rgb.length / 3;
  const [source, grey] = place([rgb], [count]) as [number, number];
  return kernels().greyOf(source, count, grey) === 0 ? null : copyOut(grey, count);
}

/** Expands grey pixels to three equal channels: `[N]` to `[N,3]`. */
export function rgbOf(grey: Uint8Array): Uint8Array<ArrayBuffer> {
  const [source, rgb] = place([grey], [3 * grey.length]) as [number, number];
  kernels().rgbOf(source, grey.length, rgb);
  return copyOut(rgb, 3 * grey.length);
}

/** Sums bytes. */
export function sum(pixels: Uint8Array): number {
  const [source] = place([pixels], []) as [number];
  return kernels().sum(source, pixels.length);
}

/** Computes `from + factor * (byte - from)` in 32-bit floats, clipped to 0 to 255, rounded down. */
export function blendFrom(
  pixels: Uint8Array,
  { from, factor }: { from: number; factor: number },
): Uint8Array<ArrayBuffer> {
  const [source] = place([pixels], []) as [number];
  kernels().blend(source, pixels.length, from, factor);
  return copyOut(source, pixels.length);
}

/** Filters rows: `[height,width]` to `[height,outputs]`. */
export function filterRows(
  pixels: Uint8Array,
  { width, height, filter: { taps, first, weights } }: {
    width: number;
    height: number;
    filter: Filter;
  },
): Uint8Array<ArrayBuffer> {
  const outputs = first.length;
  // The transposition's blocks read and write up to 8 rows beyond the end.
  const results = [(width + 8) * height, (outputs + 8) * height, (outputs + 8) * height, 8 * width];
  const places = place([pixels, first, weights], results);
  const [source, firsts, weightsAt, turned, filtered, out] = places;
  const { filterRows } = kernels();
  filterRows(source!, height, width, firsts!, weightsAt!, taps, outputs, turned!, filtered!, out!);
  return copyOut(out!, height * outputs);
}

/** Filters columns: `[height,width]` to `[outputs,width]`. */
export function filterColumns(
  pixels: Uint8Array,
  { width, filter: { taps, first, weights } }: { width: number; filter: Filter },
): Uint8Array<ArrayBuffer> {
  const outputs = first.length;
  const places = place([pixels, first, weights], [outputs * width]);
  const [source, firsts, weightsAt, out] = places as [number, number, number, number];
  kernels().filterColumns(source, width, firsts, weightsAt, taps, outputs, out);
  return copyOut(out, outputs * width);
}

const PAGE = 65536;

/**
 * Copies arrays into the kernels' memory, each followed by zeros, and reserves room for outputs.
 *
 * @param outputs The size of each output in bytes.
 * @returns The addresses of the arrays, then those of the outputs.
 */
function place(
  arrays: readonly (Uint8Array | Int32Array)[],
  outputs: readonly number[],
): number[] {
  let end = 0;
  const places = [...arrays.map(({ byteLength }) => byteLength), ...outputs].map((length) => {
    const start = end;
    end += Math.ceil((length + ROOM) / 16) * 16;
    return start;
  });
  const { memory } = kernels();
  const missing = Math.ceil((end - memory.buffer.byteLength) / PAGE);
  if (missing > 0) memory.grow(missing);
  const bytes = new Uint8Array(memory.buffer);
  arrays.forEach(({ buffer, byteOffset, byteLength }, i) => {
    const start = places[i]!;
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), start);
    bytes.fill(0, start + byteLength, start + byteLength + ROOM);
  });
  return places;
}

function copyOut(start: number, length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(kernels().memory.buffer).slice(start, start + length);
}
