import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "node:path";
import { openFilmCache } from "@/films/cache.ts";
import { decodeImage, ImageError, readImage } from "@/films/decode.ts";
import { inFolder } from "../in_folder.ts";

const REFERENCE = new URL("../reference/dicom/", import.meta.url).pathname;

/** A film as pydicom shows it. */
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

/** Gives the message with which a film is refused. */
async function reason(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return (await assertRejects(() => decodeImage(bytes, "a.dcm"), ImageError)).message;
}

/** Replaces the value of a film's element, whose tag is in little-endian order. */
async function changed(
  name: string,
  tag: number[],
  value: number[],
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await Deno.readFile(`${REFERENCE}${name}.dcm`);
  const at = bytes.findIndex((_, i) => tag.every((byte, k) => bytes[i + k] === byte));
  assert(at > 0);
  // The value follows the tag, two letters and two bytes of length.
  bytes.set(value, at + 8);
  return bytes;
}

function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** Replaces text that occurs once in a film's bytes. */
async function replaced(
  name: string,
  [from, to]: [string, string],
): Promise<Uint8Array<ArrayBuffer>> {
  const parts = latin1(await Deno.readFile(`${REFERENCE}${name}.dcm`)).split(from);
  assertEquals(parts.length, 2);
  return Uint8Array.from(parts.join(to), (letter) => letter.charCodeAt(0));
}

Deno.test("decodeImage() names unsupported properties of a DICOM film", async () => {
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
  const low = await changed("window", [0x28, 0, 2, 1], [10, 0]);
  assertStringIncludes(
    await reason(low),
    "its highBit (0028,0102) is 10, which 12 bits in 16 cannot have",
  );
  const sign = await changed("window", [0x28, 0, 3, 1], [2, 0]);
  assertStringIncludes(await reason(sign), "its pixelRepresentation (0028,0103) is not 0 or 1");
  const encoded = await changed("jpeg_lossless", [0x28, 0, 2, 1], [15, 0]);
  assertStringIncludes(await reason(encoded), "its 12 encoded bits start at bit 4");
  const text = await replaced("window", ["\x28\0\x10\0US", "\x28\0\x10\0IS"]);
  assertStringIncludes(
    await reason(text),
    "its rows (0028,0010) is not a number of 2 bytes: 2 of IS",
  );
});

Deno.test("decodeImage() refuses colours that the film announces as grey, and a truncated table", async () => {
  const of = async (name: string) => await reason(await Deno.readFile(`${REFERENCE}${name}.dcm`));
  assertStringIncludes(
    await of("unsupported_colour_jpeg"),
    "its pixels have 3 colours where grey is announced",
  );
  assertStringIncludes(
    await of("unsupported_short_table"),
    "its look-up table, voiTable (0028,3010), has no entry for the value",
  );
});

/** Numbers written as texts: a film that has one, its tag and type, and its name. */
const NUMBERS = [
  ["window", "\x28\0\x50\x10DS", "windowCenter (0028,1050)"],
  ["window", "\x28\0\x51\x10DS", "windowWidth (0028,1051)"],
  ["rescaled", "\x28\0\x52\x10DS", "rescaleIntercept (0028,1052)"],
  ["rescaled", "\x28\0\x53\x10DS", "rescaleSlope (0028,1053)"],
  ["no_frames", "\x28\0\x08\0IS", "numberOfFrames (0028,0008)"],
] as const;

for (
  const value of ["20,5", "NaN", "Infinity", "0x10", "9e999\\9", "1 2", "-", "1.2.3", "1\x002"]
) {
  Deno.test(`decodeImage() refuses ${JSON.stringify(value)} as a number`, async () => {
    for (const [film, start, name] of NUMBERS) {
      const bytes = latin1(await Deno.readFile(`${REFERENCE}${film}.dcm`));
      const length = bytes.charCodeAt(bytes.indexOf(start) + start.length);
      const end = bytes.indexOf(start) + start.length + 2 + length;
      const element = `${start}${String.fromCharCode(value.length)}\0${value}`;
      const altered = bytes.slice(0, bytes.indexOf(start)) + element + bytes.slice(end);
      assertStringIncludes(
        await reason(Uint8Array.from(altered, (letter) => letter.charCodeAt(0))),
        `its ${name} is ${JSON.stringify(value.split("\\")[0])}, not a finite number`,
      );
    }
  });
}

Deno.test("decodeImage() refuses a window of no width or of an unknown shape", async () => {
  const narrow = await changed("narrow_window", [0x28, 0, 0x51, 0x10], [0x30]);
  assertStringIncludes(await reason(narrow), "its windowWidth (0028,1051) is 0");
  const shape = await replaced("sigmoid", ["SIGMOID", "SIGMUID"]);
  assertStringIncludes(await reason(shape), 'its windowFunction (0028,1056) is "SIGMUID"');
});

Deno.test("decodeImage() refuses invalid lossless JPEG", async () => {
  const of = async (...change: [string, string]) =>
    await reason(await replaced("jpeg_lossless_restarts_7", change));
  // The end's marker in place of a restart; restarts every 221 pixels in rows of 44; an unknown
  // predictor; a missing restart.
  assertStringIncludes(await of("\xff\xd0", "\xff\xd9"), "a part of its lossless JPEG is missing");
  assertStringIncludes(
    await of("\xff\xdd\0\x04\0\xdc", "\xff\xdd\0\x04\0\xdd"),
    "its lossless JPEG restarts within a row",
  );
  assertStringIncludes(
    await of("\x01\x01\0\x07\0\0", "\x01\x01\0\x08\0\0"),
    "its lossless JPEG is damaged",
  );
  assertStringIncludes(await of("\xff\xd1", "\xff\0"), "a part of its lossless JPEG is missing");
});

const ENCODINGS = ["window", "jpeg", "jpeg_lossless", "jpeg_ls", "jpeg_2000", "run_lengths"];

for (const name of ENCODINGS) {
  Deno.test(`decodeImage() rejects ${name}.dcm if it announces more pixels than it holds`, async () => {
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

Deno.test("readImage() leaks no patient data, neither in errors nor in the cache", async () => {
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
