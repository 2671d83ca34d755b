/**
 * The safetensors file format (https://github.com/huggingface/safetensors): an 8-byte little-endian
 * length, as many bytes of JSON with each tensor's type, shape and place, then the tensors' bytes
 * without gaps.
 *
 * Files written here carry a SHA-256 of all else as `sha256` in their metadata. Files are not
 * trusted: every length and place is checked before use.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import * as z from "zod";
import { cannotRead, excerpt, writeAtomic } from "@/common/files.ts";
import { COUNT } from "@/common/json.ts";

/** Bytes per element of the format's types. */
const BYTES_PER_ELEMENT: Readonly<Record<string, number>> = {
  ...{ BOOL: 1, U8: 1, I8: 1, F8_E5M2: 1, F8_E4M3: 1, U16: 2, I16: 2, F16: 2, BF16: 2 },
  ...{ U32: 4, I32: 4, F32: 4, U64: 8, I64: 8, F64: 8, C64: 8 },
};

/** The format's limit for the JSON: 100 MB. */
const MAX_HEADER_BYTES = 100_000_000;

/** The start of a zip file (`PK\x03\x04`), which is what PyTorch's `.pth` files are. */
const ZIP_SIGNATURE = 0x04034b50n;

/** A tensor's values as little-endian bytes, row-major. */
export interface StoredTensor {
  /** The element's type, such as `F32` or `I64`. */
  dtype: string;
  shape: readonly number[];
  /** May be a getter, so that writing holds one tensor at a time in memory. */
  readonly bytes: Uint8Array;
}

/** The content of a file. */
interface Safetensors {
  tensors: Map<string, StoredTensor>;
  /** Free text by name. */
  metadata: Record<string, string>;
}

const METADATA = z.record(z.string(), z.string());

/** A tensor's type, shape, and place in the data in bytes from its start. */
const ENTRY = z.object({
  dtype: z.string(),
  shape: z.array(COUNT),
  data_offsets: z.tuple([COUNT, COUNT]),
}).transform(({ dtype, shape, data_offsets: [start, end] }) => ({ dtype, shape, start, end }))
  .refine(({ dtype, shape, start, end }) => end - start === bytesOf(dtype, shape));

/** The content of a file without the values. */
interface SafetensorsHeader {
  metadata: Record<string, string>;
  /** The tensors in the order of the data. */
  tensors: Map<string, z.infer<typeof ENTRY>>;
  /** The JSON without its checksum: the part of it that the checksum covers. */
  signed: string;
}

/**
 * Writes a file whole, with its checksum.
 *
 * @throws {Error} If it cannot be written; an older file stays.
 */
export async function writeSafetensors(path: string, content: Safetensors): Promise<void> {
  // Types with the longest elements come first, so that every tensor is aligned.
  const tensors = [...content.tensors].sort(([, a], [, b]) =>
    BYTES_PER_ELEMENT[b.dtype]! - BYTES_PER_ELEMENT[a.dtype]!
  );
  const entries: Record<string, unknown> = {};
  let end = 0;
  for (const [name, { dtype, shape }] of tensors) {
    const start = end;
    end += bytesOf(dtype, shape);
    entries[name] = { dtype, shape, data_offsets: [start, end] };
  }
  function* data() {
    for (const [, tensor] of tensors) yield tensor.bytes;
  }
  const { sha256: _, ...metadata } = content.metadata;
  const sha256 = checksum(JSON.stringify({ __metadata__: metadata, ...entries }), data());
  const json = Buffer.from(JSON.stringify({ __metadata__: { ...metadata, sha256 }, ...entries }));
  const header = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, " ");
  header.writeBigUInt64LE(BigInt(header.length - 8));
  json.copy(header, 8);
  function* parts() {
    yield header;
    yield* data();
  }
  await writeAtomic(path, parts());
}

/**
 * Reads a file, and verifies its checksum if it has one.
 *
 * @throws {SyntaxError} If it is not a safetensors file, is cut short, or fails its checksum.
 * @throws {Error} If it cannot be opened.
 */
