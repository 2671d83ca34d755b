import {
  assertAlmostEquals,
  assertEquals,
  assertLess,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "node:path";
import { predictFiles } from "@/analysis/trained_network.ts";
import { CLASS_NAMES } from "@/films/film.ts";
import { filmsAt } from "@/tasks/answers.ts";
import { tf } from "@/tensorflow/backend.ts";
import { inFolder } from "../in_folder.ts";
import { drawFilms } from "../small_run.ts";

/**
 * Gives a film's mean grey value above 100 as the evidence for TB, and notes the sizes of its
 * batches.
 */
function greyClassifier() {
  const sizes: number[] = [];
  return {
    imageSize: 32,
    classes: CLASS_NAMES,
    sizes,
    predict(xs: tf.Tensor4D): Promise<Float32Array> {
      sizes.push(xs.shape[0]);
      const grey = tf.tidy(() => xs.cast("float32").mean([1, 2, 3]).dataSync());
      return Promise.resolve(Float32Array.from([...grey].flatMap((mean) => [0, mean - 100])));
    },
  };
}

Deno.test("predictFiles() answers each film in its turn, one that cannot be read with the reason", () =>
  inFolder(async (folder) => {
    const { train } = await drawFilms(folder);
    const missing = join(folder, "missing.png");
    const paths = [train[0]!.path, missing, train[1]!.path];
    const before = tf.memory().numTensors;
    const [first, second, third] = await Array.fromAsync(predictFiles(greyClassifier(), paths));
    assertEquals(tf.memory().numTensors, before);
    assertEquals([first!.path, second!.path, third!.path], paths);
    // Grey is noise of 0 to 159, and 80 more in the upper half of a TB film: 119.5 against 79.5 in
    // the mean.
    assertEquals("label" in first! && first.label, "TB");
    assertEquals("label" in third! && third.label, "Healthy");
    assertAlmostEquals("label" in first! ? first.probability : 0, 1, 1e-3);
    assertStringIncludes("error" in second! ? second.error : "", missing);
  }));

Deno.test("predictFiles() gives the network batches of one size, however many films there are", () =>
  inFolder(async (folder) => {
    const { train } = await drawFilms(folder);
    const answered = async (count: number) => {
      const classifier = greyClassifier();
      const paths = Array.from({ length: count }, (_, i) => train[i % 20]!.path);
      const answers = await Array.fromAsync(predictFiles(classifier, paths));
      assertEquals(answers.map(({ path }) => path), paths);
      return classifier.sizes;
    };
    // The first is without films, for compiling.
    assertEquals(await answered(40), [16, 16, 16, 16]);
    assertEquals(await answered(3), [3, 3]);
  }));

Deno.test("predictFiles() holds a bounded number of films in memory", () =>
  inFolder(async (folder) => {
    const { train } = await drawFilms(folder);
    let asked = 0;
    // Counts the paths that are taken, which are read at once.
    const paths = new Proxy(Array.from({ length: 1200 }, () => train[0]!.path), {
      get(target, key) {
        if (typeof key === "string" && /^\d+$/.test(key)) asked++;
        return Reflect.get(target, key);
      },
    });
    let answered = 0;
    for await (const _ of predictFiles(greyClassifier(), paths)) {
      assertLess(asked - answered++, 70);
    }
    assertEquals(answered, 1200);
  }));

Deno.test("filmsAt() finds the films of a folder, and says what it leaves out", () =>
  inFolder(async (folder) => {
    const error = console.error;
    const said: string[] = [];
    console.error = (line: string) => said.push(line);
    try {
      await Deno.writeTextFile(join(folder, "notes.txt"), "");
      await assertRejects(() => filmsAt(folder), Error, "Left out as no films: 1 .txt");
      const dicom = new URL("../reference/dicom/no_preamble.dcm", import.meta.url);
      await Deno.copyFile(dicom, join(folder, "IM1"));
      await Deno.copyFile(dicom, join(folder, "a.dicom"));
      assertEquals(await filmsAt(folder), [join(folder, "IM1"), join(folder, "a.dicom")]);
      assertEquals(said, [`${folder}: Left out as no films: 1 .txt`]);
      // What is named is a film, whatever it is called.
      assertEquals(await filmsAt(join(folder, "notes.txt")), [join(folder, "notes.txt")]);
    } finally {
      console.error = error;
    }
  }));
