import { assert, assertEquals, assertRejects } from "@std/assert";
import { dirname, join } from "node:path";
import { copySets } from "@/split_copies.ts";
import { inFolder } from "./in_folder.ts";

const film = (filename: string, label = "TB") => ({ filename, label });
const SPLIT = {
  train: [film("1.png", "Healthy"), film("1.png"), film("more/x.png")],
  test: [film("2.png")],
};
const PLACES = ["train/health/1.png", "train/tb/1.png", "train/more/x.png", "test/tb/2.png"];

/** Runs a test with the films of the split in `imgs`, each with its own path in it. */
function withFilms(
  test: (
    folders: { root: string; folder: string; film: (place: string) => string },
  ) => Promise<void>,
): Promise<void> {
  return inFolder(async (parent) => {
    const root = join(parent, "imgs");
    for (const place of PLACES.map((place) => place.replace(/^\w+\//, ""))) {
      await Deno.mkdir(dirname(join(root, place)), { recursive: true });
      await Deno.writeTextFile(join(root, place), place);
    }
    await test({ root, folder: join(parent, "dataset"), film: (place) => join(root, place) });
  });
}

const filesIn = async (folder: string): Promise<string[]> => {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  const found = entries.map(({ name, isDirectory }) =>
    isDirectory ? filesIn(join(folder, name)) : [join(folder, name)]
  );
  return (await Promise.all(found)).flat().sort();
};

Deno.test("copySets() links each film into its set's folder, and does nothing the second time", () =>
  withFilms(async ({ root, folder, film }) => {
    const done: number[] = [];
    assertEquals(await copySets(SPLIT, { root, folder, onFilm: (films) => done.push(films) }), 4);
    assertEquals(done, [1, 2, 3, 4]);
    assertEquals(await filesIn(folder), PLACES.map((place) => join(folder, place)).sort());
    assertEquals(await Deno.readTextFile(join(folder, "train/health/1.png")), "health/1.png");
    const [original, link] = [film("tb/1.png"), join(folder, "train/tb/1.png")].map(Deno.statSync);
    assertEquals(original!.ino, link!.ino);
    assertEquals(await copySets(SPLIT, { root, folder }), 0);
  }));

Deno.test("copySets() copies where no link can be made, and finds its copies again", () =>
  withFilms(async ({ root, folder }) => {
    // Another file system, if this machine has one.
    const shared = "/dev/shm";
    const other = await Deno.makeTempDir(await isFolder(shared) ? { dir: shared } : {});
    try {
      const to = join(other, "dataset");
      assertEquals(await copySets(SPLIT, { root, folder: to }), 4);
      assertEquals(await Deno.readTextFile(join(to, "test/tb/2.png")), "tb/2.png");
      assertEquals(await copySets(SPLIT, { root, folder: to }), 0);
    } finally {
      await Deno.remove(other, { recursive: true });
    }
    assert(!await isFolder(folder));
  }));

const isFolder = (path: string) =>
  Deno.stat(path).then(({ isDirectory }) => isDirectory, () => false);

Deno.test("copySets() goes on after an interruption and mends what is damaged", () =>
  withFilms(async ({ root, folder, film }) => {
    await copySets(SPLIT, { root, folder });
    const half = join(folder, "train/tb/1.png");
    await Deno.remove(half);
    await Deno.writeTextFile(half, "tb/1.pnG");
    await Deno.writeTextFile(`${half}.${crypto.randomUUID()}.tmp`, "t");
    await Deno.remove(join(folder, "test"), { recursive: true });
    assertEquals(await copySets(SPLIT, { root, folder }), 2);
    assertEquals(await Deno.readTextFile(half), "tb/1.png");
    assertEquals((await filesIn(folder)).length, 4);
    assertEquals(await Deno.readTextFile(film("tb/1.png")), "tb/1.png");
  }));

Deno.test("copySets() takes films out of a set that they have left, so that none is in both", () =>
  withFilms(async ({ root, folder, film: path }) => {
    await copySets(SPLIT, { root, folder });
    const swapped = { train: [film("2.png"), film("more/x.png")], test: [film("1.png")] };
    assertEquals(await copySets(swapped, { root, folder }), 2);
    assertEquals(
      await filesIn(folder),
      ["test/tb/1.png", "train/more/x.png", "train/tb/2.png"].map((place) => join(folder, place)),
    );
    assertEquals(await Deno.readTextFile(path("tb/2.png")), "tb/2.png");
  }));

Deno.test("copySets() follows a link to the film", () =>
  withFilms(async ({ root, folder, film: path }) => {
    await Deno.rename(path("tb/2.png"), path("tb/real.png"));
    await Deno.symlink("real.png", path("tb/2.png"));
    await copySets(SPLIT, { root, folder });
    assert(!(await Deno.lstat(join(folder, "test/tb/2.png"))).isSymlink);
    assertEquals(await Deno.readTextFile(join(folder, "test/tb/2.png")), "tb/2.png");
  }));

Deno.test("copySets() refuses a missing film, and a folder that holds anything else", () =>
  withFilms(async ({ root, folder, film: path }) => {
    await Deno.mkdir(join(folder, "test"), { recursive: true });
    await Deno.writeTextFile(join(folder, "test/mine.txt"), "mine");
    const copy = () => copySets(SPLIT, { root, folder });
    await assertRejects(copy, Error, "mine.txt is there, which is no copy of a film");
    assertEquals(await Deno.readTextFile(join(folder, "test/mine.txt")), "mine");
    await Deno.remove(join(folder, "test/mine.txt"));
    await Deno.remove(path("tb/2.png"));
    await assertRejects(copy, Error, "Cannot copy");
  }));
