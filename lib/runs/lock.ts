/**
 * Keeps two runs out of one folder. The lock is the operating system's on an open file, so it goes
 * with the process that holds it, however that ends: a stale one cannot be.
 * @module
 */
import { dirname, join } from "node:path";

/**
 * Takes the lock of a run's folder, which is made if it is missing. Disposing of what is returned
 * gives it back.
 *
 * @throws {Error} If another run, of this process or another, holds it, or the folder cannot be
 * written in.
 */
export function lockRun(folder: string): Disposable {
  const path = join(folder, "lock");
  const file = openFile(path);
  if (!file.tryLockSync(true)) {
    file.close();
    const holder = Deno.readTextFileSync(path).trim() || "another process";
    throw new Error(
      `Cannot train in ${folder}: ${holder} is training there; wait for it to end, or stop it`,
    );
  }
  file.truncateSync();
  file.writeSync(new TextEncoder().encode(`process ${Deno.pid}\n`));
  return { [Symbol.dispose]: () => file.close() };
}

function openFile(path: string): Deno.FsFile {
  try {
    Deno.mkdirSync(dirname(path), { recursive: true });
    return Deno.openSync(path, { read: true, write: true, create: true });
  } catch (error) {
    throw new Error(`Cannot write ${path}: ${(error as Error).message}`, { cause: error });
  }
}
