/**
 * `deno task setup`: installs into the project's folder, and nowhere else: Deno's packages into
 * `node_modules`, TensorFlow, Jupyter and a kernel for notebooks into `.venv`. Every other task
 * runs it first; if nothing is missing it takes a moment. It resumes an interrupted set-up. The
 * output of its programs goes to a log file, whose last lines a failure shows. It imports no
 * package, and runs without `deno.json`.
 * @module
 */
import { createHash } from "node:crypto";
import { statfs } from "node:fs/promises";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { kernelSpec } from "../notebooks/kernel.ts";
import { exists, formatBytes, writeAtomic } from "../common/files.ts";
import { PROJECT_ROOT } from "../common/paths.ts";
import { askPython, findPython, PYTHON_MINORS } from "./find_python.ts";
import { runCommand } from "./flags.ts";
import { explainFailure, requireDeno, requirePlatform } from "./requirements.ts";

/** The bytes of `.venv` and `node_modules`, with the downloads. */
const DISK_NEEDED = 4e9;

const VENV = join(PROJECT_ROOT, ".venv");
const VENV_PYTHON = join(VENV, "bin", "python");

/** The file that is written last. While it holds the key of this set-up, there is nothing to do. */
const STAMP = join(VENV, "setup-complete");

/** A file that exists while `.venv` changes. A set-up that finds it makes a new one. */
const UNFINISHED = join(VENV, "setup-unfinished");

/** The log of the last set-up: the output of its programs. */
const LOG = join(PROJECT_ROOT, ".cache", "setup.log");

/** The number of its last lines that a failure shows. */
const LINES_SHOWN = 15;

/** The time between two changes of the progress line on a terminal, in milliseconds. */
const LINE_INTERVAL = 200;

/** Runs the steps that are not done yet. */
async function setUp(): Promise<void> {
  requireDeno(Deno.version.deno);
  requirePlatform(Deno.build);
  const requirements = join(PROJECT_ROOT, Deno.env.get("XRAY_REQUIREMENTS") ?? "requirements.txt");
  if (!await exists(requirements)) {
    throw new Error(
      `Cannot set up: ${requirements}, which XRAY_REQUIREMENTS names, is missing. For an NVIDIA GPU ` +
        "name requirements-gpu.txt",
    );
  }
  const key = await setupKey(requirements);
  if (await isDone(key)) return;
  using lock = await Deno.open(join(PROJECT_ROOT, ".setup.lock"), { create: true, write: true });
  await lock.lock(true);
  // Another set-up may have done it meanwhile.
  if (await isDone(key)) return;

  console.log("Setting up in the project's folder. This takes some minutes, once");
  await requireDisk();
  const python = await findPython();
  await writeAtomic(LOG, "");
  await showStep("1/3 Deno's packages, into node_modules", {
    folder: join(PROJECT_ROOT, "node_modules"),
    work: (onLine) =>
      runProgram("install Deno's packages", [Deno.execPath(), "install", "--frozen"], onLine),
  });
  await showStep(`2/3 TensorFlow and Jupyter, into .venv, with ${python}`, {
    folder: VENV,
    async work(onLine) {
      await makeVenv(python, onLine);
      await writeAtomic(UNFINISHED, "");
      const flags = ["--disable-pip-version-check", "--progress-bar", "off", "-r", requirements];
      const pip = [VENV_PYTHON, "-m", "pip", "install", ...flags];
      await runProgram("install TensorFlow and Jupyter", pip, onLine);
    },
  });
  console.log("3/3 The kernel for notebooks, into .venv");
  await writeAtomic(join(VENV, "share/jupyter/kernels/deno/kernel.json"), kernelSpec());
  // Stops JupyterLab from asking about news.
  const page = { disabledExtensions: { "@jupyterlab/apputils-extension:announcements": true } };
  await writeAtomic(join(VENV, "etc/jupyter/labconfig/page_config.json"), JSON.stringify(page));
  await Deno.remove(UNFINISHED);
  await writeAtomic(STAMP, key);
  console.log(`Set up. The log is ${relative(PROJECT_ROOT, LOG)}`);
}

