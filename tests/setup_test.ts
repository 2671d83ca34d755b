import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { dirname, join } from "node:path";
import { exists } from "@/files.ts";
import { fromRoot } from "@/paths.ts";
import { explainFailure, requireDeno, requirePlatform } from "@/tasks/setup.ts";
import { inFolder } from "./in_folder.ts";

/** What the set-up needs of the project. */
const SOURCES = ["files.ts", "paths.ts", "tasks/setup.ts", "tasks/find_python.ts", "tasks/task.ts"];

/** A Python that only pretends: it says a version, makes a folder for `.venv`, and installs by what `pip` says. */
const fakePython = ({ minor = 12, hasVenv = 1, pip = "exit 0" } = {}) =>
  `#!/bin/sh
PATH=/usr/bin:/bin
case "$1 $2 $3" in
  "-c "*) echo 3 ${minor} ${hasVenv} ;;
  "-m venv --clear") rm -rf "$4"; mkdir -p "$4/bin"; cp "$0" "$4/bin/python"; echo made a venv ;;
  "-m pip --version") ;;
  "-m pip install") echo pip installs; ${pip} ;;
esac
`;

/** A project that only has the set-up, with programs of its own on the PATH. */
async function fakeProject(
  folder: string,
  programs: Record<string, string>,
): Promise<() => Promise<{ code: number; output: string }>> {
  const bin = join(folder, "bin");
  const project = join(folder, "project");
  for (const file of SOURCES) {
    const copy = join(project, "lib", file);
    await Deno.mkdir(dirname(copy), { recursive: true });
    await Deno.copyFile(fromRoot(`lib/${file}`), copy);
  }
  await Deno.writeTextFile(join(project, "deno.json"), "{}");
  await Deno.writeTextFile(join(project, "deno.lock"), '{ "version": "5" }');
  await Deno.writeTextFile(join(project, "requirements.txt"), "");
  await Deno.mkdir(join(project, "node_modules"));
  await Deno.mkdir(bin);
  for (const [name, script] of Object.entries(programs)) {
    await Deno.writeTextFile(join(bin, name), script, { mode: 0o755 });
  }
  const args = ["run", "-A", "--no-config", "--no-lock", join(project, "lib/tasks/setup.ts")];
  const env = { PATH: bin, HOME: folder, NO_COLOR: "1" };
  return async () => {
    const command = new Deno.Command(Deno.execPath(), { args, env, clearEnv: true });
    const { code, stdout, stderr } = await command.output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, output: text(stdout) + text(stderr) };
  };
}

Deno.test("requireDeno() refuses a Deno that is too old, and says what to do", () => {
  for (const version of ["2.8.0", "2.7.14", "1.46.3"]) {
    const { message } = assertThrows(() => requireDeno(version), Error, `this is Deno ${version}`);
    assertStringIncludes(message, "`deno upgrade`");
    assertStringIncludes(message, "`npx --yes deno@2.8.1`");
  }
  for (const version of ["2.8.1", "2.9.0", "2.10.0", "3.0.0"]) requireDeno(version);
});

Deno.test("requirePlatform() names WSL on Windows, and refuses what TensorFlow has no build for", () => {
  assertThrows(() => requirePlatform({ os: "windows", arch: "x86_64" }), Error, "run it in WSL");
  assertThrows(() => requirePlatform({ os: "darwin", arch: "x86_64" }), Error, "darwin on x86_64");
  assertThrows(() => requirePlatform({ os: "freebsd", arch: "x86_64" }), Error, "freebsd");
  requirePlatform({ os: "linux", arch: "x86_64" });
  requirePlatform({ os: "linux", arch: "aarch64" });
  requirePlatform({ os: "darwin", arch: "aarch64" });
});

