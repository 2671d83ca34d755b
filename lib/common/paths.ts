/**
 * The project's folder. Relative paths start there in tasks, tests and notebooks alike, whose
 * working folders differ.
 * @module
 */
import { join, resolve } from "node:path";

/** The folder that holds `deno.json`. */
export const PROJECT_ROOT: string = join(import.meta.dirname!, "../..");

/** Makes a path absolute. A relative one starts at the project's root. */
export function fromRoot(path: string): string {
  return resolve(PROJECT_ROOT, path);
}
