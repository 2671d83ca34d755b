/**
 * A headless Chromium, driven over its DevTools protocol.
 * @module
 */
import { Buffer } from "node:buffer";

/** The names of its program. */
const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Finds a Chromium: `XRAY_CHROMIUM`, or the first in PATH; null if there is none. */
export async function findChromium(): Promise<string | null> {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  const named = Deno.env.get("XRAY_CHROMIUM");
  const paths = folders.flatMap((folder) => NAMES.map((name) => `${folder}/${name}`));
  for (const path of named === undefined ? paths : [named]) {
    const info = await Deno.stat(path).catch(() => null);
    if (info?.isFile) return path;
  }
  return null;
}

const FLAGS = [
  ...["--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];

/** A page in a browser. */
export interface Page extends AsyncDisposable {
  /** Opens an address. */
  open(url: string): Promise<void>;
  /** Evaluates an expression, and awaits its promise if it is one. */
  evaluate<Value>(expression: string): Promise<Value>;
  /** Evaluates an expression every 0.2 s until it is true. */
  waitFor(expression: string, options: { seconds: number }): Promise<void>;
  /** Sets the page's size in pixels, and whether the reader prefers dark colours. */
  look(options: { width: number; height: number; dark?: boolean }): Promise<void>;
  /** Takes a screenshot, as PNG. */
  picture(): Promise<Uint8Array>;
  /** Errors that the page did not catch. */
  errors: string[];
}

/** Starts a browser with one page. */
export async function openPage(chromium: string): Promise<Page> {
  const profile = await Deno.makeTempDir();
  const asRoot = Deno.uid() === 0 ? ["--no-sandbox"] : [];
  const browser = new Deno.Command(chromium, {
    args: [...FLAGS, ...asRoot, `--user-data-dir=${profile}`, "--remote-debugging-port=0"],
    ...{ stdin: "null", stdout: "null", stderr: "piped" },
  }).spawn();
  const end = async () => {
    browser.kill("SIGKILL");
    await browser.status;
    // Its helper processes may still write for a moment.
    await Deno.remove(profile, { recursive: true }).catch(() => {});
  };
  try {
    return await connect(await addressOf(browser.stderr), end);
  } catch (error) {
    await end();
    throw error;
  }
}

/** Reads the browser's address, and drains its output so that it never blocks. */
async function addressOf(stderr: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  const [own, rest] = stderr.tee();
  void rest.pipeTo(new WritableStream());
  let text = "";
  for await (const part of own.pipeThrough(new TextDecoderStream())) {
    text += part;
    const address = text.match(/DevTools listening on (\S+)/)?.[1];
    if (address !== undefined) return address;
  }
  throw new Error(`Cannot start Chromium: ${text.trim()}`);
}

/** A message of the browser: the answer to a command, or an event. */
interface Message {
  id?: number;
  method?: string;
  result?: unknown;
  error?: { message: string };
  params?: { exceptionDetails?: { exception?: { description?: string }; text: string } };
}

async function connect(address: string, end: () => Promise<void>): Promise<Page> {
  const socket = new WebSocket(address);
  await new Promise((resolve, reject) =>
    Object.assign(socket, { onopen: resolve, onerror: reject })
  );
  const waiting = new Map<number, (message: Message) => void>();
  const errors: string[] = [];
  socket.onmessage = ({ data }) => {
    const message: Message = JSON.parse(data);
    if (message.id !== undefined) waiting.get(message.id)?.(message);
    const details = message.params?.exceptionDetails;
    if (details !== undefined) errors.push(details.exception?.description ?? details.text);
  };
  const session: { sessionId?: string } = {};
  let commands = 0;
  async function send<Result>(method: string, params: object = {}): Promise<Result> {
    const id = ++commands;
    const answer = new Promise<Message>((resolve) => waiting.set(id, resolve));
    socket.send(JSON.stringify({ id, method, params, ...session }));
    const { result, error } = await answer;
    waiting.delete(id);
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result as Result;
  }
  const { targetId } = await send<{ targetId: string }>("Target.createTarget", {
    url: "about:blank",
  });
  Object.assign(session, await send("Target.attachToTarget", { targetId, flatten: true }));
  await send("Page.enable");
  await send("Runtime.enable");

  async function evaluate<Value>(expression: string): Promise<Value> {
    const { result, exceptionDetails } = await send<
      { result: { value: Value }; exceptionDetails?: { exception?: { description?: string } } }
    >("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails === undefined) return result.value;
    throw new Error(exceptionDetails.exception?.description ?? `Cannot evaluate ${expression}`);
  }
  return {
    errors,
    evaluate,
    async open(url) {
      await send("Page.navigate", { url });
    },
    async waitFor(expression, { seconds }) {
      const deadline = performance.now() + 1000 * seconds;
      while (!await evaluate<boolean>(expression).catch(() => false)) {
        if (performance.now() > deadline) throw new Error(`Not within ${seconds} s: ${expression}`);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    },
    async look({ width, height, dark = false }) {
      await send("Emulation.setDeviceMetricsOverride", {
        ...{ width, height, deviceScaleFactor: 1, mobile: false },
      });
      await send("Emulation.setEmulatedMedia", {
        features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }],
      });
    },
    async picture() {
      const { data } = await send<{ data: string }>("Page.captureScreenshot", { format: "png" });
      return Buffer.from(data, "base64");
    },
    async [Symbol.asyncDispose]() {
      socket.close();
      await end();
    },
  };
}
