/**
 * Sequences of commands as a person types them, each in a fresh copy of the project. Each takes
 * minutes, and runs only if `XRAY_TEST_SEQUENCES` is set, as in `.ci/run`.
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import sharp from "sharp";
import { fromRoot } from "@/common/paths.ts";
import { createPrng } from "@/common/random.ts";
import { inFolder } from "../in_folder.ts";

const WHOLE = Deno.env.has("XRAY_TEST_SEQUENCES");

/** The flags of a quick run. */
const QUICK = ["--epochs", "1", "--subset", "1"];

/** Copies the project, and links this project's packages. */
async function copyProject(folder: string): Promise<string> {
  const project = join(await Deno.realPath(folder), "project");
  await Deno.mkdir(project);
  const copied = ["lib", "notebooks", ".jsr", "deno.json", "deno.lock", "requirements.txt"];
  const { success } = await new Deno.Command("cp", {
    args: ["-r", ...copied.map(fromRoot), project],
  }).output();
  assertEquals(success, true);
  for (const name of [".venv", "node_modules"]) {
    await Deno.symlink(fromRoot(name), join(project, name));
  }
  return project;
}

/**
 * Draws a data folder of noise, 10 films of each class, names alike in every folder. Films of class
 * 1 are brighter.
 */
async function drawFilms(root: string, folders = ["health", "tb"]): Promise<string> {
  for (const [label, folder] of folders.entries()) {
    await Deno.mkdir(join(root, folder), { recursive: true });
    for (let i = 1; i <= 10; i++) {
      const path = join(root, folder, `${folder}000${i}.png`);
      const { integer } = createPrng(path);
      const pixels = Uint8Array.from({ length: 64 * 64 }, () => integer(160) + 80 * label);
      await sharp(pixels, { raw: { width: 64, height: 64, channels: 1 } }).png().toFile(path);
    }
  }
  return root;
}

/** Runs a task without the set-up, and gives its output. */
async function type(
  project: string,
  [task, ...args]: string[],
  { data, code = 0 }: { data?: string; code?: number } = {},
): Promise<string> {
  const output = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", join(project, `lib/tasks/${task}.ts`), ...args],
    cwd: project,
    env: { NO_COLOR: "1", ...data && { XRAY_DATA: data } },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const printed = text(output.stdout) + text(output.stderr);
  assertEquals(output.code, code, printed);
  return printed;
}

/** Counts the films in the folders of the sets. */
async function countCopies(project: string): Promise<[train: number, test: number]> {
  const count = async (folder: string): Promise<number> => {
    const entries = await Array.fromAsync(Deno.readDir(folder));
    const counts = entries.map(({ name, isDirectory }) =>
      isDirectory ? count(join(folder, name)) : 1
    );
    return (await Promise.all(counts)).reduce((sum, films) => sum + films, 0);
  };
  return [
    await count(join(project, "dataset/train")),
    await count(join(project, "dataset/test")),
  ];
}

/** Asks the baseline about its test films and about one film, as a person does next. */
async function askBaseline(project: string, { data, film }: { data: string; film: string }) {
  const evaluated = await type(project, ["evaluate", "baseline", "best"]);
  assertStringIncludes(evaluated, `on 2 films of ${data}, its test set`);
  assertStringIncludes(await type(project, ["predict", film]), film);
}

Deno.test({
  name: "split, train and evaluate take the same films, and those of the next split after it",
  ignore: !WHOLE,
  fn: () =>
    inFolder(async (folder) => {
      const project = await copyProject(folder);
      const [ours, others] = [join(folder, "ours"), join(folder, "others")];
      await drawFilms(ours);
      await drawFilms(others, ["NORMAL", "PNEUMONIA"]);
      await type(project, ["split", "--data", ours]);
      assertEquals(await countCopies(project), [16, 4]);
      const trained = await type(project, ["train", "baseline", ...QUICK]);
      assertStringIncludes(trained, `Films of ${ours}\n`);
      await askBaseline(project, { data: ours, film: join(ours, "tb/tb0001.png") });

      const classes = ["--classes", "NORMAL,PNEUMONIA"];
      await type(project, ["split", "--data", others, "--test", "0.5", ...classes]);
      assertEquals(await countCopies(project), [10, 10]);
      const checked = await type(project, ["check_data"]);
      assertStringIncludes(checked, `${others}: 20 films`);
      const again = await type(project, ["split"]);
      assertStringIncludes(
        again,
        `As before: deno task split --data ${others} --test 0.5 --classes`,
      );
      assertEquals(await countCopies(project), [10, 10]);
      const other = await type(project, ["evaluate", "baseline", "best"], { code: 1 });
      assertStringIncludes(
        other,
        "its classes are NORMAL and PNEUMONIA, and the run's are Healthy",
      );
      const refused = await type(project, ["train", "baseline", ...QUICK], { code: 1 });
      assertStringIncludes(refused, "with other settings or films");
      assertStringIncludes(refused, "--restart");
      await type(project, ["train", "baseline", ...QUICK, "--restart"]);
      await askBaseline(project, { data: others, film: join(others, "NORMAL/NORMAL0001.png") });
    }),
});

