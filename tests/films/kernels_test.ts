import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { PROJECT_ROOT } from "@/common/paths.ts";
import { createPrng } from "@/common/random.ts";
import {
  blendFrom,
  filterColumns,
  filterRows,
  greyOf,
  packFilter,
  rgbOf,
  sum,
} from "@/films/kernels.ts";
import { assemble } from "@/tasks/dev/wasm.ts";

Deno.test("kernels.wasm is the assembled kernels.wat", async () => {
  assertEquals(await Deno.readFile(join(PROJECT_ROOT, "lib/films/kernels.wasm")), await assemble());
});

function noise(length: number, key: string): Uint8Array<ArrayBuffer> {
  const prng = createPrng(key);
  return Uint8Array.from({ length }, () => prng.integer(256));
}

/** Repeats each grey value three times. */
function asRgb(grey: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: 3 * grey.length }, (_, i) => grey[i / 3 | 0]!);
}

Deno.test("greyOf() gives the first of three equal channels, for any number of pixels", () => {
  // From many to few, so that older pixels lie behind the current ones in memory.
  for (const count of [40_000, 1000, 17, 16, 15, 1, 0]) {
    const grey = noise(count, `grey/${count}`);
    assertEquals(greyOf(asRgb(grey)), grey);
  }
});

Deno.test("rgbOf() repeats each pixel three times, for any number of pixels", () => {
  for (const count of [40_000, 1000, 17, 16, 15, 1, 0]) {
    const grey = noise(count, `rgb/${count}`);
    assertEquals(rgbOf(grey), asRgb(grey));
  }
});

Deno.test("greyOf() detects a single different byte, wherever it is", () => {
  const count = 37;
  const rgb = asRgb(noise(count, "grey"));
  for (let i = 0; i < rgb.length; i++) {
    const changed = rgb.slice();
    changed[i]! ^= 1;
    assertEquals(greyOf(changed), null, `byte ${i}`);
  }
});

Deno.test("sum() adds any number of bytes", () => {
  for (const count of [100_000, 33, 16, 15, 1, 0]) {
    const pixels = noise(count, `sum/${count}`);
    assertEquals(sum(pixels), pixels.reduce((total, value) => total + value, 0));
  }
  assertEquals(sum(new Uint8Array(20_000_000).fill(255)), 5_100_000_000);
});

Deno.test("blendFrom() moves bytes away from a value, clips them and rounds down", () => {
  const pixels = Uint8Array.of(0, 50, 99, 100, 101, 103, 200, 255);
  // 100 + 1.5 * (pixel - 100), worked by hand; 98.5 and 101.5 are rounded down.
  const expected = [0, 25, 98, 100, 101, 104, 250, 255];
  assertEquals([...blendFrom(pixels, { from: 100, factor: 1.5 })], expected);
  assertEquals([...pixels], [0, 50, 99, 100, 101, 103, 200, 255]);
});

/** Makes a filter for the mean of `used` pixels, which starts at every second pixel. */
function meanFilter(used: number, { outputs, width }: { outputs: number; width: number }) {
  const weights = new Array(used).fill(2 ** 22 / used);
  return packFilter(Array.from({ length: outputs }, (_, o) => ({ first: 2 * o, weights })), width);
}

Deno.test("filterRows() and filterColumns() compute rounded weighted sums, for any size", () => {
  for (
    const [used, width, height] of [[2, 9, 3], [4, 37, 20], [16, 64, 17], [8, 9, 9], [2, 3, 2]]
  ) {
    const outputs = (width: number) => (width - used!) / 2 + 1 | 0;
    const pixels = noise(width! * height!, `pixels/${used}`);
    const mean = (start: number, step: number) => {
      let sum = 0;
      for (let k = 0; k < used!; k++) sum += pixels[start + k * step]!;
      return Math.floor(sum / used! + 0.5);
    };
    const along = outputs(width!);
    assertEquals(
      filterRows(pixels, {
        width: width!,
        height: height!,
        filter: meanFilter(used!, { outputs: along, width: width! }),
      }),
      Uint8Array.from(
        { length: along * height! },
        (_, i) => mean((i / along | 0) * width! + 2 * (i % along), 1),
      ),
    );
    const down = Math.max(outputs(height!), 0);
    assertEquals(
      filterColumns(pixels, {
        width: width!,
        filter: meanFilter(used!, { outputs: down, width: height! }),
      }),
      Uint8Array.from(
        { length: down * width! },
        (_, i) => mean(2 * (i / width! | 0) * width! + i % width!, width!),
      ),
    );
  }
});

Deno.test("filterRows() stays within its memory for one long row", () => {
  const pixels = noise(1_000_000, "long");
  const filter = packFilter([{ first: 999_999, weights: [2 ** 22] }], 1_000_000);
  assertEquals([...filterRows(pixels, { width: 1_000_000, height: 1, filter })], [pixels.at(-1)!]);
});
