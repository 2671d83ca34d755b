import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { dirname, join } from "node:path";
import { exists } from "@/common/files.ts";
import { fromRoot } from "@/common/paths.ts";
import { explainFailure, requireDeno, requirePlatform } from "@/tasks/requirements.ts";
import { inFolder } from "../in_folder.ts";

/** The files of the project that the set-up needs. */
const SOURCES = [
  "common/closest.ts",
  "common/files.ts",
  "common/paths.ts",
  "notebooks/kernel.ts",
  "tasks/setup.ts",
  "tasks/requirements.ts",
  "tasks/find_python.ts",
  "tasks/flags.ts",
  "tasks/task.ts",
];

/** A fake Python: it prints a version, makes a folder for `.venv`, and runs `pip` to install. */
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

/** Makes a project of the set-up alone, with fake programs on the PATH; gives its set-up. */
async function fakeProject(
  folder: string,
  programs: Record<string, string>,
  extra: Record<string, string> = {},
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
  const env = { PATH: bin, HOME: folder, NO_COLOR: "1", ...extra };
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
  assertThrows(() => requirePlatform({ os: "windows", arch: "x86_64" }), Error, "Run it in WSL");
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
  assertStringIncludes(explain("?"), "see its last lines above");
});

Deno.test("the set-up does its work once, prints its steps, and logs the output of its programs", () =>
  inFolder(async (folder) => {
    const pip = "for i in $(seq 500); do echo Collecting $i; done; echo a warning >&2; exit 0";
    const setUp = await fakeProject(folder, { python3: fakePython({ pip }) });
    const log = join(folder, "project/.cache/setup.log");
    const first = await setUp();
    assertEquals(first.code, 0, first.output);
    const [, one, sizeOfOne, two, sizeOfTwo, three] = first.output.split("\n");
    assertEquals([one, two, three], [
      "1/3 Deno's packages, into node_modules",
      "2/3 TensorFlow and Jupyter, into .venv, with python3",
      "3/3 The kernel for notebooks, into .venv",
    ]);
    for (const size of [sizeOfOne!, sizeOfTwo!]) assertMatch(size, /^ {4}\d+\.\d [MG]B in \d+ s$/);
    assertEquals(first.output.trimEnd().split("\n").length, 7);
    const said = await Deno.readTextFile(log);
    for (const line of ["made a venv", "pip installs", "Collecting 500", "a warning"]) {
      assertStringIncludes(said, `${line}\n`);
    }
    const kernel = join(folder, "project/.venv/share/jupyter/kernels/deno/kernel.json");
    assertEquals(JSON.parse(await Deno.readTextFile(kernel)).argv[0], Deno.execPath());
    assertEquals(await setUp(), { code: 0, output: "" });

    await Deno.writeTextFile(join(folder, "project/requirements.txt"), "# another");
    assertEquals((await setUp()).code, 0);
    const saidAgain = await Deno.readTextFile(log);
    assertStringIncludes(saidAgain, "pip installs\n");
    assert(!saidAgain.includes("made a venv"), "A .venv that works is kept");
  }));

Deno.test("the set-up shows the last lines of a program that fails, and where its full output is", () =>
  inFolder(async (folder) => {
    const pip = "for i in $(seq 500); do echo line $i; done; exit 1";
    const { code, output } = await (await fakeProject(folder, { python3: fakePython({ pip }) }))();
    assertEquals(code, 1);
    const shown = output.split("\n").filter((line) => line.startsWith("line "));
    assertEquals([shown.length, shown[0], shown.at(-1)], [15, "line 486", "line 500"]);
    const log = join(folder, "project/.cache/setup.log");
    assertStringIncludes(output, `The full output is in ${log}`);
    assertStringIncludes(await Deno.readTextFile(log), "line 1\n");
  }));

Deno.test("the set-up restarts if the last one was killed while it installed", () =>
  inFolder(async (folder) => {
    const python = {
      python3: fakePython({ pip: "[ -e ../again ] || { touch ../again; kill -9 $PPID; }" }),
    };
    const setUp = await fakeProject(folder, python);
    assert((await setUp()).code !== 0, "The first one is killed");
    assert(!await exists(join(folder, "project/.venv/setup-complete")), "It is not complete");
    const again = await setUp();
    assertEquals(again.code, 0, again.output);
    const said = await Deno.readTextFile(join(folder, "project/.cache/setup.log"));
    assertStringIncludes(said, "made a venv");
    assertEquals(await setUp(), { code: 0, output: "" });
  }));

const FAILURES: {
  name: string;
  programs: Record<string, string>;
  env?: Record<string, string>;
  says: string[];
}[] = [
  {
    name: "the named requirements are missing",
    programs: { python3: fakePython() },
    env: { XRAY_REQUIREMENTS: "nope.txt" },
    says: ["nope.txt, which XRAY_REQUIREMENTS names, is missing"],
  },
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

for (const { name, programs, env, says } of FAILURES) {
  Deno.test(`the set-up says what to do if ${name}`, () =>
    inFolder(async (folder) => {
      const { code, output } = await (await fakeProject(folder, programs, env))();
      assertEquals(code, 1);
      for (const text of says) assertStringIncludes(output, text);
      assert(!/\n\s+at /.test(output), "It prints a message, and no stack");
      assert(!await exists(join(folder, "project/.venv/setup-complete")), "It is not complete");
    }));
}

Deno.test("the set-up takes another Python if python3 is not suitable", () =>
  inFolder(async (folder) => {
    const programs = {
      "python3": fakePython({ minor: 14 }),
      "python3.11": fakePython({ minor: 11 }),
    };
    const { code, output } = await (await fakeProject(folder, programs))();
    assertEquals(code, 0, output);
    assertStringIncludes(output, "with python3.11");
  }));
