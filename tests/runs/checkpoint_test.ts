import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { readSafetensors, writeSafetensors } from "@/common/safetensors.ts";
import type { NamedArrays } from "@/network/weights.ts";
import {
  loadState,
  loadWeights,
  type Progress,
  readProgress,
  saveState,
  saveWeights,
  type TrainingState,
} from "@/runs/checkpoint.ts";
import type { EpochRow } from "@/runs/epochs.ts";
import { inFolder } from "../in_folder.ts";
import { SAMPLE_CONFIG } from "../sample_config.ts";

/** Makes an array whose values tell their places. */
function numbered(shape: readonly number[], value: (...place: number[]) => number): Float32Array {
  const size = shape.reduce((a, b) => a * b, 1);
  const places = Array.from({ length: size }, (_, flat) => {
    const place: number[] = [];
    for (const length of shape.toReversed()) {
      place.unshift(flat % length);
      flat = Math.floor(flat / length);
    }
    return value(...place);
  });
  return Float32Array.from(places);
}

const PLACE = (o: number, i: number, h: number, w: number) => 1000 * o + 100 * i + 10 * h + w;

/**
 * A convolution with 5 outputs, 3 inputs and a 2x4 kernel, a batch norm and a linear layer, in
 * TensorFlow's layout.
 */
const WEIGHTS: NamedArrays = new Map([
  ["conv1.weight", {
    shape: [2, 4, 3, 5],
    values: numbered([2, 4, 3, 5], (h, w, i, o) => PLACE(o, i, h, w)),
  }],
  ["bn1.weight", { shape: [2], values: new Float32Array([1, 2]) }],
  ["bn1.running_var", { shape: [2], values: new Float32Array([0.5, 0.25]) }],
  ["fc.weight", { shape: [3, 2], values: numbered([3, 2], (i, o) => 10 * o + i) }],
  ["fc.bias", { shape: [2], values: new Float32Array([-1, 1]) }],
]);
const SHAPES = new Map([...WEIGHTS].map(([name, { shape }]) => [name, shape]));
const PARAMETERS = ["conv1.weight", "bn1.weight", "fc.weight", "fc.bias"];

function shifted(by: number): NamedArrays {
  return new Map(PARAMETERS.map((name) => {
    const { shape, values } = WEIGHTS.get(name)!;
    return [name, { shape, values: values.map((value) => value + by) }];
  }));
}

const STATE: TrainingState = {
  weights: WEIGHTS,
  adam: { m: shifted(1), v: shifted(2) },
  progress: {
    step: 12,
    epoch: 0,
    sums: { films: 45, loss: 0.1, crossEntropy: 0.2, correct: 30, seconds: 1.5 },
    rows: [],
  },
  config: { ...SAMPLE_CONFIG, seed: 4, precision: "bf16" },
};

Deno.test("saveWeights() stores PyTorch's names, layout and count of batches", () =>
  inFolder(async (folder) => {
    const path = join(folder, "epoch00.safetensors");
    await saveWeights(path, { weights: WEIGHTS, steps: 12, metadata: { epoch: "0" } });
    const { tensors, metadata } = await readSafetensors(path);
    assertEquals([metadata.format, metadata.epoch], ["pt", "0"]);
    assertEquals([...tensors.keys()].sort(), [
      "bn1.num_batches_tracked",
      "bn1.running_var",
      "bn1.weight",
      "conv1.weight",
      "fc.bias",
      "fc.weight",
    ]);
    const conv = tensors.get("conv1.weight")!;
    assertEquals(conv.shape, [5, 3, 2, 4]);
    assertEquals(new Float32Array(conv.bytes.slice().buffer), numbered([5, 3, 2, 4], PLACE));
    const fc = tensors.get("fc.weight")!;
    assertEquals(fc.shape, [2, 3]);
    assertEquals([...new Float32Array(fc.bytes.slice().buffer)], [0, 1, 2, 10, 11, 12]);
    const count = tensors.get("bn1.num_batches_tracked")!;
    assertEquals([count.dtype, count.shape], ["I64", []]);
    assertEquals(new BigInt64Array(count.bytes.slice().buffer), new BigInt64Array([12n]));
  }));

Deno.test("loadWeights() gives back what was saved, from a state too", () =>
  inFolder(async (folder) => {
    const path = join(folder, "epoch00.safetensors");
    await saveWeights(path, { weights: WEIGHTS, steps: 12 });
    assertEquals(await loadWeights(path, { shapes: SHAPES }), WEIGHTS);
    await saveState(path, STATE);
    assertEquals(await loadWeights(path, { shapes: SHAPES }), WEIGHTS);
  }));