export async function readSafetensors(path: string): Promise<Safetensors> {
  using file = await Deno.open(path).catch(cannotRead(path));
  const header = await readHeader(file, path);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, { dtype, shape, start, end }] of header.tensors) {
    tensors.set(name, { dtype, shape, bytes: await readExactly(file, end - start, path) });
  }
  const { sha256 } = header.metadata;
  const data = Array.from(tensors.values(), (tensor) => tensor.bytes);
  if (sha256 !== undefined && sha256 !== checksum(header.signed, data)) {
    throw new SyntaxError(
      `Cannot read ${path}: its checksum does not match its content, so it was damaged after it was written`,
    );
  }
  return { tensors, metadata: header.metadata };
}

/**
 * Reads a file's header. The checksum is not verified, as it needs the values.
 *
 * @throws {SyntaxError} If it is not a safetensors file, or its size does not match its header.
 * @throws {Error} If it cannot be opened.
 */
export async function readSafetensorsHeader(path: string): Promise<SafetensorsHeader> {
  using file = await Deno.open(path).catch(cannotRead(path));
  return await readHeader(file, path);
}

async function readHeader(file: Deno.FsFile, path: string): Promise<SafetensorsHeader> {
  const refuse = (why: string): never => {
    throw new SyntaxError(`Cannot read ${path} as safetensors: ${why}`);
  };
  const { size, isFile } = await file.stat();
  if (!isFile) refuse("it is not a file");
  if (size < 8) refuse(`it has ${size} bytes`);
  const length = Buffer.from(await readExactly(file, 8, path)).readBigUInt64LE();
  if (length % 2n ** 32n === ZIP_SIGNATURE) {
    refuse(
      "it is a pickle, as torch.save() writes. Convert it in Python with " +
        "safetensors.torch.save_file(torch.load(FILE), NEW_FILE)",
    );
  }
  if (length > MAX_HEADER_BYTES) refuse("its first 8 bytes are not a header length");
  const dataStart = 8 + Number(length);
  if (dataStart > size) refuse(`its header needs ${dataStart} bytes and the file has ${size}`);
  const json = parseObject(await readExactly(file, Number(length), path));
  if (json === null) return refuse("its header is not JSON");

  const { __metadata__ = {}, ...entries } = json;
  const { data: metadata } = METADATA.safeParse(__metadata__);
  if (metadata === undefined) return refuse("its metadata is not an object of texts");
  const tensors = Object.entries(entries).map(([name, entry]) => {
    const { data } = ENTRY.safeParse(entry);
    return [name, data ?? refuse(`its entry for the tensor ${excerpt(name)} is invalid`)] as const;
  });
  const inOrder = tensors.sort(([, a], [, b]) => a.start - b.start || a.end - b.end);
  let end = 0;
  for (const [name, tensor] of inOrder) {
    if (tensor.start !== end) {
      refuse(`the tensor ${excerpt(name)} does not begin where the one before ends`);
    }
    end = tensor.end;
  }
  if (dataStart + end !== size) {
    refuse(`its tensors need ${dataStart + end} bytes and the file has ${size}`);
  }
  const { sha256: _, ...rest } = metadata;
  const signed = JSON.stringify({ __metadata__: rest, ...entries });
  return { metadata, tensors: new Map(inOrder), signed };
}

/** Computes a tensor's size in bytes; NaN for an unknown type. */
function bytesOf(dtype: string, shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, BYTES_PER_ELEMENT[dtype] ?? NaN);
}

function parseObject(bytes: Uint8Array): Record<string, unknown> | null {
  try {
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

async function readExactly(file: Deno.FsFile, length: number, path: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let read = 0; read < length;) {
    const more = await file.read(bytes.subarray(read));
    if (more === null) throw new SyntaxError(`Cannot read ${path}: it ended while it was read`);
    read += more;
  }
  return bytes;
}

function checksum(signed: string, data: Iterable<Uint8Array>): string {
  const hash = createHash("sha256").update(signed);
  for (const bytes of data) hash.update(bytes);
  return hash.digest("hex");
}
