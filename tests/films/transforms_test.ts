import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import sharp from "sharp";
import type { Prng } from "@/common/random.ts";
import type { Image } from "@/films/film.ts";
import {
  adjust,
  adjustContrast,
  adjustSharpness,
  drawAdjustment,
  resize,
  toRgb,
} from "@/films/transforms.ts";

const REFERENCE = new URL("../reference/transforms/", import.meta.url);

/** A case of `expected.json`: Pillow's result for an input. */
interface Case {
  input: string;
  transform: string;
  factor?: number;
  width: number;
  height: number;
  first: number[];
  middle: number[];
  sha256: string;
}
const CASES: Case[] = JSON.parse(Deno.readTextFileSync(new URL("expected.json", REFERENCE)));

/** Reads an input in colour and, if it is grey, also as one channel. */
async function readInput(name: string): Promise<Image[]> {
  const path = new URL(`${name}.png`, REFERENCE).pathname;
  const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const pixels = new Uint8Array(data);
  const colour: Image = { width, height, channels: 3, pixels };
  if (pixels.some((value, i) => value !== pixels[i - i % 3])) return [colour];
  return [colour, { ...colour, channels: 1, pixels: pixels.filter((_, i) => i % 3 === 0) }];
}

const INPUTS = new Map<string, Image[]>();
for (const { input } of CASES) {
  if (!INPUTS.has(input)) INPUTS.set(input, await readInput(input));
}

function apply(image: Image, { transform, factor = NaN, width, height }: Case): Image {
  return transform.split(", ").reduce((result, step) => {
    if (step === "resize") return resize(result, { width, height });
    return step === "contrast" ? adjustContrast(result, factor) : adjustSharpness(result, factor);
  }, image);
}

function assertSamePixels(actual: Image, expected: Case): void {
  const rgb = toRgb(actual);
  const middle = rgb.length / 2 | 0;
  const what = `${expected.transform} ${expected.factor ?? ""} of ${expected.input}`;
  assertEquals([actual.width, actual.height], [expected.width, expected.height], what);
  assertEquals([...rgb.slice(0, 12)], expected.first, what);
  assertEquals([...rgb.slice(middle, middle + 12)], expected.middle, what);
  assertEquals(createHash("sha256").update(rgb).digest("hex"), expected.sha256, what);
}

for (const transform of ["resize", "contrast", "sharpness"]) {
  Deno.test(`${transform} equals Pillow to the last bit, in colour and in grey`, () => {
    const cases = CASES.filter((each) => each.transform.startsWith(transform));
    const images = cases.flatMap((each) =>
      INPUTS.get(each.input)!.map((image) => ({ image, each }))
    );
    assert(images.length > 1.4 * cases.length && cases.length > 40);
    for (const { image, each } of images) assertSamePixels(apply(image, each), each);
  });
}

Deno.test("adjustContrast() and adjustSharpness() keep the film at factor 1, and never change their input", () => {
  const pixels = Uint8Array.from({ length: 5 * 4 * 3 }, (_, i) => i * 37 % 256);
  const image: Image = { width: 5, height: 4, channels: 3, pixels: pixels.slice() };
  assertEquals(adjustContrast(image, 1).pixels, pixels);
  assertEquals(adjustSharpness(image, 1).pixels, pixels);
  adjustContrast(image, 1.2);
  adjustSharpness(image, 1.2);
  resize(image, { width: 3, height: 3 });
  assertEquals(image.pixels, pixels);
});

/** Makes a stream of given numbers. */
function drawing(...numbers: number[]): Prng {
  const next = () => {
    const number = numbers.shift();
    if (number === undefined) throw new Error("Drawn too often");
    return number;
  };
  return { uniform: next, integer: next, normal: next };
}

Deno.test("drawAdjustment() draws the contrast factor evenly from its range", () => {
  const augmentation = { kind: "contrast", low: 0.8, high: 1.2 } as const;
  const factor = (number: number) => drawAdjustment(augmentation, drawing(number))!.factor;
  assertEquals(factor(0), 0.8);
  assertAlmostEquals(factor(0.75), 1.1, 1e-12);
});

Deno.test("drawAdjustment() sharpens with its probability", () => {
  const augmentation = { kind: "sharpness", factor: 1.2, probability: 0.2 } as const;
  const sharpness = { kind: "sharpness", factor: 1.2 } as const;
  assertEquals(drawAdjustment(augmentation, drawing(0.1999)), sharpness);
  assertEquals(drawAdjustment(augmentation, drawing(0.2)), null);
});

Deno.test("adjust() applies a drawn change", () => {
  const pixels = Uint8Array.from({ length: 25 }, (_, i) => i * i % 251);
  const image: Image = { width: 5, height: 5, channels: 1, pixels };
  assertEquals(adjust(image, { kind: "sharpness", factor: 3 }), adjustSharpness(image, 3));
  assertEquals(adjust(image, { kind: "contrast", factor: 3 }), adjustContrast(image, 3));
});
