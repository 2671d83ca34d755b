/**
 * Where the project is, and what a relative path means in it: the same in a task, a test and a notebook, whose
 * working folders differ.
 * @module
 */
import { dirname, resolve } from "node:path";

/** The folder that holds `deno.json`. */
export const PROJECT_ROOT: string = dirname(import.meta.dirname!);

/** An absolute path from one that a person gave: a relative one starts at the project's root. */
export function fromRoot(path: string): string {
  return resolve(PROJECT_ROOT, path);
}
