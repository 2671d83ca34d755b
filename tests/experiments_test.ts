import { assertEquals, assertThrows } from "@std/assert";
import { BASELINE, checkExperiment, experimentNamed, EXPERIMENTS } from "@/experiments.ts";

Deno.test("BASELINE holds the assignment's settings", () => {
  assertEquals(BASELINE, {
    name: "baseline",
    epochs: 20,
    batchSize: 4,
    learningRate: 1e-4,
    weightDecay: 1e-4,
    l2Penalty: 0,
    dropout: 0,
    augmentation: null,
  });
});

Deno.test("EXPERIMENTS each change exactly one thing of the baseline", () => {
  const changes = EXPERIMENTS.map(({ name, ...settings }) => [
    name,
    Object.fromEntries(
      Object.entries(settings).filter(([key, value]) => value !== BASELINE[key as "epochs"]),
    ),
  ]);
  assertEquals(changes, [
    ["baseline", {}],
    ["l2", { l2Penalty: 0.001 }],
    ["dropout", { dropout: 0.5 }],
    ["sharpness", { augmentation: { kind: "sharpness", factor: 1.2, probability: 0.2 } }],
    ["contrast", { augmentation: { kind: "contrast", low: 0.8, high: 1.2 } }],
  ]);
});

Deno.test("experimentNamed() finds an experiment and lists those there are", () => {
  assertEquals(experimentNamed("l2").l2Penalty, 0.001);
  assertThrows(
    () => experimentNamed("L2"),
    RangeError,
    'Cannot find the experiment "L2": the experiments are baseline, l2, dropout, sharpness, contrast',
  );
});

Deno.test("checkExperiment() accepts the five and names what is out of range", () => {
  for (const experiment of EXPERIMENTS) checkExperiment(experiment);
  const wrong = [
    [
      { name: "../up" },
      'its name is "../up", and must be at most 60 lower-case letters, digits, - and _',
    ],
    [
      { name: "448" },
      'its name is "448", and must be at most 60 lower-case letters, digits, - and _, the',
    ],
    [{ name: "a".repeat(61) }, "must be at most 60"],
    [{ name: "seeds" }, 'its name is "seeds", and must be another'],
    [{ name: "stop" }, 'its name is "stop", and must be another'],
    [{ epochs: 0 }, "its epochs is 0, and must be a whole number from 1"],
    [{ batchSize: 1.5 }, "its batchSize is 1.5, and must be a whole number from 1"],
    [{ learningRate: 0 }, "its learningRate is 0, and must be in (0, 1]"],
    [{ weightDecay: -1 }, "its weightDecay is -1, and must be in [0, 1]"],
    [{ l2Penalty: NaN }, "its l2Penalty is null, and must be in [0, 1]"],
    [{ dropout: 1 }, "its dropout is 1, and must be in [0, 1)"],
    [
      { augmentation: { kind: "sharpness", factor: 1.2, probability: 2 } },
      "its sharpness probability is 2, and must be in [0, 1]",
    ],
    [
      { augmentation: { kind: "contrast", low: 1.2, high: 0.8 } },
      "its contrast range is [1.2,0.8], and must be 0 <= low <= high",
    ],
  ] as const;
  for (const [change, message] of wrong) {
    assertThrows(() => checkExperiment({ ...BASELINE, ...change }), RangeError, message);
  }
});
