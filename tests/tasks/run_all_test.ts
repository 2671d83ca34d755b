import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import { exists } from "@/common/files.ts";
import { fromRoot } from "@/common/paths.ts";
import { parseClasses } from "@/films/classes.ts";
import { PHANTOM_FOLDER } from "@/films/folder.ts";
import { writeSplit } from "@/split/files.ts";
import { parseCommandLine } from "@/tasks/flags.ts";
import { needsSplit, planSteps, RUN_ALL_COMMAND } from "@/tasks/steps.ts";
import { inFolder } from "../in_folder.ts";

/** Reads a command line of `deno task run-all`; gives null if it asks for help. */
function parseRunAll(args: readonly string[], { data }: { data: string }) {
  const line = parseCommandLine(RUN_ALL_COMMAND, args);
  return line && planSteps(line.flags, { data });
}

const PHANTOMS = fromRoot(PHANTOM_FOLDER);

Deno.test("planSteps() trains two epochs on phantom films, and the experiments' number on real ones", () => {
  const phantom = parseRunAll([], { data: PHANTOMS })!;
  assertEquals([phantom.data, phantom.train], [PHANTOMS, ["all", "--epochs", "2"]]);
  const real = parseRunAll([], { data: "TBX11K/imgs" })!;
  assertEquals([real.data, real.train], [fromRoot("TBX11K/imgs"), ["all"]]);
  const longer = parseRunAll(["--epochs=5"], { data: PHANTOMS })!;
  assertEquals(longer.train, ["all", "--epochs", "2", "--epochs=5"], "The last one counts");
});

Deno.test("planSteps() prefers --data to the existing folder, and passes flags on", () => {
  const args = ["--data", "films", "--validation", "0.1", "--restart"];
  assertEquals(parseRunAll(args, { data: "others" }), {
    data: fromRoot("films"),
    restart: true,
    split: ["--validation", "0.1"],
    train: ["all", "--data=films", "--validation=0.1", "--restart"],
    analyse: [],
  });
  assertEquals(parseRunAll(["--help"], { data: PHANTOMS }), null);
});

Deno.test("planSteps() hands external films to the analysis alone, and refuses them before the training", () => {
  const external = ["--external=A=a", "--external=B=b.csv", "--external-classes=A=NORMAL,TB"];
  const steps = parseRunAll(["--seed", "1", ...external], { data: "films" })!;
  assertEquals([steps.train, steps.analyse], [["all", "--seed=1"], external]);
  const plan = (...args: string[]) => () => parseRunAll(args, { data: PHANTOMS });
  assertThrows(plan("--external", "folder"), RangeError, "it must be NAME=FOLDER or NAME=FILE.csv");
});

Deno.test("run-all refuses unknown flags, arguments and wrong values", () => {
  const plan = (...args: string[]) => () => parseRunAll(args, { data: PHANTOMS });
  assertThrows(
    plan("--out", "elsewhere"),
    TypeError,
    "Cannot take --out: `deno task run-all --help`",
  );
  assertThrows(plan("--epochs", "none"), RangeError, "Cannot take --epochs none");
  assertThrows(plan("--epoch", "3"), TypeError, "did you mean --epochs?");
  assertThrows(plan("l2"), TypeError, 'Cannot take "l2". Usage: deno task run-all [flags]');
});

Deno.test("needsSplit() keeps a split of the named films, and replaces others only on a restart", () =>
  inFolder(async (dataset) => {
    const own = { data: "/films", restart: true };
    assertEquals(await needsSplit({ ...own, restart: false }, dataset), true);
    const sets = { train: [], test: [], validation: null };
    const classes = parseClasses("NORMAL,PNEUMONIA");
    await writeSplit(dataset, { ...sets, classes, data: "/films/imgs" });
    assertEquals(await needsSplit(own, dataset), false);
    assertEquals(await needsSplit({ ...own, data: "/films/imgs" }, dataset), false);
    assertEquals(await needsSplit({ ...own, data: "/others" }, dataset), true);
    assertEquals(await needsSplit({ ...own, restart: false }, dataset), false);
    await assertRejects(
      () => needsSplit({ data: "/others", restart: false }, dataset),
      Error,
      "it is one of /films/imgs, and the data folder is /others",
    );
    // CSV files of your own do not name their data folder.
    await Deno.remove(join(dataset, "split.json"));
    assertEquals(await needsSplit(own, dataset), false);
  }));

/** Lists the files that a run makes, with the times of their last change. */
async function madeFiles(): Promise<string[]> {
  const folders = ["dataset", "results", "model", "visualize", "data"];
  const lists = await Promise.all(folders.map((folder) => listTree(fromRoot(folder))));
  return lists.flat();
}

async function listTree(path: string): Promise<string[]> {
  if (!await exists(path)) return [];
  const { isDirectory, mtime } = await Deno.stat(path);
  if (!isDirectory) return [`${path} ${mtime?.getTime()}`];
  const names = (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name).sort();
  return [path, ...(await Promise.all(names.map((name) => listTree(join(path, name))))).flat()];
}

const BAD_FOLDERS: { name: string; make: (folder: string) => Promise<void>; says: string }[] = [
  {
    name: "is missing",
    make: (folder) => Deno.remove(folder),
    says: "there is no such folder",
  },
  { name: "is empty", make: () => Promise.resolve(), says: "no folder" },
  {
    name: "is a file",
    async make(folder) {
      await Deno.remove(folder);
      await Deno.writeTextFile(folder, "");
    },
    says: "it is a file",
  },
  {
    name: "lacks a class folder",
    make: (folder) => Deno.mkdir(join(folder, "health")),
    says: "no folder tb",
  },
];

for (const { name, make, says } of BAD_FOLDERS) {
  Deno.test(`run-all ends with a message, and nothing written, if the data folder ${name}`, () =>
    inFolder(async (parent) => {
      const folder = join(parent, "films");
      await Deno.mkdir(folder);
      await make(folder);
      const before = await madeFiles();
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        // On a restart, whatever the project's own split is of.
        args: ["run", "-A", fromRoot("lib/tasks/run_all.ts"), "--data", folder, "--restart"],
        env: { NO_COLOR: "1" },
        stdout: "null",
      }).output();
      assertEquals(code, 1);
      const message = new TextDecoder().decode(stderr);
      assertStringIncludes(message, `error: Cannot use ${folder} as the data folder`);
      assertStringIncludes(message, says);
      assertEquals(message.trim().split("\n").length, 1, message);
      assertEquals(await madeFiles(), before);
    }));
}
