/**
 * Finds a folder's films by their endings. Files without one, as archives often store DICOM, are
 * told by their first bytes.
 * @module
 */
import { extname, join } from "node:path";
import { DICOM_START, isDicom } from "@/films/dicom/elements.ts";

/** The endings of films' file names. */
export const FILM_ENDINGS: readonly string[] = [".png", ".jpg", ".jpeg", ".dcm", ".dicom"];

const FOLDER = "folder";
const NO_ENDING = "without an ending";

/**
 * Lists a folder's content. Hidden entries are skipped.
 *
 * @returns The names of the films, sorted, and the kind of each other entry: its ending, `folder`,
 * or `without an ending`.
 */
export async function listFolder(folder: string): Promise<{ films: string[]; others: string[] }> {
  const films: string[] = [];
  const others: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (name.startsWith(".")) continue;
    const ending = endingOf(name);
    if (isDirectory) others.push(FOLDER);
    else if (FILM_ENDINGS.includes(ending)) films.push(name);
    else if (ending === NO_ENDING && await beginsAsDicom(join(folder, name))) films.push(name);
    else others.push(ending);
  }
  // Folders list their files in any order.
  return { films: films.sort(), others };
}

/** Gives a name's ending in lower case. Numbers are not one: DICOM has names such as 1.2.840.5. */
function endingOf(name: string): string {
  const ending = extname(name).toLowerCase();
  return /^(\.\d*)?$/.test(ending) ? NO_ENDING : ending;
}

async function beginsAsDicom(path: string): Promise<boolean> {
  try {
    using file = await Deno.open(path);
    const start = new Uint8Array(DICOM_START);
    const length = await file.read(start);
    return isDicom(start.subarray(0, length ?? 0));
  } catch {
    // A broken link, a link to a folder, or a file without permission to read.
    return false;
  }
}

/** Counts entries by kind: `Left out as no films: 6 .bmp, 1 folder`; null if there are none. */
export function describeOthers(others: readonly string[]): string | null {
  if (others.length === 0) return null;
  const counts = [...Map.groupBy(others, (kind) => kind)]
    .map(([kind, { length }]) => `${length} ${kind === FOLDER && length > 1 ? "folders" : kind}`);
  return `Left out as no films: ${counts.sort().join(", ")}`;
}
