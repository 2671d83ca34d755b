import { assertEquals, assertThrows } from "@std/assert";
import { parseCsv, toCsv } from "@/common/csv.ts";

Deno.test("toCsv() writes the columns in order with LF line ends, and parseCsv() reads them back", () => {
  const text = toCsv([{ b: 'x, "y"', a: 1 }, { a: 2, b: "" }], ["a", "b"]);
  assertEquals(text, 'a,b\n1,"x, ""y"""\n2,\n');
  assertEquals(parseCsv(text, "x.csv"), [["a", "b"], ["1", 'x, "y"'], ["2", ""]]);
  assertEquals(toCsv([], ["a", "b"]), "a,b\n");
});

Deno.test("parseCsv() names the file of a misplaced quote, and quotes little of it", () => {
  const error = assertThrows(
    () => parseCsv(`a,b\n1,"${"x".repeat(10_000)}\n`, "films.csv"),
    SyntaxError,
    "Cannot read films.csv as CSV: ",
  );
  assertEquals((error as Error).message.length < 300, true);
});
