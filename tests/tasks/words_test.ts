import { assertEquals } from "@std/assert";
import { findWordFaults } from "@/tasks/dev/words.ts";

const messages = (path: string, text: string) =>
  findWordFaults(path, text).map(({ line, message }) => `${line}: ${message}`);

Deno.test("findWordFaults() wants a verb before a function and a noun before a type", () => {
  const text = `/** The mean. */
export function mean() {}
/** Computes the mean. */
function mean2() {}
/**
 * What a run used.
 *
 * @module
 */
export interface Used {}
/** A run's settings. */
export type Settings = string;
`;
  assertEquals(messages("a.ts", text), [
    '1: the doc of mean() opens with "The", not with a verb',
    '5: the doc of Used opens with "What", not with a noun',
  ]);
});

Deno.test("findWordFaults() wants no What, Of or As before a field or a module", () => {
  const text = `/**
 * What a run is.
 * @module
 */
import "a";

interface Run {
  /** As in a table. */
  name: string;
  /** Whether it ended. */
  ended: boolean;
}
`;
  assertEquals(messages("a.ts", text), [
    '1: the doc opens with "What", not with a noun',
    '8: the doc opens with "As", not with a noun',
  ]);
});

Deno.test("findWordFaults() names phrases that the field does not use, in any kind of file", () => {
  const text =
    "A run is gone on with.\nThe scores of a set that there is not.\nIt was not begun.\n";
  const found = [
    '1: "gone on with": say resume',
    '2: "that there is not": say missing',
    '3: "was not begun": say start',
  ];
  assertEquals(messages("README.md", text), found);
  assertEquals(messages("a.ts", text), found);
});

Deno.test("findWordFaults() wants comments within 100 columns, and leaves code to the formatter", () => {
  const wide = "x".repeat(98);
  assertEquals(messages("a.ts", `// ${wide}\n"${wide}xxxxx"\n * ${wide.slice(2)}\n`), [
    "1: the comment has 101 columns, not 100 at most",
  ]);
});
