import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { crc32 } from "node:zlib";
import { decodeImage, ImageError, MAX_PIXELS, readImage } from "@/images.ts";
import { toRgb } from "@/transforms.ts";

const REFERENCE = new URL("reference/images/", import.meta.url).pathname;

/** Pixels as Pillow reads them. */
interface Expected {
  mode: string;
  width: number;
  height: number;
  rgb: string;
}
const EXPECTED: Record<string, Expected> = JSON.parse(
  Deno.readTextFileSync(`${REFERENCE}expected.json`),
);

/** Largest and mean difference from Pillow's pixels. */
async function differences(name: string): Promise<{ largest: number; mean: number }> {
  const image = await readImage(REFERENCE + name);
  const expected = EXPECTED[name]!;
  assertEquals([image.width, image.height], [expected.width, expected.height], name);
  const pixels = Uint8Array.from(atob(expected.rgb), (letter) => letter.charCodeAt(0));
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
    // Not 0: another JPEG decoder may round another way. Of CMYK only the mean is held to that.
    if (EXPECTED[name]!.mode === "CMYK") assert(mean <= 2, `the mean is off by ${mean}`);
    else assert(largest <= 2, `off by ${largest}`);
  });
}

Deno.test("readImage() holds grey that is stored as colour as one channel", async () => {
  assertEquals((await readImage(`${REFERENCE}grey_as_colour.png`)).channels, 1);
  assertEquals((await readImage(`${REFERENCE}colour.png`)).channels, 3);
});

/** What decoding these bytes fails with. */
async function flaw(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const error = await assertRejects(() => decodeImage(bytes, "films/a.png"), ImageError);
  assertStringIncludes(error.message, "Cannot read the film films/a.png: ");
  return error.flaw;
}

Deno.test("decodeImage() says what is wrong with a file that is no film", async () => {
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

Deno.test("decodeImage() rejects damaged pixels of a PNG, whose checksums tell", async () => {
  const bytes = await Deno.readFile(`${REFERENCE}colour.png`);
  bytes[600]! ^= 0x40;
  assertEquals(await flaw(bytes), "damaged");
});

Deno.test("decodeImage() stops before the pixels of a picture bomb", async () => {
  const bomb = await Deno.readFile(`${REFERENCE}colour.png`);
  const view = new DataView(bomb.buffer);
  // The header: its length, "IHDR", width, height, five bytes more, its checksum.
  view.setUint32(16, 10_000);
  view.setUint32(20, Math.ceil(MAX_PIXELS / 10_000));
  view.setUint32(29, crc32(bomb.subarray(12, 29)));
  assertEquals(await flaw(bomb), "too large");
});

Deno.test("readImage() names a file that is not there or is a folder", async () => {
  const error = await assertRejects(() => readImage(`${REFERENCE}none.png`), ImageError);
  assertEquals(error.flaw, "unreadable");
  assertStringIncludes(error.message, `${REFERENCE}none.png: the file cannot be opened`);
  assertEquals((await assertRejects(() => readImage(REFERENCE), ImageError)).flaw, "unreadable");
});
