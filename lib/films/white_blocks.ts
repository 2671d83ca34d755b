/**
 * Finds white blocks burned into a film, such as those that cover names. A network may learn their
 * places.
 * @module
 */
import type { Image } from "@/films/film.ts";
import { toGrey } from "@/films/transforms.ts";

/** The least white value: JPEG spreads 255 a little. */
const WHITE = 250;
/** The least share of the film that a block covers. */
const LEAST_SHARE = 0.001;
/** The least width and height of a block, in pixels. */
const LEAST_SIDE = 8;
/** The least white share of a block's bounding box. Letters and overexposed tissue fill less. */
const LEAST_FILL = 0.95;

/** Finds the connected white areas of a film that are rectangles. Gives their places in pixels. */
export function whiteBlocks(
  image: Image,
): { left: number; top: number; width: number; height: number }[] {
  const { width, height } = image;
  const grey = toGrey(image);
  const seen = new Uint8Array(grey.length);
  const blocks = [];
  for (let i = 0; i < grey.length; i++) {
    if (grey[i]! < WHITE || seen[i]) continue;
    const { pixels, left, right, top, bottom } = area(i, { grey, seen, width });
    const block = { left, top, width: right - left + 1, height: bottom - top + 1 };
    if (
      pixels >= LEAST_SHARE * width * height &&
      Math.min(block.width, block.height) >= LEAST_SIDE &&
      pixels >= LEAST_FILL * block.width * block.height
    ) blocks.push(block);
  }
  return blocks;
}

/** Measures the white area around a pixel: its size, and its outermost columns and rows. */
function area(
  start: number,
  { grey, seen, width }: { grey: Uint8Array; seen: Uint8Array; width: number },
) {
  const bounds = { pixels: 0, left: width, right: 0, top: Infinity, bottom: 0 };
  const open = [start];
  seen[start] = 1;
  const visit = (i: number) => {
    if (grey[i]! < WHITE || seen[i]) return;
    seen[i] = 1;
    open.push(i);
  };
  while (open.length > 0) {
    const i = open.pop()!;
    const column = i % width;
    const row = (i - column) / width;
    bounds.pixels++;
    bounds.left = Math.min(bounds.left, column);
    bounds.right = Math.max(bounds.right, column);
    bounds.top = Math.min(bounds.top, row);
    bounds.bottom = Math.max(bounds.bottom, row);
    if (column > 0) visit(i - 1);
    if (column < width - 1) visit(i + 1);
    if (row > 0) visit(i - width);
    if (i + width < grey.length) visit(i + width);
  }
  return bounds;
}
