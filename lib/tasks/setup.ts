/**
 * `deno task setup`: brings what the project needs into the project's folder, and nothing elsewhere: Deno's packages into
 * `node_modules`, TensorFlow and Jupyter into `.venv`, and a kernel for notebooks into `.venv`, too. Every other task
 * runs it first; when all is there it takes a moment. What an interrupted set-up left undone, the next one does.
 *
 * It imports nothing that would have to be installed first, and runs without `deno.json`.
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { exists, writeAtomic } from "../files.ts";
import { PROJECT_ROOT } from "../paths.ts";
import { askPython, findPython, PYTHON_MINORS } from "./find_python.ts";
import { runTask } from "./task.ts";

/** The oldest Deno that the project was tested on. */
const OLDEST_DENO = "2.8.1";

/** What `.venv` and `node_modules` take, with the downloads, in bytes. */
const DISK_NEEDED = 4e9;

const VENV = join(PROJECT_ROOT, ".venv");
const VENV_PYTHON = join(VENV, "bin", "python");

/** Written last. While it holds the key of this set-up, there is nothing to do. */
const STAMP = join(VENV, "setup-complete");

/** There while `.venv` is changed: a set-up that finds it was interrupted, and begins with a new one. */
const UNFINISHED = join(VENV, "setup-unfinished");

/** Does whatever is not done yet. */
async function setUp(): Promise<void> {
  requireDeno(Deno.version.deno);
  requirePlatform(Deno.build);
  const requirements = join(PROJECT_ROOT, Deno.env.get("XRAY_REQUIREMENTS") ?? "requirements.txt");
  const key = await setupKey(requirements);
  if (await isDone(key)) return;
  using lock = await Deno.open(join(PROJECT_ROOT, ".setup.lock"), { create: true, write: true });
  await lock.lock(true);
  // Another one may have done it meanwhile.
  if (await isDone(key)) return;

  console.log("Setting up in the project's folder, which is done once and takes some minutes");
  await requireDisk();
  const python = await findPython();
  console.log("1/3 Deno's packages, into node_modules");
  await runStep("install Deno's packages", [Deno.execPath(), "install", "--frozen"]);
  console.log(`2/3 TensorFlow and Jupyter, into .venv, with ${python}`);
  const isKept = await makeVenv(python);
  await writeAtomic(UNFINISHED, "");
  const pip = [VENV_PYTHON, "-m", "pip", "install", "--disable-pip-version-check"];
  // Of a .venv that is kept, what is there already is no news: some hundred lines of it.
  const hidden = isKept ? /^Requirement already satisfied/ : undefined;
  await runStep("install TensorFlow and Jupyter", [...pip, "-r", requirements], { hidden });
  console.log("3/3 The kernel for notebooks, into .venv");
  await writeJupyterFiles();
  await Deno.remove(UNFINISHED);
  await writeAtomic(STAMP, key);
  console.log("Set up");
}

/**
 * @throws {Error} If this Deno is older than what the project was tested on.
 */
export function requireDeno(version: string): void {
  const [parts, oldest] = [version, OLDEST_DENO].map((text) => text.split(".").map(Number));
  const differing = oldest!.findIndex((part, i) => part !== parts![i]);
  if (differing < 0 || parts![differing]! > oldest![differing]!) return;
  throw new Error(
    `Cannot set up: this is Deno ${version}, and the project needs ${OLDEST_DENO} or newer: run \`deno upgrade\`, or ` +
      `put \`npx --yes deno@${OLDEST_DENO}\` in the place of \`deno\``,
  );
}

/**
 * @throws {Error} If TensorFlow has no build for the platform.
 */
export function requirePlatform({ os, arch }: { os: string; arch: string }): void {
  if (os === "windows") {
    throw new Error(
      "Cannot set up: TensorFlow's library has no build for Windows that this project can use: run it in WSL " +
        "(`wsl --install`, then the same commands in its terminal)",
    );
  }
  const supported = os === "linux" || (os === "darwin" && arch === "aarch64");
  if (!supported) {
    throw new Error(
      `Cannot set up: TensorFlow 2.21 has no build for ${os} on ${arch}: use Linux (x86-64 or arm64) or a Mac with an ` +
        "Apple processor",
    );
  }
}

/** Tells one set-up from another: what is installed, by which Deno, for which platform. */
async function setupKey(requirements: string): Promise<string> {
  const hash = createHash("sha256");
  const lock = join(PROJECT_ROOT, "deno.lock");
  for (const file of [requirements, lock, import.meta.filename!]) {
    hash.update(await Deno.readFile(file));
  }
  hash.update(`${Deno.execPath()} ${Deno.build.target} ${PROJECT_ROOT}`);
  return hash.digest("hex");
}

