import { assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { lockRun } from "@/runs/lock.ts";
import { inFolder } from "../in_folder.ts";

Deno.test("lockRun() refuses a second run until the first ends", () =>
  inFolder((folder) => {
    const run = join(folder, "model", "baseline");
    {
      using _lock = lockRun(run);
      assertThrows(
        () => lockRun(run),
        Error,
        `Cannot train in ${run}: process ${Deno.pid} is training there`,
      );
    }
    lockRun(run)[Symbol.dispose]();
  }));

Deno.test("lockRun() takes the lock of a process that was killed", () =>
  inFolder(async (folder) => {
    const holder = new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        `
        const { lockRun } = await import("${import.meta.resolve("@/runs/lock.ts")}");
        lockRun(${JSON.stringify(folder)});
        console.log("locked");
        setInterval(() => {}, 1000);`,
      ],
      stdout: "piped",
    }).spawn();
    const reader = holder.stdout.getReader();
    assertEquals(new TextDecoder().decode((await reader.read()).value), "locked\n");
    assertThrows(() => lockRun(folder), Error, `process ${holder.pid} is training there`);
    holder.kill("SIGKILL");
    await holder.status;
    await reader.cancel();
    lockRun(folder)[Symbol.dispose]();
  }));

Deno.test("lockRun() says so where it cannot write", () =>
  inFolder(async (folder) => {
    const file = join(folder, "file");
    await Deno.writeTextFile(file, "");
    assertThrows(
      () => lockRun(join(file, "baseline")),
      Error,
      `Cannot write ${file}/baseline/lock: `,
    );
  }));