Deno.test("loadWeights() leaves a head for other classes out when a new one is wanted", () =>
  inFolder(async (folder) => {
    const path = join(folder, "imagenet.safetensors");
    const head: NamedArrays = new Map([
      ["fc.weight", { shape: [3, 1000], values: new Float32Array(3000) }],
      ["fc.bias", { shape: [1000], values: new Float32Array(1000) }],
    ]);
    await saveWeights(path, { weights: new Map([...WEIGHTS, ...head]), steps: 0 });
    const body = new Map([...WEIGHTS].filter(([name]) => !name.startsWith("fc.")));
    assertEquals(await loadWeights(path, { shapes: SHAPES, newHead: true }), body);
    await assertRejects(
      () => loadWeights(path, { shapes: SHAPES }),
      TypeError,
      `Cannot load ${path} into this network: fc.weight has the shape [1000,3], not [2,3]`,
    );
    await saveWeights(path, { weights: WEIGHTS, steps: 0 });
    assertEquals(await loadWeights(path, { shapes: SHAPES, newHead: true }), WEIGHTS);
  }));

Deno.test("loadWeights() names the tensor that is missing, unknown or of another type", () =>
  inFolder(async (folder) => {
    const path = join(folder, "foreign.safetensors");
    const refused = async (message: string) => {
      const error = await assertRejects(() => loadWeights(path, { shapes: SHAPES }), TypeError);
      assertStringIncludes(error.message, `Cannot load ${path} into this network: ${message}`);
    };
    const without = new Map([...WEIGHTS].filter(([name]) => name !== "bn1.weight"));
    await saveWeights(path, { weights: without, steps: 0 });
    await refused("it has no tensor bn1.weight");
    const extra = { shape: [1], values: new Float32Array(1) };
    await saveWeights(path, { weights: new Map([...WEIGHTS, ["layer9.bias", extra]]), steps: 0 });
    await refused("it has a tensor layer9.bias that the network has not");
    await saveWeights(path, { weights: WEIGHTS, steps: 0 });
    const { tensors, metadata } = await readSafetensors(path);
    const half = { dtype: "F16", shape: [2], bytes: new Uint8Array(4) };
    await writeSafetensors(path, { tensors: new Map([...tensors, ["fc.bias", half]]), metadata });
    await refused("fc.bias is of type F16, not F32");
  }));

Deno.test("loadState() gives back all that saveState() saved, readProgress() what is no tensor", () =>
  inFolder(async (folder) => {
    const path = join(folder, "last.safetensors");
    await saveState(path, STATE);
    assertEquals(await loadState(path, { shapes: SHAPES, parameters: PARAMETERS }), STATE);
    const { progress, config } = STATE;
    assertEquals(await readProgress(path), { progress, config });
  }));

Deno.test("loadState() refuses weights alone, damaged progress and a file cut short", () =>
  inFolder(async (folder) => {
    const path = join(folder, "last.safetensors");
    const load = () => loadState(path, { shapes: SHAPES, parameters: PARAMETERS });
    await saveWeights(path, { weights: WEIGHTS, steps: 0 });
    await assertRejects(load, SyntaxError, "it holds weights, no run's checkpoint");
    const half = { ...STATE.progress.sums, correct: 0.5 };
    const row = { epoch: 0 } as EpochRow;
    const damages: [Partial<Progress>, string][] = [
      [{ epoch: 1 }, "rows"],
      [{ step: -1 }, "step"],
      [{ sums: half }, "sums.correct"],
      [{ epoch: 1, rows: [row] }, "rows.0.learningRate"],
    ];
    for (const [change, place] of damages) {
      await saveState(path, { ...STATE, progress: { ...STATE.progress, ...change } });
      const damage = `its metadata is damaged, its "${place}" is wrong`;
      await assertRejects(load, SyntaxError, `Cannot resume from ${path}: ${damage}`);
    }
    await saveState(path, { ...STATE, config: { ...STATE.config, seed: NaN } });
    await assertRejects(load, SyntaxError, `its metadata is damaged, its "seed" is wrong`);
    await saveState(path, STATE);
    await Deno.truncate(path, (await Deno.stat(path)).size - 1);
    await assertRejects(load, SyntaxError, `Cannot read ${path}`);
    await saveState(path, { ...STATE, adam: { m: shifted(1), v: new Map() } });
    await assertRejects(load, TypeError, "it has no tensor conv1.weight");
  }));

Deno.test("saveState() keeps the good state when a value is not finite", () =>
  inFolder(async (folder) => {
    const path = join(folder, "last.safetensors");
    await saveState(path, STATE);
    for (const value of [NaN, Infinity]) {
      const bias = { shape: [2], values: new Float32Array([0, value]) };
      const weights = new Map([...WEIGHTS, ["fc.bias", bias] as const]);
      await assertRejects(
        () => saveState(path, { ...STATE, weights }),
        RangeError,
        `Cannot save step 12 in ${path}: fc.bias is not finite`,
      );
    }
    assertEquals(await loadState(path, { shapes: SHAPES, parameters: PARAMETERS }), STATE);
  }));
