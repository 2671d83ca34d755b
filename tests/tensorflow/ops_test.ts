import { assert, assertEquals } from "@std/assert";
import { tf } from "@/tensorflow/backend.ts";
import { compile } from "@/tensorflow/compile.ts";
import {
  addBias,
  applyAdam,
  batchNorm,
  convAsProduct,
  dropout,
  fromBfloat16,
  halfSquares,
  padZeros,
  randomNormal,
  randomUniform,
  relu,
  toBfloat16,
} from "@/tensorflow/ops.ts";
import { Variable } from "@/tensorflow/variables.ts";
import { relativeError } from "../resnet50_reference.ts";

const reference = JSON.parse(
  Deno.readTextFileSync(new URL("../reference/ops.json", import.meta.url)),
);

/** Gives what tests/python/make_ops_reference.py found for batch norm, in TensorFlow's layout. */
function batchNormReference() {
  const r = reference.batch_norm;
  const image = (values: number[]) =>
    tf.tensor4d(values, r.shape).transpose<tf.Tensor4D>([0, 2, 3, 1]);
  const norm = {
    weight: tf.tensor1d(r.weight),
    bias: tf.tensor1d(r.bias),
    runningMean: new Variable(tf.tensor1d(r.running_mean)),
    runningVar: new Variable(tf.tensor1d(r.running_var)),
  };
  return { r, image, norm };
}

for (const relu of [false, true]) {
  const name = relu ? "batchNorm() with a ReLU" : "batchNorm()";
  Deno.test(`${name} equals PyTorch's, gradients and running statistics too`, () => {
    const { r, image, norm } = batchNormReference();
    const run = (x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor) =>
      batchNorm(x as tf.Tensor4D, {
        norm: { ...norm, weight: weight as tf.Tensor1D, bias: bias as tf.Tensor1D },
        relu,
      });
    const { value, grads } = tf.valueAndGrads(run)(
      [image(r.x), norm.weight, norm.bias],
      image(r.dy),
    );
    const expected = relu ? r.relu : r;
    const close = (actual: tf.Tensor, expected: ArrayLike<number>) =>
      assert(relativeError(actual.dataSync(), expected) < 1e-6);
    close(value, image(expected.y).dataSync());
    close(grads[0]!, image(expected.dx).dataSync());
    close(grads[1]!, expected.dweight);
    close(grads[2]!, expected.dbias);
    close(norm.runningMean.read(), r.running_mean_after);
    close(norm.runningVar.read(), r.running_var_after);
  });
}

/** Computes a convolution's value and gradients by tfjs's own kernel. */
function ownConvolution(x: tf.Tensor4D, { filter, dy }: { filter: tf.Tensor4D; dy: tf.Tensor4D }) {
  const run = (x: tf.Tensor, filter: tf.Tensor) =>
    tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, "same");
  return tf.valueAndGrads(run)([x, filter] as tf.Tensor[], dy);
}

for (const kernel of [1, 3]) {
  Deno.test(`convAsProduct() equals tfjs's convolution of a kernel of ${kernel}, gradients too`, () => {
    const draw = (shape: number[], stream: number) =>
      randomNormal(shape, tf.tensor1d([1, stream], "int32")) as tf.Tensor4D;
    const [x, filter] = [draw([2, 5, 4, 3], 1), draw([kernel, kernel, 3, 6], 2)];
    const dy = draw([2, 5, 4, 6], 3);
    const expected = ownConvolution(x, { filter, dy });
    const run = (x: tf.Tensor, filter: tf.Tensor) =>
      convAsProduct(x as tf.Tensor4D, filter as tf.Tensor4D);
    const actual = tf.valueAndGrads(run)([x, filter] as tf.Tensor[], dy);
    [actual.value, ...actual.grads].forEach((tensor, i) => {
      const wanted = [expected.value, ...expected.grads][i]!;
      assertEquals(tensor.shape, wanted.shape);
      assert(relativeError(tensor.dataSync(), wanted.dataSync()) < 1e-6);
    });
  });
}

Deno.test("addBias() adds a value for each channel", () => {
  const x = tf.tensor4d([1, 2, 3, 4], [1, 2, 1, 2]);
  assertEquals(addBias(x, tf.tensor1d([10, 20])).dataSync(), Float32Array.of(11, 22, 13, 24));
});

Deno.test("applyAdam() equals PyTorch's over ten steps, for large and for tiny gradients", () => {
  const { initial, gradients, after } = reference.adam;
  const parameter = new Variable(tf.tensor1d(initial));
  const [m, v] = [new Variable(tf.zeros([6])), new Variable(tf.zeros([6]))];
  const [beta1, beta2] = [Math.fround(0.9), Math.fround(0.999)];
  for (let step = 1; step <= gradients.length; step++) {
    const correction = Math.sqrt(1 - beta2 ** step);
    applyAdam({ parameter, m, v }, {
      gradient: tf.tensor1d(gradients[step - 1]),
      beta1: tf.scalar(beta1),
      beta2: tf.scalar(beta2),
      stepSize: tf.scalar(1e-2 * correction / (1 - beta1 ** step)),
      epsilon: tf.scalar(1e-8 * correction),
    });
    assert(relativeError(parameter.read().dataSync(), after[step - 1]) < 1e-6);
  }
});

Deno.test("relu() has the gradient of the positive values only", () => {
  const x = tf.tensor1d([-2, 0, 3]);
  assertEquals(relu(x).dataSync(), Float32Array.of(0, 0, 3));
  const dx = tf.grad((x) => relu(x))(x, tf.tensor1d([5, 6, 7]));
  assertEquals(dx.dataSync(), Float32Array.of(0, 0, 7));
});

