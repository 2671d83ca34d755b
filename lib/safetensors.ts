/**
 * The safetensors file format (https://github.com/huggingface/safetensors): an 8-byte little-endian length, that
 * many bytes of JSON that name every tensor with its type, shape and place, then the tensors' bytes, one after the
 * other without holes.
 *
 * A file written here carries a SHA-256 of everything else in it as `sha256` of its metadata. A file is never
 * trusted: every length and place in it is checked before it is used.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { cannotRead, writeAtomic } from "@/files.ts";

/** Bytes an element takes, by type, of the types that the format names. */
const BYTES_PER_ELEMENT: Readonly<Record<string, number>> = {
  ...{ BOOL: 1, U8: 1, I8: 1, F8_E5M2: 1, F8_E4M3: 1, U16: 2, I16: 2, F16: 2, BF16: 2 },
  ...{ U32: 4, I32: 4, F32: 4, U64: 8, I64: 8, F64: 8, C64: 8 },
};

/** The format's own limit for the JSON: 100 MB. */
const MAX_HEADER_BYTES = 100_000_000;

/** How a zip file begins (`PK\x03\x04`), as PyTorch's own files are. */
const ZIP_SIGNATURE = 0x04034b50n;

/** A tensor's values as little-endian bytes, row-major. */
export interface StoredTensor {
  /** `F32`, `I64`, ... */
  dtype: string;
  shape: readonly number[];
  /** May be made whenever it is asked for, so that a file is written with one tensor at a time in memory. */
  readonly bytes: Uint8Array;
}

/** What a file holds. */
export interface Safetensors {
  tensors: Map<string, StoredTensor>;
  /** Free text by name. */
  metadata: Record<string, string>;
}

/** What a file says it holds, without the values. */
export interface SafetensorsHeader {
  metadata: Record<string, string>;
  /** Type, shape, and place in the data (bytes from its start), in the order of the data. */
  tensors: Map<string, { dtype: string; shape: number[]; start: number; end: number }>;
  /** The JSON as written, its checksum left out: what the checksum covers beside the data. */
  signed: string;
}

/**
 * Writes a file, atomically, with its checksum.
 *
 * @throws {Error} If it cannot be written; a file that was there before is left as it was.
 */
export async function writeSafetensors(path: string, content: Safetensors): Promise<void> {
  // The types with the longest elements come first, so that every tensor is aligned.
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
  const json = Buffer.from(
    JSON.stringify({ __metadata__: { ...metadata, sha256 }, ...entries }),
  );
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
 * Reads a file whole, and verifies its checksum if it has one.
 *
 * @throws {SyntaxError} If it is not a safetensors file, is cut short, or fails its checksum.
 * @throws {Error} If it cannot be opened.
 */
export async function readSafetensors(path: string): Promise<Safetensors> {
  using file = await openFile(path);
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
 * Reads what a file says about its tensors and its metadata. The checksum is not verified, for it needs the values.
 *
 * @throws {SyntaxError} If it is not a safetensors file, or is shorter or longer than it says.
 * @throws {Error} If it cannot be opened.
 */
export async function readSafetensorsHeader(path: string): Promise<SafetensorsHeader> {
  using file = await openFile(path);
  return await readHeader(file, path);
}

async function openFile(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path, { read: true });
  } catch (error) {
    throw cannotRead(path, error);
  }
}

async function readHeader(file: Deno.FsFile, path: string): Promise<SafetensorsHeader> {
  const refuse = (why: string): never => {
    throw new SyntaxError(`Cannot read ${path} as safetensors: ${why}`);
  };
  const { size, isFile } = await file.stat();
  if (!isFile) refuse("it is no file");
  if (size < 8) refuse(`it has ${size} bytes`);
  const length = Buffer.from(await readExactly(file, 8, path)).readBigUInt64LE();
  if (length % 2n ** 32n === ZIP_SIGNATURE) {
    refuse(
      "it is a pickle, as torch.save() writes it; in Python, " +
        "safetensors.torch.save_file(torch.load(FILE), NEW_FILE) makes safetensors of it",
    );
  }
  if (length > MAX_HEADER_BYTES) refuse("its first 8 bytes are no length of a header");
  const dataStart = 8 + Number(length);
  if (dataStart > size) refuse(`its header needs ${dataStart} bytes and the file has ${size}`);
  const json = parseObject(await readExactly(file, Number(length), path));
  if (json === null) return refuse("its header is not JSON");

  const { __metadata__: metadata = {}, ...entries } = json;
  if (!isTextByName(metadata)) return refuse("its metadata is not text by name");
  const tensors: SafetensorsHeader["tensors"] = new Map();
  for (const [name, entry] of Object.entries(entries)) {
    const tensor = checkEntry(entry) ?? refuse(`it describes the tensor ${name} wrongly`);
    tensors.set(name, tensor);
  }
  const inOrder = [...tensors].sort(([, a], [, b]) => a.start - b.start || a.end - b.end);
  let end = 0;
  for (const [name, tensor] of inOrder) {
    if (tensor.start !== end) refuse(`the tensor ${name} does not begin where the one before ends`);
    end = tensor.end;
  }
  if (dataStart + end !== size) {
    refuse(`its tensors need ${dataStart + end} bytes and the file has ${size}`);
  }
  const { sha256: _, ...rest } = metadata;
  const signed = JSON.stringify({ __metadata__: rest, ...entries });
  return { metadata, tensors: new Map(inOrder), signed };
}

/** A tensor's entry, or null if its fields are not those of the format or do not agree. */
function checkEntry(
  entry: unknown,
): { dtype: string; shape: number[]; start: number; end: number } | null {
  const { dtype, shape, data_offsets: offsets } = entry as Record<string, unknown> ?? {};
  if (typeof dtype !== "string" || !isSizes(shape) || !isSizes(offsets)) return null;
  const [start, end, more] = offsets;
  if (start === undefined || end === undefined || more !== undefined) return null;
  return end - start === bytesOf(dtype, shape) ? { dtype, shape, start, end } : null;
}

/** The bytes that a tensor takes; NaN if there is no such type. */
function bytesOf(dtype: string, shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, BYTES_PER_ELEMENT[dtype] ?? NaN);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function isTextByName(value: unknown): value is Record<string, string> {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    Object.values(value).every((text) => typeof text === "string");
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
