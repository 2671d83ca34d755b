/**
 * Where the TensorFlow library is: a file that the environment names, or one that a Python package
 * or tfjs-node's own download brought.
 *
 * @module
 */
import { join } from "node:path";
import { isMissing } from "@/common/files.ts";
import { PROJECT_ROOT } from "@/common/paths.ts";

/** Names of the library inside the `tensorflow` package of PyPI, by system. */
const WHEEL_FILES = ["libtensorflow_cc.so.2", "libtensorflow_cc.2.dylib"];
/** Folder and names of the library in the archive that tfjs-node's install script unpacks. */
const ADDON_FOLDER = "node_modules/@tensorflow/tfjs-node-gpu/deps/lib";
const ADDON_FILES = ["libtensorflow.so.2", "libtensorflow.2.dylib"];

/**
 * Finds the TensorFlow library. In order: the file that `LIBTENSORFLOW` names, the project's
 * `.venv`, an active virtual environment, and the `deps/lib` folder of tfjs-node-gpu's own addon.
 *
 * @param options.project The folder that holds `.venv` and `node_modules`.
 * @returns The path of the library's file.
 * @throws {Error} If `LIBTENSORFLOW` names no file, or if no place has the library.
 */
export function findLibrary(
  { env = Deno.env.toObject(), project = PROJECT_ROOT } = {},
): string {
  const named = env.LIBTENSORFLOW;
  if (named) {
    if (isFile(named)) return named;
    throw new Error(
      `Cannot find the TensorFlow library: LIBTENSORFLOW names "${named}", which is not a file. ` +
        "Correct the variable, or unset it and run `deno task setup`",
    );
  }
  const places = [
    ...wheelFiles(join(project, ".venv")),
    ...(env.VIRTUAL_ENV ? wheelFiles(env.VIRTUAL_ENV) : []),
    ...ADDON_FILES.map((name) => join(project, ADDON_FOLDER, name)),
  ];
  const found = places.find(isFile);
  if (found) return found;
  throw new Error(
    `Cannot find the TensorFlow library in ${join(project, ".venv")}. Run \`deno task setup\`, ` +
      `which installs it, or name the file of another installation (${WHEEL_FILES[0]}) in the ` +
      "variable LIBTENSORFLOW",
  );
}

/** Lists the files that may be the library in a Python virtual environment, of any version. */
function wheelFiles(environment: string): string[] {
  const lib = join(environment, "lib");
  const entries = ifThere(() => [...Deno.readDirSync(lib)]) ?? [];
  return entries.map(({ name }) => name).filter((name) => name.startsWith("python3")).sort()
    .flatMap((python) =>
      WHEEL_FILES.map((file) => join(lib, python, "site-packages/tensorflow", file))
    );
}

function isFile(path: string): boolean {
  return ifThere(() => Deno.statSync(path).isFile) ?? false;
}

/** Reads from a file or folder; gives null if it is missing. */
function ifThere<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
