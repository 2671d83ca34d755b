import { assert, assertEquals, assertThrows } from "@std/assert";
import { describeResNet50 } from "@/network/architecture.ts";
import {
  classify,
  createResNet50,
  features,
  foldBatchNorms,
  forward,
  type ForwardOptions,
  readParameters,
  type Weights,
} from "@/network/resnet50.ts";
import { tf } from "@/tensorflow/backend.ts";
import { compile } from "@/tensorflow/compile.ts";
import {
  readReference,
  referenceInputs,
  referenceNetwork,
  relativeError,
  toPyTorchShape,
  type Which,
} from "../resnet50_reference.ts";

const SMALL = { stages: [[8, 1, 1], [16, 2, 2], [32, 1, 2]], seed: 0 };

for (const which of ["resnet50", "small"] as Which[]) {
  Deno.test(`createResNet50() has PyTorch's parameters: names, order, shapes, number (${which})`, () => {
    const reference = readReference(which);
    using network = disposable(referenceNetwork(which));
    const parameters = [...network.parameters].map(([name, { shape }]) => ({
      name,
      shape: toPyTorchShape(shape),
    }));
    assertEquals(parameters, reference.parameters);
    const count = parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    assertEquals(count, reference.parameter_count);
    assertEquals(
      [...network.statistics.keys()].toSorted(),
      [
        ...Object.keys(reference.cross_entropy.first_step.running_mean_norms),
        ...Object.keys(reference.cross_entropy.first_step.running_var_norms),
      ].toSorted(),
    );
  });
}

Deno.test("forward() gives PyTorch's logits in evaluation, eagerly as compiled", () => {
  const reference = readReference("small");
  using network = disposable(referenceNetwork("small"));
  const x = referenceInputs(reference.input_size);
  const run = (x: tf.Tensor) => forward(network, x as tf.Tensor4D, evaluation(network));
  for (const logits of [run(x), compile(run)(x)]) {
    assert(relativeError(logits.dataSync(), reference.eval_logits.flat()) < 1e-5);
  }
});

Deno.test("foldBatchNorms() leaves nothing of a batch norm, and the logits as PyTorch has them", () => {
  const reference = readReference("small");
  using network = disposable(referenceNetwork("small"));
  const options = evaluation(network);
  const folded = foldBatchNorms(network, options);
  assertEquals([...folded.keys()].filter((name) => name.includes("bn")), []);
  assertEquals(folded.size, 2 * 16 + 2);
  // Channel 3: 1 / sqrt(running variance 1 + 1e-5) times its weight; its bias as the running mean
  // is 0.
  const [weight, bias] = ["bn1.weight", "bn1.bias"].map((name) =>
    options.weights.get(name)!.dataSync()[3]!
  );
  const scale = weight! / Math.sqrt(1 + 1e-5);
  const filter = (weights: Weights) => weights.get("conv1.weight")!.gather([3], 3).dataSync();
  const expected = (filter(options.weights) as Float32Array).map((value) => value * scale);
  assert(relativeError(filter(folded), expected) < 1e-6);
  assert(relativeError([folded.get("conv1.bias")!.dataSync()[3]!], [bias!]) < 1e-6);

  const x = referenceInputs(reference.input_size);
  const logits = forward(network, x, { ...options, weights: folded });
  assert(relativeError(logits.dataSync(), reference.eval_logits.flat()) < 1e-5);
});

Deno.test("createResNet50() draws initial values from their distributions, by the seed", () => {
  const initial = (seed: number, name: string) =>
    tf.tidy(() => {
      using network = disposable(createResNet50({ ...SMALL, seed }));
      return network.parameters.get(name)!.read().dataSync() as Float32Array;
    });
  const conv = "layer3.0.conv2.weight"; // 3 x 3, 32 to 32: variance 2 / 288
  const values = initial(5, conv);
  const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
  // Standard error of 9,216 squares: sqrt(2 / 9,216) of the variance, 1.5%.
  assert(Math.abs(variance / (2 / 288) - 1) < 0.07);
  assertEquals(values, initial(5, conv));
  assert(values.some((value, i) => value !== initial(6, conv)[i]));
  assert(values.some((value, i) => value !== initial(5, "layer3.0.conv1.weight")[i]));

  const linear = initial(5, "fc.weight"); // 128 inputs: even in +-1 / sqrt(128)
  const bound = 1 / Math.sqrt(128);
  assert(linear.every((value) => Math.abs(value) <= bound));
  assert(Math.max(...linear) > 0.95 * bound && Math.min(...linear) < -0.95 * bound);
  assertEquals(initial(5, "bn1.weight"), new Float32Array(8).fill(1));
  assertEquals(initial(5, "layer1.0.bn3.bias"), new Float32Array(32));
});

