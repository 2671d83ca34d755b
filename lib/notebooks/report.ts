/**
 * Writes executed notebooks as one self-contained HTML page: no other files, nothing fetched.
 * @module
 */
import { basename } from "node:path";
import { writeAtomic } from "@/common/files.ts";
import { fromRoot } from "@/common/paths.ts";
import { VENV_PYTHON } from "@/notebooks/execute.ts";
import { joinText, type Notebook, readNotebook } from "@/notebooks/file.ts";

/**
 * Writes the page.
 *
 * @param paths The executed notebooks, in order.
 * @throws {Error} If a notebook cannot be read, or nbconvert fails.
 */
export async function writeReport(
  paths: readonly string[],
  { target, title }: { target: string; title: string },
): Promise<void> {
  const notebooks = await Promise.all(paths.map(readNotebook));
  const names = paths.map((path) => basename(path, ".ipynb"));
  const joined = joinNotebooks(notebooks, { names, title });
  const nbconvert = new Deno.Command(VENV_PYTHON, {
    args: [
      ...["-m", "nbconvert", "--stdin", "--stdout", "--to", "html", "--log-level", "ERROR"],
      ...["--template-file", fromRoot("lib/notebooks/report.html.j2")],
    ],
    ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
  }).spawn();
  const output = nbconvert.output();
  await new Blob([JSON.stringify(joined)]).stream().pipeTo(nbconvert.stdin);
  const { success, stdout, stderr } = await output;
  if (!success) {
    const said = new TextDecoder().decode(stderr).trim();
    throw new Error(`Cannot write ${target}: nbconvert says ${said}`);
  }
  await writeAtomic(target, [stdout]);
}

/** Joins notebooks: a list of links, then their cells with an anchor above each notebook. */
function joinNotebooks(
  notebooks: readonly Notebook[],
  { names, title }: { names: readonly string[]; title: string },
): Notebook {
  const markdown = (id: string, source: string) => ({
    id,
    cell_type: "markdown",
    metadata: {},
    source,
  });
  const contents = names.map((name, i) => `- [${headingOf(notebooks[i]!) ?? name}](#${name})\n`);
  const cells = notebooks.flatMap((notebook, i) => [
    markdown(`notebook-${i}`, `<a id="${names[i]}"></a>`),
    ...notebook.cells.map((cell, k) => ({ ...cell, id: `cell-${i}-${k}` })),
  ]);
  const { metadata } = notebooks[0]!;
  const head = markdown("contents", `# ${title}\n\n${contents.join("")}`);
  return { ...notebooks[0]!, metadata: { ...metadata, title }, cells: [head, ...cells] };
}

/** Finds the text of a notebook's first heading. */
function headingOf({ cells }: Notebook): string | undefined {
  const text = cells.filter(({ cell_type }) => cell_type === "markdown")
    .map(({ source }) => joinText(source));
  return text.join("\n").match(/^#+ (.+)$/m)?.[1];
}
