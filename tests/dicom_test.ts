import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "node:path";
import { openFilmCache } from "@/film_cache.ts";
import { decodeImage, ImageError, readImage } from "@/images.ts";
import { inFolder } from "./in_folder.ts";

const REFERENCE = new URL("reference/dicom/", import.meta.url).pathname;

/** What a viewer shows, by pydicom. */
interface Expected {
  width: number;
  height: number;
  grey: string;
}
const EXPECTED: Record<string, Expected> = JSON.parse(
  Deno.readTextFileSync(`${REFERENCE}expected.json`),
);

for (const [name, { width, height, grey }] of Object.entries(EXPECTED)) {
  Deno.test(`readImage() shows ${name}.dcm as pydicom does`, async () => {
    const pixels = Uint8Array.from(atob(grey), (letter) => letter.charCodeAt(0));
    const image = await readImage(`${REFERENCE}${name}.dcm`);
    assertEquals(image, { width, height, channels: 1, pixels });
  });
}

/** Why a film is not read. */
async function reason(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return (await assertRejects(() => decodeImage(bytes, "a.dcm"), ImageError)).message;
}

/** A film's bytes with the value of an element, found by its tag in little-endian order, replaced. */
async function changed(
  name: string,
  tag: number[],
  value: number[],
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await Deno.readFile(`${REFERENCE}${name}.dcm`);
  const at = bytes.findIndex((_, i) => tag.every((byte, k) => bytes[i + k] === byte));
  assert(at > 0);
  // An element begins with its tag, two letters and two bytes of length.
  bytes.set(value, at + 8);
  return bytes;
}

Deno.test("decodeImage() says what of a DICOM film is not supported", async () => {
  const of = async (name: string) => await reason(await Deno.readFile(`${REFERENCE}${name}.dcm`));
  assertStringIncludes(await of("unsupported_colour"), "it is not grey: its photometric");
  assertStringIncludes(await of("unsupported_frames"), "it has 2 frames where a film has one");
  const syntax = await changed(
    "window",
    [2, 0, 0x10, 0],
    [..."1.2.840.10008.1.2.9"].map((letter) => letter.charCodeAt(0)),
  );
  assertStringIncludes(
    await reason(syntax),
    "transfer syntax 1.2.840.10008.1.2.9, is not supported",
  );
  const bits = await changed("window", [0x28, 0, 0, 1], [32, 0]);
  assertStringIncludes(await reason(bits), "its pixels of 12 bits in 32 are not supported");
  const none = await changed("window", [0x28, 0, 0x10, 0], [0, 0]);
  assertStringIncludes(await reason(none), "it is 44 x 0 pixels");
});

const ENCODINGS = ["window", "jpeg", "jpeg_lossless", "jpeg_ls", "jpeg_2000", "run_lengths"];

for (const name of ENCODINGS) {
  Deno.test(`decodeImage() rejects ${name}.dcm of more pixels than it holds`, async () => {
    const message = await reason(await changed(name, [0x28, 0, 0x10, 0], [255, 255]));
    assertMatch(message, /65535|end early|pixel limit/);
  });
}

for (const name of [...ENCODINGS, "deflated"]) {
  Deno.test(`decodeImage() rejects ${name}.dcm cut off anywhere`, async () => {
    const whole = await Deno.readFile(`${REFERENCE}${name}.dcm`);
    for (let part = 1; part < 20; part++) {
      assertStringIncludes(await reason(whole.slice(0, whole.length * part / 20)), "a.dcm: ");
    }
    assertStringIncludes(await reason(whole.slice(0, 0.9 * whole.length)), "ends too early");
  });
}

Deno.test("readImage() lets nothing of a patient out, neither in errors nor in the cache", async () => {
  const patient = ["Nobody^Drawn", "PATIENT-4711", "19010101"];
  await inFolder(async (folder) => {
    const path = `${REFERENCE}window.dcm`;
    const whole = await Deno.readFile(path);
    const source = new TextDecoder("latin1").decode(whole);
    for (const field of patient) assert(source.includes(field));
    await openFilmCache({ folder }).resized(path, 24);
    for await (const { name } of Deno.readDir(folder)) {
      const entry = await Deno.readFile(join(folder, name));
      const text = new TextDecoder("latin1").decode(entry);
      for (const field of patient) assert(!text.includes(field));
    }
    for (let length = 140; length < whole.length; length += 50) {
      const error = await assertRejects(() => decodeImage(whole.slice(0, length), "a.dcm"));
      for (const field of patient) assert(!Deno.inspect(error).includes(field), `at ${length}`);
    }
  });
});
