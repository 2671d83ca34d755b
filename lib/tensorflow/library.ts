/**
 * Where the TensorFlow library is: a file that the environment names, or one that a Python package or
 * tfjs-node's own download brought.
 *
 * @module
 */
import { join } from "node:path";
import { isMissing } from "@/files.ts";
import { PROJECT_ROOT } from "@/paths.ts";

/** The variable that names the library's file and comes before every other place. */
export const LIBRARY_VARIABLE = "LIBTENSORFLOW";

const SET_UP = "deno task setup";

/** Names of the library inside the `tensorflow` package of PyPI, by system. */
const WHEEL_FILES = ["libtensorflow_cc.so.2", "libtensorflow_cc.2.dylib"];
/** Names of the library in the archive that tfjs-node's install script unpacks. */
const ADDON_FILES = ["libtensorflow.so.2", "libtensorflow.2.dylib"];

/** What the search for the library depends on. */
export interface SearchOptions {
  /** Environment variables: `LIBTENSORFLOW` and `VIRTUAL_ENV` are read. */
  env?: Record<string, string>;
  /** The folder that holds `.venv` and `node_modules`. */
  project?: string;
}

/**
 * Finds the TensorFlow library. In order: the file that `LIBTENSORFLOW` names, the project's `.venv`, an
 * active virtual environment, and the `deps/lib` folder of tfjs-node-gpu's own addon.
 *
 * @returns The path of the library's file.
 * @throws {Error} If `LIBTENSORFLOW` names no file, or if no place has the library.
 */
export function findLibrary(
  { env = Deno.env.toObject(), project = PROJECT_ROOT }: SearchOptions = {},
): string {
  const named = env[LIBRARY_VARIABLE];
  if (named) {
    if (isFile(named)) return named;
    throw new Error(
      `Cannot find the TensorFlow library: ${LIBRARY_VARIABLE} names "${named}", which is not a file. ` +
        `Correct the variable, or unset it and run \`${SET_UP}\``,
    );
  }
  const places = [
    ...wheelFiles(join(project, ".venv")),
    ...(env.VIRTUAL_ENV ? wheelFiles(env.VIRTUAL_ENV) : []),
    ...ADDON_FILES.map((name) =>
      join(project, "node_modules/@tensorflow/tfjs-node-gpu/deps/lib", name)
    ),
  ];
  const found = places.find(isFile);
  if (found) return found;
  throw new Error(
    `Cannot find the TensorFlow library in ${
      join(project, ".venv")
    }. Run \`${SET_UP}\`, which installs it, ` +
      `or name the file of another installation (${
        WHEEL_FILES[0]
      }) in the variable ${LIBRARY_VARIABLE}`,
  );
}

/** The files that would be the library in a Python virtual environment, of whichever Python version. */
function wheelFiles(environment: string): string[] {
  return entriesOf(join(environment, "lib"))
    .filter((name) => name.startsWith("python3"))
    .flatMap((python) =>
      WHEEL_FILES.map((file) =>
        join(environment, "lib", python, "site-packages", "tensorflow", file)
      )
    );
}

function entriesOf(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
