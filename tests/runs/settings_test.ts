import { assertEquals, assertRejects } from "@std/assert";
import os from "node:os";
import { join } from "node:path";
import { bestInstructions, processorFlags } from "@/common/processor.ts";
import { BASELINE } from "@/experiments.ts";
import type { LabelledFilm } from "@/films/film.ts";
import type { RunConfig } from "@/runs/config.ts";
import { describeRun, differences, type RunFilms } from "@/runs/settings.ts";
import { inFolder } from "../in_folder.ts";
import { SAMPLE_CONFIG } from "../sample_config.ts";

/** Films whose content is their name. */
async function writeFilms(folder: string, names: string[]): Promise<LabelledFilm[]> {
  return await Promise.all(names.map(async (filename, i) => {
    const path = join(folder, filename);
    await Deno.writeTextFile(path, filename);
    return { path, filename, label: i % 2 === 0 ? 0 : 1 };
  }));
}

async function filmsIn(folder: string): Promise<RunFilms> {
  return {
    train: await writeFilms(folder, ["a", "b", "c"]),
    test: await writeFilms(folder, ["d", "e"]),
    validation: null,
  };
}

Deno.test("describeRun() counts the films, takes their fingerprint and says what computes", () =>
  inFolder(async (folder) => {
    const films = await filmsIn(folder);
    const config = await describeRun(BASELINE, { films, seed: 3, precision: "fp32" });
    assertEquals([config.experiment, config.seed, config.precision], [BASELINE, 3, "fp32"]);
    assertEquals(config.network.stages, [[64, 3, 1], [128, 4, 2], [256, 6, 2], [512, 3, 2]]);
    assertEquals([config.network.strideOn, config.network.imageSize], ["1x1", 224]);
    const { train, test, validation } = config.data;
    assertEquals([train.healthy, train.tb, test.healthy, test.tb, validation], [2, 1, 1, 1, null]);
    // SHA-256 of 'd 0 1 d' and 'e 1 1 e' (name, label, length, content), NUL for a space.
    assertEquals(
      test.fingerprint,
      "0b67cae472dd9833dcf58ad53d8cc578093c01ba31338ba5b6f18714150389a5",
    );
    const [session] = config.sessions;
    assertEquals(session!.versions.deno, Deno.version.deno);
    assertEquals(Object.keys(session!.versions), ["deno", "tensorflow", "tfjs"]);
    const { processor, instructions } = session!.machine;
    assertEquals(processor, os.cpus()[0]!.model);
    assertEquals(instructions, bestInstructions(processorFlags()) ?? undefined);
  }));

Deno.test("describeRun() takes omitted settings from the run's config, and adds no second session", () =>
  inFolder(async (folder) => {
    const films = await filmsIn(folder);
    const init = join(folder, "init.safetensors");
    await Deno.writeTextFile(init, "weights");
    const network = { strideOn: "3x3", imageSize: 32 } as const;
    const saved = await describeRun(BASELINE, { films, precision: "bf16", network, init });
    await Deno.remove(init);
    const now = await describeRun(BASELINE, { films, saved });
    assertEquals(now, saved);
    assertEquals(differences(saved, now), []);
    const elsewhere = { ...saved, sessions: [{ ...saved.sessions[0]!, machine: { cores: 99 } }] };
    assertEquals((await describeRun(BASELINE, { films, saved: elsewhere })).sessions.length, 2);
  }));

Deno.test("describeRun() has a new run's defaults from another of its name, and reads its first weights again", () =>
  inFolder(async (folder) => {
    const films = await filmsIn(folder);
    const init = join(folder, "init.safetensors");
    await Deno.writeTextFile(init, "weights");
    const network = { strideOn: "3x3", imageSize: 64 } as const;
    const like = await describeRun(BASELINE, { films, precision: "bf16", network, init });
    await Deno.writeTextFile(init, "other weights");
    const now = await describeRun(BASELINE, { films, seed: 1, like });
    assertEquals([now.seed, now.precision, now.sessions.length], [1, "bf16", 1]);
    assertEquals(differences(like, now).map((line) => line.split(":")[0]), [
      "seed",
      "network.init",
    ]);
    const said = await describeRun(BASELINE, { films, network: { imageSize: 32 }, like });
    assertEquals([said.network.imageSize, said.network.strideOn], [32, "3x3"]);
  }));

Deno.test("describeRun() refuses a set without one class and a film that is not there", () =>
  inFolder(async (folder) => {
    const films = await filmsIn(folder);
    for (const set of ["train", "test", "validation"] as const) {
      const one = films.train.slice(0, 1);
      const name = set === "train" ? "training" : set;
      await assertRejects(
        () => describeRun(BASELINE, { films: { ...films, [set]: one } }),
        RangeError,
        `Cannot train: the ${name} set has 1 healthy and 0 TB films`,
      );
    }
    await Deno.remove(films.test[0]!.path);
    await assertRejects(() => describeRun(BASELINE, { films }), Error, films.test[0]!.path);
  }));

Deno.test("differences() lists what decides the numbers, and only that", () => {
  const saved = SAMPLE_CONFIG;
  const now: RunConfig = {
    experiment: {
      ...BASELINE,
      epochs: 40,
      augmentation: { kind: "contrast", low: 0.8, high: 1.2 },
    },
    seed: 0,
    precision: "bf16",
    classes: ["Healthy", "PNEUMONIA"],
    network: { ...saved.network, stages: [[8, 2, 1]], init: { file: "x", sha256: "f" } },
    data: { ...saved.data, validation: { healthy: 2, tb: 2, fingerprint: "a" } },
    sessions: [{ started: "now", versions: {}, machine: {} }],
  };
  assertEquals(differences(saved, now), [
    "precision: fp32, now bf16",
    "network.stages.0.1: 1, now 2",
    "classes.1: TB, now PNEUMONIA",
    "experiment.augmentation.kind: none, now contrast",
    "experiment.augmentation.low: none, now 0.8",
    "experiment.augmentation.high: none, now 1.2",
    "network.init: none, now f",
    "data.validation.healthy: none, now 2",
    "data.validation.tb: none, now 2",
    "data.validation.fingerprint: none, now a",
  ]);
});
