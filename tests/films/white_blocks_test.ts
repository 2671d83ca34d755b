import { assertEquals } from "@std/assert";
import type { Image } from "@/films/film.ts";
import { whiteBlocks } from "@/films/white_blocks.ts";

/** Draws a grey film of 200 x 100 pixels with white areas. */
function film(isWhite: (x: number, y: number) => boolean, white = 255): Image {
  const pixels = Uint8Array.from(
    { length: 200 * 100 },
    (_, i) => isWhite(i % 200, Math.floor(i / 200)) ? white : 120,
  );
  return { width: 200, height: 100, channels: 1, pixels };
}

const inside =
  (left: number, top: number, width: number, height: number) => (x: number, y: number) =>
    x >= left && x < left + width && y >= top && y < top + height;

Deno.test("whiteBlocks() finds rectangles, also at the edges", () => {
  const [corner, middle] = [inside(0, 0, 30, 10), inside(150, 60, 50, 40)];
  assertEquals(whiteBlocks(film((x, y) => corner(x, y) || middle(x, y))), [
    { left: 0, top: 0, width: 30, height: 10 },
    { left: 150, top: 60, width: 50, height: 40 },
  ]);
  assertEquals(whiteBlocks(film(inside(9, 9, 20, 20), 251)).length, 1);
});

Deno.test("whiteBlocks() ignores overexposed tissue, letters, lines and bright grey", () => {
  const disc = (x: number, y: number) => (x - 100) ** 2 + (y - 50) ** 2 < 40 ** 2;
  const letter = (x: number, y: number) =>
    inside(10, 10, 6, 40)(x, y) || inside(10, 44, 30, 6)(x, y);
  for (const white of [disc, letter, inside(0, 50, 200, 4), () => false]) {
    assertEquals(whiteBlocks(film(white)), []);
  }
  assertEquals(whiteBlocks(film(inside(9, 9, 20, 20), 240)), []);
});

Deno.test("whiteBlocks() separates areas that touch at a corner or across a row's end", () => {
  const [one, other] = [inside(50, 20, 20, 20), inside(70, 40, 20, 20)];
  assertEquals(whiteBlocks(film((x, y) => one(x, y) || other(x, y))).length, 2);
  const [left, right] = [inside(0, 20, 10, 20), inside(190, 19, 10, 20)];
  assertEquals(whiteBlocks(film((x, y) => left(x, y) || right(x, y))).length, 2);
});
