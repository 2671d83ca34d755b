/**
 * Opens figures in the browser with nodeplotlib: a server on this machine sends them, and the page
 * loads plotly from a CDN.
 * @module
 */
import http from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import type { Figure } from "@/figures/figure.ts";

/** The only address that the server listens on, out of reach of other machines. */
const LOOPBACK = "127.0.0.1";

/**
 * Opens figures in the browser. The server runs until the page is closed or the process ends.
 * nodeplotlib has one server a process.
 *
 * @param options.port The page's port; nodeplotlib then opens no browser. Default: a free port, and
 * the browser opens.
 * @returns The page's address.
 * @throws {Error} If the port is taken or not allowed.
 */
export async function openWindow(
  figures: readonly Figure[],
  { port }: { port?: number } = {},
): Promise<{ url: string }> {
  if (port !== undefined) {
    requireFree(port);
    process.env.NODEPLOTLIB_PORT = String(port);
  }
  const restoreOutput = mute();
  try {
    const address = listenOnLoopback();
    const { plot } = await import("nodeplotlib");
    for (const { data, layout } of figures) plot(data, layout);
    return { url: `http://localhost:${(await address).port}` };
  } finally {
    restoreOutput();
  }
}

/**
 * Makes the next server listen on the loopback address, and gives the address. nodeplotlib names
 * none, and Node then listens on all.
 */
function listenOnLoopback(): Promise<AddressInfo> {
  const { prototype } = http.Server;
  const listen = prototype.listen as (...args: unknown[]) => http.Server;
  return new Promise((resolve, reject) => {
    prototype.listen = function (this: http.Server, port: unknown, ...others: unknown[]) {
      prototype.listen = listen as typeof prototype.listen;
      this.once("error", reject);
      this.once("listening", () => resolve(this.address() as AddressInfo));
      return listen.call(this, port, LOOPBACK, ...others);
    } as typeof prototype.listen;
  });
}

/** Throws if another process has the port, or it is not allowed. */
function requireFree(port: number): void {
  try {
    Deno.listen({ hostname: LOOPBACK, port }).close();
  } catch (error) {
    throw new Error(
      `Cannot open a window on port ${port}: ${(error as Error).message}. Take another --port`,
      { cause: error },
    );
  }
}

/** Silences nodeplotlib and its server, which print a line a figure and more at the start. */
function mute(): () => void {
  const { log } = console;
  const { write } = process.stdout;
  console.log = () => {};
  process.stdout.write = () => true;
  return () => {
    console.log = log;
    process.stdout.write = write;
  };
}
