/**
 * Files that are whole or not there at all.
 * @module
 */
import { dirname } from "node:path";

/**
 * Writes a file under a temporary name beside it, brings it to the disk and renames it, so that whatever happens
 * meanwhile the file is either the old one or the new one. Makes the folder if it is missing.
 *
 * @param content Text, or bytes in parts written one after the other.
 * @throws {Error} If it cannot be written (the disk is full, say); the temporary file is removed and the old
 * file is left as it was.
 */
export async function writeAtomic(
  path: string,
  content: string | Iterable<Uint8Array>,
): Promise<void> {
  const parts = typeof content === "string" ? [new TextEncoder().encode(content)] : content;
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    const file = await Deno.open(temporary, { write: true, create: true, truncate: true });
    try {
      for (const part of parts) await writeAll(file, part);
      await file.sync();
    } finally {
      file.close();
    }
    await Deno.rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot write ${path}: ${reason}`, { cause: error });
  }
}

/**
 * Reads a file of text.
 *
 * @throws {Error} If it cannot be read, naming it.
 */
export async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw cannotRead(path, error);
  }
}

/** The error that names the file which could not be opened, or read, for another one. */
export function cannotRead(path: string, error: unknown): Error {
  const reason = isMissing(error) ? "there is no such file" : (error as Error).message;
  return new Error(`Cannot read ${path}: ${reason}`, { cause: error });
}

/** Whether there is a file or folder. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Whether an error says that there is no such file or folder. Nothing is below a file, either. */
export function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

/**
 * Removes a file, or a folder and what is in it, if it is there.
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

/** A rename is on the disk when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await Deno.open(folder, { read: true });
  try {
    await handle.sync();
  } finally {
    handle.close();
  }
}
