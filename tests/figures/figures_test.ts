import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import sharp from "sharp";
import type { Case } from "@/analysis/evidence.ts";
import type { Summary } from "@/analysis/summary.ts";
import { EXPERIMENTS } from "@/experiments.ts";
import { aucFigure, deletionFigure, rocFigure } from "@/figures/analysis.ts";
import { confusionFigure } from "@/figures/confusion.ts";
import { compareCurves, experimentCurves, QUANTITIES, shareRange } from "@/figures/curves.ts";
import { classBalanceFigure, greyValuesFigure } from "@/figures/data.ts";
import { evidenceFilms, evidenceLegend } from "@/figures/evidence.ts";
import { describeFigure, figure } from "@/figures/figure.ts";
import { difference, filmsSvg } from "@/figures/films.ts";
import { toPng } from "@/figures/png.ts";
import { saveFigure } from "@/figures/show.ts";
import { experimentStyle } from "@/figures/style.ts";
import { toSvg } from "@/figures/svg.ts";
import { experimentsFigure } from "@/figures/test_panels.ts";
import { writeCurves } from "@/figures/visualize.ts";
import { CLASS_NAMES } from "@/films/film.ts";
import type { EpochRow } from "@/runs/epochs.ts";
import { inFolder } from "../in_folder.ts";

/** Makes epochs with only the fields that a figure reads. */
function rowsOf(fields: Partial<EpochRow>[]): EpochRow[] {
  return fields.map((row, epoch) => ({ epoch, ...row }) as EpochRow);
}

const ROWS = rowsOf([
  { trainAccuracy: 0.7, testAccuracy: 0.8, trainLoss: 0.6, testLoss: 0.5 },
  { trainAccuracy: 0.9, testAccuracy: 0.85, trainLoss: 0.3, testLoss: 0.4 },
]);

/** Lists the texts of an SVG. */
function textsOf(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text!);
}

Deno.test("experimentCurves() draws each set's values, the training films' dotted", () => {
  const { data, layout } = experimentCurves(
    { experiment: "l2", rows: ROWS },
    { quantity: QUANTITIES.accuracy },
  );
  assertEquals(data.map(({ name, x, y, line }) => ({ name, x, y, dash: line?.dash })), [
    { name: "train", x: [0, 1], y: [0.7, 0.9], dash: "dot" },
    { name: "test", x: [0, 1], y: [0.8, 0.85], dash: "solid" },
  ]);
  assertEquals(data.map(({ line }) => line?.color), ["#d55e00", "#d55e00"]);
  assertEquals(layout.xaxis?.tickvals, [0, 1]);
});

Deno.test("compareCurves() draws one curve an experiment, in the experiment's colour and mark", () => {
  const experiments = ["baseline", "contrast"].map((experiment) => ({ experiment, rows: ROWS }));
  const { data } = compareCurves(experiments, { quantity: QUANTITIES.loss, set: "test" });
  assertEquals(data.map(({ name, y, line, marker }) => [name, y, line?.color, marker?.symbol]), [
    ["baseline", [0.5, 0.4], "#0072b2", "circle"],
    ["contrast", [0.5, 0.4], "#e69f00", "triangle-down"],
  ]);
});

Deno.test("compareCurves() takes a logarithmic axis for losses that differ by more than 20 times", () => {
  const of = (experiment: string, testLoss: number) => ({
    experiment,
    rows: rowsOf([{ testLoss }]),
  });
  const type = (high: number) =>
    compareCurves([of("baseline", 0.1), of("l2", high)], { quantity: QUANTITIES.loss, set: "test" })
      .layout.yaxis?.type;
  assertEquals(type(30), "log");
  assertEquals(type(1), undefined);
});