Deno.test("explainFailure() tells a full disk, no network and a missing build apart", () => {
  const explain = (output: string) => explainFailure("install", output);
  assertStringIncludes(explain("OSError: [Errno 28] No space left on device"), "make room");
  assertStringIncludes(
    explain(
      "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError': Failed to establish a new " +
        "connection: [Errno -3] Temporary failure in name resolution\n" +
        "ERROR: No matching distribution found for tensorflow-cpu==2.21.0",
    ),
    "check the network",
  );
  assertStringIncludes(
    explain("error: error sending request for url (https://registry.example/sharp)"),
    "check the network",
  );
  assertStringIncludes(
    explain("ERROR: No matching distribution found for tensorflow-cpu==2.21.0"),
    "no build for this machine and Python",
  );
  assertStringIncludes(explain("PermissionDenied: (os error 13)"), "who owns the folder");
  assertStringIncludes(explain("?"), "its own words stand above");
});

Deno.test("the set-up does its work once", () =>
  inFolder(async (folder) => {
    const pip = "echo 'Requirement already satisfied: pip'; echo Collecting one; exit 0";
    const setUp = await fakeProject(folder, { python3: fakePython({ pip }) });
    const first = await setUp();
    assertEquals(first.code, 0, first.output);
    assertStringIncludes(first.output, "made a venv");
    assertStringIncludes(first.output, "pip installs");
    const kernel = join(folder, "project/.venv/share/jupyter/kernels/deno/kernel.json");
    assertEquals(JSON.parse(await Deno.readTextFile(kernel)).argv[0], Deno.execPath());
    assertEquals(await setUp(), { code: 0, output: "" });

    await Deno.writeTextFile(join(folder, "project/requirements.txt"), "# another");
    const changed = await setUp();
    assertStringIncludes(changed.output, "pip installs\nCollecting one\n");
    assert(!changed.output.includes("made a venv"), "A .venv that works is kept");
  }));

Deno.test("the set-up begins anew where one was killed while it installed", () =>
  inFolder(async (folder) => {
    const python = {
      python3: fakePython({ pip: "[ -e ../again ] || { touch ../again; kill -9 $PPID; }" }),
    };
    const setUp = await fakeProject(folder, python);
    assert((await setUp()).code !== 0, "The first one is killed");
    assert(!await exists(join(folder, "project/.venv/setup-complete")), "It is not complete");
    const again = await setUp();
    assertEquals(again.code, 0, again.output);
    assertStringIncludes(again.output, "made a venv");
    assertEquals(await setUp(), { code: 0, output: "" });
  }));

const FAILURES: { name: string; programs: Record<string, string>; says: string[] }[] = [
  {
    name: "there is no Python",
    programs: {},
    says: ["there is no python3 on the PATH", "Python 3.10 to 3.13"],
  },
  {
    name: "TensorFlow has no wheel for any Python",
    programs: { "python3": fakePython({ minor: 14 }), "python": fakePython({ minor: 9 }) },
    says: ["python3 is 3.14, python is 3.9", "needs Python 3.10 to 3.13"],
  },
  {
    name: "Python lacks the module venv",
    programs: { python3: fakePython({ hasVenv: 0 }) },
    says: ["sudo apt install python3.12-venv"],
  },
  {
    name: "there is no network",
    programs: {
      python3: fakePython({ pip: "echo 'Failed to establish a new connection' >&2; exit 1" }),
    },
    says: ["Cannot install TensorFlow and Jupyter", "check the network"],
  },
  {
    name: "the disk is full",
    programs: {
      python3: fakePython({ pip: "echo '[Errno 28] No space left on device' >&2; exit 1" }),
    },
    says: ["Cannot install TensorFlow and Jupyter", "make room"],
  },
];

for (const { name, programs, says } of FAILURES) {
  Deno.test(`the set-up says what to do if ${name}`, () =>
    inFolder(async (folder) => {
      const { code, output } = await (await fakeProject(folder, programs))();
      assertEquals(code, 1);
      for (const text of says) assertStringIncludes(output, text);
      assert(!/\n\s+at /.test(output), "There is a message, and no stack");
      assert(!await exists(join(folder, "project/.venv/setup-complete")), "It is not complete");
    }));
}

Deno.test("the set-up takes another Python where python3 will not do", () =>
  inFolder(async (folder) => {
    const programs = {
      "python3": fakePython({ minor: 14 }),
      "python3.11": fakePython({ minor: 11 }),
    };
    const { code, output } = await (await fakeProject(folder, programs))();
    assertEquals(code, 0, output);
    assertStringIncludes(output, "with python3.11");
  }));
