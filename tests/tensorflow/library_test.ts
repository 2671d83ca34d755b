import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { dirname, join } from "node:path";
import { PROJECT_ROOT } from "@/common/paths.ts";
import { findLibrary } from "@/tensorflow/library.ts";
import { inFolder } from "../in_folder.ts";

const WHEEL = "lib/python3.11/site-packages/tensorflow/libtensorflow_cc.so.2";
const ADDON = "node_modules/@tensorflow/tfjs-node-gpu/deps/lib/libtensorflow.so.2";

/** Writes an empty file, and the folders above it. */
function touch(...parts: string[]): string {
  const path = join(...parts);
  Deno.mkdirSync(dirname(path), { recursive: true });
  Deno.writeTextFileSync(path, "");
  return path;
}

Deno.test("findLibrary() takes the file that LIBTENSORFLOW names before all others", () =>
  inFolder((folder) => {
    touch(folder, ".venv", WHEEL);
    const named = touch(folder, "elsewhere/libtensorflow.so");
    assertEquals(findLibrary({ env: { LIBTENSORFLOW: named }, project: folder }), named);
  }));

Deno.test("findLibrary() takes .venv, then the active environment, then the addon's folder", () =>
  inFolder((folder) => {
    const env = { VIRTUAL_ENV: join(folder, "active") };
    const addon = touch(folder, ADDON);
    assertEquals(findLibrary({ env, project: folder }), addon);
    const active = touch(folder, "active", WHEEL);
    assertEquals(findLibrary({ env, project: folder }), active);
    const own = touch(folder, ".venv", WHEEL);
    assertEquals(findLibrary({ env, project: folder }), own);
    assertEquals(findLibrary({ env: {}, project: folder }), own);
  }));

Deno.test("findLibrary() takes the library of whichever Python and system the environment has", () =>
  inFolder((folder) => {
    touch(folder, ".venv/lib/python3.13/site-packages/numpy/libnumpy.so");
    const mac = touch(
      folder,
      ".venv/lib/python3.13/site-packages/tensorflow/libtensorflow_cc.2.dylib",
    );
    assertEquals(findLibrary({ env: {}, project: folder }), mac);
  }));

Deno.test("findLibrary() rejects a LIBTENSORFLOW that names no file, even if .venv has one", () =>
  inFolder((folder) => {
    touch(folder, ".venv", WHEEL);
    for (const named of [join(folder, "missing.so"), folder, join(folder, ".venv", WHEEL, "x")]) {
      const error = assertThrows(
        () => findLibrary({ env: { LIBTENSORFLOW: named }, project: folder }),
        Error,
      );
      assertStringIncludes(error.message, `LIBTENSORFLOW names "${named}", which is not a file`);
      assertStringIncludes(error.message, "deno task setup");
    }
  }));

Deno.test("findLibrary() says which command installs the library when there is none", () =>
  inFolder((folder) => {
    const error = assertThrows(
      () => findLibrary({ env: { VIRTUAL_ENV: join(folder, "gone") }, project: folder }),
      Error,
    );
    assertStringIncludes(error.message, join(folder, ".venv"));
    assertStringIncludes(error.message, "Run `deno task setup`");
    assertStringIncludes(error.message, "LIBTENSORFLOW");
  }));

/** Imports the backend in a Deno of its own, with LIBTENSORFLOW naming a file. */
async function importBackend(
  library?: string,
): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      'import { tf } from "@/tensorflow/backend.ts"; console.log(tf.add(1, 2).dataSync()[0]);',
    ],
    cwd: PROJECT_ROOT,
    env: { NO_COLOR: "1", ...(library === undefined ? {} : { LIBTENSORFLOW: library }) },
  }).output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

Deno.test("backend.ts loads without a line on the terminal", async () => {
  assertEquals(await importBackend(), { code: 0, out: "3\n", err: "" });
});

/**
 * Multiplies two matrices in a Deno of its own; whether oneDNN said that it was its operation.
 * Without, its kernel is still called for the blocks that Eigen divides the matrices into.
 */
async function multipliesWithOnednn(env: Record<string, string> = {}): Promise<boolean> {
  const product = `import { tf } from "@/tensorflow/backend.ts";
    const a = tf.ones([64, 64]);
    console.log(tf.matMul(a, a).dataSync()[0]);`;
  const inherited = Deno.env.toObject();
  delete inherited.TF_ENABLE_ONEDNN_OPTS; // set where the tests have loaded the backend themselves
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", product],
    cwd: PROJECT_ROOT,
    clearEnv: true,
    env: { ...inherited, NO_COLOR: "1", ONEDNN_VERBOSE: "1", ...env },
  }).output();
  const out = new TextDecoder().decode(stdout);
  assertStringIncludes(out, "64\n");
  return /^onednn_verbose,.*,exec,cpu,matmul,/m.test(out);
}

Deno.test({
  name:
    "backend.ts computes with oneDNN on every processor, unless TF_ENABLE_ONEDNN_OPTS forbids it",
  ignore: Deno.build.arch !== "x86_64",
  async fn() {
    assertEquals(await multipliesWithOnednn(), true);
    assertEquals(await multipliesWithOnednn({ TF_ENABLE_ONEDNN_OPTS: "0" }), false);
  },
});

Deno.test({
  name: "backend.ts gives back most of what was read of the library to load it",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const residentMegabytes = `import "@/tensorflow/backend.ts";
      const status = Deno.readTextFileSync("/proc/self/status");
      console.log(Number(/RssFile:\\s*(\\d+)/.exec(status)[1]) / 1024);`;
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", residentMegabytes],
      cwd: PROJECT_ROOT,
    }).output();
    const megabytes = Number(new TextDecoder().decode(stdout));
    // Of a library of 790 MB, some 350 when it has just been loaded; Deno's own code is among it.
    assertGreater(megabytes, 20);
    assertLess(megabytes, 200);
  },
});

Deno.test("backend.ts fails with what to do if LIBTENSORFLOW names no file", async () => {
  const { code, out, err } = await importBackend("/missing/libtensorflow_cc.so.2");
  assert(code !== 0);
  assertEquals(out, "");
  assertStringIncludes(err, 'LIBTENSORFLOW names "/missing/libtensorflow_cc.so.2"');
  assertStringIncludes(err, "deno task setup");
});

Deno.test("backend.ts fails with what to do if LIBTENSORFLOW names something that is no library", () =>
  inFolder(async (folder) => {
    const path = join(folder, "library.so");
    await Deno.writeTextFile(path, "Not a library");
    const { code, err } = await importBackend(path);
    assert(code !== 0);
    assertStringIncludes(err, `Cannot load "${path}" as the TensorFlow library`);
    assertStringIncludes(err, "deno task setup");
  }));

Deno.test("backend.ts fails with what to do if LIBTENSORFLOW names another library", async () => {
  const folder = dirname(findLibrary());
  const other = [...Deno.readDirSync(folder)].find(({ name }) =>
    name.startsWith("libtensorflow_framework")
  );
  const path = join(folder, other!.name);
  const { code, err } = await importBackend(path);
  assert(code !== 0);
  assertStringIncludes(err, `Cannot load "${path}" as the TensorFlow library`);
  assertStringIncludes(err, "deno task setup");
});
