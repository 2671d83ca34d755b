/**
 * Where output goes: into a notebook's cell when the code runs in Deno's Jupyter kernel, onto the terminal otherwise.
 * @module
 */

/** One thing to show, in several forms by MIME type: a front end shows the richest form that it knows. */
export interface MimeBundle {
  /** What a terminal shows, and a reader without pictures. */
  "text/plain": string;
  [mimeType: string]: unknown;
}

/**
 * From Deno 2.8.2 on, the kernel may say that a cell is done before its outputs are sent, and JupyterLab drops what comes
 * after that. Outputs leave within 10 ms; a cell that ends by waiting this long loses none.
 */
const SENDING_MS = 20;

/** The kernel's own API; null outside of a kernel, where touching it throws. */
function jupyter(): typeof Deno.jupyter | null {
  try {
    return Deno.jupyter;
  } catch {
    return null;
  }
}

/** Whether the code runs in a notebook's kernel. */
export function inNotebook(): boolean {
  return jupyter() !== null;
}

/** How a form is shown, by MIME type: for a picture, its `width` and `height` in pixels of the page. */
export type MimeMetadata = Record<string, Record<string, unknown>>;

/** Shows something below the cell, or its text on the terminal. Await it as a cell's last line: then nothing is lost. */
export async function show(
  bundle: MimeBundle,
  { metadata = {} }: { metadata?: MimeMetadata } = {},
): Promise<void> {
  await send("display_data", { bundle, metadata });
}

/** An output that changes in place. A saved notebook holds it as it was last. */
export interface LiveOutput {
  update(bundle: MimeBundle): Promise<void>;
}

/** Shows something that will change. On a terminal every state of it is printed. */
export async function showLive(
  bundle: MimeBundle,
  { metadata = {} }: { metadata?: MimeMetadata } = {},
): Promise<LiveOutput> {
  const displayId = crypto.randomUUID();
  await send("display_data", { bundle, metadata, displayId });
  return { update: (bundle) => send("update_display_data", { bundle, metadata, displayId }) };
}

async function send(
  type: "display_data" | "update_display_data",
  { bundle, metadata, displayId }: {
    bundle: MimeBundle;
    metadata: MimeMetadata;
    displayId?: string;
  },
): Promise<void> {
  const kernel = jupyter();
  if (kernel === null) {
    console.log(bundle["text/plain"]);
    return;
  }
  reportUncaughtErrors();
  const transient = displayId === undefined ? {} : { display_id: displayId };
  await kernel.broadcast(type, { data: bundle, metadata, transient });
  await new Promise((resolve) => setTimeout(resolve, SENDING_MS));
}

/**
 * Shows errors that nobody catches as errors of the cell: a rejected promise that is not awaited, which the kernel passes
 * over in silence, and what a timer throws, which stops the kernel for good. Once is enough; further calls do nothing,
 * nor does one outside of a notebook.
 */
export function reportUncaughtErrors(): void {
  if (!inNotebook()) return;
  globalThis.addEventListener("unhandledrejection", onUnhandledRejection);
  globalThis.addEventListener("error", onError);
}

function onUnhandledRejection(event: PromiseRejectionEvent): void {
  event.preventDefault();
  broadcastError(event.reason);
}

function onError(event: ErrorEvent): void {
  event.preventDefault();
  broadcastError(event.error);
}

function broadcastError(thrown: unknown): void {
  const { name, message, stack } = thrown instanceof Error
    ? thrown
    : { name: "Error", message: String(thrown), stack: "" };
  // Frames of the runtime itself say nothing about the cell.
  const frames = stack?.split("\n").filter((line) => /^\s+at /.test(line) && !/\bext:/.test(line));
  const traceback = [`Uncaught ${name}: ${message}`, ...frames ?? []];
  void jupyter()?.broadcast("error", { ename: name, evalue: message, traceback });
}
