import {
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
  assertStringIncludes,
} from "@std/assert";
import { MATCHED_REPORT, matchFilms, type ScoredFilm } from "@/analysis/matched.ts";
import { createPrng } from "@/common/random.ts";

/** Films for each class, and folds of the cross-validation. */
const [FILMS, FOLDS] = [600, 3];

/** Makes films, and gives the folds of a cross-validation. */
function madeFolds(
  { films = FILMS, marked, use }: {
    films?: number;
    /** Share of the films of class 0 and of class 1 that have a mark in the border. */
    marked: readonly [number, number];
    /** Weight of the mark in the network's score. */
    use: number;
  },
) {
  const prng = createPrng("films");
  const all = Array.from({ length: 2 * films }, (_, i): ScoredFilm => {
    const label = i % 2;
    const hasMark = prng.uniform() < marked[label]!;
    const border = Array.from({ length: 4 }, () => 60 + 10 * prng.normal());
    if (hasMark) border[2] = 250;
    const other = Float64Array.of(0);
    return {
      label,
      features: {
        border: Float64Array.from(border),
        thumbnail: other,
        "grey statistics": other,
      },
      score: prng.normal() + label + (hasMark ? use : 0),
    };
  });
  return Array.from({ length: FOLDS }, (_, fold) => ({
    train: all.filter((_, i) => Math.floor(i / 2) % FOLDS !== fold),
    test: all.filter((_, i) => Math.floor(i / 2) % FOLDS === fold),
  }));
}

const BORDER = { shortcut: "border" } as const;
const PLANTED = [0.15, 0.85] as const;

Deno.test("matchFilms() takes a planted mark from the border, and from the network that uses it", () => {
  const found = matchFilms(madeFolds({ marked: PLANTED, use: 2 }), BORDER);
  const without = matchFilms(madeFolds({ marked: PLANTED, use: 0 }), BORDER);
  assertAlmostEquals(found.before.shortcut, 0.85, 0.03);
  assertAlmostEquals(found.after.shortcut.value, 0.5, 0.06);
  assertGreater(found.before.balance.largest, 1.5);
  // Chance leaves a difference of 0.1 between 185 and 185 films, the largest of four is more.
  assertLess(found.after.balance.largest, 0.3);
  assertLess(found.after.balance.mean, 0.15);
  // Of two normal distributions one apart, the area is Phi(1 / sqrt(2)) = 0.760.
  assertGreater(found.before.network, 0.9);
  assertEquals(found.pairs, without.pairs);
  assertAlmostEquals(found.after.network.value, without.after.network.value, 0.01);
  assertLess(found.after.network.low, 0.76);
  assertGreater(found.after.network.high, 0.76);
  assertEquals(matchFilms(madeFolds({ marked: PLANTED, use: 2 }), BORDER), found);
});

Deno.test("matchFilms() says in a sentence what it found", () => {
  const { words, pairs, before, after } = matchFilms(
    madeFolds({ marked: PLANTED, use: 2 }),
    BORDER,
  );
  const percent = (share: number) => (100 * share).toFixed(1);
  const { value, low, high } = after.network;
  assertEquals(
    words,
    `On ${pairs} pairs of films that the border cannot tell apart (AUC ` +
      `${after.shortcut.value.toFixed(2)} refitted, ${before.shortcut.toFixed(2)} before), the ` +
      `network ranks ${percent(value)}% [${percent(low)}, ${percent(high)}] rightly; ` +
      `${percent(before.network)}% on all test films.`,
  );
});

Deno.test("matchFilms() says so where the border still tells the pairs apart", () => {
  // The place of the mark is the same in all training films, so that it gets no weight.
  const folds = madeFolds({ marked: PLANTED, use: 2 }).map(({ train, test }) => ({
    train: train.map((film) => {
      const border = film.features.border.with(2, 60);
      return { ...film, features: { ...film.features, border } };
    }),
    test,
  }));
  const { after, words } = matchFilms(folds, BORDER);
  assertGreater(after.shortcut.low, 0.7);
  assertStringIncludes(words, "pairs of films that the border can still tell apart (AUC 0.8");
});

Deno.test("matchFilms() leaves the score within its interval where there is no shortcut", () => {
  const { before, after, pairs } = matchFilms(madeFolds({ marked: [0, 0], use: 2 }), BORDER);
  assertGreater(pairs, 0.8 * FILMS);
  assertAlmostEquals(before.shortcut, 0.5, 0.06);
  assertLess(after.network.low, before.network);
  assertGreater(after.network.high, before.network);
});

Deno.test("matchFilms() gives no number of the network where the mark tells all films apart", () => {
  const report = matchFilms(madeFolds({ marked: [0, 1], use: 2 }), BORDER);
  assertEquals(report.pairs, 0);
  assertEquals(report.before.shortcut, 1);
  assertEquals(report.after.network, { value: NaN, low: NaN, high: NaN });
  assertEquals(
    report.words,
    "Too few films look alike to the border (AUC 1.00 before) to ask what the network's score is " +
      "without it: 0 pairs, not 50 at least; 98.2% on all test films.",
  );
});

Deno.test("matchFilms() gives no number of the network of fewer than 50 pairs", () => {
  const { pairs, after } = matchFilms(madeFolds({ films: 50, marked: [0, 0], use: 0 }), BORDER);
  assertLess(pairs, 50);
  assertEquals(after.network.value, NaN);
  assertEquals(after.shortcut.value, NaN);
});

Deno.test("matchFilms() writes a report that can be read again", () => {
  for (const marked of [PLANTED, [0, 1]] as const) {
    const report = matchFilms(madeFolds({ marked, use: 1 }), BORDER);
    assertEquals(MATCHED_REPORT.parse(JSON.parse(JSON.stringify(report))), report);
  }
});

Deno.test("matchFilms() makes no pairs of fewer than two test films of a class", () => {
  for (const few of [0, 1]) {
    const folds = madeFolds({ marked: PLANTED, use: 1 }).slice(0, 1).map(({ train, test }) => ({
      train,
      test: [
        ...test.filter(({ label }) => label === 0).slice(0, few),
        ...test.filter(({ label }) => label === 1),
      ],
    }));
    const { pairs, before, after, words } = matchFilms(folds, BORDER);
    assertEquals([pairs, before.balance.largest, after.network.value], [0, NaN, NaN]);
    assertStringIncludes(words, "Too few films look alike to the border");
  }
});
