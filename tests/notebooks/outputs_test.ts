import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import sharp from "sharp";
import { hashCode } from "@/notebooks/code_hash.ts";
import type { Notebook, Output } from "@/notebooks/file.ts";
import { compareOutputs, faultsOfOutputs } from "@/notebooks/outputs.ts";

/** Makes a notebook whose second cell is its one code cell. */
function notebookOf(outputs: Output[], { count = 1 as number | null } = {}): Notebook {
  const code = { cell_type: "code", source: "1", outputs, execution_count: count };
  return { cells: [{ cell_type: "markdown", source: "# Title" }, code], metadata: {} };
}

const shown = (data: Record<string, unknown>): Output => ({ output_type: "display_data", data });

const compare = (held: Output[], rendered: Output[]) =>
  compareOutputs(notebookOf(held), notebookOf(rendered));

Deno.test("faultsOfOutputs() finds cells that failed, show nothing or were not executed in order", () => {
  assertEquals(faultsOfOutputs(notebookOf([shown({ "text/plain": "1" })])), []);
  assertEquals(faultsOfOutputs(notebookOf([], { count: null })), [
    "cell 2: it has no output",
    "cell 2: it was executed as none, not as 1",
  ]);
  const outputs = [
    { output_type: "error", evalue: "out of range" },
    { output_type: "stream", name: "stderr" },
  ];
  assertEquals(faultsOfOutputs(notebookOf(outputs)), [
    "cell 2: it failed: out of range",
    "cell 2: it writes to stderr",
  ]);
});

Deno.test("compareOutputs() takes texts in lines and whole for the same, and names other ones", async () => {
  assertEquals(
    await compare([shown({ "text/html": ["<p>\n", "1"] })], [shown({ "text/html": "<p>\n1" })]),
    [],
  );
  assertEquals(await compare([shown({ "text/html": "1" })], [shown({ "text/html": "2" })]), [
    "cell 2: output 1 differs in its text/html",
  ]);
});

Deno.test("compareOutputs() finds outputs and forms that are missing", async () => {
  const both = shown({ "text/plain": "1", "text/html": "1" });
  assertEquals(await compare([both], [both, both]), ["cell 2: it holds 1 outputs, not 2"]);
  assertEquals(await compare([shown({ "text/plain": "1" })], [both]), [
    "cell 2: output 1 is text/plain, not text/html, text/plain",
  ]);
});

Deno.test("compareOutputs() compares a figure's numbers but for their last digits", async () => {
  const figure = (y: number) =>
    shown({ "application/vnd.plotly.v1+json": { data: [{ y: [y, null] }], layout: {} } });
  assertEquals(await compare([figure(0.1)], [figure(0.1 + 1e-12)]), []);
  assertEquals(await compare([figure(0.1)], [figure(0.1001)]), [
    "cell 2: output 1 differs in its application/vnd.plotly.v1+json",
  ]);
});

Deno.test("compareOutputs() tells a figure's lists from objects, and nothing from zero", async () => {
  const isSame = async (...values: [unknown, unknown]) => {
    const [held, again] = values.map((x) => shown({ "application/vnd.plotly.v1+json": { x } }));
    return (await compare([held!], [again!])).length === 0;
  };
  assertEquals(await isSame([1, { a: "b" }], [1, { a: "b" }]), true);
  assertEquals(await isSame([], {}), false);
  assertEquals(await isSame(0, null), false);
  assertEquals(await isSame([1], [1, 2]), false);
});

/** Draws a grey bar of some rows on white, as PNG in base64. */
async function pictureOf(rows: number, grey: number): Promise<string> {
  const pixels = Uint8Array.from({ length: 100 * 100 }, (_, i) => i < 100 * rows ? grey : 255);
  const png = await sharp(pixels, { raw: { width: 100, height: 100, channels: 1 } }).png()
    .toBuffer();
  return Buffer.from(png).toString("base64");
}

Deno.test("compareOutputs() compares pictures by what they show", async () => {
  const picture = async (rows: number, grey: number) => [
    shown({ "image/png": await pictureOf(rows, grey) }),
  ];
  assertEquals(await compare(await picture(3, 90), await picture(3, 92)), []);
  assertEquals(await compare(await picture(3, 90), await picture(4, 90)), [
    "cell 2: output 1 differs in its image/png",
  ]);
});

Deno.test("hashCode() depends on what code does, not on how it is written", async () => {
  const imports =
    'import { fromRoot } from "@/common/paths.ts";\nimport { score } from "@/statistics/classification.ts";\n';
  const [code, rewritten, unused, other] = await hashCode([
    `${imports}console.log(fromRoot("a"));`,
    `${imports}// Where it is.\nconsole.log( fromRoot("a" as string) )`,
    'import { fromRoot } from "@/common/paths.ts";\nconsole.log(fromRoot("a"));',
    `${imports}console.log(fromRoot("b"));`,
  ]);
  assertEquals([rewritten, unused], [code, code]);
  assertNotEquals(other, code);
  const [used] = await hashCode([`${imports}console.log(fromRoot("a"), score([], []));`]);
  assertNotEquals(used, code);
});

Deno.test("hashCode() refuses code that imports a missing module", async () => {
  await assertRejects(() => hashCode(['import "@/no_such_file.ts";']), Error, "no_such_file");
});
