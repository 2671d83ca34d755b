/**
 * Reads and writes notebooks' files.
 * @module
 */
import * as z from "zod";
import { readText, writeAtomic } from "@/common/files.ts";
import { parseJson } from "@/common/json.ts";

const TEXT = z.union([z.string(), z.array(z.string())]);

/** The fields of nbformat 4 that are used here; other fields are kept. */
const NOTEBOOK = z.looseObject({
  cells: z.array(z.looseObject({
    id: z.string().exactOptional(),
    cell_type: z.string(),
    source: TEXT,
    outputs: z.array(z.looseObject({
      output_type: z.string(),
      /** The displayed forms, by MIME type. */
      data: z.record(z.string(), z.unknown()).exactOptional(),
      /** An error's message. */
      evalue: z.string().exactOptional(),
      /** The stream of printed text. */
      name: z.string().exactOptional(),
    })).exactOptional(),
    execution_count: z.int().nullable().exactOptional(),
  })),
  metadata: z.record(z.string(), z.unknown()),
});

/** A notebook's file. */
export type Notebook = z.infer<typeof NOTEBOOK>;

/** A cell. */
type Cell = Notebook["cells"][number];

/** An output of a code cell. */
export type Output = NonNullable<Cell["outputs"]>[number];

/** A text, whole or in lines. */
export type Text = z.infer<typeof TEXT>;

/**
 * Reads a notebook.
 *
 * @throws {Error} If it is missing.
 * @throws {SyntaxError} If it is damaged, or not of nbformat 4.
 */
export async function readNotebook(path: string): Promise<Notebook> {
  const complaint = (reason: string) => `Cannot read the notebook ${path}: ${reason}`;
  return parseJson(await readText(path), NOTEBOOK, complaint);
}

/** Writes a notebook in Jupyter's layout. */
export async function writeNotebook(path: string, notebook: Notebook): Promise<void> {
  await writeAtomic(path, `${JSON.stringify(notebook, null, 1)}\n`);
}

/** Joins a text that may be in lines. */
export function joinText(text: Text): string {
  return [text].flat().join("");
}

/** Lists the code cells, with their places among all cells, counted from 1. */
export function codeCells({ cells }: Pick<Notebook, "cells">): (Cell & { place: number })[] {
  return cells.map((cell, i) => ({ ...cell, place: i + 1 }))
    .filter(({ cell_type }) => cell_type === "code");
}

/** Joins a notebook's code cells to a module. A comment above each gives its place. */
export function moduleOfCells(notebook: Pick<Notebook, "cells">): string {
  return codeCells(notebook)
    .map(({ place, source }) => `// cell ${place}\n${joinText(source)}\n`).join("\n");
}
