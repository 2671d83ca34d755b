import { assert, assertEquals } from "@std/assert";
import { basename, join } from "node:path";
import sharp from "sharp";
import { readAnalysis } from "@/analysis/read_analysis.ts";
import { evidenceFilms, evidenceLegend } from "@/figures/evidence.ts";
import type { Figure } from "@/figures/figure.ts";
import { type CaptionedFilm, filmsSvg, type LegendEntry } from "@/figures/films.ts";
import { toSmallPng } from "@/figures/png.ts";
import { PLOTLY_MIME } from "@/figures/show.ts";
import { toSvg } from "@/figures/svg.ts";
import { type Label, TBX11K_CLASSES } from "@/films/film.ts";
import { drawPhantom, PHANTOM_SIZE } from "@/films/phantom.ts";
import { adjustedFilms, readCaptioned } from "@/notebooks/examples.ts";
import { codeCells, joinText, type Output, readNotebook, type Text } from "@/notebooks/file.ts";
import { faultsOfOutputs, isSamePicture } from "@/notebooks/outputs.ts";
import { REFERENCE_RUN } from "@/tasks/dev/reference_run.ts";
import { listNotebooks } from "@/tasks/notebooks.ts";
import { inFolder } from "../in_folder.ts";

const NOTEBOOKS = await Promise.all((await listNotebooks()).map(async (path) => ({
  name: basename(path),
  notebook: await readNotebook(path),
})));

/** The code cells of all notebooks, each with its place. */
const CELLS = NOTEBOOKS.flatMap(({ name, notebook }) =>
  codeCells(notebook).map(({ place, source, outputs = [] }) => ({
    where: `${name}, cell ${place}`,
    code: joinText(source),
    outputs,
  }))
);

Deno.test("the notebooks hold an output of every cell, executed in order, without errors", () => {
  assertEquals(NOTEBOOKS.flatMap(({ notebook }) => faultsOfOutputs(notebook)), []);
});

Deno.test("the notebooks' cells have 15 lines at most, and define no helpers", () => {
  for (const { where, code } of CELLS) {
    assert(code.split("\n").length <= 15, `${where} has more than 15 lines`);
    const helper = /\bfunction\b.*\{|^class |^(const|let) \w+ = (async )?(\(.*?\)|\w+) =>/m;
    assert(!helper.test(code), `${where} defines a helper:\n${code}`);
  }
});

Deno.test("the notebooks import in their first code cell alone, which shows the versions", () => {
  for (const { name, notebook } of NOTEBOOKS) {
    const imports = codeCells(notebook).filter(({ source }) => /^import /m.test(joinText(source)));
    assertEquals(imports.map(({ place }) => place), [2], name);
    assert(/\bversionsTable\(\)/.test(joinText(imports[0]!.source)), `${name} shows no versions`);
  }
});

Deno.test("the notebooks' cells end with what they show, awaited", () => {
  for (const { where, code } of CELLS) {
    // A line without indentation starts a statement, unless it closes a bracket.
    const statements = code.split(/\n(?=[^\s)}\]])/);
    assert(/\bawait show\w+\(/.test(statements.at(-1)!), `${where} ends with ${statements.at(-1)}`);
  }
});

/** The allowed forms of outputs. */
const FORMS = new Set(["text/plain", "text/html", "image/png", PLOTLY_MIME]);

Deno.test("the notebooks hold pictures as PNG outputs alone", () => {
  for (const { name, notebook } of NOTEBOOKS) {
    for (const cell of notebook.cells) {
      assert(!("attachments" in cell), `${name} has an attachment`);
      const shown = (cell.outputs ?? []).map(({ data }) => data?.["text/html"] ?? "");
      const texts = cell.cell_type === "markdown" ? [cell.source] : shown;
      const text = texts.map((text) => joinText(text as Text)).join("\n");
      assert(!/data:\w|<(img|svg|image|object|iframe)\b|!\[/.test(text), `${name} shows a picture`);
      const forms = (cell.outputs ?? []).flatMap(({ data = {} }) => Object.keys(data));
      assertEquals(forms.filter((form) => !FORMS.has(form)), []);
    }
  }
});

/** The pictures that notebooks hold, each with the other forms of its output. */
const PICTURES = CELLS.flatMap(({ where, outputs }) =>
  outputs.flatMap(({ data, metadata }: Output & { metadata?: unknown }) =>
    data?.["image/png"] === undefined ? [] : [{ where, data, metadata }]
  )
);

Deno.test("every figure in the notebooks is drawn from the numbers beside it", async () => {
  const figures = PICTURES.filter(({ data }) => PLOTLY_MIME in data);
  assert(figures.length > 10);
  for (const { where, data } of figures) {
    const drawn = await toSmallPng(toSvg(data[PLOTLY_MIME] as Figure));
    assert(await isSamePicture(data["image/png"] as Text, drawn), `${where} is another figure`);
  }
});

Deno.test("every film in the notebooks is a phantom", () =>
  inFolder(async (folder) => {
    const shown = PICTURES.filter(({ data }) => !(PLOTLY_MIME in data));
    const captionsOf = ({ data }: typeof PICTURES[number]) =>
      joinText(data["text/plain"] as Text).split("\n");
    // Films with their names as captions are the examples, the last of which is augmented.
    const names = shown.flatMap(captionsOf).flatMap((line) =>
      line.match(/^(\w+)\.png: /)?.[1] ?? []
    );
    assert(names.length > 0);
    const films = await Promise.all(names.map((name) => drawFilm(folder, name)));
    const examples = await readCaptioned(films, TBX11K_CLASSES);
    const { cases } = await readAnalysis({ root: REFERENCE_RUN });
    for (const { filename } of cases) await drawFilm(folder, basename(filename, ".png"));
    const phantoms = [
      await draw(examples, 4),
      await draw(
        adjustedFilms(examples.at(-1)!.image, [
          { kind: "sharpness", factor: 1.2 },
          { kind: "contrast", factor: 0.8 },
          { kind: "contrast", factor: 1.2 },
        ]),
        3,
      ),
      await draw(
        await evidenceFilms(cases, { pathOf: ({ filename }) => join(folder, filename) }),
        3,
        evidenceLegend(),
      ),
    ];
    for (const { where, data } of shown) {
      const matches = await Promise.all(
        phantoms.map((phantom) => isSamePicture(data["image/png"] as Text, phantom)),
      );
      assert(matches.includes(true), `${where} shows neither a figure nor a phantom`);
    }
  }));

function draw(
  films: readonly CaptionedFilm[],
  columns: number,
  legend: readonly LegendEntry[] = [],
): Promise<string> {
  return filmsSvg(films, { columns, legend }).then((svg) => toSmallPng(svg, { scale: 1 }));
}

/** Draws a phantom into a folder. */
async function drawFilm(folder: string, name: string) {
  const label: Label = name.startsWith("tb") ? 1 : 0;
  const path = join(folder, `${name}.png`);
  const raw = { width: PHANTOM_SIZE, height: PHANTOM_SIZE, channels: 1 } as const;
  await sharp(drawPhantom(name, { tb: label === 1 }), { raw }).png().toFile(path);
  return { path, filename: `${name}.png`, label };
}
