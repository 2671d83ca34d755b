import { assertEquals, assertThrows } from "@std/assert";
import { inSentence, parseClasses, requireClasses } from "@/films/classes.ts";

Deno.test("parseClasses() reads folders, and labels if there are any", () => {
  assertEquals(parseClasses("NORMAL, PNEUMONIA"), [
    { folder: "NORMAL", label: "NORMAL" },
    { folder: "PNEUMONIA", label: "PNEUMONIA" },
  ]);
  assertEquals(parseClasses("0=No finding,1=TB"), [
    { folder: "0", label: "No finding" },
    { folder: "1", label: "TB" },
  ]);
  // The COVID-19 Radiography Database has images and masks in each class's folder.
  assertEquals(parseClasses("Normal/images=Normal,COVID/images=COVID-19"), [
    { folder: "Normal/images", label: "Normal" },
    { folder: "COVID/images", label: "COVID-19" },
  ]);
});

Deno.test("parseClasses() refuses text without two different classes", () => {
  for (
    const text of [
      "",
      "a",
      "a,b,c",
      "a,a",
      "a=x,b=x",
      "a,",
      "../a,b",
      "a/../b=x,c",
      "a//b=x,c",
      "/a=x,c",
      ".,b",
      "..,b",
      "a=,b",
    ]
  ) {
    assertThrows(() => parseClasses(text), RangeError, "as classes: two different folders");
  }
});

Deno.test("requireClasses() refuses other values", () => {
  for (const value of [null, {}, [null, null], [{ folder: 1, label: 2 }, {}]]) {
    assertThrows(() => requireClasses(value), RangeError, "as classes: two different folders");
  }
});

Deno.test("inSentence() writes words in lower case, and keeps abbreviations", () => {
  const names = ["Healthy", "Normal", "TB", "PNEUMONIA", "COVID-19", "No finding"];
  assertEquals(names.map(inSentence), [
    ...["healthy", "normal", "TB", "PNEUMONIA", "COVID-19", "No finding"],
  ]);
});
