/**
 * A split on the disk: a folder with a CSV file for each set, `split.json` with the films' origin
 * and the folds of a cross-validation, and copies of the films if they are wanted. Your own CSV
 * files need no `split.json` if their classes are TBX11K's.
 *
 * A split replaces another in two steps, so that a killed process leaves no mixture. First,
 * `.next.json` gets the whole new split. Then the files are replaced, and `.next.json` is removed.
 * A reader that finds `.next.json` completes the second step first.
 * @module
 */
import { isAbsolute, join, relative } from "node:path";
import * as z from "zod";
import { exists, readText, removeHalfWritten, removeIfAny, writeAtomic } from "@/common/files.ts";
import { parseJson } from "@/common/json.ts";
import { fromRoot, PROJECT_ROOT } from "@/common/paths.ts";
import { requireClasses } from "@/films/classes.ts";
import { TBX11K_CLASSES } from "@/films/film.ts";
import { applyCopies, claimCopies, COPY, planCopies } from "@/split/copies.ts";
import { FOLDS } from "@/split/folds.ts";
import { fromCsv, requireDisjoint, SPLIT, type Split, splitCsv } from "@/split/split.ts";

/** The fields of `split.json`. */
const SOURCE = z.object({
  /** The data folder's absolute path; null if it is unknown. */
  data: z.string().nullable().default(null).transform((data) => data && fromRoot(data)),
  classes: z.unknown().transform(requireClasses),
  /** Whether films may be links out of the data folder. Default: false. */
  followLinks: z.exactOptional(z.boolean()),
  /** The flags of the `deno task split` that made the split. */
  flags: z.exactOptional(z.array(z.string())),
  /** The folds of a cross-validation, whose fold 0 is the split. */
  folds: z.exactOptional(FOLDS),
});
/** The origin of a split's films. */
type SplitSource = z.infer<typeof SOURCE>;

/** A split and its films' origin. */
export type SavedSplit = Split & SplitSource;

/** A split that replaces the current one, and its copies: the fields of `.next.json`. */
const NEXT = SOURCE.extend({ ...SPLIT.shape, copies: z.array(COPY) });

const SETS = ["train", "test", "validation"] as const;

/** Gives the path of a set's file. */
function csvPath(folder: string, set: keyof Split): string {
  return join(folder, `${set}_data.csv`);
}

const sourcePath = (folder: string) => join(folder, "split.json");
const nextPath = (folder: string) => join(folder, ".next.json");

/**
 * Writes a split and replaces the current one: a CSV file for each set, `split.json` and the
 * copies. If it is killed, the old split stays or the next reader completes the new one.
 *
 * @param options.copies Copies the films into `train/` and `test/`. Default: false, which removes
 * earlier copies.
 * @param options.onFilm Called after each film that was read for its copy, with the number of films
 * so far.
 * @throws {Error} If a file cannot be read or written, a folder of copies holds another file, or
 * the data folder is a folder of copies. The old split stays then.
 */
export async function writeSplit(
  folder: string,
  { copies = false, onFilm, ...split }: SavedSplit & {
    copies?: boolean;
    onFilm?: (done: number) => void;
  },
): Promise<void> {
  if (split.data !== null) await requireOutside(split.data, folder);
  const { data: root } = split;
  const planned = copies && root !== null
    ? await planCopies(split, { ...split, root, ...onFilm && { onFilm } })
    : [];
  using _lock = await lockSplit(folder);
  const sources = await dataFolders(folder);
  const there = await claimCopies(planned, { folder, sources });
  const next = { ...split, data: root && fromProject(root), copies: planned };
  await writeAtomic(nextPath(folder), JSON.stringify(next));
  await apply({ ...split, copies: planned }, { folder, there });
}

/** Lists the data folders of the current split and of an interrupted one, if they can be read. */
async function dataFolders(folder: string): Promise<string[]> {
  const sources = [sourcePath, nextPath].map((path) => readJson(path(folder), SOURCE));
  const read = await Promise.allSettled(sources);
  return read.flatMap((result) => result.status === "fulfilled" ? result.value?.data ?? [] : []);
}