async function isDone(key: string): Promise<boolean> {
  const installed = await exists(join(PROJECT_ROOT, "node_modules")) && await exists(STAMP);
  return installed && await Deno.readTextFile(STAMP) === key;
}

async function requireDisk(): Promise<void> {
  const { statfs } = await import("node:fs/promises");
  const { bavail, bsize } = await statfs(PROJECT_ROOT);
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  if (bavail * bsize >= DISK_NEEDED) return;
  throw new Error(
    `Cannot set up: the disk of ${PROJECT_ROOT} has ${
      gigabytes(bavail * bsize)
    } free, and the set-up needs ` +
      `${gigabytes(DISK_NEEDED)}: make room and run the command again`,
  );
}

/**
 * Makes `.venv`, or keeps one that was not left half-way and whose Python works.
 *
 * @returns Whether it was kept.
 */
async function makeVenv(python: string): Promise<boolean> {
  const existing = await askPython(VENV_PYTHON);
  const works = existing !== null && PYTHON_MINORS.includes(existing.minor) &&
    !await exists(UNFINISHED) && await succeeds([VENV_PYTHON, "-m", "pip", "--version"]);
  if (!works) await runStep("make .venv", [python, "-m", "venv", "--clear", VENV]);
  return works;
}

async function succeeds([command, ...args]: string[]): Promise<boolean> {
  return (await new Deno.Command(command!, { args, stdout: "null", stderr: "null" }).output())
    .success;
}

/**
 * Runs a command with its output shown.
 *
 * @param options.hidden Lines that are not shown. With none, the command has the terminal, and draws its bars there.
 * @throws {Error} If it fails, with the likely cause.
 */
async function runStep(
  purpose: string,
  [command, ...args]: string[],
  { hidden }: { hidden?: RegExp | undefined } = {},
): Promise<void> {
  const child = new Deno.Command(command!, {
    args,
    cwd: PROJECT_ROOT,
    stdin: "null",
    stdout: hidden === undefined ? "inherit" : "piped",
    stderr: "piped",
  }).spawn();
  const shown = hidden === undefined ? undefined : showLines(child.stdout, hidden);
  let tail = "";
  for await (const chunk of child.stderr) {
    await Deno.stderr.write(chunk);
    tail = (tail + new TextDecoder().decode(chunk)).slice(-10_000);
  }
  await shown;
  if (!(await child.status).success) throw new Error(explainFailure(purpose, tail));
}

/** Prints the lines of a command, but the hidden ones. */
async function showLines(output: ReadableStream<Uint8Array>, hidden: RegExp): Promise<void> {
  for await (const line of createInterface(Readable.fromWeb(output as never))) {
    if (!hidden.test(line)) console.log(line);
  }
}

/** Says why a step failed, from what it wrote, and what to do. */
export function explainFailure(purpose: string, output: string): string {
  const causes: [RegExp, string][] = [
    [/no space left|os error 28|errno 28|quota exceeded/i, "the disk is full: make room"],
    [
      /name resolution|getaddrinfo|dns error|failed to establish|connection (refused|reset|error)|timed? ?out|network is unreachable|error sending request|client error \(connect\)/i,
      "the package registry could not be reached: check the network (behind a proxy, HTTPS_PROXY and " +
      "npm's and pip's own settings are used)",
    ],
    [
      /no matching distribution|is not a supported wheel/i,
      "a package has no build for this machine and Python: use a 64-bit CPython on a system of the last years, or " +
      "name another Python in PYTHON",
    ],
    [/lockfile is out of date|--frozen/i, "deno.lock does not fit deno.json: run `deno install`"],
    [
      /permission denied|os error 13|errno 13/i,
      "a file cannot be written: check who owns the folder",
    ],
  ];
  const cause = causes.find(([pattern]) => pattern.test(output))?.[1] ??
    "its own words stand above";
  return `Cannot ${purpose}: ${cause}; then run the command again, which keeps what was done before`;
}

/** The contents of a `kernel.json` whose kernel is the Deno that runs now. */
export function kernelSpec(): string {
  const spec = {
    argv: [Deno.execPath(), "jupyter", "--kernel", "--conn", "{connection_file}"],
    display_name: "Deno",
    language: "typescript",
  };
  return JSON.stringify(spec, null, 2) + "\n";
}

/** The Deno kernel, and JupyterLab without its question about news. */
async function writeJupyterFiles(): Promise<void> {
  const page = { disabledExtensions: { "@jupyterlab/apputils-extension:announcements": true } };
  await writeAtomic(join(VENV, "share/jupyter/kernels/deno/kernel.json"), kernelSpec());
  await writeAtomic(join(VENV, "etc/jupyter/labconfig/page_config.json"), JSON.stringify(page));
}

if (import.meta.main) await runTask(setUp);
