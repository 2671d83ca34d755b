import { assertEquals, assertThrows } from "@std/assert";
import { BASELINE, experimentNamed, EXPERIMENTS } from "@/experiments.ts";
import { parseConfig } from "@/runs/config.ts";
import { changeExperiments, describeOwn, splitComparable, titleOf } from "@/runs/own.ts";
import { SAMPLE_CONFIG } from "../sample_config.ts";

Deno.test("changeExperiments() gives one experiment the name, and all of them names that begin with it", () => {
  const [batch8] = changeExperiments([BASELINE], { changes: { batchSize: 8 }, name: "batch8" });
  assertEquals(batch8, { ...BASELINE, name: "batch8", base: "baseline", batchSize: 8 });
  const big = changeExperiments(EXPERIMENTS, { changes: { imageSize: 448 }, name: "big" });
  assertEquals(
    big.map(({ name, base }) => [name, base]),
    EXPERIMENTS.map(({ name }) => [`big-${name}`, name]),
  );
  assertEquals(big[1]!.l2Penalty, 0.001);
});

Deno.test("changeExperiments() refuses changed settings without a name, and takes the experiment's own", () => {
  const changed = [
    [{ batchSize: 8 }, "(films a batch: 8)"],
    [{ learningRate: 3e-4 }, "(Adam's learning rate: 3e-4)"],
    [{ batchSize: 8, imageSize: 448 }, "(films a batch: 8; pixels a side: 448)"],
  ] as const;
  for (const [changes, what] of changed) {
    assertThrows(
      () => changeExperiments([BASELINE], { changes, name: undefined }),
      RangeError,
      `Cannot train baseline with other settings than its own ${what}: results/baseline stays what other ` +
        "runs can be compared with. Give the run a name of its own: --name NEW",
    );
  }
  const own = { batchSize: 4, learningRate: 0.0001, imageSize: 224 };
  assertEquals(changeExperiments([BASELINE], { changes: own, name: undefined }), [BASELINE]);
});

Deno.test("changeExperiments() refuses names that are taken or none, and values that are out of their range", () => {
  const named = (name: string, changes = {}) => () =>
    changeExperiments([BASELINE], { changes, name });
  assertThrows(named("l2"), RangeError, "Cannot take --name l2: baseline, l2, dropout, ");
  for (const name of ["all", "analysis", "folds", "notebooks", "seeds", "stop"]) {
    assertThrows(named(name), RangeError, `its name is "${name}", and must be another`);
  }
  for (const name of ["", "../x", "Big", "a b", "-x", "8"]) {
    assertThrows(
      named(name),
      RangeError,
      `its name is "${name}", and must be at most 60 lower-case`,
    );
  }
  assertThrows(named("x", { learningRate: 2 }), RangeError, "its learningRate is 2");
});

Deno.test("describeOwn() says what differs from the experiment that a run was made of", () => {
  const { network } = SAMPLE_CONFIG;
  const l2 = experimentNamed("l2");
  const experiment = { ...l2, name: "mine", base: "l2", batchSize: 8, epochs: 99 };
  const usual = { ...network, imageSize: 224 };
  assertEquals(describeOwn("mine", { experiment, network: usual }), {
    base: "l2",
    changes: "films a batch: 8",
  });
  const changed = {
    ...{ ...usual, imageSize: 64, strideOn: "3x3" as const },
    init: { file: "/weights/imagenet.safetensors", sha256: "" },
  };
  const own = describeOwn("mine", { experiment, network: changed });
  assertEquals(
    titleOf("mine", own),
    "mine (l2; films a batch: 8; pixels a side: 64; stride on: 3x3; first weights: imagenet.safetensors)",
  );
  assertEquals(describeOwn("l2", { experiment: l2, network: changed }), null);
  // A custom object in a notebook names no experiment that it changes.
  const { base: _, ...alone } = experiment;
  assertEquals(
    describeOwn("mine", { experiment: alone, network: usual })!.changes,
    "films a batch: 8; L2 penalty in the loss: 0.001 / 2 x sum of squares",
  );
  assertEquals(
    describeOwn("same", { experiment: { ...BASELINE, name: "same" }, network: usual })!.changes,
    "no setting",
  );
});

Deno.test("splitComparable() sorts out runs that were tested on other films than the first", () => {
  const run = (experiment: string, fingerprint: string) => {
    const { data } = SAMPLE_CONFIG;
    const test = { ...data.test, fingerprint };
    return { experiment, config: { ...SAMPLE_CONFIG, data: { ...data, test } } };
  };
  const runs = [run("baseline", "a"), run("l2", "b"), run("mine", "a"), run("other", "b")];
  const { comparable, others } = splitComparable(runs);
  assertEquals(comparable.map(({ experiment }) => experiment), ["baseline", "mine"]);
  assertEquals(others.map(({ experiment }) => experiment), ["l2", "other"]);
  assertEquals(splitComparable([]), { comparable: [], others: [] });
});

Deno.test("parseConfig() keeps the experiment that a run changes, reads a config without one, and refuses an unknown one", () => {
  const parse = (experiment: object) =>
    parseConfig(JSON.stringify({ ...SAMPLE_CONFIG, experiment }), (reason) => reason);
  const own = { ...BASELINE, name: "batch8", base: "l2" };
  assertEquals(parse(own).experiment, own);
  assertEquals(parse(BASELINE).experiment, BASELINE);
  assertThrows(() => parse({ ...own, base: "l3" }), SyntaxError, "experiment.base");
});
