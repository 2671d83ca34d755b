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
import { writeAtomic } from "../files.ts";
import { PROJECT_ROOT } from "../paths.ts";

/** The oldest Deno that the project was tested on. */
const OLDEST_DENO = "2.8.1";

/** The Python versions that TensorFlow 2.21 has wheels for. */
const PYTHON_MINORS = [10, 11, 12, 13];

/** What `.venv` and `node_modules` take, with the downloads, in bytes. */
const DISK_NEEDED = 4e9;

const VENV = join(PROJECT_ROOT, ".venv");
const VENV_PYTHON = join(VENV, "bin", "python");

/** Written last. While it holds the key of this set-up, there is nothing to do. */
const STAMP = join(VENV, "setup-complete");

/** What stops a set-up, in words that say what to do. */
export class SetupError extends Error {}

/** Does whatever is not done yet. */
async function setUp(): Promise<void> {
  requireDeno(Deno.version.deno);
  requirePlatform(Deno.build);
  const requirements = Deno.env.get("XRAY_REQUIREMENTS") ?? "requirements.txt";
  const key = await setupKey(requirements);
  if (await isDone(key)) return;

  console.log("Setting up in the project's folder, which is done once and takes some minutes");
  await requireDisk();
  const python = await findPython();
  console.log("1/3 Deno's packages, into node_modules");
  await runStep("install Deno's packages", [Deno.execPath(), "install", "--frozen"]);
  console.log(`2/3 TensorFlow and Jupyter, into .venv, with ${python}`);
  await makeVenv(python);
  await runStep("install TensorFlow and Jupyter", [
    VENV_PYTHON,
    ...["-m", "pip", "install", "--disable-pip-version-check", "-r"],
    join(PROJECT_ROOT, requirements),
  ]);
  console.log("3/3 The kernel for notebooks, into .venv");
  await writeJupyterFiles();
  await writeAtomic(STAMP, key);
  console.log("Set up");
}

/**
 * @throws {SetupError} If this Deno is older than what the project was tested on.
 */
export function requireDeno(version: string): void {
  const [parts, oldest] = [version, OLDEST_DENO].map((text) => text.split(".").map(Number));
  const differing = oldest!.findIndex((part, i) => part !== parts![i]);
  if (differing < 0 || parts![differing]! > oldest![differing]!) return;
  throw new SetupError(
    `This is Deno ${version}, and the project needs ${OLDEST_DENO} or newer: run \`deno upgrade\`, or ` +
      `put \`npx --yes deno@${OLDEST_DENO}\` in the place of \`deno\``,
  );
}

/**
 * @throws {SetupError} If TensorFlow has no build for the platform.
 */
export function requirePlatform({ os, arch }: { os: string; arch: string }): void {
  if (os === "windows") {
    throw new SetupError(
      "TensorFlow's library has no build for Windows that this project can use: run it in WSL " +
        "(`wsl --install`, then the same commands in its terminal)",
    );
  }
  const supported = os === "linux" || (os === "darwin" && arch === "aarch64");
  if (!supported) {
    throw new SetupError(
      `TensorFlow 2.21 has no build for ${os} on ${arch}: use Linux (x86-64 or arm64) or a Mac with an ` +
        "Apple processor",
    );
  }
}

/** Tells one set-up from another: what is installed, by which Deno, for which platform. */
async function setupKey(requirements: string): Promise<string> {
  const hash = createHash("sha256");
  for (const file of [requirements, "deno.lock", "lib/tasks/setup.ts"]) {
    hash.update(await Deno.readFile(join(PROJECT_ROOT, file)));
  }
  hash.update(`${Deno.execPath()} ${Deno.build.target} ${PROJECT_ROOT}`);
  return hash.digest("hex");
}

