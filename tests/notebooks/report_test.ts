import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "node:path";
import { exists } from "@/common/files.ts";
import { writeReport } from "@/notebooks/report.ts";
import { inFolder } from "../in_folder.ts";

/** A white picture of one pixel, as PNG in base64. */
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAGwEhPgAAAABJRU5ErkJggg==";

const markdown = (source: string[]) => ({ id: "a", cell_type: "markdown", metadata: {}, source });

const code = (source: string, data: Record<string, string>) => ({
  ...{ id: "b", cell_type: "code", metadata: {}, source, execution_count: 1 },
  outputs: [{ output_type: "display_data", metadata: {}, data }],
});

const notebookOf = (cells: ReturnType<typeof markdown | typeof code>[]) => ({
  ...{ nbformat: 4, nbformat_minor: 5, metadata: { language_info: { name: "typescript" } } },
  cells,
});

const SPLIT = notebookOf([
  markdown(["# The split\n", "Which films train."]),
  code("await show(table)", {
    "text/html": "<table><tr><td>3,680</td></tr></table>",
    "text/plain": "",
  }),
]);

const ANALYSIS = notebookOf([
  code("await show(figure)", { "image/png": PNG, "text/plain": "a figure" }),
]);

Deno.test("writeReport() writes one page with links, all cells in order, and nothing fetched", () =>
  inFolder(async (folder) => {
    const paths = ["01_split.ipynb", "03_analysis.ipynb"].map((name) => join(folder, name));
    await Deno.writeTextFile(paths[0]!, JSON.stringify(SPLIT));
    await Deno.writeTextFile(paths[1]!, JSON.stringify(ANALYSIS));
    const target = join(folder, "report.html");
    await writeReport(paths, { target, title: "Films" });
    const html = await Deno.readTextFile(target);
    assertMatch(html, /<title>Films<\/title>/);
    const parts = [
      ...['href="#01_split">The split</a>', 'href="#03_analysis">03_analysis</a>'],
      ...['<a id="01_split">', "Which films train.", "3,680", '<a id="03_analysis">'],
    ].map((part) => html.indexOf(part));
    assertEquals(parts.filter((place) => place < 0), []);
    assertEquals(parts, parts.toSorted((a, b) => a - b), "All stands in order");
    const ids = [...html.matchAll(/ id="(cell-id=[^"]*)"/g)].map(([, id]) => id!);
    assertEquals([ids.length, new Set(ids).size], [6, 6], "Ids are unique");
    assertStringIncludes(html, `data:image/png;base64,${PNG}`);
    assertStringIncludes(html, "prefers-color-scheme: dark");
    assert(
      !/<(script|link|img|iframe)[^>]*(src|href)="?(https?:)?\/\//.test(html),
      "Nothing is fetched",
    );
    assert(!/@import|url\(["']?(https?:)?\/\//.test(html), "No style is fetched");
    assert(!/import [^;]* from ["']https?:/.test(html), "No module is fetched");
  }));

Deno.test("writeReport() writes no page if nbconvert fails", () =>
  inFolder(async (folder) => {
    const [path, target] = [join(folder, "01_split.ipynb"), join(folder, "report.html")];
    await Deno.writeTextFile(path, JSON.stringify({ ...SPLIT, nbformat: "four" }));
    await assertRejects(
      () => writeReport([path], { target, title: "Films" }),
      Error,
      `Cannot write ${target}: nbconvert says`,
    );
    assert(!await exists(target), "Nothing is written");
  }));