Deno.test({
  name:
    "split, train and analyse test every film once over the folds, and ask all about other films",
  ignore: !WHOLE,
  fn: () =>
    inFolder(async (folder) => {
      const project = await copyProject(folder);
      const [ours, others] = [join(folder, "ours"), join(folder, "others")];
      await drawFilms(ours);
      await drawFilms(others, ["NORMAL", "SICK"]);
      const small = ["--epochs", "1", "--image-size", "64", "--name", "small", "--keep", "last"];
      await type(project, ["split", "--data", ours]);
      const refused = await type(project, ["train", "baseline", "--folds", "all", ...small], {
        code: 1,
      });
      assertStringIncludes(refused, "has none. Make them: deno task split --folds K");
      await type(project, ["split", "--folds", "2"]);
      await type(project, ["train", "baseline", ...small]);
      const trained = await type(project, ["train", "baseline", "--folds", "all", ...small]);
      assertStringIncludes(trained, "Fold 1 of 2");
      const evaluated = await type(project, ["evaluate", "small", "last", "--fold", "1"]);
      assertStringIncludes(evaluated, `on 10 films of ${ours}, its test set`);

      const external = ["--external", `OTHERS=${others}`, "--external-classes"];
      const unmapped = await type(project, ["analyse", ...external.slice(0, 2)], { code: 1 });
      assertStringIncludes(unmapped, "--external-classes OTHERS=A,B");
      const analysed = await type(project, ["analyse", ...external, "OTHERS=NORMAL,SICK"]);
      assertStringIncludes(
        analysed,
        "small: the mean AUC of 2 folds, in which each film is tested once",
      );
      assertStringIncludes(analysed, "On OTHERS small ranks a TB film above a healthy one in");
      const { folds, external: sets } = JSON.parse(
        await Deno.readTextFile(join(project, "results/summary.json")),
      );
      const { tn, fp, fn, tp } = folds.experiments[0].confusion;
      assertEquals([tn + fp, fn + tp, folds.problems], [10, 10, []]);
      assertEquals([sets[0].healthy, sets[0].tb], [10, 10]);
      assertEquals(sets[0].networks[0].folds.lowest <= sets[0].networks[0].folds.highest, true);
      await type(project, ["notebooks"]);
      const report = await Deno.readTextFile(join(project, "results/report.html"));
      assertStringIncludes(report, "On OTHERS small ranks");
      assertStringIncludes(report, "Every film tested once: the mean of the folds");

      // A split whose classes are the other way round would turn the labels of the other films.
      await type(project, ["split", "--classes", "tb=TB,health=Healthy"]);
      const turned = await type(
        project,
        ["evaluate", "small", "last", "--external", `A=${others}`],
        {
          code: 1,
        },
      );
      assertStringIncludes(
        turned,
        "its classes are TB and Healthy, and the run's are Healthy and TB",
      );
    }),
});

Deno.test({
  name: "run-all goes from phantoms to your own films, to others, and to other classes",
  ignore: !WHOLE,
  fn: () =>
    inFolder(async (folder) => {
      const project = await copyProject(folder);
      const [ours, others, classed] = ["ours", "others", "classed"].map((name) =>
        join(folder, name)
      );
      await drawFilms(ours!);
      await drawFilms(others!);
      await drawFilms(classed!, ["NORMAL", "PNEUMONIA"]);

      await type(project, ["run_all", ...QUICK]);
      assertEquals(await countCopies(project), [192, 48]);
      const phantoms = join(project, "data/phantom/imgs");
      await askBaseline(project, { data: phantoms, film: join(phantoms, "tb/tb0001.png") });

      const refused = await type(project, ["run_all", ...QUICK], { data: ours!, code: 1 });
      assertStringIncludes(refused, `it is one of ${phantoms}, and the data folder is ${ours}`);
      for (const data of [ours!, others!]) {
        await type(project, ["run_all", ...QUICK, "--restart"], { data });
        assertEquals(await countCopies(project), [16, 4]);
        await askBaseline(project, { data, film: join(data, "tb/tb0001.png") });
      }

      await type(project, ["split", "--data", classed!, "--classes", "NORMAL,PNEUMONIA"]);
      await type(project, ["run_all", ...QUICK, "--restart"]);
      assertEquals(await countCopies(project), [16, 4]);
      await askBaseline(project, { data: classed!, film: join(classed!, "NORMAL/NORMAL0001.png") });
    }),
});

Deno.test({
  name: "run-all follows a split of films outside of class folders, and one of given sets",
  ignore: !WHOLE,
  fn: () =>
    inFolder(async (folder) => {
      const project = await copyProject(folder);
      const data = await drawFilms(join(folder, "nih"), ["images_001", "images_002"]);
      const csv = join(folder, "films.csv");
      const rows = ["images_001", "images_002"].flatMap((name, label) =>
        Array.from(
          { length: 10 },
          (_, i) => `${name}/${name}000${i + 1}.png,${label ? "yes" : "no"}`,
        )
      );
      await Deno.writeTextFile(csv, `filename,label\n${rows.join("\n")}\n`);
      await type(project, ["split", "--data", data, "--csv", csv, "--classes", "no,yes"]);
      assertEquals(await countCopies(project), [16, 4]);
      await type(project, ["run_all", ...QUICK]);
      await askBaseline(project, { data, film: join(data, "images_001/images_0010001.png") });

      const chest = join(folder, "chest_xray");
      for (const set of ["train", "test"]) {
        await drawFilms(join(chest, set), ["NORMAL", "PNEUMONIA"]);
      }
      const sets = `train=${join(chest, "train")},test=${join(chest, "test")}`;
      await type(project, ["split", "--given", sets, "--classes", "NORMAL,PNEUMONIA"]);
      await type(project, ["run_all", ...QUICK, "--restart"]);
      const film = join(chest, "test/NORMAL/NORMAL0001.png");
      await askBaseline(project, { data: chest, film });
    }),
});