/** Throws if the data folder is among a split's copies. */
async function requireOutside(data: string, folder: string): Promise<void> {
  if (!await exists(folder) || !await exists(data)) return;
  const inside = relative(await Deno.realPath(folder), await Deno.realPath(data));
  if (!/^(train|test)([/\\]|$)/.test(inside)) return;
  throw new Error(
    `Cannot split ${data} into ${folder}: its films are copies that an earlier split made there. ` +
      "Name the folder of the originals, or another folder to write to (--out)",
  );
}

/** Replaces a split's files by the next one's. Another call completes an interrupted one. */
async function apply(
  { copies, train, test, validation, ...source }: z.infer<typeof NEXT>,
  { folder, there }: { folder: string; there: readonly string[] },
): Promise<void> {
  await applyCopies(copies, { folder, root: source.data ?? "", there });
  const data = source.data && fromProject(source.data);
  await writeAtomic(sourcePath(folder), `${JSON.stringify({ ...source, data }, null, 2)}\n`);
  for (const set of SETS) {
    const films = { train, test, validation }[set];
    if (films === null) await removeIfAny(csvPath(folder, set));
    else await writeAtomic(csvPath(folder, set), splitCsv(films));
  }
  await removeIfAny(nextPath(folder));
}

/** Completes an interrupted {@linkcode writeSplit}, if there is one. */
async function completeSplit(folder: string): Promise<void> {
  if (!await exists(nextPath(folder))) return;
  using _lock = await lockSplit(folder);
  // Its writer may have completed it meanwhile.
  const next = await readJson(nextPath(folder), NEXT);
  if (next === null) return;
  try {
    const { data } = next;
    const there = await claimCopies(next.copies, { folder, sources: data === null ? [] : [data] });
    await apply(next, { folder, there });
  } catch (error) {
    const { message } = error as Error;
    throw new Error(
      `Cannot complete the split in ${folder}, which was interrupted: ${message}. Fix that and run ` +
        "the command again, or split again (`deno task split`)",
      { cause: error },
    );
  }
}

/** Waits until no other process changes a folder's split, and locks it until disposal. */
async function lockSplit(folder: string): Promise<Disposable> {
  const path = join(folder, ".lock");
  try {
    await Deno.mkdir(folder, { recursive: true });
    const file = await Deno.open(path, { create: true, write: true });
    await file.lock(true);
    await removeHalfWritten(folder);
    return file;
  } catch (error) {
    throw new Error(`Cannot write ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** Makes a path in the project relative, as the project may be moved. */
function fromProject(path: string): string {
  const inside = relative(PROJECT_ROOT, path);
  return inside.startsWith("..") || isAbsolute(inside) ? path : inside;
}

/** Tells whether a folder holds a split. */
export async function hasSplit(folder: string): Promise<boolean> {
  return await exists(nextPath(folder)) || await exists(csvPath(folder, "train"));
}

/**
 * Reads a split.
 *
 * @throws {SyntaxError | RangeError} If a file is invalid, or a test film is in another set.
 * @throws {Error} If a file cannot be read.
 */
export async function readSplit(folder: string): Promise<SavedSplit> {
  await completeSplit(folder);
  const source = await readSource(folder) ?? { data: null, classes: TBX11K_CLASSES };
  const { classes } = source;
  const read = async (set: keyof Split) => {
    const path = csvPath(folder, set);
    const text = await readText(path).catch((cause: Error) => {
      throw new Error(`${cause.message}. Split the films with \`deno task split\``, { cause });
    });
    return fromCsv(text, { path, classes });
  };
  const split = {
    train: await read("train"),
    test: await read("test"),
    validation: await exists(csvPath(folder, "validation")) ? await read("validation") : null,
  };
  requireDisjoint(split, classes);
  return { ...split, ...source };
}

/**
 * Reads the origin of a split's films from its `split.json`; null if there is none.
 *
 * @throws {SyntaxError} If the file is invalid.
 */
export async function readSource(folder: string): Promise<SplitSource | null> {
  const next = await readJson(nextPath(folder), SOURCE);
  return next ?? await readJson(sourcePath(folder), SOURCE);
}

/** Reads `split.json` or `.next.json`; null if it is missing. */
async function readJson<Fields>(path: string, schema: z.ZodType<Fields>): Promise<Fields | null> {
  if (!await exists(path)) return null;
  const text = await readText(path);
  try {
    return parseJson(text, schema, (reason) => reason);
  } catch (error) {
    throw new SyntaxError(`Cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}
