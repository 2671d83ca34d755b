/**
 * Files that are either whole or absent.
 * @module
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";

/**
 * Writes a file whole: under a temporary name, synced to the disk, then renamed. At any moment the
 * path holds either the old file or the new one. Makes the folder if it is missing.
 *
 * @param content Text, or bytes in parts that are written one after the other.
 * @throws {Error} If it cannot be written, for example because the disk is full. The temporary file
 * is removed, and the old file stays.
 */
export async function writeAtomic(
  path: string,
  content: string | Iterable<Uint8Array>,
): Promise<void> {
  const parts = typeof content === "string" ? [new TextEncoder().encode(content)] : content;
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    {
      using file = await Deno.open(temporary, { write: true, create: true, truncate: true });
      for (const part of parts) await writeAll(file, part);
      await file.sync();
    }
    await Deno.rename(temporary, path);
    // The rename is on the disk when its folder is.
    using folder = await Deno.open(dirname(path), { read: true });
    await folder.sync();
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    const { code, message } = error as Error & { code?: string };
    const reason = code === "ENOSPC" ? "the disk is full; make room and run it again" : message;
    throw new Error(`Cannot write ${path}: ${reason}`, { cause: error });
  }
}

/** Tells whether a name is one of {@linkcode writeAtomic}'s temporary names. */
export function isHalfWritten(name: string): boolean {
  return /\.[\da-f-]{36}\.tmp$/.test(name);
}

/**
 * Removes the temporary files that a killed process left in a folder. No other process may be
 * writing there.
 */
export async function removeHalfWritten(folder: string): Promise<void> {
  if (!await exists(folder)) return;
  for await (const { name } of Deno.readDir(folder)) {
    if (isHalfWritten(name)) await Deno.remove(join(folder, name));
  }
}

/**
 * Reads a text file.
 *
 * @throws {Error} If it cannot be read; the message names it.
 */
export async function readText(path: string): Promise<string> {
  return await Deno.readTextFile(path).catch(cannotRead(path));
}

/** Gives a handler of read errors, which wraps them in one that names the file. */
export function cannotRead(path: string): (error: unknown) => never {
  return (error) => {
    const reason = isMissing(error) ? "there is no such file" : (error as Error).message;
    throw new Error(`Cannot read ${path}: ${reason}`, { cause: error });
  };
}

/**
 * Computes a file's SHA-256, in hexadecimal digits.
 *
 * @throws {Error} If it cannot be read; the message names it.
 */
export async function sha256Of(path: string): Promise<string> {
  const bytes = await Deno.readFile(path).catch(cannotRead(path));
  return createHash("sha256").update(bytes).digest("hex");
}

/** Shortens text to 200 characters, for a message. */
export function excerpt(content: string): string {
  return content.length <= 200 ? content : `${content.slice(0, 199)}…`;
}

/** Formats a number of bytes for people, as in `94.3 MB`. */
export function formatBytes(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

/** Tells whether a file or folder exists. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Tells whether an error means that a file or folder, or one above it, does not exist. */
export function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

/**
 * Removes a file, or a folder and its content, if it exists.
 *
 * @throws {Error} If it cannot be removed.
 */
export async function removeIfAny(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw new Error(`Cannot remove ${path}: ${(error as Error).message}`, { cause: error });
  }
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await file.write(bytes.subarray(written));
  }
}
