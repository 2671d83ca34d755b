import { assertEquals } from "@std/assert";
import { inNotebook, reportUncaughtErrors, show, showLive } from "@/common/show.ts";

/** Collects the lines that some work prints. */
async function printed(work: () => Promise<void>): Promise<unknown[]> {
  const { log } = console;
  const lines: unknown[] = [];
  console.log = (...parts) => void lines.push(...parts);
  try {
    await work();
  } finally {
    console.log = log;
  }
  return lines;
}

Deno.test("show() and showLive() print the text outside of a notebook", async () => {
  assertEquals(inNotebook(), false);
  const lines = await printed(async () => {
    await show({ "text/plain": "a table", "text/html": "<table></table>" });
    const output = await showLive({ "text/plain": "0 of 2" });
    await output.update({ "text/plain": "2 of 2" });
  });
  assertEquals(lines, ["a table", "0 of 2", "2 of 2"]);
});

Deno.test("reportUncaughtErrors() leaves errors to Deno outside of a notebook", () => {
  const listenedTo: string[] = [];
  const original = globalThis.addEventListener;
  globalThis.addEventListener = (type: string) => listenedTo.push(type);
  try {
    reportUncaughtErrors();
  } finally {
    globalThis.addEventListener = original;
  }
  assertEquals(listenedTo, []);
});
