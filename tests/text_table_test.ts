import { assertEquals } from "@std/assert";
import { textTable } from "@/text_table.ts";

Deno.test("textTable() puts numbers to the right and text to the left", () => {
  assertEquals(
    textTable([{ set: "train", films: 7, first: "a.png" }, {
      set: "test",
      films: 100,
      first: "b",
    }]),
    [
      "set    films  first",
      "-----  -----  -----",
      "train      7  a.png",
      "test     100  b",
    ].join("\n"),
  );
});

Deno.test("textTable() of no rows is empty", () => assertEquals(textTable([]), ""));
