import { assertEquals, assertStringIncludes } from "@std/assert";
import { openProgress } from "@/common/progress.ts";
import { openCurves } from "@/figures/live_curves.ts";
import type { EpochRow } from "@/runs/epochs.ts";

interface Message {
  type: string;
  id: string;
  text: string;
}

/** Runs a test as if in a notebook's kernel, and gives the messages to the front end. */
async function inKernel(test: () => Promise<void>): Promise<Message[]> {
  const sent: Message[] = [];
  const broadcast = (
    type: string,
    content: { data: Record<string, string>; transient: { display_id: string } },
  ) => {
    sent.push({ type, id: content.transient.display_id, text: content.data["text/plain"]! });
    return Promise.resolve();
  };
  const deno = globalThis.Deno;
  const setDeno = (value: typeof Deno) =>
    Object.defineProperty(globalThis, "Deno", { value, configurable: true });
  setDeno(Object.create(deno, { jupyter: { value: { broadcast } } }));
  try {
    await test();
  } finally {
    setDeno(deno);
  }
  return sent;
}

function rowsUpTo(count: number): EpochRow[] {
  return Array.from({ length: count }, (_, epoch) => ({
    ...{ epoch, trainLoss: 1 / (epoch + 1), testLoss: 0.5, trainAccuracy: 0.5, testAccuracy: 0.75 },
    ...{ validationLoss: null, validationAccuracy: null },
  })) as EpochRow[];
}

Deno.test("openCurves() draws loss and accuracy once, and updates them in place", async () => {
  const sent = await inKernel(async () => {
    const curves = openCurves("baseline");
    await curves.update(rowsUpTo(1));
    // Right after a drawing, as when a run with many epochs resumes: not all are drawn.
    for (const count of [2, 3, 4]) await curves.update(rowsUpTo(count));
    await curves.finish(rowsUpTo(4));
    await curves.finish(rowsUpTo(4));
  });
  assertEquals(sent.map(({ type }) => type), [
    ...["display_data", "display_data", "update_display_data", "update_display_data"],
  ]);
  const [loss, accuracy, lossAgain, accuracyAgain] = sent;
  assertEquals([lossAgain!.id, accuracyAgain!.id], [loss!.id, accuracy!.id]);
  assertStringIncludes(loss!.text, "train: 1\n");
  assertStringIncludes(lossAgain!.text, "train: 1, 0.5, 0.3333, 0.25\n");
  assertStringIncludes(accuracyAgain!.text, "test: 0.75, 0.75, 0.75, 0.75");
});

Deno.test("openProgress() is one line in a notebook that ends with its last state", async () => {
  const sent = await inKernel(async () => {
    const bar = await openProgress("reading", { total: 3, unit: "films" });
    for (const done of [1, 2, 3]) bar.update(done, `${done} a second`);
    await bar.close();
  });
  assertEquals(sent[0]!.text, "reading 0/3 films  ");
  assertEquals(sent.at(-1)!.text, "reading 3/3 films  3 a second");
  assertEquals(new Set(sent.map(({ id }) => id)).size, 1);
  assertEquals(sent.length, 2);
});

Deno.test("openCurves() and openProgress() show nothing where nobody looks", async () => {
  const curves = openCurves("baseline");
  await curves.update(rowsUpTo(1));
  await curves.finish(rowsUpTo(2));
  const bar = await openProgress("reading", { total: 3, unit: "films" });
  const printed: string[] = [];
  const log = console.log;
  console.log = (line: string) => void printed.push(line);
  try {
    bar.update(1);
    bar.print("a line");
    await bar.close();
  } finally {
    console.log = log;
  }
  // On a terminal the line stands above the bar, in a file alone.
  assertEquals(printed, ["a line"]);
});
