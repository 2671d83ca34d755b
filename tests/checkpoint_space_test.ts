import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { checkpointBytes, requireRoomForAll, weightBytes } from "@/checkpoint_space.ts";
import { describeResNet50 } from "@/resnet50.ts";
import { runFolders } from "@/results.ts";
import { inFolder } from "./in_folder.ts";

const RESNET50 = describeResNet50();

Deno.test("weightBytes() is 4 bytes for each of ResNet50's parameters and statistics", () => {
  assertEquals(weightBytes(RESNET50), 4 * (23_512_130 + 53_120));
});

Deno.test("checkpointBytes() counts the kept epochs' weights and the states", () => {
  const weights = (keep: "all" | "best" | "last", ...epochs: number[]) =>
    checkpointBytes(RESNET50, { epochs, keep }) / weightBytes(RESNET50);
  assertEquals(weights("all", 20), 20 + 3 + 3);
  assertEquals(weights("best", 20), 4 + 3 + 3);
  assertEquals(weights("last", 20), 3 + 3);
  assertEquals(weights("all", 20, 20, 20, 20, 20), 5 * (20 + 3) + 3);
});

Deno.test("requireRoomForAll() wants room for all runs at once, beside what they have", () =>
  inFolder(async (root) => {
    const run = (name: string, epochs: number) => ({ folders: runFolders(name, { root }), epochs });
    const options = { architecture: RESNET50, keep: "all", folder: join(root, "model") } as const;
    const { bavail, bsize } = await import("node:fs/promises").then(({ statfs }) => statfs(root));
    // Each has room alone, and both have not.
    const epochs = Math.floor(0.7 * bavail * bsize / weightBytes(RESNET50));
    await requireRoomForAll([run("a", epochs)], options);
    const both = [run("a", epochs), run("b", epochs)];
    await assertRejects(() => requireRoomForAll(both, options), Error, "Cannot train 2 runs: ");
    // A file that says that it is so long takes no room here.
    const { model } = runFolders("a", { root });
    await Deno.mkdir(model, { recursive: true });
    await Deno.writeFile(join(model, "epoch00.safetensors"), new Uint8Array());
    await Deno.truncate(join(model, "epoch00.safetensors"), epochs * weightBytes(RESNET50));
    await requireRoomForAll(both, options);
  }));