/** Hashes what a set-up depends on: the packages, the Deno, the platform and the folder. */
async function setupKey(requirements: string): Promise<string> {
  const hash = createHash("sha256");
  const lock = join(PROJECT_ROOT, "deno.lock");
  const kernel = join(PROJECT_ROOT, "lib/notebooks/kernel.ts");
  for (const file of [requirements, lock, kernel, import.meta.filename!]) {
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
  const { bavail, bsize } = await statfs(PROJECT_ROOT);
  if (bavail * bsize >= DISK_NEEDED) return;
  throw new Error(
    `Cannot set up: the disk of ${PROJECT_ROOT} has ${formatBytes(bavail * bsize)} free, and the ` +
      `set-up needs ${formatBytes(DISK_NEEDED)}. Make room and run the command again`,
  );
}

/** Makes `.venv`, or keeps one that is complete and whose Python works. */
async function makeVenv(python: string, onLine: OnLine): Promise<void> {
  const existing = await askPython(VENV_PYTHON);
  const works = existing !== null && PYTHON_MINORS.includes(existing.minor) &&
    !await exists(UNFINISHED) && await succeeds([VENV_PYTHON, "-m", "pip", "--version"]);
  if (!works) await runProgram("make .venv", [python, "-m", "venv", "--clear", VENV], onLine);
}

async function succeeds([command, ...args]: string[]): Promise<boolean> {
  const program = new Deno.Command(command!, { args, stdout: "null", stderr: "null" });
  return (await program.output()).success;
}

/** The callback for each line of a program's output. */
type OnLine = (line: string) => void;

/** Runs a step. Shows its title, its progress on a terminal, then its time and folder's size. */
async function showStep(
  title: string,
  { folder, work }: { folder: string; work: (onLine: OnLine) => Promise<void> },
): Promise<void> {
  const start = performance.now();
  const seconds = () => `${Math.round((performance.now() - start) / 1000)} s`;
  console.log(title);
  let last = "";
  const timer = setInterval(() => changeLine(`    ${seconds()}  ${last}`), LINE_INTERVAL);
  try {
    await work((line) => void (last = line.trim()));
  } finally {
    clearInterval(timer);
    changeLine("");
  }
  console.log(`    ${formatBytes(await folderBytes(folder))} in ${seconds()}`);
}

/** Replaces the last line of a terminal, cut to its width. Elsewhere it does nothing. */
function changeLine(text: string): void {
  if (!Deno.stdout.isTerminal()) return;
  const { columns } = Deno.consoleSize();
  Deno.stdout.writeSync(new TextEncoder().encode(`\r\x1b[2K${text.slice(0, columns - 1)}`));
}

/** Sums the bytes of the files in a folder. */
async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) bytes += await folderBytes(path);
    else if (isFile) bytes += (await Deno.lstat(path)).size;
  }
  return bytes;
}

/**
 * Runs a program and writes its output to the log. If it fails, prints the last lines and throws an
 * error with the likely cause.
 */
async function runProgram(
  purpose: string,
  [command, ...args]: string[],
  onLine: OnLine,
): Promise<void> {
  using log = await Deno.open(LOG, { append: true });
  const program = new Deno.Command(command!, {
    ...{ args, cwd: PROJECT_ROOT, env: { NO_COLOR: "1" } },
    ...{ stdin: "null", stdout: "piped", stderr: "piped" },
  }).spawn();
  const lines: string[] = [];
  const read = async (output: ReadableStream<Uint8Array>) => {
    const own: string[] = [];
    for await (const line of createInterface(Readable.fromWeb(output as never))) {
      for (const list of [own, lines]) list.push(line);
      onLine(line);
      try {
        log.writeSync(new TextEncoder().encode(`${line}\n`));
      } catch {
        // The disk is full, which the program reports itself.
      }
    }
    return own.join("\n");
  };
  const [, errors] = await Promise.all([read(program.stdout), read(program.stderr)]);
  if ((await program.status).success) return;
  changeLine("");
  for (const line of lines.slice(-LINES_SHOWN)) console.error(line);
  throw new Error(`${explainFailure(purpose, errors)}. The full output is in ${LOG}`);
}

if (import.meta.main) await runCommand({ name: "setup", flags: {} }, setUp);