Deno.test("toBfloat16() rounds to 8 bits of mantissa, to even, and lets gradients through", () => {
  // 1 + 2^-7 is the next bfloat16 after 1; 1 + 2^-8 lies halfway and goes to the even one, 1.
  const x = tf.tensor1d([1 + 2 ** -7, 1 + 2 ** -8, 1 + 3 * 2 ** -8, -3]);
  const rounded = Float32Array.of(1 + 2 ** -7, 1, 1 + 2 ** -6, -3);
  assertEquals(toBfloat16(x).dataSync(), rounded);
  assertEquals(fromBfloat16(toBfloat16(x)).dataSync(), rounded);
  assertEquals(toBfloat16(toBfloat16(x)).dataSync(), rounded);
  const dx = tf.grad((x) => fromBfloat16(toBfloat16(x)))(x, x);
  assertEquals(dx.dataSync(), rounded);
});

Deno.test("operations on bfloat16 give bfloat16, eagerly and compiled", () => {
  // 256 + 1 is 257, between the bfloat16 neighbours 256 and 258.
  const add = (x: tf.Tensor, y: tf.Tensor) => tf.add(toBfloat16(x), toBfloat16(y));
  const [x, y] = [tf.tensor1d([256]), tf.tensor1d([1])];
  assertEquals(add(x, y).dataSync(), Float32Array.of(256));
  assertEquals(compile(add)(x, y).dataSync(), Float32Array.of(256));
  // tfjs casts what it takes for float32 to float32: that leaves it as it is.
  const addCast = (x: tf.Tensor, y: tf.Tensor) =>
    tf.add(tf.cast(toBfloat16(x), "float32"), toBfloat16(y));
  assertEquals(addCast(x, y).dataSync(), Float32Array.of(256));
  assertEquals(compile(addCast)(x, y).dataSync(), Float32Array.of(256));
});

Deno.test("padZeros() puts zeros on all four sides, and its gradient leaves them out", () => {
  const x = tf.tensor4d([1, 2], [1, 1, 2, 1]);
  const padded = [0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0];
  assertEquals(padZeros(x, 1).shape, [1, 3, 4, 1]);
  assertEquals(padZeros(x, 1).dataSync(), Float32Array.from(padded));
  const dy = tf.tensor4d(padded.map((_, i) => i), [1, 3, 4, 1]);
  const dx = tf.grad((x) => padZeros(x as tf.Tensor4D, 1))(x, dy);
  assertEquals(dx.dataSync(), Float32Array.of(5, 6));
});

Deno.test("halfSquares() is half the sum of squares, its gradient the values", () => {
  const x = tf.tensor2d([[1, -2], [3, 0.5]]);
  assertEquals(halfSquares(x).dataSync(), Float32Array.of(7.125));
  const dx = tf.grad((x) => halfSquares(x))(x, tf.scalar(2));
  assertEquals(dx.dataSync(), Float32Array.of(2, -4, 6, 1));
});

Deno.test("randomNormal() and randomUniform() follow their seed and their distribution", () => {
  const seed = (a: number, b: number) => tf.tensor1d([a, b], "int32");
  const draw = randomNormal([100_000], seed(1, 2));
  assertEquals(draw.dataSync(), randomNormal([100_000], seed(1, 2)).dataSync());
  assert(draw.notEqual(randomNormal([100_000], seed(1, 3))).all().dataSync()[0] === 1);
  const { mean, variance } = tf.moments(draw);
  // Standard errors: 0.0032 of the mean, 0.0045 of the variance.
  assert(Math.abs(mean.dataSync()[0]!) < 0.016 && Math.abs(variance.dataSync()[0]! - 1) < 0.022);

  const even = randomUniform([100_000], seed(0, 0));
  assert(even.min().dataSync()[0]! >= 0 && even.max().dataSync()[0]! < 1);
  // Standard error: sqrt(1 / 12 / 100,000) = 0.0009.
  assert(Math.abs(even.mean().dataSync()[0]! - 0.5) < 0.0045);
});

Deno.test("dropout() drops the share it is told to, scales the rest and follows its seed", () => {
  const x = tf.ones([100_000]);
  const seed = tf.tensor1d([7, 1], "int32");
  const y = dropout(x, { rate: 0.25, seed });
  const kept = y.dataSync().filter((value) => value !== 0);
  assert(kept.every((value) => value === Math.fround(1 / 0.75)));
  // Standard error of the number kept: sqrt(100,000 * 0.25 * 0.75) = 137.
  assert(Math.abs(kept.length - 75_000) < 700);
  assertEquals(y.dataSync(), dropout(x, { rate: 0.25, seed }).dataSync());
  const gradient = tf.grad((x) => dropout(x, { rate: 0.25, seed }))(x);
  assertEquals(gradient.dataSync(), y.dataSync());
});

Deno.test("dropout() draws anew for every seed that a compiled function is given", () => {
  const drop = compile((x: tf.Tensor, seed: tf.Tensor) =>
    dropout(x, { rate: 0.5, seed: seed as tf.Tensor1D })
  );
  const x = tf.ones([64]);
  const [one, two] = [1, 2].map((step) => drop(x, tf.tensor1d([0, step], "int32")).dataSync());
  assert(one!.some((value, i) => value !== two![i]));
  assertEquals(drop(x, tf.tensor1d([0, 1], "int32")).dataSync(), one);
  assertEquals(drop.traces, 1);
});
