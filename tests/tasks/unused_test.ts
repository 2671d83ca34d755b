import { assertEquals } from "@std/assert";
import { findUnused } from "@/tasks/dev/unused.ts";

const A = {
  path: "films/a.ts",
  text: `/** Uses Alone in a comment. */
export function used(options: Options): void {}
export async function* alone() {}
export const LIMIT = 1;
export interface Options {}
export type Alone = string;
`,
};

Deno.test("findUnused() names values that nothing imports, and types that nothing mentions", () => {
  assertEquals(findUnused([A], []), [
    ...["films/a.ts: used", "films/a.ts: alone", "films/a.ts: LIMIT", "films/a.ts: Alone"],
  ]);
});

Deno.test("findUnused() counts every kind of import as a use, in modules and in further texts", () => {
  const modules = [
    { path: "split/b.ts", text: 'import { type Alone, used as taken } from "@/films/a.ts";' },
    { path: "films/c.ts", text: 'const { alone } = await import("./a.ts");' },
  ];
  const cell = 'import * as a from "@/films/a.ts";\n\na.LIMIT;';
  assertEquals(findUnused([A, ...modules], [cell]), []);
  assertEquals(findUnused([A, ...modules], []), ["films/a.ts: LIMIT"]);
  const other = { path: "split/a.ts", text: A.text };
  assertEquals(
    findUnused([A, ...modules, other], [cell]).every((name) => /^split/.test(name)),
    true,
  );
});
