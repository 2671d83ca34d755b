import { assertEquals, assertThrows } from "@std/assert";
import { inSentence, parseClasses, requireClasses } from "@/film_classes.ts";

Deno.test("parseClasses() reads folders, and labels where they are given", () => {
  assertEquals(parseClasses("NORMAL, PNEUMONIA"), [
    { folder: "NORMAL", label: "NORMAL" },
    { folder: "PNEUMONIA", label: "PNEUMONIA" },
  ]);
  assertEquals(parseClasses("0=No finding,1=TB"), [
    { folder: "0", label: "No finding" },
    { folder: "1", label: "TB" },
  ]);
});

Deno.test("parseClasses() refuses all but two different classes", () => {
  for (const text of ["", "a", "a,b,c", "a,a", "a=x,b=x", "a,", "../a,b", ".,b", "..,b", "a=,b"]) {
    assertThrows(() => parseClasses(text), RangeError, "as classes: two different folders");
  }
});

Deno.test("requireClasses() refuses what is no classes", () => {
  for (const value of [null, {}, [null, null], [{ folder: 1, label: 2 }, {}]]) {
    assertThrows(() => requireClasses(value), RangeError, "as classes: two different folders");
  }
});

Deno.test("inSentence() writes words small, and abbreviations as they are", () => {
  const names = ["Healthy", "Normal", "TB", "PNEUMONIA", "COVID-19", "No finding"];
  assertEquals(names.map(inSentence), [
    ...["healthy", "normal", "TB", "PNEUMONIA", "COVID-19", "No finding"],
  ]);
});
