import { assert, assertEquals } from "@std/assert";
import { readText } from "@/common/files.ts";
import { fromRoot } from "@/common/paths.ts";

/** Runs the command without configuration, packages and permissions, and gives its lines. */
async function helpLines(): Promise<string[]> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-config", "--no-lock", "--no-npm", "--no-remote", "--no-prompt"],
      fromRoot("lib/tasks/help.ts"),
    ],
    env: { NO_COLOR: "1" },
  }).output();
  assertEquals(code, 0);
  return new TextDecoder().decode(stdout).split("\n");
}

/** Gives the names that help lists, those for users first. */
async function listedNames(): Promise<string[][]> {
  const groups = (await helpLines()).join("\n").split("To change the project:");
  return groups.map((group) => [...group.matchAll(/^ {2}(\S+)/gm)].map(([, name]) => name!));
}

Deno.test("the commands that help lists are those of deno.json, in the same order", async () => {
  const { tasks } = JSON.parse(await readText(fromRoot("deno.json")));
  assertEquals((await listedNames()).flat(), Object.keys(tasks));
});

Deno.test("the README's two tables list the same commands as help, in the same order", async () => {
  const tables = (await readText(fromRoot("README.md"))).split(/^\| command +\|.*\n/m).slice(1);
  const listed = tables.map((table) =>
    [...table.matchAll(/^\| `deno task ([\w-]+)/gm)].map(([, name]) => name)
  );
  assertEquals(listed, await listedNames());
});

Deno.test("deno task help prints a line per command, without configuration, packages and permissions", async () => {
  const lines = await helpLines();
  assert(lines.every(({ length }) => length <= 100));
  assertEquals(lines[0], "For users:");
  assert((await listedNames()).every((names) => names.length > 0));
});
