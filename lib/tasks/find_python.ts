/**
 * Finds a Python for the set-up.
 * @module
 */

/** The minor versions of Python 3 that TensorFlow 2.21 has wheels for. */
export const PYTHON_MINORS: readonly number[] = [10, 11, 12, 13];

/** A Python on this machine. */
export interface Python {
  command: string;
  minor: number;
  /** Tells whether it can make a virtual environment with pip. */
  hasVenv: boolean;
}

/**
 * Finds a Python that TensorFlow has wheels for: the one that PYTHON names, else the first on the
 * PATH.
 *
 * @throws {Error} If there is none. The message lists the Pythons that were found.
 */
export async function findPython(): Promise<string> {
  const named = Deno.env.get("PYTHON");
  const commands = named === undefined
    ? ["python3", ...PYTHON_MINORS.toReversed().map((minor) => `python3.${minor}`), "python"]
    : [named];
  const asked = await Promise.all(commands.map(askPython));
  return choosePython(asked.filter((python) => python !== null));
}

/** Asks a command for its Python version; gives null if it is no Python 3. */
export async function askPython(command: string): Promise<Python | null> {
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
    const { NotFound, PermissionDenied } = Deno.errors;
    if (error instanceof NotFound || error instanceof PermissionDenied) return null;
    throw error;
  }
}

/** Chooses the first suitable Python. If none is, the error says what to install. */
function choosePython(pythons: readonly Python[]): string {
  const fitting = pythons.filter(({ minor }) => PYTHON_MINORS.includes(minor));
  const chosen = fitting.find(({ hasVenv }) => hasVenv);
  if (chosen !== undefined) return chosen.command;
  if (fitting.length > 0) {
    const { command, minor } = fitting[0]!;
    throw new Error(
      `Cannot set up: ${command} (3.${minor}) lacks the module venv or ensurepip, which make .venv. Install it ` +
        `(on Debian and Ubuntu: \`sudo apt install python3.${minor}-venv\`) and run the command again`,
    );
  }
  const found = pythons.length === 0
    ? "there is no python3 on the PATH"
    : pythons.map(({ command, minor }) => `${command} is 3.${minor}`).join(", ");
  throw new Error(
    `Cannot set up: TensorFlow's library is a Python package and needs ` +
      `Python 3.${PYTHON_MINORS[0]} to 3.${PYTHON_MINORS.at(-1)}; ${found}. ` +
      "Install one, or name one in PYTHON",
  );
}
