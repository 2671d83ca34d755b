/**
 * The documented behaviour of `jsr:@std/csv`, which its adapter in `.jsr/` must share.
 */
import { assertEquals, assertThrows } from "@std/assert";
import { parse, stringify } from "@std/csv";

Deno.test("parse() returns the fields of each row, with LF or CRLF line ends", () => {
  assertEquals(parse("a,b\nc,d\n"), [["a", "b"], ["c", "d"]]);
  assertEquals(parse("a,b\r\nc,d"), [["a", "b"], ["c", "d"]]);
  assertEquals(parse(""), []);
  assertEquals(parse(" a ,\n"), [[" a ", ""]]);
});

Deno.test("parse() reads commas, quotes and line ends in quoted fields", () => {
  assertEquals(parse('"a,b","c ""d""","e\nf"\n'), [["a,b", 'c "d"', "e\nf"]]);
  assertEquals(parse('""\n'), [[""]]);
});

Deno.test("parse() skips a byte-order mark and empty lines", () => {
  assertEquals(parse("\ufeffa,b\n\nc,d\n"), [["a", "b"], ["c", "d"]]);
});

Deno.test("parse() names fields by the first row, or by the given columns", () => {
  const text = "filename,label\nä.png,TB\n";
  assertEquals(parse(text, { skipFirstRow: true }), [{ filename: "ä.png", label: "TB" }]);
  assertEquals(parse(text, { skipFirstRow: true, columns: ["a", "b"] }), [{ a: "ä.png", b: "TB" }]);
  assertEquals(parse("x,y\n", { columns: ["a", "b"] }), [{ a: "x", b: "y" }]);
  assertEquals(parse("filename,label\n", { skipFirstRow: true }), []);
});

Deno.test("parse() throws a SyntaxError for misplaced quotes and for rows that do not fit the columns", () => {
  assertThrows(() => parse('a"b,c\n'), SyntaxError);
  assertThrows(() => parse('"a"b,c\n'), SyntaxError);
  assertThrows(() => parse('"a,b\n'), SyntaxError);
  assertThrows(() => parse("a,b\nc\n", { skipFirstRow: true }), SyntaxError);
  assertThrows(() => parse("a,b\nc,d,e\n", { skipFirstRow: true }), SyntaxError);
});

Deno.test("stringify() ends lines with CRLF, and quotes fields that need it", () => {
  assertEquals(stringify([["a", 'b "c"'], ["d,e", "f\r\ng"]]), 'a,"b ""c"""\r\n"d,e","f\r\ng"\r\n');
  assertEquals(stringify([[1, true, null, undefined, 0.1]]), "1,true,,,0.1\r\n");
});

Deno.test("stringify() writes the given columns of objects, with or without a header", () => {
  const rows = [{ a: 1, b: "x", c: 3 }, { b: "y", a: 2 }];
  assertEquals(stringify(rows, { columns: ["b", "a"] }), "b,a\r\nx,1\r\ny,2\r\n");
  assertEquals(stringify(rows, { columns: ["b", "a"], headers: false }), "x,1\r\ny,2\r\n");
  assertEquals(stringify([], { columns: ["a", "b"] }), "a,b\r\n");
  assertThrows(() => stringify(rows), TypeError);
});

Deno.test("parse() reads back text of stringify()", () => {
  const rows = [{ a: 'x,"y"', b: "" }, { a: "\r\n", b: " z" }];
  assertEquals(parse(stringify(rows, { columns: ["a", "b"] }), { skipFirstRow: true }), rows);
});
