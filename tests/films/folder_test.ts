import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { parseClasses } from "@/films/classes.ts";
import { TBX11K_CLASSES } from "@/films/film.ts";
import { describeLeftOut, listFilms, locateFilms } from "@/films/folder.ts";
import { inFolder } from "../in_folder.ts";

async function makeFiles(root: string, paths: string[]): Promise<void> {
  for (const path of paths) {
    await Deno.mkdir(join(root, path, ".."), { recursive: true });
    await Deno.writeTextFile(join(root, path), "");
  }
}

Deno.test("listFilms() lists the films of both classes alone", () =>
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

Deno.test("listFilms() detects DICOM films without an ending by their first bytes", () =>
  inFolder(async (root) => {
    await makeFiles(root, ["health/a.DICOM", "tb/README", "tb/1.2.3", "tb/x.5.txt"]);
    const reference = new URL("../reference/dicom/", import.meta.url);
    for (
      const [source, place] of [
        ["window.dcm", "tb/IM1"],
        ["window.dcm", "tb/1.2.840.10"],
        ["no_preamble.dcm", "tb/IM2"],
        ["no_meta_implicit.dcm", "tb/IM3"],
        ["no_meta_big_endian.dcm", "tb/IM4"],
        ["window.dcm", "tb/a.ima"],
      ] as const
    ) {
      await Deno.copyFile(new URL(source, reference), join(root, place));
    }
    await Deno.symlink(join(root, "nowhere"), join(root, "tb/link"));
    await Deno.symlink(join(root, "health"), join(root, "tb/folder"));
    const { films } = await listFilms(root);
    assertEquals(films.map(({ filename }) => filename), [
      ...["a.DICOM", "1.2.840.10", "IM1", "IM2", "IM3", "IM4"],
    ]);
    assertEquals(
      await describeLeftOut([root], { classes: TBX11K_CLASSES }),
      "Left out as no films: 1 .ima, 1 .txt, 4 without an ending",
    );
  }));

Deno.test("describeLeftOut() gives null where all files are films", () =>
  inFolder(async (root) => {
    await makeFiles(root, ["health/a.png", "tb/b.png", "tb/.hidden"]);
    assertEquals(await describeLeftOut([root], { classes: TBX11K_CLASSES }), null);
  }));

Deno.test("listFilms() finds the class folders in imgs, and other class folders", () =>
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

Deno.test("listFilms() accepts nested class folders", () =>
  inFolder(async (root) => {
    await makeFiles(root, ["Normal/images/1.png", "Normal/masks/1.png", "COVID/images/2.png"]);
    const classes = parseClasses("Normal/images=Normal,COVID/images=COVID");
    const { films } = await listFilms(root, { classes });
    assertEquals(films, [
      { filename: "1.png", label: "Normal" },
      { filename: "2.png", label: "COVID" },
    ]);
    const [first] = await locateFilms(films, { root, classes });
    assertEquals(first!.path, join(root, "Normal/images/1.png"));
  }));

Deno.test("listFilms() names the fault of a data folder", () =>
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
    await makeFiles(root, ["radiography/health/images/1.png", "radiography/tb/masks/1.png"]);
    await refuses("radiography", "/health holds folders (images) and no film. Name the one with");
    await refuses("radiography", "`deno task split --classes health/images=Healthy,...`");
    const places = ["a", "b"].flatMap((name) => [`given/train/${name}/1`, `given/test/${name}/1`]);
    await makeFiles(root, places);
    await refuses("given", "taken as they are with `deno task split --given train=FOLDER,test=");
    await makeFiles(root, ["windows/health/1.png", "windows/tb/a\\1.png"]);
    await refuses("windows", "in a CSV file, a backslash separates folders. Rename the file");
  }));

Deno.test("locateFilms() finds films in their class's folder and by their path", () =>
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
    await assertRejects(
      locate("link.png"),
      Error,
      `leads out of the data folder, to ${await Deno.realPath(folder)}/secret.png. If that ` +
        "film is meant, split with --follow-links",
    );
    const followed = { root, followLinks: true };
    const [film] = await locateFilms([{ filename: "link.png", label: "TB" }], followed);
    assertEquals(film!.path, join(root, "tb/link.png"));
    await Deno.symlink(join(root, "tb/gone.png"), join(root, "tb/dangling.png"));
    await assertRejects(
      locate("dangling.png"),
      Error,
      "dangling.png: it is a link to a missing file. Bring the file back, or remove the link",
    );
  }));
