import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { crc32 } from "node:zlib";
import { decodeImage, ImageError, readImage } from "@/films/decode.ts";
import { toRgb } from "@/films/transforms.ts";

const REFERENCE = new URL("../reference/images/", import.meta.url).pathname;

/** A film as Pillow reads it. */
interface Expected {
  mode: string;
  width: number;
  height: number;
  rgb: string;
}
const EXPECTED: Record<string, Expected> = JSON.parse(
  Deno.readTextFileSync(`${REFERENCE}expected.json`),
);

/** Computes the largest and the mean difference from Pillow's pixels. */
async function differences(name: string): Promise<{ largest: number; mean: number }> {
  const image = await readImage(REFERENCE + name);
  const expected = EXPECTED[name]!;
  assertEquals([image.width, image.height], [expected.width, expected.height], name);
  const pixels = Uint8Array.fromBase64(expected.rgb);
  const off = Array.from(toRgb(image), (value, i) => Math.abs(value - pixels[i]!));
  assertEquals(off.length, pixels.length);
  return { largest: Math.max(...off), mean: off.reduce((sum, x) => sum + x, 0) / off.length };
}

for (const name of Object.keys(EXPECTED).filter((name) => name.endsWith(".png"))) {
  Deno.test(`readImage() reads ${name} exactly as Pillow`, async () => {
    assertEquals(await differences(name), { largest: 0, mean: 0 });
  });
}

for (const name of Object.keys(EXPECTED).filter((name) => name.endsWith(".jpg"))) {
  Deno.test(`readImage() reads ${name} as Pillow within 2 levels`, async () => {
    const { largest, mean } = await differences(name);
    // Another JPEG decoder may round differently. For CMYK, only the mean is compared.
    if (EXPECTED[name]!.mode === "CMYK") assert(mean <= 2, `the mean is off by ${mean}`);
    else assert(largest <= 2, `off by ${largest}`);
  });
}

/** A PNG of each kind in the PngSuite, in base64, and Pillow's result: null if it refuses. */
const PNG_KINDS: Record<string, { png: string; expected: Expected | null }> = JSON.parse(
  Deno.readTextFileSync(new URL("../reference/png_kinds.json", import.meta.url)),
);

for (const [name, { png, expected }] of Object.entries(PNG_KINDS)) {
  // Pillow reads one with a wrong checksum, which counts as damaged here.
  if (expected === null || name === "xcsn0g01") {
    Deno.test(`decodeImage() refuses the PNG ${name}`, async () => {
      await assertRejects(() => decodeImage(Uint8Array.fromBase64(png), "a.png"), ImageError);
    });
    continue;
  }
  Deno.test(`decodeImage() reads the PNG ${name} exactly as Pillow`, async () => {
    const image = await decodeImage(Uint8Array.fromBase64(png), "a.png");
    assertEquals([image.width, image.height], [expected.width, expected.height]);
    assertEquals(image.pixels.length, image.width * image.height * image.channels);
    assertEquals(toRgb(image), Uint8Array.fromBase64(expected.rgb));
  });
}

Deno.test("readImage() reduces grey that is stored as colour to one channel", async () => {
  assertEquals((await readImage(`${REFERENCE}grey_as_colour.png`)).channels, 1);
  assertEquals((await readImage(`${REFERENCE}colour.png`)).channels, 3);
});

/** Gives the flaw for which bytes are refused. */
async function flaw(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const error = await assertRejects(() => decodeImage(bytes, "films/a.png"), ImageError);
  assertStringIncludes(error.message, "Cannot read the film films/a.png: ");
  return error.flaw;
}

Deno.test("decodeImage() names the flaw of a file that is not a film", async () => {
  const text = (content: string) => new TextEncoder().encode(content);
  assertEquals(await flaw(new Uint8Array()), "zero bytes");
  assertEquals(await flaw(text("filename,label\n")), "not an image");
  assertEquals(await flaw(text("<svg width='9' height='9'/>")), "not an image");
  assertEquals(await flaw(Uint8Array.of(0xff, 0xd8)), "not an image");
  assertEquals(await flaw(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0)), "truncated");
});

for (const name of ["colour.png", "interlaced.png", "grey.jpg", "colour_420.jpg", "cmyk.jpg"]) {
  Deno.test(`decodeImage() rejects ${name} cut off anywhere in its pixels`, async () => {
    const whole = await Deno.readFile(REFERENCE + name);
    for (let part = 1; part < 20; part++) {
      const cut = whole.slice(0, Math.floor(whole.length * part / 20));
      assertEquals(await flaw(cut), "truncated", `${part} twentieths of ${name}`);
    }
  });
}

Deno.test("decodeImage() rejects damaged pixels of a PNG by their checksums", async () => {
  const bytes = await Deno.readFile(`${REFERENCE}colour.png`);
  bytes[600]! ^= 0x40;
  assertEquals(await flaw(bytes), "damaged");
});

Deno.test("decodeImage() stops before the pixels of a decompression bomb", async () => {
  const bomb = await Deno.readFile(`${REFERENCE}colour.png`);
  const view = new DataView(bomb.buffer);
  // The header: its length, "IHDR", width, height, five more bytes, its checksum. Pillow's limit is
  // 89,478,485 pixels.
  view.setUint32(16, 10_000);
  view.setUint32(20, 8948);
  view.setUint32(29, crc32(bomb.subarray(12, 29)));
  assertEquals(await flaw(bomb), "too large");
});

Deno.test("readImage() names a missing file, and a folder", async () => {
  const error = await assertRejects(() => readImage(`${REFERENCE}none.png`), ImageError);
  assertEquals(error.flaw, "unreadable");
  assertStringIncludes(error.message, `${REFERENCE}none.png: the file cannot be opened`);
  assertEquals((await assertRejects(() => readImage(REFERENCE), ImageError)).flaw, "unreadable");
});
