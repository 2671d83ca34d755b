import { assert, assertEquals } from "@std/assert";
import sharp from "sharp";
import { decodeImage } from "@/films/decode.ts";
import type { Image } from "@/films/film.ts";
import { nearDuplicates, nearestOf, perceptualHash } from "@/films/near_duplicates.ts";
import { drawPhantom, PHANTOM_SIZE } from "@/films/phantom.ts";
import { adjustContrast, toRgb } from "@/films/transforms.ts";

const FILMS = 25;

const greyImage = (pixels: Uint8Array, size: number): Image => ({
  width: size,
  height: size,
  channels: 1,
  pixels: new Uint8Array(pixels),
});
const opened = ({ width, height, channels, pixels }: Image) =>
  sharp(pixels, { raw: { width, height, channels } });

/** Changed copies that a film folder may hold unnoticed. */
const COPIES: ((image: Image, turn: number) => Promise<Image> | Image)[] = [
  async (image, turn) => {
    // To 240, 300, ... 840 pixels, with another kernel than the project's.
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

Deno.test("nearDuplicates() finds 50 of 50 planted copies, and no pair of different films", async () => {
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
  const bits = Array.from(hash, (word) => word.toString(2)).join("");
  assertEquals(bits.replaceAll("0", "").length, 127);
});

Deno.test("perceptualHash() has the bits of a film's waves", () => {
  // One period across and none down is coefficient 2, the only one that is not 0.
  const pixels = Uint8Array.from(
    { length: 64 * 64 },
    (_, i) => Math.round(128 + 100 * Math.cos(Math.PI * 2 * (2 * (i % 64) + 1) / 128)),
  );
  const [bits] = perceptualHash(greyImage(pixels, 64));
  assert(bits! & 1 << 2);
  assertEquals(bits! & 1, 0);
});

const hash = (...words: number[]) => Uint32Array.from({ length: 8 }, (_, i) => words[i] ?? 0);

Deno.test("nearDuplicates() counts the bits that differ", () => {
  const distance = (a: Uint32Array, b: Uint32Array) => nearDuplicates([a, b])[0]?.distance;
  assertEquals(distance(hash(), hash()), 0);
  assertEquals(distance(hash(0xffffffff, 1), hash(0x0007ffff, 0, 0x80000000)), 15);
  assertEquals(distance(hash(0xfff80000), hash(0xffffffff)), undefined);
  assertEquals(distance(hash(0b1011), hash(0b0110)), 3);
});

Deno.test("nearDuplicates() finds films that differ in 16 bits, and none that differ in 17", () => {
  assertEquals(nearDuplicates([hash(), hash(0xffff)]), [{ first: 0, second: 1, distance: 16 }]);
  assertEquals(nearDuplicates([hash(), hash(0x1ffff)]), []);
});

Deno.test("nearestOf() gives the nearest of near-identical films, the first of equals, or null", () => {
  const hash = (...ones: number[]) =>
    ones.reduce((words, bit) => {
      words[bit >> 5]! |= 1 << (bit & 31);
      return words;
    }, new Uint32Array(8));
  const far = hash(...Array.from({ length: 17 }, (_, i) => 9 * i));
  const near = hash(3, 200, 255);
  assertEquals(nearestOf(hash(), [far]), null);
  assertEquals(nearestOf(hash(), [far, near, hash(7), hash(8)]), { index: 2, distance: 1 });
  assertEquals(nearestOf(hash(), []), null);
});
