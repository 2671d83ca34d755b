import { assert, assertEquals } from "@std/assert";
import { compileEvaluation } from "@/network/evaluation.ts";
import { lossAndGradients } from "@/network/loss.ts";
import { createResNet50, type Network } from "@/network/resnet50.ts";
import { createTrainer, type TrainerOptions } from "@/network/trainer.ts";
import { tf } from "@/tensorflow/backend.ts";
import { binding } from "@/tensorflow/binding.ts";
import { compile } from "@/tensorflow/compile.ts";
import {
  fromPyTorch,
  lcg,
  norm,
  readReference,
  referenceInputs,
  referenceLabels,
  referenceNetwork,
  relativeError,
  toPyTorchShape,
  type Which,
} from "../resnet50_reference.ts";

const SETTINGS: TrainerOptions = {
  learningRate: 1e-4,
  weightDecay: 1e-4,
  l2Penalty: 0,
  dropout: 0,
  precision: "fp32",
  seed: 0,
};

/** The relative differences from PyTorch that are allowed. */
const BOUNDS = {
  small: {
    evalLogits: 1e-4,
    trainLogits: 1e-4,
    gradientNorms: 1e-4,
    statisticsNorms: 1e-4,
    losses: Array<number>(10).fill(1e-4),
    // No more than PyTorch itself in float32 and channels_last: 2.3e-4 on a processor with AVX2
    // alone.
    evalLogitsAfter: 2.5e-4,
  },
  // Its training is chaotic in float32: PyTorch in another memory layout differs from itself by
  // some percent.
  resnet50: {
    evalLogits: 1e-3,
    trainLogits: 2e-3,
    gradientNorms: 0.02,
    statisticsNorms: 1e-3,
    losses: [1e-4, 0.02, 0.1, 0.1, 0.1],
    evalLogitsAfter: Infinity,
  },
};

for (const which of ["small", "resnet50"] as Which[]) {
  for (const kind of ["cross_entropy", "l2"] as const) {
    const reference = readReference(which);
    const { first_step: first, losses, eval_logits_after } = reference[kind];
    const bounds = BOUNDS[which];
    const l2Penalty = kind === "l2" ? 1e-3 : 0;

    Deno.test(`lossAndGradients() equals PyTorch's first step (${which}, ${kind})`, () => {
      const network = referenceNetwork(which);
      const names = [...network.parameters.keys()];
      const step = compile((xs: tf.Tensor, ys: tf.Tensor) => {
        const { loss, logits, gradients } = lossAndGradients(network, {
          xs: xs as tf.Tensor4D,
          ys: ys as tf.Tensor1D,
          l2Penalty,
          precision: "fp32",
        });
        return [loss, logits, ...gradients.values()];
      });
      const [loss, logits, ...gradients] = step(
        referenceInputs(reference.input_size),
        referenceLabels(),
      );
      within(relative(loss!.dataSync()[0]!, losses[0]!), bounds.losses[0]!, "loss");
      within(
        relativeError(logits!.dataSync(), first.train_logits.flat()),
        bounds.trainLogits,
        "train logits",
      );
      names.forEach((name, i) => {
        const error = relative(norm(gradients[i]!), first.gradient_norms[name]!);
        within(error, bounds.gradientNorms, `the gradient's norm of ${name}`);
        const expected = first.gradients?.[name];
        if (expected === undefined) return;
        const shape = toPyTorchShape(gradients[i]!.shape);
        const wanted = fromPyTorch(Float32Array.from(expected), shape).dataSync();
        within(relativeError(gradients[i]!.dataSync(), wanted), 1e-4, `the gradient of ${name}`);
      });
      for (const [name, variable] of network.statistics) {
        const { running_mean_norms: means, running_var_norms: variances } = first;
        const expected = means[name] ?? variances[name]!;
        within(relative(norm(variable.read()), expected), bounds.statisticsNorms, name);
      }
      step.dispose();
      network.dispose();
    });

    Deno.test(`createTrainer() takes PyTorch's Adam steps (${which}, ${kind})`, async () => {
      const network = referenceNetwork(which);
      const trainer = createTrainer(network, { ...SETTINGS, l2Penalty });
      const { predict, dispose } = compileEvaluation(network, SETTINGS);
      const [xs, ys] = [referenceInputs(reference.input_size), referenceLabels()];
      const { evalLogits, evalLogitsAfter } = bounds;
      within(
        relativeError(await predict(xs), reference.eval_logits.flat()),
        evalLogits,
        "eval logits",
      );
      for (const [i, expected] of losses.entries()) {
        const { loss, finite } = await trainer.step(xs, ys, i + 1);
        within(relative(loss, expected), bounds.losses[i]!, `the loss of step ${i + 1}`);
        assert(finite);
      }
      const after = await predict(xs);
      within(relativeError(after, eval_logits_after.flat()), evalLogitsAfter, "logits after");
      dispose();
      trainer.dispose();
      network.dispose();
    });
  }
}

