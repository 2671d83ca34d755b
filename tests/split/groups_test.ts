import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { type Film, TBX11K_CLASSES } from "@/films/film.ts";
import { readGroups } from "@/split/groups.ts";
import { inFolder } from "../in_folder.ts";

const film = (filename: string, label = "TB") => ({ filename, label });
const FILMS = [
  film("1.png", "Healthy"),
  film("2.png", "Healthy"),
  film("1.png"),
  film("more/3.png"),
];
const ROWS = ["health/1.png,Ann", "2.png,Ann", "tb/1.png,Ben", "more/3.png,Ben"];

/** Reads the patients of films from rows. */
async function read(
  rows: readonly string[],
  { header = "filename,group", films = FILMS }: { header?: string; films?: Film[] } = {},
): Promise<string[]> {
  const found: string[] = [];
  await inFolder(async (folder) => {
    const path = join(folder, "groups.csv");
    await Deno.writeTextFile(path, [header, ...rows, ""].join("\n"));
    found.push(...films.map(await readGroups(path, { films, classes: TBX11K_CLASSES })));
  });
  return found;
}

Deno.test("readGroups() finds the patient of each film by its name or path, in any order", async () => {
  assertEquals(await read(ROWS), ["Ann", "Ann", "Ben", "Ben"]);
  assertEquals(await read(ROWS.toReversed()), ["Ann", "Ann", "Ben", "Ben"]);
  // Windows writes paths with backslashes.
  const rows = ROWS.map((row) => row.replaceAll("/", "\\"));
  assertEquals(await read(rows), ["Ann", "Ann", "Ben", "Ben"]);
  // Films in the data folder itself.
  assertEquals(await read(["1.png,Ann"], { films: [film("./1.png")] }), ["Ann"]);
});

Deno.test("readGroups() names a film that is unknown, missing, listed twice, or one of two", async () => {
  const refuses = (rows: string[], message: string) =>
    assertRejects(() => read(rows), RangeError, message);
  await refuses(
    [...ROWS, "4.png,Cy"],
    "groups.csv: row 6 (4.png,Cy) is none of the films to split. Remove the row",
  );
  await refuses(
    ROWS.toSpliced(1, 1),
    "groups.csv: 1 of 4 films are missing, such as health/2.png. Add a row for each",
  );
  await refuses([...ROWS, "2.png,Cy"], "row 6 (2.png,Cy) lists its film again. Keep one");
  await refuses([...ROWS, "health/2.png,Ann"], "row 6 (health/2.png,Ann) lists its film again");
  await refuses(
    ["1.png,Ann"],
    "row 2 (1.png,Ann) may be health/1.png or tb/1.png. Write the path instead",
  );
  await refuses(["2.png,"], "row 2 (2.png,) names no group: write the film's patient");
});

Deno.test("readGroups() refuses other columns, and names a file that is missing", async () => {
  for (const header of ["filename,label", "group,filename", '"filename,group"', ""]) {
    await assertRejects(() => read(ROWS, { header }), SyntaxError, "groups.csv");
  }
  const options = { films: FILMS, classes: TBX11K_CLASSES };
  await assertRejects(() => readGroups("/none.csv", options), Error, "/none.csv: there is no such");
});
