/**
 * Output: below a notebook's cell when the code runs in Deno's Jupyter kernel, otherwise on the
 * terminal.
 * @module
 */
// By its file, as a notebook outside of the project imports this module without deno.json.
import { tableBundle, type TableRow } from "./table.ts";

/** One output in several forms, by MIME type. A front end shows the richest form that it knows. */
export interface MimeBundle {
  /** The form for a terminal, and for a reader without pictures. */
  "text/plain": string;
  [mimeType: string]: unknown;
}

/**
 * Time to wait after an output. From Deno 2.8.2 on, the kernel may end a cell before its outputs
 * are sent (within 10 ms), and JupyterLab drops later ones.
 */
const SENDING_MS = 20;

/** Gives the kernel's API; null outside of a kernel, where access throws. */
function jupyter(): typeof Deno.jupyter | null {
  try {
    return Deno.jupyter;
  } catch {
    return null;
  }
}

/** Tells whether the code runs in a notebook's kernel. */
export function inNotebook(): boolean {
  return jupyter() !== null;
}

/** Options of an output. */
interface ShowOptions {
  /** How to show each form, by MIME type: a picture's `width` and `height` in page pixels. */
  metadata?: Record<string, Record<string, unknown>>;
}

/** Shows an output below the cell, or its text on the terminal. Await it, or it may be lost. */
export async function show(bundle: MimeBundle, { metadata = {} }: ShowOptions = {}): Promise<void> {
  await send("display_data", { data: bundle, metadata, transient: {} });
}

/** An output that changes in place. A saved notebook holds its last state. */
export interface LiveOutput {
  update(bundle: MimeBundle): Promise<void>;
}

/** Shows an output that will change. A terminal prints every state. */
export async function showLive(
  bundle: MimeBundle,
  { metadata = {} }: ShowOptions = {},
): Promise<LiveOutput> {
  const transient = { display_id: crypto.randomUUID() };
  await send("display_data", { data: bundle, metadata, transient });
  return { update: (data) => send("update_display_data", { data, metadata, transient }) };
}

async function send(
  type: "display_data" | "update_display_data",
  content: { data: MimeBundle; metadata: object; transient: object },
): Promise<void> {
  const kernel = jupyter();
  if (kernel === null) {
    console.log(content.data["text/plain"]);
    return;
  }
  reportUncaughtErrors();
  await kernel.broadcast(type, content);
  await new Promise((resolve) => setTimeout(resolve, SENDING_MS));
}

/**
 * Shows uncaught errors as errors of the cell: rejections of promises that nobody awaits, which the
 * kernel ignores, and errors of timers, which stop the kernel. Does nothing when it is called again
 * or outside of a notebook.
 */
export function reportUncaughtErrors(): void {
  if (!inNotebook()) return;
  globalThis.addEventListener("unhandledrejection", onUncaught);
  globalThis.addEventListener("error", onUncaught);
}

function onUncaught(event: Event): void {
  event.preventDefault();
  const thrown: unknown = event instanceof ErrorEvent
    ? event.error
    : (event as PromiseRejectionEvent).reason;
  const { name, message, stack } = thrown instanceof Error
    ? thrown
    : { name: "Error", message: String(thrown), stack: "" };
  // The runtime's own frames say nothing about the cell.
  const frames = stack?.split("\n").filter((line) => /^\s+at /.test(line) && !/\bext:/.test(line));
  const traceback = [`Uncaught ${name}: ${message}`, ...frames ?? []];
  void jupyter()?.broadcast("error", { ename: name, evalue: message, traceback });
}

/** Shows a table below the cell or on the terminal. */
export async function showTable(
  rows: readonly TableRow[],
  { title }: { title: string },
): Promise<void> {
  await show(tableBundle(rows, { title }));
}