const SMALL = { stages: [[8, 1, 1], [16, 2, 2]], seed: 3 };
const PIXELS = tf.tidy(() => {
  const values = lcg(7, { count: 4 * 32 * 32 * 3, scale: 128, shift: 128 });
  return tf.cast<tf.Tensor4D>(tf.tensor4d(values, [4, 32, 32, 3]), "int32");
});
const CLASSES = tf.tensor1d([0, 1, 1, 0], "int32");

/** Trains a small network on the same four films. */
async function train(
  { steps, first = 1, network = createResNet50(SMALL), ...options }:
    & Partial<TrainerOptions>
    & { steps: number; first?: number; network?: Network },
) {
  const trainer = createTrainer(network, { ...SETTINGS, learningRate: 1e-3, ...options });
  const losses: number[] = [];
  for (let step = first; step < first + steps; step++) {
    losses.push((await trainer.step(PIXELS, CLASSES, step)).loss);
  }
  const evaluation = compileEvaluation(network, { ...SETTINGS, ...options });
  return { trainer, evaluation, network, losses };
}

for (const options of [{ precision: "fp32" }, { precision: "bf16" }, { dropout: 0.5 }] as const) {
  const name = JSON.stringify(options);
  Deno.test(`createTrainer() gives the same losses twice, bit for bit: ${name}`, async () => {
    const [one, two] = [
      await train({ steps: 8, ...options }),
      await train({ steps: 8, ...options }),
    ];
    assertEquals(one.losses, two.losses);
    assertEquals(await one.evaluation.predict(PIXELS), await two.evaluation.predict(PIXELS));
    assert(one.losses.at(-1)! < one.losses[0]!);
  });
}

Deno.test("createTrainer() drops by the seed", async () => {
  const [one, two] = [1, 2].map((seed) => train({ steps: 1, dropout: 0.5, seed }));
  assert((await one!).losses[0] !== (await two!).losses[0]);
});

Deno.test("Trainer.restore() goes on as if it had never stopped", async () => {
  const whole = await train({ steps: 6 });
  const { trainer, network, losses } = await train({ steps: 3 });
  const copy = createResNet50({ ...SMALL, seed: 99 });
  for (const kind of ["parameters", "statistics"] as const) {
    for (const [name, variable] of network[kind]) copy[kind].get(name)!.assign(variable.read());
  }
  const resumed = createTrainer(copy, { ...SETTINGS, learningRate: 1e-3 });
  resumed.restore(trainer.moments());
  for (let step = 4; step <= 6; step++) {
    losses.push((await resumed.step(PIXELS, CLASSES, step)).loss);
  }
  assertEquals(losses, whole.losses);
});

