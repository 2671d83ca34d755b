import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { join } from "node:path";
import {
  readSafetensors,
  readSafetensorsHeader,
  type StoredTensor,
  writeSafetensors,
} from "@/common/safetensors.ts";
import { inFolder } from "../in_folder.ts";

/** The file that Python's safetensors 0.8.0 writes for the tensors below. */
const FROM_PYTHON = [
  "yAAAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCJ9LCJuIjp7ImR0eXBlIjoiSTY0Iiwic2hhcGUiOltdLCJkYXRh",
  "X29mZnNldHMiOlswLDhdfSwiZSI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMCwzXSwiZGF0YV9vZmZzZXRzIjpbOCw4XX0sInci",
  "OnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzIsMl0sImRhdGFfb2Zmc2V0cyI6WzgsMjRdfX0gICAgIAcAAAAAAAAAAADAPwAAAMAA",
  "AIA+AABAQA==",
].join("");

function float32(shape: number[], values: number[]): StoredTensor {
  return { dtype: "F32", shape, bytes: new Uint8Array(new Float32Array(values).buffer) };
}

const TENSORS = new Map<string, StoredTensor>([
  ["w", float32([2, 2], [1.5, -2, 0.25, 3])],
  ["e", float32([0, 3], [])],
  ["n", { dtype: "I64", shape: [], bytes: new Uint8Array(new BigInt64Array([7n]).buffer) }],
]);

/** Makes a file of a header and some zeros after it. */
function fileOf(header: unknown, dataBytes: number): Uint8Array {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const file = Buffer.alloc(8 + json.length + dataBytes);
  file.writeBigUInt64LE(BigInt(json.length));
  json.copy(file, 8);
  return file;
}

Deno.test("readSafetensors() reads what Python's safetensors wrote", () =>
  inFolder(async (folder) => {
    const path = join(folder, "python.safetensors");
    await Deno.writeFile(path, Buffer.from(FROM_PYTHON, "base64"));
    const { tensors, metadata } = await readSafetensors(path);
    assertEquals(metadata, { format: "pt" });
    assertEquals(tensors, TENSORS);
  }));

Deno.test("writeSafetensors() writes Python's bytes, and a checksum in the metadata", () =>
  inFolder(async (folder) => {
    const path = join(folder, "ours.safetensors");
    await writeSafetensors(path, { tensors: TENSORS, metadata: { format: "pt" } });
    const file = Buffer.from(await Deno.readFile(path));
    const python = Buffer.from(FROM_PYTHON, "base64");
    // The same tensors in another order: n first for its 8-byte elements, then w and e.
    const json =
      '{"__metadata__":{"format":"pt"},"n":{"dtype":"I64","shape":[],"data_offsets":[0,8]},' +
      '"w":{"dtype":"F32","shape":[2,2],"data_offsets":[8,24]},' +
      '"e":{"dtype":"F32","shape":[0,3],"data_offsets":[24,24]}}';
    const sha256 = createHash("sha256").update(json).update(python.subarray(-24)).digest("hex");
    const signed = json.replace('"pt"', `"pt","sha256":"${sha256}"`);
    const length = Number(file.readBigUInt64LE());
    assertEquals(length % 8, 0);
    assertEquals(file.subarray(8, 8 + length).toString().trimEnd(), signed);
    assertEquals(file.subarray(8 + length), python.subarray(-24));
  }));

Deno.test("writeSafetensors() gets one tensor's bytes at a time, for the checksum and to write them", () =>
  inFolder(async (folder) => {
    const asked: string[] = [];
    const tensors = new Map([...TENSORS].map(([name, { dtype, shape, bytes }]) => [name, {
      dtype,
      shape,
      get bytes() {
        asked.push(name);
        return bytes;
      },
    }]));
    const path = join(folder, "lazy.safetensors");
    await writeSafetensors(path, { tensors, metadata: {} });
    assertEquals(asked, ["n", "w", "e", "n", "w", "e"]);
    assertEquals((await readSafetensors(path)).tensors, TENSORS);
  }));

