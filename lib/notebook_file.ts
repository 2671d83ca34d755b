/**
 * Notebooks as files.
 * @module
 */
import * as z from "zod";
import { readText, writeAtomic } from "@/files.ts";
import { parseJson } from "@/json.ts";

/** A text, whole or in lines. */
export type Text = string | string[];

/** An output of a code cell. */
export interface Output {
  output_type: string;
  /** By MIME type, of what is displayed. */
  data?: Record<string, unknown>;
  /** Of an error. */
  evalue?: string;
  /** Of what is printed: the stream. */
  name?: string;
}

/** A cell. */
export interface Cell {
  id?: string;
  cell_type: string;
  source: Text;
  outputs?: Output[];
  execution_count?: number | null;
}

/** What a notebook's file holds. */
export interface Notebook {
  cells: Cell[];
  metadata: Record<string, unknown>;
}

const TEXT = z.union([z.string(), z.array(z.string())]);

/** Of nbformat 4, what is used here; the rest stays as it is. */
const NOTEBOOK: z.ZodType<Notebook> = z.looseObject({
  cells: z.array(z.looseObject({
    id: z.string().exactOptional(),
    cell_type: z.string(),
    source: TEXT,
    outputs: z.array(z.looseObject({
      output_type: z.string(),
      data: z.record(z.string(), z.unknown()).exactOptional(),
      evalue: z.string().exactOptional(),
      name: z.string().exactOptional(),
    })).exactOptional(),
    execution_count: z.int().nullable().exactOptional(),
  })),
  metadata: z.record(z.string(), z.unknown()),
});

/**
 * Reads a notebook.
 *
 * @throws {Error} If there is none.
 * @throws {SyntaxError} If it is none of nbformat 4, or damaged.
 */
export async function readNotebook(path: string): Promise<Notebook> {
  return parseJson(
    await readText(path),
    NOTEBOOK,
    (reason) => `Cannot read the notebook ${path}: ${reason}`,
  );
}

/** Writes a notebook, laid out as Jupyter does it. */
export async function writeNotebook(path: string, notebook: Notebook): Promise<void> {
  await writeAtomic(path, `${JSON.stringify(notebook, null, 1)}\n`);
}

/** A text that may be in lines. */
export function joinText(text: Text): string {
  return [text].flat().join("");
}

/** The code cells, with their places among all cells, from 1. */
export function codeCells({ cells }: Pick<Notebook, "cells">): (Cell & { place: number })[] {
  return cells.map((cell, i) => ({ ...cell, place: i + 1 }))
    .filter(({ cell_type }) => cell_type === "code");
}

/** A notebook's code cells as one module, each under a comment that names it. */
export function moduleOfCells(notebook: Pick<Notebook, "cells">): string {
  return codeCells(notebook)
    .map(({ place, source }) => `// cell ${place}\n${joinText(source)}\n`).join("\n");
}
