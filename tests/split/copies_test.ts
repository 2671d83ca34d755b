import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { dirname, join } from "node:path";
import { applyCopies, claimCopies, planCopies } from "@/split/copies.ts";
import type { Split } from "@/split/split.ts";
import { inFolder } from "../in_folder.ts";

const film = (filename: string, label = "TB") => ({ filename, label });
const SPLIT = {
  train: [film("1.png", "Healthy"), film("1.png"), film("more/x.png")],
  test: [film("2.png")],
};
const PLACES = ["train/health/1.png", "train/tb/1.png", "train/more/x.png", "test/tb/2.png"];

/** Makes the copies as `writeSplit()` does. */
async function copySets(
  split: Pick<Split, "train" | "test">,
  { root, folder, onFilm = () => {} }: {
    root: string;
    folder: string;
    onFilm?: (done: number) => void;
  },
): Promise<number> {
  const copies = await planCopies(split, { root, onFilm });
  const there = await claimCopies(copies, { folder, sources: [root] });
  return await applyCopies(copies, { folder, root, there });
}

/** Runs a test with the split's films in `imgs`. Each holds its own path. */
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
  const found = entries.filter(({ name }) => !name.startsWith(".")).map(({ name, isDirectory }) =>
    isDirectory ? filesIn(join(folder, name)) : [join(folder, name)]
  );
  return (await Promise.all(found)).flat().sort();
};

Deno.test("applyCopies() links each film into its set's folder, and does nothing when repeated", () =>
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

Deno.test("applyCopies() copies where links are impossible, and recognizes its copies", () =>
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

Deno.test("applyCopies() completes an interrupted call", () =>
  withFilms(async ({ root, folder }) => {
    await copySets(SPLIT, { root, folder });
    const half = join(folder, "train/tb/1.png");
    await Deno.remove(half);
    await Deno.writeTextFile(`${half}.${crypto.randomUUID()}.tmp`, "t");
    await Deno.remove(join(folder, "test"), { recursive: true });
    assertEquals(await copySets(SPLIT, { root, folder }), 2);
    assertEquals(await Deno.readTextFile(half), "tb/1.png");
    assertEquals((await filesIn(folder)).length, 4);
  }));

Deno.test("claimCopies() refuses a copy whose content has changed", () =>
  withFilms(async ({ root, folder, film }) => {
    await copySets(SPLIT, { root, folder });
    const changed = join(folder, "train/tb/1.png");
    await Deno.remove(changed);
    await Deno.writeTextFile(changed, "mine");
    const error = await assertRejects(() => copySets(SPLIT, { root, folder }), Error);
    assertStringIncludes(error.message, `${changed} is not a copy that this project made`);
    assertEquals(await Deno.readTextFile(changed), "mine");
    assertEquals(await Deno.readTextFile(film("tb/1.png")), "tb/1.png");
  }));

Deno.test("applyCopies() replaces copies of another folder's films, even if that folder is gone", () =>
  withFilms(async ({ root, folder, film: path }) => {
    await copySets(SPLIT, { root, folder });
    const other = `${root}2`;
    await Deno.mkdir(join(other, "tb"), { recursive: true });
    for (const name of ["1.png", "2.png"]) {
      await Deno.writeTextFile(join(other, "tb", name), `other ${name}`);
    }
    await Deno.remove(root, { recursive: true });
    const others = { train: [film("1.png")], test: [film("2.png")] };
    assertEquals(await copySets(others, { root: other, folder }), 2);
    const places = ["test/tb/2.png", "train/tb/1.png"];
    assertEquals(await filesIn(folder), places.map((place) => join(folder, place)));
    assertEquals(await Deno.readTextFile(join(folder, places[0]!)), "other 2.png");
    assert(!await isFolder(join(folder, "train/health")), "An emptied folder goes");
    assert(!await isFolder(path("tb")));
  }));

Deno.test("applyCopies() replaces links to films that were edited in place", () =>
  withFilms(async ({ root, folder, film: path }) => {
    await copySets(SPLIT, { root, folder });
    await Deno.writeTextFile(path("tb/2.png"), "edited");
    const without = { train: SPLIT.train, test: [film("1.png", "Healthy")] };
    without.train = without.train.slice(1);
    await copySets(without, { root, folder });
    assert(!await isFolder(join(folder, "test/tb")));
    assertEquals(await Deno.readTextFile(path("tb/2.png")), "edited");
  }));

Deno.test("claimCopies() recognizes copies of older versions, which kept no record", () =>
  withFilms(async ({ root, folder }) => {
    await copySets(SPLIT, { root, folder });
    await Deno.remove(join(folder, ".copies.csv"));
    const other = `${root}2`;
    await Deno.rename(root, other);
    await Deno.mkdir(root);
    const claim = (sources: string[]) => claimCopies([], { folder, sources });
    await assertRejects(() => claim([root]), Error, "is not a copy that this project made");
    assertEquals((await claim([root, other])).length, 4);
  }));

Deno.test("applyCopies() removes films from the set that they left", () =>
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

Deno.test("applyCopies() follows a link to the film", () =>
  withFilms(async ({ root, folder, film: path }) => {
    await Deno.rename(path("tb/2.png"), path("tb/real.png"));
    await Deno.symlink("real.png", path("tb/2.png"));
    await copySets(SPLIT, { root, folder });
    assert(!(await Deno.lstat(join(folder, "test/tb/2.png"))).isSymlink);
    assertEquals(await Deno.readTextFile(join(folder, "test/tb/2.png")), "tb/2.png");
  }));

Deno.test("claimCopies() refuses a folder with other files, and planCopies() a missing film", () =>
  withFilms(async ({ root, folder, film: path }) => {
    await Deno.mkdir(join(folder, "test"), { recursive: true });
    await Deno.writeTextFile(join(folder, "test/mine.txt"), "mine");
    const copy = () => copySets(SPLIT, { root, folder });
    await assertRejects(copy, Error, "mine.txt is not a copy that this project made");
    assertEquals(await Deno.readTextFile(join(folder, "test/mine.txt")), "mine");
    await Deno.remove(join(folder, "test/mine.txt"));
    await Deno.remove(path("tb/2.png"));
    await assertRejects(copy, Error, "Cannot read");
    await Deno.writeTextFile(join(folder, ".copies.csv"), "place\n1");
    await Deno.writeTextFile(path("tb/2.png"), "tb/2.png");
    await assertRejects(copy, SyntaxError, "it is damaged");
  }));
