import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { readImage } from "@/films/decode.ts";
import { perceptualHash } from "@/films/near_duplicates.ts";
import { runFolders, weightsPath } from "@/runs/files.ts";
import { train } from "@/runs/train.ts";
import { readTrainingFilms, TRAINING_FILMS } from "@/runs/training_films.ts";
import { inFolder } from "../in_folder.ts";
import { drawFilms, SMALL_EXPERIMENT, smallRun } from "../small_run.ts";

Deno.test("train() lists the films that a network has seen, with those behind its first weights", () =>
  inFolder(async (root) => {
    const films = await drawFilms(root);
    const half = { ...films, train: films.train.slice(0, 10) };
    const experiment = { ...SMALL_EXPERIMENT, epochs: 1 };
    const trainAs = async (name: string, run: object) => {
      const folders = runFolders(name, { root });
      const options = { ...smallRun(root, films), folders, ...run };
      await Array.fromAsync(train({ ...experiment, name }, options));
      return folders;
    };
    const first = await trainAs("first", { films: half });
    const init = weightsPath(first, 0);
    const second = await trainAs("second", { init, seed: 1 });
    const third = await trainAs("third", { init: weightsPath(second, 0), films: half });
    const names = async (folder: string) =>
      (await readTrainingFilms(folder))!.map(({ filename, weights }) => `${weights} ${filename}`);
    const own = (set: typeof films.train) => set.map(({ filename }) => ` ${filename}`);
    const from = (weights: string, set: typeof films.train) =>
      own(set).map((name) => weights + name);
    assertEquals(await names(first.results), own(half.train));
    assertEquals(await names(second.results), [
      ...own(films.train),
      ...from("first/epoch00.safetensors", half.train),
    ]);
    assertEquals(await names(third.results), [
      ...own(half.train),
      ...from("second/epoch00.safetensors", films.train),
      ...from("first/epoch00.safetensors", half.train),
    ]);
    // A film of 32 pixels is hashed at 64, and its hash stays within a copy's distance.
    const [film] = (await readTrainingFilms(first.results))!;
    const whole = perceptualHash(await readImage(half.train[0]!.path));
    const bits = film!.hash!.reduce((sum, word, i) => {
      return sum + (word ^ whole[i]!).toString(2).replace(/[^1]/g, "").length;
    }, 0);
    assertEquals(bits < 16, true);

    // Weights whose run is not known, and a file that was damaged.
    await Deno.copyFile(init, join(root, "moved.safetensors"));
    const fourth = await trainAs("fourth", { init: join(root, "moved.safetensors") });
    const folder = root.split("/").at(-1);
    const unknown = [`${folder}/moved.safetensors `];
    assertEquals(await names(fourth.results), [...own(films.train), ...unknown]);
    // It stays unknown in a run that begins with that one's weights.
    const fifth = await trainAs("fifth", { init: weightsPath(fourth, 0), films: half });
    assertEquals((await names(fifth.results)).slice(-1), unknown);
    assertEquals((await readTrainingFilms(fifth.results))!.at(-1)!.hash, null);
    assertEquals(await readTrainingFilms(join(root, "results")), null);
    await Deno.writeTextFile(join(fourth.results, TRAINING_FILMS), "filename,hash,weights\na,0,\n");
    await assertRejects(
      () => readTrainingFilms(fourth.results),
      SyntaxError,
      "row 0 is damaged. Remove the file",
    );
  }));
