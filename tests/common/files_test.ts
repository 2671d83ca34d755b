import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { exists, removeIfAny, writeAtomic } from "@/common/files.ts";
import { inFolder } from "../in_folder.ts";

Deno.test("writeAtomic() makes the folder, writes parts in order and leaves no temporary file", () =>
  inFolder(async (folder) => {
    const path = join(folder, "new", "file.bin");
    await writeAtomic(path, [new Uint8Array([1, 2]), new Uint8Array([]), new Uint8Array([3])]);
    assertEquals(await Deno.readFile(path), new Uint8Array([1, 2, 3]));
    await writeAtomic(path, "é");
    assertEquals(await Deno.readTextFile(path), "é");
    assertEquals([...Deno.readDirSync(join(folder, "new"))].map((entry) => entry.name), [
      "file.bin",
    ]);
  }));

Deno.test("writeAtomic() keeps the old file when the new one fails half way", () =>
  inFolder(async (folder) => {
    const path = join(folder, "file.txt");
    await writeAtomic(path, "old");
    const parts = function* () {
      yield new Uint8Array(1000);
      throw new Error("No space left on device");
    };
    await assertRejects(
      () => writeAtomic(path, parts()),
      Error,
      `Cannot write ${path}: No space left on device`,
    );
    assertEquals(await Deno.readTextFile(path), "old");
    assertEquals([...Deno.readDirSync(folder)].map((entry) => entry.name), ["file.txt"]);
  }));

Deno.test("removeIfAny() removes a file or a folder, and exists() tells", () =>
  inFolder(async (folder) => {
    await writeAtomic(join(folder, "a", "b.txt"), "b");
    assertEquals(await exists(join(folder, "a")), true);
    await removeIfAny(join(folder, "a"));
    await removeIfAny(join(folder, "a"));
    assertEquals(await exists(join(folder, "a")), false);
    await writeAtomic(join(folder, "c.txt"), "c");
    assertEquals(await exists(join(folder, "c.txt", "d")), false);
  }));
