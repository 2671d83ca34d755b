import { assertEquals } from "@std/assert";
import { closest, suggest } from "@/common/closest.ts";

const NAMES = ["baseline", "l2", "dropout", "sharpness", "contrast"];

Deno.test("closest() finds a word with one or two letters missing, added or replaced", () => {
  const misspelt = ["basline", "baselines", "vaseline", "dropuot", "sharpnes", "contrasted"];
  assertEquals(
    misspelt.map((word) => closest(word, NAMES)),
    ["baseline", "baseline", "baseline", "dropout", "sharpness", "contrast"],
  );
});

Deno.test("closest() prefers the smallest distance, whatever the order of the words", () => {
  for (const words of [["seeds", "seed"], ["seed", "seeds"]]) {
    assertEquals([closest("see", words), closest("sedds", words)], ["seed", "seeds"]);
  }
});

Deno.test("closest() gives undefined if the distance is 3, or half of the word", () => {
  assertEquals(closest("baselin", ["baseline"]), "baseline");
  assertEquals(closest("baseline", ["baseli___"]), undefined);
  assertEquals([closest("L2", NAMES), closest("data", ["dams"])], [undefined, undefined]);
  assertEquals([closest("", NAMES), closest("films", [])], [undefined, undefined]);
});

Deno.test("suggest() asks before the rest of a message, and only if a word is close", () => {
  const rest = "the experiments are a few";
  assertEquals(
    suggest("basline", { words: NAMES, rest }),
    "did you mean baseline? The experiments are a few",
  );
  assertEquals(suggest("other", { words: NAMES, rest }), rest);
});