Deno.test("experimentsFigure() draws test accuracy and AUC of each experiment, side by side, with one legend", () => {
  const rows = rowsOf([{ testAccuracy: 0.8, testAuc: 0.85 }, { testAccuracy: 0.9, testAuc: 0.95 }]);
  const { data, layout } = experimentsFigure([
    { experiment: "baseline", rows },
    { experiment: "l2", rows: rows.slice(0, 1) },
  ]);
  assertEquals(
    data.map(({ name, xaxis, x, y, line }) => [name, xaxis, x, y, line?.color]),
    [
      ["baseline", "x", [0, 1], [0.8, 0.9], "#0072b2"],
      ["l2", "x", [0], [0.8], "#d55e00"],
      ["baseline", "x2", [0, 1], [0.85, 0.95], "#0072b2"],
      ["l2", "x2", [0], [0.85], "#d55e00"],
    ],
  );
  assertEquals(data.map(({ showlegend }) => showlegend), [true, true, false, false]);
  assertEquals(layout.xaxis?.range, [-0.4, 1.4]);
});

Deno.test("experimentStyle() gives each experiment a colour and a mark of its own", () => {
  const styles = EXPERIMENTS.map(({ name }) => experimentStyle(name));
  for (const field of ["colour", "symbol"] as const) {
    assertEquals(new Set(styles.map((style) => style[field])).size, EXPERIMENTS.length);
  }
  // Ten custom runs differ from them and from each other, and look the same the next time.
  const own = Array.from({ length: 10 }, (_, i) => experimentStyle(`own${i}`));
  const looks = [...styles, ...own].map(({ colour, symbol }) => `${colour} ${symbol}`);
  assertEquals(new Set(looks).size, 15);
  assertEquals(experimentStyle("own3"), own[3]!);
  assertEquals(typeof experimentStyle("constructor").colour, "string");
});

Deno.test("toSvg() puts points where their values are", () => {
  // A plotting area of 100 x 100 pixels from (10, 10); y grows upwards.
  const svg = toSvg(figure([{ type: "scatter", mode: "lines", x: [0, 1, 2], y: [0, 10, 5] }], {
    width: 120,
    height: 120,
    margin: { l: 10, r: 10, t: 10, b: 10 },
    xaxis: { range: [0, 2] },
    yaxis: { range: [0, 10] },
  }));
  assertStringIncludes(svg, 'd="M10 110L60 10L110 60"');
});

Deno.test("toSvg() writes the title, the axes' titles, the legend and the ticks", () => {
  const texts = textsOf(toSvg(
    figure([{ type: "bar", name: "films & more", x: ["train", "test"], y: [30, 10] }], {
      title: "How many",
      xaxis: { title: { text: "Set" } },
      yaxis: { title: { text: "Films" }, range: [0, 40] },
    }),
  ));
  for (const text of ["How many", "Set", "Films", "films &amp; more", "train", "test", "0", "40"]) {
    assert(texts.includes(text), `"${text}" is missing in ${texts}`);
  }
});

Deno.test("toSvg() has room for a legend of two rows above the plotting area", () => {
  const of = (names: string[]) =>
    figure(names.map((name) => ({ type: "scatter", mode: "lines", x: [0, 1], y: [0, 1], name })), {
      title: "T",
      height: 300,
    });
  const five = ["baseline", "l2", "dropout", "sharpness", "contrast"];
  const one = of([...five, "calibrated"]);
  const two = of([...five, "big-baseline", "big-l2"]);
  assertEquals([one.layout.height, two.layout.height], [300, 326]);
  assertEquals([one.layout.margin!.t, two.layout.margin!.t], [86, 112]);
  // ECharts moves a text to its place: its column and row are the numbers of the last matrix or
  // translation before it.
  const placeOf = (svg: string, name: string) => {
    const before = svg.slice(0, svg.indexOf(`>${name}</text>`));
    return [...before.matchAll(/translate\(([\d.]+) ([\d.]+)\)/g)].at(-1)!.slice(1).map(Number);
  };
  const svg = toSvg(two);
  const rows = [...five, "big-baseline", "big-l2"].map((name) => placeOf(svg, name)[1]!);
  assertEquals(new Set(rows).size, 2);
  assert(Math.max(...rows) < 112, `The legend reaches into the plotting area: ${rows}`);
});

