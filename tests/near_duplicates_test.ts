import { assert, assertEquals } from "@std/assert";
import sharp from "sharp";
import { decodeImage } from "@/images.ts";
import { hashDistance, NEAR_BITS, nearDuplicates, perceptualHash } from "@/near_duplicates.ts";
import { drawPhantom, PHANTOM_SIZE } from "@/phantom.ts";
import { adjustContrast, type Image, toRgb } from "@/transforms.ts";

const FILMS = 25;

const greyImage = (pixels: Uint8Array, size: number): Image => ({
  width: size,
  height: size,
  channels: 1,
  pixels: new Uint8Array(pixels),
});
const opened = ({ width, height, channels, pixels }: Image) =>
  sharp(pixels, { raw: { width, height, channels } });

/** Copies that a film folder may hold unnoticed, by turns. */
const COPIES: ((image: Image, turn: number) => Promise<Image> | Image)[] = [
  async (image, turn) => {
    // To 240, 300, ... 840 pixels, by another kernel than the project's.
    const rescaled = opened(image).resize(240 + 60 * (turn % 11), null, { kernel: "lanczos3" });
    return await decodeImage(new Uint8Array(await rescaled.png().toBuffer()), "copy.png");
  },
  async (image) =>
    await decodeImage(
      new Uint8Array(await opened(image).jpeg({ quality: 80 }).toBuffer()),
      "c.jpg",
    ),
  (image) => adjustContrast(image, 1.05),
  (image) => adjustContrast(image, 0.95),
];

Deno.test("nearDuplicates() finds 50 of 50 planted copies, and takes no two other films for one", async () => {
  const hashes: Uint32Array[] = [];
  for (let i = 0; i < FILMS; i++) {
    const film = greyImage(drawPhantom(`planted ${i}`, { tb: i % 2 === 1 }), PHANTOM_SIZE);
    const copies = [2 * i, 2 * i + 1].map((turn) => COPIES[turn % COPIES.length]!(film, turn));
    hashes.push(...[film, ...await Promise.all(copies)].map(perceptualHash));
  }
  const found = nearDuplicates(hashes);
  const filmOf = (place: number) => Math.floor(place / 3);
  assertEquals(found.filter(({ first, second }) => filmOf(first) !== filmOf(second)), []);
  assertEquals(found.filter(({ first }) => first % 3 === 0).length, 2 * FILMS);
});

Deno.test("perceptualHash() is the same for grey stored as colour, and balanced", () => {
  const film = greyImage(drawPhantom("any", { tb: false }), PHANTOM_SIZE);
  const hash = perceptualHash(film);
  assertEquals(perceptualHash({ ...film, channels: 3, pixels: toRgb(film) }), hash);
  // Of 255 coefficients, 127 are above the median.
  assertEquals(hashDistance(hash, new Uint32Array(8)), 127);
});

Deno.test("perceptualHash() tells which waves a film has", () => {
  // One period across and none down is coefficient 2, the only one that is not 0.
  const pixels = Uint8Array.from(
    { length: 64 * 64 },
    (_, i) => Math.round(128 + 100 * Math.cos(Math.PI * 2 * (2 * (i % 64) + 1) / 128)),
  );
  const [bits] = perceptualHash(greyImage(pixels, 64));
  assert(bits! & 1 << 2);
  assertEquals(bits! & 1, 0);
});

Deno.test("hashDistance() counts the bits that differ", () => {
  const hash = (...words: number[]) => Uint32Array.from({ length: 8 }, (_, i) => words[i] ?? 0);
  assertEquals(hashDistance(hash(), hash()), 0);
  assertEquals(hashDistance(hash(0xffffffff, 1), hash(0, 0, 0x80000000)), 34);
  assertEquals(hashDistance(hash(0b1011), hash(0b0110)), 3);
});

Deno.test("nearDuplicates() draws the line at NEAR_BITS", () => {
  const withOnes = (bits: number) => Uint32Array.of(2 ** bits - 1, 0, 0, 0, 0, 0, 0, 0);
  assertEquals(nearDuplicates([withOnes(0), withOnes(NEAR_BITS)]), [
    { first: 0, second: 1, distance: NEAR_BITS },
  ]);
  assertEquals(nearDuplicates([withOnes(0), withOnes(NEAR_BITS + 1)]), []);
});