async function isDone(key: string): Promise<boolean> {
  try {
    await Deno.stat(join(PROJECT_ROOT, "node_modules"));
    return await Deno.readTextFile(STAMP) === key;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function requireDisk(): Promise<void> {
  const { statfs } = await import("node:fs/promises");
  const { bavail, bsize } = await statfs(PROJECT_ROOT);
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  if (bavail * bsize >= DISK_NEEDED) return;
  throw new SetupError(
    `The disk of ${PROJECT_ROOT} has ${gigabytes(bavail * bsize)} free, and the set-up needs ` +
      `${gigabytes(DISK_NEEDED)}: make room and run the command again`,
  );
}

/** What one Python says of itself. */
export interface Python {
  command: string;
  minor: number;
  /** Whether it can make a virtual environment with pip in it. */
  hasVenv: boolean;
}

/**
 * Finds a Python that TensorFlow has wheels for: the one that PYTHON names, or the first on the PATH.
 *
 * @throws {SetupError} Saying what was found instead.
 */
async function findPython(): Promise<string> {
  const named = Deno.env.get("PYTHON");
  const commands = named === undefined
    ? ["python3", ...PYTHON_MINORS.toReversed().map((minor) => `python3.${minor}`), "python"]
    : [named];
  const asked = await Promise.all(commands.map(askPython));
  return choosePython(asked.filter((python) => python !== null));
}

async function askPython(command: string): Promise<Python | null> {
  const code = "import sys, importlib.util as u; print(*sys.version_info[:2], " +
    "int(all(map(u.find_spec, ('venv', 'ensurepip')))))";
  try {
    const { success, stdout } = await new Deno.Command(command, {
      args: ["-c", code],
      stderr: "null",
    }).output();
    const [major, minor, hasVenv] = new TextDecoder().decode(stdout).trim().split(" ").map(Number);
    return success && major === 3 ? { command, minor: minor!, hasVenv: hasVenv === 1 } : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) {
      return null;
    }
    throw error;
  }
}

/**
 * Chooses the first Python that will do.
 *
 * @throws {SetupError} If none does, saying what to install.
 */
export function choosePython(pythons: readonly Python[]): string {
  const range = `3.${PYTHON_MINORS[0]} to 3.${PYTHON_MINORS.at(-1)}`;
  const fitting = pythons.filter(({ minor }) => PYTHON_MINORS.includes(minor));
  const chosen = fitting.find(({ hasVenv }) => hasVenv);
  if (chosen !== undefined) return chosen.command;
  if (fitting.length > 0) {
    const { command, minor } = fitting[0]!;
    throw new SetupError(
      `${command} (3.${minor}) lacks the module venv or ensurepip, which make .venv: install it ` +
        `(on Debian and Ubuntu: \`sudo apt install python3.${minor}-venv\`) and run the command again`,
    );
  }
  const found = pythons.map(({ command, minor }) => `${command} is 3.${minor}`).join(", ");
  throw new SetupError(
    `TensorFlow's library comes as a Python package, and needs Python ${range}: ` +
      `${
        found === "" ? "there is no python3 on the PATH" : found
      }. Install one, or name one in PYTHON`,
  );
}

/** Makes `.venv`, or keeps one whose Python works. */
async function makeVenv(python: string): Promise<void> {
  const existing = await askPython(VENV_PYTHON);
  const works = existing !== null && PYTHON_MINORS.includes(existing.minor) &&
    (await new Deno.Command(VENV_PYTHON, {
      args: ["-m", "pip", "--version"],
      stdout: "null",
      stderr: "null",
    })
      .output()).success;
  if (!works) await runStep("make .venv", [python, "-m", "venv", "--clear", VENV]);
}

/**
 * Runs a command with its output shown.
 *
 * @throws {SetupError} If it fails, with the likely cause.
 */
async function runStep(purpose: string, [command, ...args]: string[]): Promise<void> {
  const child = new Deno.Command(command!, {
    args,
    cwd: PROJECT_ROOT,
    stdin: "null",
    stderr: "piped",
  }).spawn();
  let tail = "";
  for await (const chunk of child.stderr) {
    await Deno.stderr.write(chunk);
    tail = (tail + new TextDecoder().decode(chunk)).slice(-10_000);
  }
  if (!(await child.status).success) throw new SetupError(explainFailure(purpose, tail));
}

/** Says why a step failed, from what it wrote, and what to do. */
export function explainFailure(purpose: string, output: string): string {
  const causes: [RegExp, string][] = [
    [/no space left|os error 28|errno 28|quota exceeded/i, "the disk is full: make room"],
    [
      /name resolution|getaddrinfo|dns error|failed to establish|connection (refused|reset|error)|timed? ?out|network is unreachable|error sending request|client error \(connect\)|No matching distribution/i,
      "the package registry could not be reached: check the network (behind a proxy, HTTPS_PROXY and " +
      "npm's and pip's own settings are used)",
    ],
    [/lockfile is out of date|--frozen/i, "deno.lock does not fit deno.json: run `deno install`"],
    [
      /permission denied|os error 13|errno 13/i,
      "a file cannot be written: check who owns the folder",
    ],
  ];
  const cause = causes.find(([pattern]) => pattern.test(output))?.[1] ??
    "its own words stand above";
  return `Cannot ${purpose}: ${cause}; then run the command again, it goes on where it stopped`;
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

if (import.meta.main) {
  try {
    await setUp();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`error: ${error.message}`);
    Deno.exit(1);
  }
}