Deno.test("readSafetensors() and readSafetensorsHeader() read a file of writeSafetensors()", () =>
  inFolder(async (folder) => {
    const path = join(folder, "ours.safetensors");
    await writeSafetensors(path, { tensors: TENSORS, metadata: { note: 'a "b" é' } });
    const { tensors, metadata } = await readSafetensors(path);
    assertEquals(tensors, TENSORS);
    assertEquals(metadata.note, 'a "b" é');
    const header = await readSafetensorsHeader(path);
    assertEquals(header.metadata, metadata);
    assertEquals(header.tensors.get("w"), { dtype: "F32", shape: [2, 2], start: 8, end: 24 });
  }));

Deno.test("readSafetensors() detects any changed byte and any truncation", () =>
  inFolder(async (folder) => {
    const path = join(folder, "ours.safetensors");
    await writeSafetensors(path, { tensors: TENSORS, metadata: { step: "10" } });
    const whole = await Deno.readFile(path);
    // A file without the checksum's name counts as one without a checksum, such as PyTorch's.
    const name = Buffer.from(whole).indexOf("sha256");
    for (let at = 0; at < whole.length; at++) {
      if (at >= name && at < name + "sha256".length) continue;
      const changed = whole.slice();
      changed[at]! ^= 1;
      await Deno.writeFile(path, changed);
      await assertRejects(() => readSafetensors(path), SyntaxError, `Cannot read ${path}`);
    }
    for (let length = 0; length < whole.length; length += 7) {
      await Deno.writeFile(path, whole.subarray(0, length));
      await assertRejects(() => readSafetensors(path), SyntaxError, `Cannot read ${path}`);
    }
    await Deno.writeFile(path, whole);
    assertEquals((await readSafetensors(path)).metadata.step, "10");
  }));

Deno.test("readSafetensorsHeader() names the fault of a file", () =>
  inFolder(async (folder) => {
    const path = join(folder, "wrong.safetensors");
    const refused = async (content: Uint8Array, why: string) => {
      await Deno.writeFile(path, content);
      const error = await assertRejects(() => readSafetensorsHeader(path), SyntaxError);
      assertStringIncludes(error.message, `Cannot read ${path} as safetensors: ${why}`);
    };
    const w = { dtype: "F32", shape: [2], data_offsets: [0, 8] };
    const huge = new Uint8Array(64).fill(255);
    await refused(new Uint8Array(3), "it has 3 bytes");
    await assertRejects(
      () => readSafetensorsHeader(folder),
      SyntaxError,
      `Cannot read ${folder} as safetensors: it is not a file`,
    );
    const nowhere = join(folder, "nowhere");
    for (const read of [readSafetensors, readSafetensorsHeader]) {
      await assertRejects(
        () => read(nowhere),
        Error,
        `Cannot read ${nowhere}: there is no such file`,
      );
    }
    await refused(Buffer.from("PK\x03\x04 and more of a zip file"), "it is a pickle");
    await refused(huge, "its first 8 bytes are not a header length");
    await refused(fileOf({ w }, 8).subarray(0, 20), "its header needs");
    await refused(fileOf("[]", 0), "its header is not JSON");
    await refused(fileOf("null", 0), "its header is not JSON");
    await refused(fileOf("{x", 0), "its header is not JSON");
    await refused(
      fileOf({ __metadata__: { step: 1 } }, 0),
      "its metadata is not an object of texts",
    );
    for (
      const wrong of [
        null,
        1,
        { ...w, dtype: "F33" },
        { ...w, dtype: "constructor" },
        { ...w, shape: [-2] },
        { ...w, shape: [1e300] },
        { ...w, shape: "2" },
        { ...w, data_offsets: [0, 4] },
        { ...w, data_offsets: [8, 0] },
        { ...w, data_offsets: [0, 8, 8] },
        { ...w, data_offsets: [0] },
      ]
    ) {
      await refused(fileOf({ w: wrong }, 8), "its entry for the tensor w is invalid");
    }
    const hole = { ...w, data_offsets: [9, 17] };
    const overlap = { ...w, data_offsets: [4, 12] };
    const message = "the tensor v does not begin where the one before ends";
    await refused(fileOf({ w, v: hole }, 17), message);
    await refused(fileOf({ w, v: overlap }, 12), message);
    await refused(fileOf({ w }, 7), "its tensors need");
    await refused(fileOf({ w }, 9), "its tensors need");
    await Deno.writeFile(path, fileOf({ w }, 8));
    assert((await readSafetensorsHeader(path)).tensors.has("w"));
  }));