Deno.test("describeResNet50() puts the stride on the first 1x1, or on the 3x3", () => {
  const strides = (strideOn: string) =>
    describeResNet50({ strideOn }).blocks.map(({ conv1, conv2, conv3, downsample }) =>
      [conv1, conv2, conv3, downsample].map((unit) => unit?.stride)
    );
  const [plain, later] = [[1, 1, 1, undefined], [1, 1, 1, 1]];
  assertEquals(strides("1x1").slice(0, 5), [later, plain, plain, [2, 1, 1, 2], plain]);
  assertEquals(strides("3x3").slice(0, 5), [later, plain, plain, [1, 2, 1, 2], plain]);
  assertThrows(() => describeResNet50({ strideOn: "5x5" }), RangeError, '"1x1" or the "3x3"');
});

Deno.test("forward() with the stride on the 3x3 pads it evenly, as PyTorch does", () => {
  // One block whose 1x1 convolutions and batch norms pass everything on: what is left is the 3x3
  // with stride 2.
  using network = disposable(createResNet50({ stages: [[1, 1, 2]], strideOn: "3x3", seed: 0 }));
  const set = (name: string, value: tf.Tensor) => network.parameters.get(name)!.assign(value);
  set("conv1.weight", tf.oneHot([3 * (3 * 7 + 3)], 147).reshape([7, 7, 3, 1]).cast("float32"));
  set("layer1.0.conv1.weight", tf.ones([1, 1, 1, 1]));
  set("layer1.0.conv2.weight", tf.ones([3, 3, 1, 1]));
  set("layer1.0.conv3.weight", tf.tensor4d([1, 0, 0, 0], [1, 1, 1, 4]));
  set("layer1.0.downsample.0.weight", tf.zeros([1, 1, 1, 4]));
  // Red is 1 in the top left corner only. The stem takes every second pixel, the max-pool every
  // second of those.
  const x = tf.buffer([1, 32, 32, 3], "float32");
  x.set(1, 0, 0, 0, 0);
  const y = features(network, x.toTensor() as tf.Tensor4D, evaluation(network));
  const first = y.slice([0, 0, 0, 0], [1, 4, 4, 1]).dataSync();
  // 8 x 8 pixels are left, padded by one on each side: the corner lies in the first window only.
  const expected = new Float32Array(16);
  expected[0] = 1;
  assert(relativeError(first, expected) < 1e-3); // batch norm's epsilon, five times
});

Deno.test("features() gives the last block's output, from which classify() has gradients", () => {
  using network = disposable(referenceNetwork("small"));
  const x = referenceInputs(64);
  const options = evaluation(network);
  const last = features(network, x, options);
  assertEquals(last.shape, [4, 4, 4, 128]);
  const logits = classify(last, options);
  assertEquals(logits.dataSync(), forward(network, x, options).dataSync());
  // The score of a class is linear in the features: its gradient is the class's weight over the
  // number of places.
  const score = (last: tf.Tensor) => classify(last as tf.Tensor4D, options).gather([1], 1).sum();
  const gradient = tf.grad(score)(last).slice([2, 1, 0, 0], [1, 1, 1, 128]);
  const weight = options.weights.get("fc.weight")!.slice([0, 1], [128, 1]).div(16);
  assert(relativeError(gradient.dataSync(), weight.dataSync()) < 1e-6);
});

Deno.test("forward() drops features before the linear layer where dropout is asked for", () => {
  using network = disposable(referenceNetwork("small"));
  const x = referenceInputs(64);
  const logits = (step: number) =>
    forward(network, x, {
      ...evaluation(network),
      dropout: { rate: 0.5, seed: tf.tensor1d([3, step], "int32") },
    }).dataSync();
  assertEquals(logits(1), logits(1));
  assert(logits(1).every((value, i) => value !== logits(2)[i]));
});

Deno.test("forward() in bf16 differs from fp32 by at most 4.2% of the largest logit", () => {
  const reference = readReference("resnet50");
  using network = disposable(referenceNetwork("resnet50"));
  const run = compile((x: tf.Tensor) =>
    forward(network, x as tf.Tensor4D, { ...evaluation(network), precision: "bf16" })
  );
  const logits = run(referenceInputs(224)).dataSync();
  const error = relativeError(logits, reference.eval_logits.flat());
  assert(error > 1e-4, "bfloat16 has 8 bits: this would be float32");
  assert(error < 0.042, `${error}`);
  run.dispose();
});

function evaluation(network: ReturnType<typeof createResNet50>): ForwardOptions {
  return { weights: readParameters(network), training: false, precision: "fp32" };
}

function disposable<T extends { dispose(): void }>(value: T): T & Disposable {
  return Object.assign(value, { [Symbol.dispose]: () => value.dispose() });
}