Deno.test("Trainer.step() counts the films that are right, and keeps the penalty apart", async () => {
  const { trainer, network } = await train({ steps: 20, l2Penalty: 0.01 });
  const squares = tf.addN([...network.parameters.values()].map((p) => p.read().square().sum()));
  const penalty = 0.5 * 0.01 * squares.dataSync()[0]!;
  const { loss, crossEntropy, correct } = await trainer.step(PIXELS, CLASSES, 21);
  assertEquals(correct, 4);
  assert(Math.abs(loss - crossEntropy - penalty) < 1e-5);
  assert(crossEntropy > 0 && crossEntropy < 0.1);
});

Deno.test("Trainer.step() takes a short last batch", async () => {
  const { trainer, evaluation } = await train({ steps: 1 });
  const xs = tf.slice4d(PIXELS, [0, 0, 0, 0], [1, 32, 32, 3]);
  const { finite } = await trainer.step(xs, CLASSES.slice(0, 1), 2);
  assert(finite);
  assertEquals((await evaluation.predict(xs)).length, 2);
});

Deno.test("Trainer.step() says so when a gradient or the loss is not finite", async () => {
  const { trainer, network } = await train({ steps: 1 });
  assertEquals((await trainer.step(PIXELS, CLASSES, 2)).finite, true);
  // Only one value of a late layer: it has to show in the first layer's gradient or in the loss.
  const weight = network.parameters.get("layer2.1.conv3.weight")!;
  const mask = tf.oneHot([5], weight.shape.reduce((a, b) => a * b)).reshape([...weight.shape]);
  weight.assign(tf.where(mask.cast("bool"), tf.scalar(NaN), weight.read()));
  assertEquals((await trainer.step(PIXELS, CLASSES, 3)).finite, false);
});

Deno.test("compileEvaluation() normalizes pixels as ImageNet's were", async () => {
  const { evaluation } = await train({ steps: 2 });
  const normalized = tf.div(PIXELS, 255).sub([0.485, 0.456, 0.406]).div([0.229, 0.224, 0.225]);
  const expected = await evaluation.predict(normalized as tf.Tensor4D);
  assert(relativeError(await evaluation.predict(PIXELS), expected) < 1e-5);
});

Deno.test("compileEvaluation() follows every change of the weights and the statistics", async () => {
  const { trainer, evaluation, network } = await train({ steps: 1 });
  const before = await evaluation.predict(PIXELS);
  assertEquals(await evaluation.predict(PIXELS), before);
  const bias = network.parameters.get("fc.bias")!;
  bias.assign(bias.read().add([1, -1]));
  const shifted = before.map((logit, i) => logit + (i % 2 === 0 ? 1 : -1));
  assert(relativeError(await evaluation.predict(PIXELS), shifted) < 1e-5);
  for (const name of ["bn1.running_mean", "layer1.0.conv2.weight"]) {
    const variable = network.parameters.get(name) ?? network.statistics.get(name)!;
    const last = await evaluation.predict(PIXELS);
    variable.assign(variable.read().add(0.1));
    assert(relativeError(await evaluation.predict(PIXELS), last) > 1e-4, name);
  }
  const last = await evaluation.predict(PIXELS);
  await trainer.step(PIXELS, CLASSES, 2);
  assert(relativeError(await evaluation.predict(PIXELS), last) > 1e-4);
});

Deno.test("createTrainer() and compileEvaluation() leave nothing behind, at any step or at the end", async () => {
  const count = () => [tf.memory().numTensors, binding.getNumOfTensors()];
  const before = count();
  const { trainer, evaluation, network } = await train({ steps: 2 });
  await evaluation.predict(PIXELS);
  const between = count();
  for (let step = 3; step < 6; step++) await trainer.step(PIXELS, CLASSES, step);
  await evaluation.predict(PIXELS);
  assertEquals(count(), between);
  evaluation.dispose();
  trainer.dispose();
  network.dispose();
  assertEquals(count(), before);
});

function relative(actual: number, expected: number): number {
  return Math.abs(actual / expected - 1);
}

function within(error: number, bound: number, what: string): void {
  assert(error <= bound, `${what} is off by ${error}, more than ${bound}`);
}
