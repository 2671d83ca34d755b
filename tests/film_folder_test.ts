import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { listFilms, locateFilms } from "@/film_folder.ts";
import { inFolder } from "./in_folder.ts";

async function makeFiles(root: string, paths: string[]): Promise<void> {
  for (const path of paths) {
    await Deno.mkdir(join(root, path, ".."), { recursive: true });
    await Deno.writeTextFile(join(root, path), "");
  }
}

Deno.test("listFilms() lists the films of both classes and nothing else", () =>
  inFolder(async (root) => {
    await makeFiles(root, [
      "health/h2.png",
      "health/h1.JPG",
      "tb/t1.dcm",
      "tb/notes.txt",
      "tb/.x.png",
    ]);
    const { films, root: found } = await listFilms(root);
    assertEquals(found, root);
    assertEquals(films.map(({ filename, label }) => `${label} ${filename}`).sort(), [
      "Healthy h1.JPG",
      "Healthy h2.png",
      "TB t1.dcm",
    ]);
  }));

Deno.test("listFilms() takes a folder whose imgs holds the class folders, and other class folders", () =>
  inFolder(async (root) => {
    await makeFiles(root, [
      "imgs/health/a.png",
      "imgs/tb/b.png",
      "NORMAL/1.png",
      "PNEUMONIA/1.png",
    ]);
    assertEquals((await listFilms(root)).root, join(root, "imgs"));
    const kermany = await listFilms(root, {
      classes: [{ folder: "NORMAL", label: "Normal" }, { folder: "PNEUMONIA", label: "Pneumonia" }],
    });
    assertEquals(kermany.films, [
      { filename: "1.png", label: "Normal" },
      { filename: "1.png", label: "Pneumonia" },
    ]);
  }));

Deno.test("listFilms() says what is wrong with a data folder", () =>
  inFolder(async (root) => {
    const refuses = (folder: string, message: string) =>
      assertRejects(() => listFilms(join(root, folder)), Error, message);
    await makeFiles(root, ["file.png", "other/a/x.png", "half/health/a.png", "none/health/a.txt"]);
    await Deno.mkdir(join(root, "empty"));
    await Deno.mkdir(join(root, "none/tb"));
    await refuses("missing", "there is no such folder. Name the folder");
    await refuses("file.png", "it is a file");
    await refuses("empty", "it has no folder health and no folder tb (in it: no folder)");
    await refuses("other", "(in it: a)");
    await refuses("half", "it has no folder tb (in it: health)");
    await refuses("none", "holds no film");
  }));

Deno.test("locateFilms() finds films in their class's folder or by their path", () =>
  inFolder(async (root) => {
    await makeFiles(root, ["health/1.png", "tb/1.png", "more/x.png"]);
    const films = [
      { filename: "1.png", label: "Healthy" },
      { filename: "1.png", label: "TB" },
      { filename: "more/x.png", label: "TB" },
    ];
    assertEquals(await locateFilms(films, { root }), [
      { path: join(root, "health/1.png"), filename: "1.png", label: 0 },
      { path: join(root, "tb/1.png"), filename: "1.png", label: 1 },
      { path: join(root, "more/x.png"), filename: "more/x.png", label: 1 },
    ]);
  }));

Deno.test("locateFilms() refuses films that are missing, unknown, or links out of the folder", () =>
  inFolder(async (folder) => {
    const root = join(folder, "imgs");
    await makeFiles(folder, ["imgs/tb/1.png", "secret.png"]);
    await Deno.symlink(join(folder, "secret.png"), join(root, "tb/link.png"));
    const locate = (filename: string, label = "TB") => () =>
      locateFilms([{ filename, label }], { root });
    await assertRejects(locate("2.png"), Error, "Cannot find 1 of 1 films");
    await assertRejects(locate("1.png", "Sick"), RangeError, 'its label "Sick" is unknown');
    await assertRejects(locate("link.png"), Error, "leads out of the data folder");
    await Deno.symlink(join(root, "tb/gone.png"), join(root, "tb/dangling.png"));
    await assertRejects(
      locate("dangling.png"),
      Error,
      "dangling.png: it is a link to a file that is not there. Bring the file back, or remove the link",
    );
  }));