Deno.test("toSvg() formats ticks as d3 does, and takes given ones", () => {
  const texts = textsOf(toSvg(
    figure([{ type: "scatter", mode: "lines", x: [0, 1], y: [0, 1] }], {
      xaxis: { range: [0, 1], tickvals: [0, 1], ticktext: ["none", "all"] },
      yaxis: { range: [0, 1], tickformat: ".0%" },
    }),
  ));
  assertEquals(texts.filter((text) => text !== "").toSorted(), [
    ...["0%", "100%", "20%", "40%", "60%", "80%", "all", "none"],
  ]);
});

Deno.test("toSvg() draws each mark in its own size", () => {
  const marks = { x: [1, 2], y: [1, 2], marker: { size: [4, 16] } };
  const svg = toSvg(figure([{ type: "scatter", mode: "markers", ...marks }], {}));
  // Of a circle of radius 1.
  const radii = [...svg.matchAll(/A1 1 .*?transform="matrix\((\d+),0,0,\1,/g)].map((m) => m[1]);
  assertEquals(radii, ["2", "8"]);
});

Deno.test("toSvg() draws marks in their full colour, not as transparent as ECharts does by itself", () => {
  const marks = toSvg(figure([{ type: "scatter", mode: "markers", x: [1], y: [1] }], {
    title: { text: "" },
  }));
  assertEquals(marks.match(/opacity="0?\.8"/g), null);
});

Deno.test("toSvg() begins bars at zero", () => {
  const texts = textsOf(toSvg(figure([{ type: "bar", x: ["a", "b"], y: [98, 99] }], {})));
  assert(texts.includes("0"), `no zero in ${texts}`);
});

Deno.test("toSvg() draws error bars to both ends", () => {
  const trace = {
    type: "scatter" as const,
    mode: "markers" as const,
    x: [0.5],
    y: ["network"],
    error_x: { type: "data" as const, array: [0.2], arrayminus: [0.4] },
  };
  const svg = toSvg(figure([trace], {
    width: 120,
    height: 120,
    margin: { l: 10, r: 10, t: 10, b: 10 },
    xaxis: { range: [0, 1] },
  }));
  assertMatch(svg, /d="M20 60L80 60"/);
});

Deno.test("toSvg() refuses what it does not draw", () => {
  assertThrows(
    () => toSvg(figure([{ type: "pie" }], {})),
    RangeError,
    'Cannot draw a trace of type "pie": scatter, bar and heatmap are drawn',
  );
  const unpaired = figure([{ type: "scatter", x: [1], y: [1], xaxis: "x2", yaxis: "y" }], {
    xaxis2: {},
  });
  assertThrows(() => toSvg(unpaired), RangeError, "axes x2 and y");
});

Deno.test("toSvg() puts ticks at about six round numbers inside of a range", () => {
  const ticks = (range: [number, number]) => {
    const axes = { xaxis: { range, title: { text: "x" } }, yaxis: { range: [0, 1], tickvals: [] } };
    const svg = toSvg(figure([{ type: "scatter", mode: "lines", x: [], y: [] }], axes));
    return textsOf(svg).filter((text) => text !== "" && text !== "x");
  };
  assertEquals(ticks([0, 1]), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
  assertEquals(ticks([0.85, 1.0045]), ["0.85", "0.9", "0.95", "1"]);
  assertEquals(ticks([-0.4, 19.4]), ["0", "5", "10", "15"]);
  assertEquals(ticks([0, 255]), ["0", "50", "100", "150", "200", "250"]);
});

Deno.test("shareRange() goes from below the lowest share to just above 1", () => {
  const [low, high] = shareRange([0.91, 0.99]);
  assertEquals(low, 0.9);
  assert(high > 1 && high < 1.01);
  assertEquals(shareRange([0])[0], 0);
});

/** Makes a run with its last epoch's confusion matrix: TN, FP, FN, TP. */
function runOf(experiment: string, [testTn, testFp, testFn, testTp]: number[]) {
  const last = { testTn, testFp, testFn, testTp } as Partial<EpochRow>;
  return { experiment, rows: rowsOf([{ testTn: 0, testFp: 0, testFn: 9, testTp: 9 }, last]) };
}

Deno.test("confusionFigure() counts rows by truth and columns by prediction", () => {
  const { data, layout } = confusionFigure([runOf("baseline", [30, 10, 1, 3])]);
  assertEquals(data[0]!.z, [[0.75, 0.25], [0.25, 0.75]]);
  assertEquals(
    layout.annotations!.slice(0, 4).map(({ text, x, y }) => [text, x, y]),
    [
      ["30<br>75.0%", "Healthy", "Healthy"],
      ["10<br>25.0%", "TB", "Healthy"],
      ["1<br>25.0%", "Healthy", "TB"],
      ["3<br>75.0%", "TB", "TB"],
    ],
  );
});

Deno.test("confusionFigure() shows a class without films, and five experiments, without a gap", () => {
  const drawn = confusionFigure(EXPERIMENTS.map(({ name }) => runOf(name, [4, 0, 0, 0])));
  assertEquals(drawn.data.map(({ xaxis }) => xaxis), ["x", "x2", "x3", "x4", "x5"]);
  assertEquals(drawn.data[4]!.z, [[1, 0], [0, 0]]);
  const texts = textsOf(toSvg(drawn));
  for (const { name } of EXPERIMENTS) assert(texts.includes(name), `${name} is missing`);
});

Deno.test("classBalanceFigure() has a bar for each class and set", () => {
  const count = (set: string, label: string, films: number) => ({
    set,
    label,
    films,
    first: "",
    last: "",
  });
  const { data } = classBalanceFigure([
    count("train", "Healthy", 3),
    count("train", "TB", 2),
    count("test", "Healthy", 1),
    count("test", "TB", 1),
  ]);
  assertEquals(data.map(({ name, x, y }) => [name, x, y]), [
    ["Healthy", ["train", "test"], [3, 1]],
    ["TB", ["train", "test"], [2, 1]],
  ]);
});

Deno.test("greyValuesFigure() draws each class's shares at the middles of the bins", () => {
  const shares = [75, 25, ...new Array(30).fill(0)];
  const { data } = greyValuesFigure([{ label: "Healthy", films: 2, shares }]);
  const [{ name, x, y }] = data as [{ name: string; x: number[]; y: number[] }];
  assertEquals([name, x.slice(0, 2), x[31], y.slice(0, 3)], [
    ...["Healthy (2 films)", [4, 12], 252, [75, 25, 0]],
  ]);
});

Deno.test("describeFigure() says a figure in words and numbers", () => {
  const drawn = figure([{ type: "scatter", name: "test", x: [0, 1], y: [0.5, 0.123456] }], {
    title: "F1",
    xaxis: { title: { text: "Epoch" } },
    yaxis: { title: { text: "F1 of TB" } },
  });
  assertEquals(
    describeFigure(drawn),
    "Figure: F1\nF1 of TB against Epoch\n  test: 0.5, 0.1235",
  );
});

Deno.test("toPng() draws letters with the project's font alone", async () => {
  const ink = async (text: string, family: string) => {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40">` +
      `<text x="5" y="30" font-size="30" font-family="${family}">${text}</text></svg>`;
    const { data } = await sharp(toPng(svg, { scale: 1 })).extractChannel("alpha").raw()
      .toBuffer({ resolveWithObject: true });
    return [...data].filter((alpha) => alpha > 127).length;
  };
  const [narrow, wide, nothing] = await Promise.all([
    ink("i", "DejaVu Sans"),
    ink("W", "DejaVu Sans"),
    ink(" ", "DejaVu Sans"),
  ]);
  assertEquals(nothing, 0);
  // Boxes in place of letters would all be the same.
  assert(narrow! > 20 && wide! > 2 * narrow!, `i has ${narrow} pixels, W ${wide}`);
  assertEquals(await ink("W", "No Such Font"), wide);
});

Deno.test("saveFigure() writes a PNG of the figure's size on a solid ground", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "visualize", "train_acc.png");
    const { layout, ...curves } = experimentCurves(
      { experiment: "baseline", rows: ROWS },
      { quantity: QUANTITIES.accuracy },
    );
    await saveFigure({ ...curves, layout }, path);
    const { width, height, format } = await sharp(path).metadata();
    assertEquals([format, width, height], ["png", 1.5 * 860, 1.5 * 420]);
    const { channels, isOpaque } = await sharp(path).stats();
    assert(isOpaque);
    assert(channels[0]!.mean > 230, "the ground is not white");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("filmsSvg() places films in rows, captions as text", async () => {
  const image = {
    width: 2,
    height: 2,
    channels: 1 as const,
    pixels: new Uint8Array([0, 50, 99, 255]),
  };
  const films = ["a", "b", "<c> & d"].map((caption) => ({ image, caption }));
  const svg = await filmsSvg(films, { columns: 2 });
  assertEquals(textsOf(svg), ["a", "b", "&lt;c> &amp; d"]);
  assertEquals([...svg.matchAll(/<image x="(\d+)" y="(\d+)"/g)].map(([, x, y]) => [x, y]), [
    ["0", "0"],
    ["212", "0"],
    ["0", "238"],
  ]);
  const { data } = await sharp(Buffer.from(toPng(svg, { scale: 1 }))).greyscale().raw()
    .toBuffer({ resolveWithObject: true });
  assertEquals(data[0], 0);
});

Deno.test("filmsSvg() puts a legend above the films, each colour with what it stands for", async () => {
  const image = { width: 1, height: 1, channels: 1 as const, pixels: new Uint8Array([9]) };
  const legend = evidenceLegend(["NORMAL", "PNEUMONIA"]);
  const svg = await filmsSvg([{ image, caption: "film" }], { columns: 2, legend });
  assertEquals(textsOf(svg), ["speaks for PNEUMONIA", "speaks for NORMAL", "film"]);
  const { data, info } = await sharp(Buffer.from(toPng(svg, { scale: 1 }))).removeAlpha().raw()
    .toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) => [...data.subarray(3 * (y * info.width + x)).subarray(0, 3)];
  assertEquals([at(5, 5), at(217, 5)], [[213, 94, 0], [0, 114, 178]]);
  assertEquals([at(100, 30), info.height], [[9, 9, 9], 26 + 200 + 26]);
});

Deno.test("difference() is mid-grey where films are the same, and stops at black and white", () => {
  const image = (pixels: number[]) => ({
    width: 4,
    height: 1,
    channels: 1 as const,
    pixels: Uint8Array.from(pixels),
  });
  const { pixels } = difference(image([9, 9, 9, 9]), image([9, 10, 255, 0]));
  assertEquals([...pixels], [128, 136, 255, 56]);
  assertThrows(
    () => difference(image([1, 2, 3, 4]), { ...image([1, 2, 3, 4]), width: 2, height: 2 }),
    RangeError,
    "Cannot compare films",
  );
});

/** The parts of a summary that figures read. */
const SUMMARY = {
  classes: ["Healthy", "TB"],
  best: { experiment: "l2" },
  experiments: [{ experiment: "l2", scores: { auc: { value: 0.9, low: 0.8, high: 0.95 } } }],
  shortcuts: [{ shortcut: "thumbnail", auc: { value: 0.7, low: 0.44, high: 0.9 } }],
  borders: {
    blanked: { value: 0.85, low: 0.7, high: 0.9 },
    borderAlone: { value: 0.5, low: 0.5, high: 0.5 },
  },
  deletion: [
    { method: "Grad-CAM", shares: [0, 0.5], byMap: [0.9, 0.2], byChance: [0.9, 0.6] },
    { method: "occlusion", shares: [0, 0.5], byMap: [0.9, 0.1], byChance: [0.9, 0.6] },
  ],
} as unknown as Summary;

Deno.test("aucFigure() has the experiments, the covered films and the shortcuts, with their intervals", () => {
  const { data, layout } = aucFigure(SUMMARY);
  assertEquals(data.map(({ x, y }) => [y, x].flat()), [
    ["l2", 0.9],
    ["l2, border blanked", 0.85],
    ["l2, border alone", 0.5],
    ["logistic regression: thumbnail", 0.7],
  ]);
  const { array, arrayminus } = data[0]!.error_x as unknown as Record<string, number[]>;
  assertEquals([array, arrayminus].map((ends) => ends![0]!.toFixed(6)), ["0.050000", "0.100000"]);
  assertEquals(layout.xaxis?.range, [0.4, 1.01]);
});

Deno.test("rocFigure() draws each experiment's curve in its colour, and chance", () => {
  const { data } = rocFigure([{
    experiment: "dropout",
    roc: [{ x: 0, y: 0 }, { x: 0.1, y: 0.8 }, { x: 1, y: 1 }],
    precisionRecall: [],
  }]);
  assertEquals(data.map(({ name, x, y }) => [name, x, y]), [
    ["dropout", [0, 0.1, 1], [0, 0.8, 1]],
    ["chance", [0, 1], [0, 1]],
  ]);
  assertEquals(data[0]!.line?.color, "#009e73");
});

Deno.test("deletionFigure() draws each method beside covering any places", () => {
  const { data } = deletionFigure(SUMMARY);
  assertEquals(data.map(({ name, y }) => [name, y]), [
    ["Grad-CAM: marked places first", [0.9, 0.2]],
    ["any places", [0.9, 0.6]],
    ["occlusion: marked places first", [0.9, 0.1]],
  ]);
});

Deno.test("evidenceFilms() colours evidence for TB vermilion, and evidence for Healthy blue", () =>
  inFolder(async (folder) => {
    const path = join(folder, "film.png");
    const raw = { width: 4, height: 4, channels: 1 } as const;
    await sharp(new Uint8Array(16).fill(100), { raw }).toColourspace("b-w").png().toFile(path);
    const maps = { occlusion: { cells: 2, values: [2, 0, 0, -1] } };
    const film = { filename: "film.png", label: 1, probability: 0.25, maps } as unknown as Case;
    const [plain, map] = await evidenceFilms([film], { pathOf: () => path, classes: CLASS_NAMES });
    assertEquals([plain!.caption, map!.caption], ["TB, called 25.0% TB", "occlusion"]);
    const { pixels, channels } = map!.image;
    const at = (x: number, y: number) => [...pixels.subarray((4 * y + x) * 3, (4 * y + x) * 3 + 3)];
    assertEquals(channels, 3);
    // 0.35 * 100 + 0.65 * (213, 94, 0); half of that weight for blue; nothing in the other corners.
    assertEquals(at(0, 0), [173, 96, 35]);
    assertEquals(at(3, 3), [68, 105, 125]);
    assertEquals(at(3, 0), [100, 100, 100]);
  }));

Deno.test("writeCurves() writes the assignment's pictures", async () => {
  const root = await Deno.makeTempDir();
  try {
    const rows = rowsOf([{ ...ROWS[0]!, testF1: 0.5, testAuc: 0.9 }]);
    const paths = await writeCurves({ experiment: "baseline", rows }, { root });
    const folder = join(root, "visualize", "baseline");
    assertEquals(paths.slice(0, 2), [
      "visualize/baseline/train_loss.png",
      "visualize/baseline/train_acc.png",
    ]);
    const written = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
    assertEquals(written.toSorted(), [
      ...["test_acc.png", "test_auc.png", "test_f_1.png", "test_loss.png"],
      ...["train_acc.png", "train_loss.png"],
    ]);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
