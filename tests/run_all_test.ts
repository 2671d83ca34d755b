import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import { exists } from "@/files.ts";
import { fromRoot } from "@/paths.ts";
import { parseClasses } from "@/film_classes.ts";
import { writeSplit } from "@/split_files.ts";
import { needsSplit, planRun } from "@/tasks/run_all.ts";
import { inFolder } from "./in_folder.ts";

Deno.test("planRun() trains two epochs on phantom films, and the experiments' own number on real ones", () => {
  const phantom = planRun([], { data: undefined })!;
  assertEquals([phantom.data, phantom.train], [undefined, ["all", "--epochs", "2"]]);
  const real = planRun([], { data: "TBX11K/imgs" })!;
  assertEquals([real.data, real.train], ["TBX11K/imgs", ["all"]]);
  const longer = planRun(["--epochs=5"], { data: undefined })!;
  assertEquals(longer.train, ["all", "--epochs", "2", "--epochs=5"], "The last one counts");
});

Deno.test("planRun() takes --data before XRAY_DATA, and hands flags on", () => {
  const args = ["--data", "films", "--validation", "0.1", "--restart"];
  assertEquals(planRun(args, { data: "others" }), {
    data: "films",
    restart: true,
    split: ["--validation", "0.1"],
    train: ["all", ...args],
  });
  assertEquals(planRun(["--help"], { data: undefined }), null);
});

Deno.test("planRun() refuses what it cannot do before anything is done", () => {
  const plan = (...args: string[]) => () => planRun(args, { data: undefined });
  assertThrows(plan("--out", "elsewhere"), RangeError, "Cannot take --out");
  assertThrows(plan("--epochs", "none"), RangeError, "Cannot take --epochs none");
  assertThrows(plan("--epoch", "3"), TypeError, "--epoch");
});

Deno.test("needsSplit() keeps a split of the named films, and on a restart no other", () =>
  inFolder(async (dataset) => {
    const own = { data: "/films", restart: true };
    assertEquals(await needsSplit({ ...own, restart: false }, dataset), true);
    const sets = { train: [], test: [], validation: null };
    const classes = parseClasses("NORMAL,PNEUMONIA");
    await writeSplit(dataset, { ...sets, classes, data: "/films/imgs" });
    assertEquals(await needsSplit(own, dataset), false);
    assertEquals(await needsSplit({ ...own, data: "/films/imgs" }, dataset), false);
    assertEquals(await needsSplit({ ...own, data: "/others" }, dataset), true);
    assertEquals(await needsSplit({ ...own, data: undefined }, dataset), true);
    assertEquals(await needsSplit({ data: "/others", restart: false }, dataset), false);
    // Files of one's own do not say of which films they are.
    await Deno.remove(join(dataset, "split.json"));
    assertEquals(await needsSplit(own, dataset), false);
  }));

/** The files that a run makes, with the times they were changed. */
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
        args: ["run", "-A", fromRoot("lib/tasks/run_all.ts"), "--data", folder],
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
