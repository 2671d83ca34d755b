import { assertEquals, assertStringIncludes } from "@std/assert";
import { tableBundle, textTable } from "@/common/table.ts";

Deno.test("tableBundle() gives HTML and text, with numbers to the right", () => {
  const bundle = tableBundle([{ Set: "train", Films: 144 }, { Set: "test", Films: 36 }], {
    title: "Films",
  });
  assertEquals(
    bundle["text/plain"],
    "Films\n\nSet    Films\n-----  -----\ntrain    144\ntest      36",
  );
  const html = String(bundle["text/html"]);
  assertStringIncludes(html, '<td style="text-align: right; white-space: nowrap">144</td>');
  assertStringIncludes(html, '<td style="text-align: left; white-space: nowrap">train</td>');
});

Deno.test("tableBundle() shows markup as text", () => {
  const html = String(
    tableBundle([{ "<b>": '<img src=x onerror="alert(1)">&' }], { title: "<script>" })["text/html"],
  );
  assertStringIncludes(html, "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;</td>");
  assertStringIncludes(html, "&lt;script&gt;");
  assertStringIncludes(html, ">&lt;b&gt;</th>");
});

Deno.test("tableBundle() shows that there are no rows", () => {
  const { "text/plain": text, "text/html": html } = tableBundle([], { title: "Pairs" });
  assertEquals([text, html], ["Pairs: none", "<p><b>Pairs</b>: none</p>"]);
});

Deno.test("tableBundle() aligns texts that are numbers to the right, and keeps short texts in one line", () => {
  const html = String(
    tableBundle([{ a: "1,234.5", b: "2.21.0", c: "word ".repeat(20) }], { title: "" })["text/html"],
  );
  assertStringIncludes(html, '<td style="text-align: right; white-space: nowrap">1,234.5</td>');
  assertStringIncludes(html, '<td style="text-align: left; white-space: nowrap">2.21.0</td>');
  assertStringIncludes(html, '<td style="text-align: left; min-width: 20em">word ');
});

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
