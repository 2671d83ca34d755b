import { assert, assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import {
  type AuditedFilm,
  auditShortcuts,
  fitShortcuts,
  greyStatistics,
  shortcutFeatures,
} from "@/analysis/shortcuts.ts";
import { createPrng } from "@/common/random.ts";
import type { Image } from "@/films/film.ts";

function greyImage(width: number, pixels: number[]): Image {
  return {
    width,
    height: pixels.length / width,
    channels: 1,
    pixels: Uint8Array.from(pixels),
  };
}

/** Repeats rows of grey values over an image. */
function tiled(rows: number[][], { width, height }: { width: number; height: number }): Image {
  const at = (i: number) => {
    const row = rows[Math.floor(i / width) % rows.length]!;
    return row[i % width % row.length]!;
  };
  return greyImage(width, Array.from({ length: width * height }, (_, i) => at(i)));
}

Deno.test("shortcutFeatures() weighs the pixels that a line of the thumbnail's grid crosses by their area", () => {
  // 16 blocks along 24 pixels: 2 x 2 blocks for each 3 x 3 pixels.
  const image = tiled([[90, 60, 30], [60, 60, 60], [30, 60, 90]], { width: 24, height: 24 });
  // The upper left block holds 90 whole, half of the two 60s beside it and a quarter of the 60 in
  // the middle.
  const corner = (90 + 30 + 30 + 15) / 2.25;
  const other = (30 + 30 + 30 + 15) / 2.25;
  shortcutFeatures(image).thumbnail.forEach((mean, i) => {
    const isCorner = Math.floor(i / 16) % 2 === i % 2;
    assertAlmostEquals(mean, isCorner ? corner : other, 1e-12);
  });
});

Deno.test("shortcutFeatures() reads rows of a film that is wider than high", () => {
  const image = tiled([[1, 3, 5, 7], [11, 13, 15, 17]], { width: 32, height: 16 });
  const { thumbnail } = shortcutFeatures(image);
  const expected = Array.from({ length: 256 }, (_, i) => {
    return Math.floor(i / 16) % 2 === 0 ? [2, 6][i % 2]! : [12, 16][i % 2]!;
  });
  assertEquals([...thumbnail], expected);
});

Deno.test("greyStatistics() agrees with NumPy", () => {
  // numpy: mean, std and percentile([1, 25, 50, 99]) of [0, 10, 10, 30, 255, 7]
  const expected = [52, 91.2414379544733, 0.35, 7.75, 10, 243.75];
  greyStatistics(greyImage(3, [0, 10, 10, 30, 255, 7])).forEach((value, i) => {
    assertAlmostEquals(value, expected[i]!, 1e-9);
  });
});

Deno.test("shortcutFeatures() gives the same border whatever is inside of it", () => {
  const side = 50;
  const film = (inside: number) =>
    greyImage(
      side,
      Array.from({ length: side * side }, (_, i) => {
        const [x, y] = [i % side, Math.floor(i / side)];
        const isInside = [x, y].every((place) => place >= 5 && place < 45);
        return isInside ? inside : i % 251;
      }),
    );
  const [dark, bright] = [shortcutFeatures(film(0)), shortcutFeatures(film(255))];
  assertEquals(dark.border.length, 20 * 20 - 16 * 16);
  assertEquals(dark.border, bright.border);
  assertEquals(dark.thumbnail.length, 256);
  assert(dark.thumbnail.some((mean, i) => mean !== bright.thumbnail[i]));
});

Deno.test("auditShortcuts() finds the class in the border, and nothing in random numbers", () => {
  const prng = createPrng("audit");
  const film = (label: number): AuditedFilm => {
    const pixels = Array.from({ length: 400 }, () => prng.integer(200));
    // A brighter corner, as of a machine that writes a mark there.
    if (label === 1) pixels[0] = 255;
    const features = shortcutFeatures(greyImage(20, pixels));
    return { label, features: { ...features, "grey statistics": Float64Array.of(prng.normal()) } };
  };
  const films = (count: number) =>
    Array.from({ length: count }, (_, i) => film(i % 3 === 0 ? 1 : 0));
  const scores = auditShortcuts(fitShortcuts(films(300)), films(90));
  assertEquals(scores.map(({ shortcut }) => shortcut), ["thumbnail", "border", "grey statistics"]);
  const [, border, grey] = scores;
  assertGreater(border!.auc.low, 0.9);
  assertGreater(border!.accuracy.value, 0.85);
  assertEquals([border!.features, grey!.features], [144, 1]);
  assertLess(grey!.auc.low, 0.5);
  assertGreater(grey!.auc.high, 0.5);
  // Two of three films are healthy, which is all that chance can tell.
  assertAlmostEquals(grey!.accuracy.value, 2 / 3, 0.1);
});
