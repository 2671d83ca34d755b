import { assertEquals } from "@std/assert";
import { dirname, join } from "node:path";
import { fromRoot } from "@/common/paths.ts";

/**
 * The folders of lib in their order. A file imports from its own folder and from those above it.
 */
const ORDER = [
  "experiments.ts",
  "common",
  "statistics",
  "films",
  "split",
  "tensorflow",
  "network",
  "runs",
  "analysis",
  "figures",
  "notebooks",
  "tasks",
];

/** An import of one file of lib by another. */
interface Import {
  from: string;
  to: string;
  /** Whether it takes types alone, so that nothing is loaded for it. */
  isType: boolean;
}

const LIB = fromRoot("lib");

/** Lists the TypeScript files of a folder and of those in it, by their paths in lib. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(join(LIB, folder)));
  const files = entries.map(({ name, isDirectory }) => {
    if (isDirectory) return filesIn(join(folder, name));
    return name.endsWith(".ts") && !name.endsWith(".d.ts") ? [join(folder, name)] : [];
  });
  return (await Promise.all(files)).flat();
}

/** Finds the imports of lib's own files in the text of one of them. */
function importsOf(file: string, text: string): Import[] {
  const statements = text.matchAll(
    /^(?:import|export)\s+(type\s)?([^;"]*?\sfrom\s+)?"([^"]+)"|\bimport\(\s*"([^"]+)"/gm,
  );
  return [...statements].flatMap(([, type, names = "", path, dynamic]) => {
    const to = pathOf(path ?? dynamic!, file);
    const listed = names.match(/\{([^}]*)\}/)?.[1]?.split(",").filter((name) => name.trim() !== "");
    const isType = type !== undefined ||
      (listed?.every((name) => name.trim().startsWith("type ")) ?? false);
    return to === null ? [] : [{ from: file, to, isType }];
  });
}

/** Gives the path in lib that an import means; null of a package, and of what is not in lib. */
function pathOf(specifier: string, file: string): string | null {
  if (specifier.startsWith("@/")) return specifier.slice(2);
  if (!specifier.startsWith(".")) return null;
  const path = join(dirname(file), specifier);
  return path.startsWith("..") ? null : path;
}

/** Reads all imports. */
async function readImports(): Promise<Import[]> {
  const files = await filesIn("");
  const imports = files.map(async (file) =>
    importsOf(file, await Deno.readTextFile(join(LIB, file)))
  );
  return (await Promise.all(imports)).flat();
}

/** Gives the place of a file's folder in the order. */
function placeOf(file: string): number {
  return ORDER.indexOf(file.split("/")[0]!);
}

/** Finds a circle of files, each of which imports the next one; null if there is none. */
function findCircle(imports: readonly Import[]): string[] | null {
  const targets = Map.groupBy(imports, ({ from }) => from);
  const done = new Set<string>();
  const visit = (file: string, path: string[]): string[] | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return null;
    for (const { to } of targets.get(file) ?? []) {
      const circle = visit(to, [...path, file]);
      if (circle !== null) return circle;
    }
    done.add(file);
    return null;
  };
  for (const file of targets.keys()) {
    const circle = visit(file, []);
    if (circle !== null) return circle;
  }
  return null;
}

/** Lists the files that loading one of them loads. */
function loadedBy(file: string, imports: readonly Import[]): Set<string> {
  const loaded = new Set([file]);
  for (const each of loaded) {
    imports.filter(({ from, isType }) => from === each && !isType)
      .forEach(({ to }) => loaded.add(to));
  }
  return loaded;
}

const imports = await readImports();

Deno.test("each folder of lib imports from those above it alone", () => {
  const upward = imports.filter(({ from, to }) => placeOf(to) > placeOf(from))
    .map(({ from, to }) => `${from} imports ${to}`);
  assertEquals(upward, []);
});

Deno.test("each folder of lib is in the order, and each file in a folder", async () => {
  const unplaced = (await filesIn("")).filter((file) => placeOf(file) === -1);
  assertEquals(unplaced, []);
});

Deno.test("the README lists the folders of lib in their order", async () => {
  const readme = await Deno.readTextFile(fromRoot("README.md"));
  const map = readme.match(/^lib\/ .*\n((?: {2}.*\n)+)/m)![1]!;
  const listed = [...map.matchAll(/^ {2}(\S+?)\/? /gm)].map(([, name]) => name);
  assertEquals(listed, ORDER);
});

Deno.test("no files of lib import each other in a circle, types included", () => {
  assertEquals(findCircle(imports), null);
});

Deno.test("each import of lib's own names a file that is there", () => {
  const missing = [...new Set(imports.map(({ to }) => to))].filter((to) => {
    try {
      return !Deno.statSync(join(LIB, to)).isFile;
    } catch {
      return true;
    }
  });
  assertEquals(missing, []);
});

Deno.test("nothing in lib reads the environment but the commands, the shown run and TensorFlow's library", async () => {
  const files = (await filesIn("")).filter((file) => !file.startsWith("tasks/"));
  const texts = await Promise.all(files.map((file) => Deno.readTextFile(join(LIB, file))));
  const reading = files.filter((_, i) => /Deno\.env|process\.env/.test(texts[i]!));
  assertEquals(reading.toSorted(), [
    // NODEPLOTLIB_PORT is how nodeplotlib takes its port.
    "figures/window.ts",
    "notebooks/shown.ts",
    "tensorflow/c_api.ts",
    "tensorflow/library.ts",
  ]);
});

Deno.test("the set-up imports no package, and nothing by the names of deno.json, which it runs without", async () => {
  const files = [...loadedBy("tasks/setup.ts", imports)];
  const texts = await Promise.all(files.map((file) => Deno.readTextFile(join(LIB, file))));
  const named = files.flatMap((file, i) =>
    [...texts[i]!.matchAll(/^import .*"([^"]+)";$/gm)].map(([, path]) => path!)
      .filter((path) => !/^(\.|node:)/.test(path)).map((path) => `${file} imports ${path}`)
  );
  assertEquals(named, []);
});

Deno.test("the network's description, its cost and what a run wrote load no TensorFlow", () => {
  const files = [
    ...["network/architecture.ts", "network/flops.ts"],
    ...["runs/config.ts", "runs/epochs.ts", "runs/files.ts", "runs/find.ts", "runs/space.ts"],
    "analysis/read_analysis.ts",
  ];
  const loaded = files.flatMap((file) =>
    [...loadedBy(file, imports)].filter((each) => each.startsWith("tensorflow/"))
      .map((each) => `${file} loads ${each}`)
  );
  assertEquals(loaded, []);
});
