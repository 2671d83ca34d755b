import { assertRejects } from "@std/assert";
import { join } from "node:path";
import { requireSpace } from "@/disk_space.ts";
import { inFolder } from "./in_folder.ts";

Deno.test("requireSpace() refuses more than the disk has, of a folder that is not there yet too", () =>
  inFolder(async (folder) => {
    const run = join(folder, "model", "baseline");
    await requireSpace(run, { bytes: 1, purpose: "train baseline" });
    await assertRejects(
      () => requireSpace(run, { bytes: 1e18, purpose: "train baseline" }),
      Error,
      `Cannot train baseline: ${run} needs 1000000000.0 GB and its disk has`,
    );
    // Whether there can be such a folder is not asked here.
    await Deno.writeTextFile(join(folder, "file"), "");
    await requireSpace(join(folder, "file", "baseline"), { bytes: 1, purpose: "train baseline" });
  }));
