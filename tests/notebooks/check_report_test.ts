import { assertEquals } from "@std/assert";
import type { Appearance, CheckedFilm } from "@/films/check.ts";
import { TBX11K_CLASSES } from "@/films/film.ts";
import { greyShares, meanShares } from "@/films/grey_values.ts";
import { checksTable, sizesTable, summarizeCheck } from "@/notebooks/check_report.ts";

/** Makes a film one pixel high. */
const film = (...pixels: number[]) => ({
  ...{ width: pixels.length, height: 1, channels: 1 as const },
  pixels: Uint8Array.from(pixels),
});

Deno.test("greyShares() counts eight grey values together, in percent", () => {
  // Bins of 8 values: 7 is in the first, 8 in the second, 255 in the last of 32.
  const shares = [...greyShares(film(7, 8, 8, 255))];
  assertEquals([shares.slice(0, 3), shares[31]], [[25, 50, 0], 25]);
  assertEquals(meanShares([greyShares(film(0)), greyShares(film(8))]).slice(0, 3), [50, 50, 0]);
});

const checked = (filename: string, label: 0 | 1, set: string): CheckedFilm => ({
  ...{ path: `/films/${filename}`, filename, label, set },
});

const SPLIT = {
  train: [{ filename: "h2.png", label: "Healthy" }, { filename: "tb2.png", label: "TB" }],
  test: [{ filename: "h1.png", label: "Healthy" }, { filename: "tb1.png", label: "TB" }],
  validation: null,
};

const FILMS = [
  checked("h1.png", 0, "test"),
  checked("h2.png", 0, "train"),
  checked("tb1.png", 1, "test"),
];

const CHECK = summarizeCheck({
  findings: [
    { kind: "identical across sets", severity: "error", films: FILMS.slice(0, 2), detail: "" },
    { kind: "truncated", severity: "error", films: [checked("tb2.png", 1, "train")], detail: "" },
  ],
  appearances: FILMS.map((film, i): Appearance => ({
    film,
    size: i === 1 ? "64 x 64, RGB" : "512 x 512, grey",
    greys: new Float64Array(32).fill(i),
  })),
}, { split: SPLIT, classes: TBX11K_CLASSES, scope: "all films" });

Deno.test("summarizeCheck() has sizes and grey values by class, and names films by their places", () => {
  assertEquals(sizesTable(CHECK).map((row) => Object.values(row)), [
    ["Healthy", "512 x 512, grey", 1],
    ["Healthy", "64 x 64, RGB", 1],
    ["TB", "512 x 512, grey", 1],
  ]);
  assertEquals(CHECK.greys.map(({ label, films, shares }) => [label, films, shares[0]]), [
    ["Healthy", 2, 0.5],
    ["TB", 1, 2],
  ]);
  assertEquals(CHECK.findings.map(({ films }) => films), [
    ["health/h1.png (test)", "health/h2.png (train)"],
    ["tb/tb2.png (train)"],
  ]);
});

Deno.test("checksTable() lists all kinds of findings, and the first film of each", () => {
  const rows = checksTable(CHECK).map((row) => Object.values(row));
  assertEquals(rows.length, 11);
  assertEquals(rows.filter(([, found]) => found !== 0), [
    ["cannot be read", 1, "tb/tb2.png (train)"],
    ["the same film in two sets", 1, "health/h1.png (test) and health/h2.png (train)"],
  ]);
});
