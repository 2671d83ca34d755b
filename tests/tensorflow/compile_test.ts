import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { backend, tf } from "@/tensorflow/backend.ts";
import { binding } from "@/tensorflow/binding.ts";
import { ATTRIBUTE, DTYPE } from "@/tensorflow/c_api.ts";
import { compile } from "@/tensorflow/compile.ts";
import { Variable } from "@/tensorflow/variables.ts";

const x = tf.tensor2d([[0.5, -1, 2], [3, 0.25, -0.75]]);
const y = tf.tensor2d([[1, 4, -2], [0.5, 2, 8]]);
const image = tf.tensor4d(Array.from({ length: 72 }, (_, i) => Math.sin(i)), [2, 6, 3, 2]);
const filter = tf.tensor4d(Array.from({ length: 54 }, (_, i) => Math.cos(i)), [3, 3, 2, 3]);
const whole = tf.tensor1d([3, 1, 2], "int32");

/**
 * Ordinary tfjs code: attributes of every type, lists of inputs, several results, constants, other
 * types.
 */
const CODE: Record<string, () => tf.Tensor | tf.Tensor[]> = {
  "arithmetic": () => x.mul(y).add(2).sub(y.div(3)).pow(tf.scalar(2)),
  "comparisons and where": () => tf.where(tf.greater(x, y), x, y.neg()),
  "functions of one value": () => tf.tanh(tf.exp(x)).add(tf.sigmoid(y)).sqrt(),
  "matMul, transposed": () => tf.matMul(x, y, false, true),
  "matMul of a batch": () => tf.matMul(tf.stack([x, y]), tf.stack([y, x]), true),
  "sums over axes": () => [x.sum(), x.mean(0), x.max(1, true), x.prod(-1)],
  "argMax and oneHot": () => tf.oneHot(tf.argMax(x, 1) as tf.Tensor1D, 3),
  "concat, stack, addN": () => tf.concat([x, y, tf.addN([x, y, x])], 1),
  "split and unstack": () => [...tf.split(x, 3, 1), ...tf.unstack(y)],
  "reshape, transpose, tile": () => x.reshape([3, 2]).transpose().tile([2, 1]),
  "slice, stridedSlice, pad": () => [x.slice([0, 1], [2, 2]), x.pad([[1, 0], [0, 2]], 3)],
  "gather": () => tf.gather(y, tf.tensor1d([1, 0, 1], "int32")),
  "cast": () => [whole.cast("float32").div(2), x.cast("int32"), x.cast("bool")],
  "topk": () => {
    const { values, indices } = tf.topk(x, 2);
    return [values, indices];
  },
  "cumsum and reverse": () => x.cumsum(1).reverse(0),
  "softmax and logSoftmax": () => [tf.softmax(x), tf.logSoftmax(y)],
  "conv2d, padded and strided": () => tf.conv2d(image, filter, [2, 1], "same"),
  "depthwiseConv2d": () => tf.depthwiseConv2d(image, filter, 1, "valid"),
  "maxPool and avgPool": () => [tf.maxPool(image, 2, 2, "same"), tf.avgPool(image, 3, 1, "valid")],
  "batchNorm": () => tf.batchNorm(image, [0.1, 0.2], [1, 2], [0.3, 0.4], [1.5, 0.5]),
  "resizeBilinear": () => tf.image.resizeBilinear(image, [4, 5]),
  "einsum": () => tf.einsum("ij,kj->ik", x, y),
  "complex and fft": () => tf.abs(tf.spectral.fft(tf.complex(x, y))),
  "range, linspace, eye, fill": () => [
    tf.range(0, 6, 2),
    tf.linspace(0, 1, 5),
    tf.eye(2),
    tf.fill([2, 2], 7),
  ],
  "strings": () => tf.tensor1d(["a", "bc"]).reshape([2, 1]),
  "gradients of a small network": () => {
    const loss = (filter: tf.Tensor4D) =>
      tf.maxPool(tf.relu(tf.conv2d(image, filter, 1, "same")), 2, 2, "same").square().mean();
    const { value, grad } = tf.valueAndGrad(loss as (x: tf.Tensor) => tf.Scalar)(filter);
    return [value, grad];
  },
  "gradients of gradients": () => tf.grad((x) => tf.grad((x) => x.pow(3).sum())(x).sum())(x),
};

for (const [name, code] of Object.entries(CODE)) {
  Deno.test(`compile() gives what eager tfjs gives: ${name}`, () => {
    const values = (result: tf.Tensor | tf.Tensor[]) =>
      [result].flat().map((tensor) => ({
        dtype: tensor.dtype,
        shape: tensor.shape,
        values: tensor.dataSync(),
      }));
    const compiled = compile(code);
    const [expected, actual] = [values(code()), values(compiled())];
    actual.forEach(({ dtype, shape, values }, i) => {
      const wanted = expected[i]!;
      assertEquals({ dtype, shape }, { dtype: wanted.dtype, shape: wanted.shape });
      for (const [k, value] of (values as Float32Array).entries()) {
        // The optimized graph may round otherwise; a string has no difference.
        const difference = Math.abs(value - wanted.values[k]!);
        assert(
          value === wanted.values[k] || difference <= 1e-5 * Math.max(1, Math.abs(value)),
          `${value} instead of ${wanted.values[k]}`,
        );
      }
    });
    assertEquals(actual.length, expected.length);
    compiled.dispose();
  });
}

Deno.test("compile() returns results in the form that the function returned them in", () => {
  const one = compile((x: tf.Tensor) => x.add(1));
  const none = compile((_x: tf.Tensor) => {});
  const named = compile((x: tf.Tensor) => ({ twice: x.mul(2), same: x }));
  assertEquals(one(x).shape, [2, 3]);
  assertEquals(none(x), undefined);
  const { twice, same } = named(x);
  assertEquals(twice.dataSync(), x.mul(2).dataSync());
  assertEquals(same.dataSync(), x.dataSync());
});

Deno.test("compile() traces once for each set of shapes, types and settings", () => {
  let traces = 0;
  const scale = compile((x: tf.Tensor, factor: number) => {
    traces++;
    return x.mul(factor);
  });
  const a = tf.tensor1d([1, 2]);
  assertEquals(scale(a, 2).dataSync(), Float32Array.of(2, 4));
  assertEquals(scale(tf.tensor1d([5, 6]), 2).dataSync(), Float32Array.of(10, 12));
  assertEquals([traces, scale.traces], [1, 1]);
  assertEquals(scale(tf.tensor1d([1, 2, 3]), 2).dataSync(), Float32Array.of(2, 4, 6));
  assertEquals(scale(a.cast("int32"), 2).dataSync(), Float32Array.of(2, 4));
  assertEquals(scale(a, 3).dataSync(), Float32Array.of(3, 6));
  assertEquals([traces, scale.traces], [4, 4]);
  scale(a, 2);
  assertEquals(traces, 4);
});

Deno.test("compile() keeps a tensor that is no argument, though it is disposed of", () => {
  const used = tf.tensor1d([1, 2]).add(0);
  const notYetUsed = tf.tensor1d([10, 20]);
  const add = compile((x: tf.Tensor) => x.add(used).add(notYetUsed));
  const a = tf.tensor1d([100, 200]);
  assertEquals(add(a).dataSync(), Float32Array.of(111, 222));
  // A tensor that tfjs handed over within the trace is a real one after it.
  assertEquals(notYetUsed.add(1).dataSync(), Float32Array.of(11, 21));
  tf.dispose([used, notYetUsed]);
  assertEquals(add(a).dataSync(), Float32Array.of(111, 222));
  add.dispose();
});

Deno.test("compile() reads a tf.variable() as it is at each call", () => {
  const variable = tf.variable(tf.tensor1d([1, 2]));
  const twice = compile(() => variable.mul(2));
  assertEquals(twice().dataSync(), Float32Array.of(2, 4));
  variable.assign(tf.tensor1d([5, 6]));
  assertEquals(twice().dataSync(), Float32Array.of(10, 12));
  variable.dispose();
});

Deno.test("compile() does the changes of a variable in the order in which they are written", () => {
  const variable = new Variable(tf.scalar(3));
  const step = compile((x: tf.Tensor) => {
    const first = variable.read();
    variable.assign(first.add(x));
    const second = variable.read();
    variable.assign(second.mul(second));
    return [first, second, variable.read()];
  });
  const values = (tensors: tf.Tensor[]) => tensors.map((tensor) => tensor.dataSync()[0]);
  assertEquals(values(step(tf.scalar(1))), [3, 4, 16]);
  assertEquals(values(step(tf.scalar(2))), [16, 18, 324]);
  assertEquals(variable.read().dataSync()[0], 324);
});

Deno.test("compile() does the changes of variables though nothing is returned", () => {
  const counter = new Variable(tf.scalar(0));
  const count = compile(() => counter.assign(counter.read().add(1)));
  for (let i = 0; i < 5; i++) count();
  assertEquals(counter.read().dataSync()[0], 5);
});

Deno.test("compile() runs a compiled function inside another as a part of it", () => {
  const inner = compile((x: tf.Tensor) => x.square());
  const outer = compile((x: tf.Tensor) => inner(x).add(1));
  assertEquals(outer(tf.tensor1d([2, 3])).dataSync(), Float32Array.of(5, 10));
  assertEquals([outer.traces, inner.traces], [1, 0]);
});

Deno.test("compile().async() lets JavaScript go on, and keeps the order of calls", async () => {
  const sum = new Variable(tf.scalar(0));
  const big = tf.ones<tf.Rank.R2>([1024, 1024]);
  const step = compile((big: tf.Tensor, factor: tf.Tensor) => {
    const product = tf.matMul(
      big as tf.Tensor2D,
      tf.matMul(big as tf.Tensor2D, big as tf.Tensor2D),
    );
    sum.assign(sum.read().mul(factor).add(product.mean().mul(0)).add(1));
    return sum.read();
  });
  let turns = 0;
  const interval = setInterval(() => turns++, 0);
  const factors = [2, 3, 4].map((factor) => tf.scalar(factor));
  const calls = factors.map((factor) => step.async(big, factor));
  tf.dispose(factors); // a call keeps what it was given
  assertThrows(() => step(big, tf.scalar(1)), Error, "await them first");
  const results = await Promise.all(calls);
  clearInterval(interval);
  assertEquals(results.map((result) => result.dataSync()[0]), [1, 4, 17]);
  assert(turns > 0);
  assertEquals(step(big, tf.scalar(1)).dataSync()[0], 18);
});

Deno.test("compile() frees what a call uses: a thousand calls leave nothing behind", async () => {
  const weights = new Variable(tf.zeros([256]));
  const step = compile((x: tf.Tensor, rate: tf.Tensor) => {
    const gradient = tf.grad((w) => w.sub(x).square().sum())(weights.read());
    weights.assign(weights.read().sub(gradient.mul(rate)));
    return weights.read().sum();
  });
  const call = async () => {
    const [x, rate] = [tf.ones([256]), tf.scalar(0.1)];
    tf.dispose([step(x, rate), await step.async(x, rate), x, rate]);
  };
  const count =
    () => [tf.memory().numTensors, tf.memory().numDataBuffers, binding.getNumOfTensors()];
  for (let i = 0; i < 100; i++) await call();
  const [before, memory] = [count(), Deno.memoryUsage().rss];
  for (let i = 0; i < 1000; i++) await call();
  assertEquals(count(), before);
  // Less than 4 KB a call.
  assert(Deno.memoryUsage().rss - memory < 8e6);
});

Deno.test("compile().dispose() frees what the traces hold; a later call traces anew", () => {
  const before = binding.getNumOfTensors();
  const twice = compile((x: tf.Tensor) => x.mul(2));
  tf.tidy(() => {
    twice(x);
    twice(tf.scalar(1));
  });
  twice.dispose();
  assertEquals(twice.traces, 0);
  tf.tidy(() => assertEquals(twice(tf.scalar(4)).dataSync()[0], 8));
  twice.dispose();
  assertEquals(binding.getNumOfTensors(), before);
});

Deno.test("compile() passes on an error of the function, and leaves everything as it was", () => {
  const before = [tf.memory().numTensors, binding.getNumOfTensors()];
  const failing = compile((x: tf.Tensor, fail: boolean) => {
    const y = x.add(1);
    if (fail) throw new RangeError("as it was told");
    return y;
  });
  assertThrows(() => failing(x, true), RangeError, "as it was told");
  assertEquals([tf.memory().numTensors, binding.getNumOfTensors()], before);
  assertEquals(failing.traces, 0);
  tf.tidy(() => assertEquals(failing(x, false).shape, [2, 3]));
  assert(Math.random() < 1);
  failing.dispose();
});

Deno.test("compile() passes on what TensorFlow says is wrong, naming the operation", async () => {
  const check = compile((x: tf.Tensor) =>
    backend.executeSingleOutput("CheckNumerics", [
      { name: "T", type: ATTRIBUTE.type, value: DTYPE.float32 },
      { name: "message", type: ATTRIBUTE.string, value: "the quotient" },
    ], [tf.div(1, x)])
  );
  assertEquals(check(tf.scalar(2)).dataSync()[0], 0.5);
  assertThrows(() => check(tf.scalar(0)), Error, "the quotient : Tensor had Inf values");
  await assertRejects(() => check.async(tf.scalar(0)), Error, "the quotient : Tensor had Inf");
  // The next call is not held up by one that failed.
  const next = await compile((x: tf.Tensor) => x.add(1)).async(tf.scalar(1));
  assertEquals(next.dataSync()[0], 2);
});

Deno.test("compile() rejects a tensor's value inside, and says what to do", () => {
  const read = compile(function step(x: tf.Tensor) {
    return x.add(1).dataSync()[0]! > 0 ? x : x.neg();
  });
  const message = "Cannot read the value of a tensor while step is being compiled";
  assertThrows(() => read(x), Error, message);
  assertThrows(() => read(x), Error, "use tf.where() in place of an if");
});

const RANDOM: Record<string, () => tf.Tensor> = {
  "tf.randomNormal()": () => tf.randomNormal([2], 0, 1, "float32", 42),
  "tf.randomUniform()": () => tf.randomUniform([2], 0, 1, "float32", 42),
  "tf.truncatedNormal()": () => tf.truncatedNormal([2]),
  "tf.randomGamma()": () => tf.randomGamma([2], 1, 1, "float32", 42),
  "tf.dropout()": () => tf.dropout(x, 0.5, undefined, 42),
  "tf.rand()": () => tf.rand([2], () => 0.5),
  "Math.random()": () => x.mul(Math.random()),
};

for (const [name, draw] of Object.entries(RANDOM)) {
  Deno.test(`compile() rejects ${name}, whose numbers would be the same in every call`, () => {
    const compiled = compile(() => x.add(1).add(draw().sum()), { name: "draw" });
    assertThrows(() => compiled(), Error, `Cannot use ${name} while draw is being compiled`);
    assertThrows(() => compiled(), Error, "with a seed that is an argument");
    draw();
  });
}

Deno.test("compile() rejects a tensor of another trace, inside and outside", () => {
  let escaped!: tf.Tensor;
  compile((x: tf.Tensor) => {
    escaped = tf.keep(x.add(1));
    return x;
  })(x);
  const other = compile((x: tf.Tensor) => x.add(escaped), { name: "other" });
  assertThrows(() => other(x), Error, "Cannot use a tensor of another trace in other");
  assertThrows(() => escaped.dataSync(), Error, "outside of the function");
  assertThrows(() => escaped.add(1), Error, "outside of the function");
});

Deno.test("compile() rejects variables that would be created or changed at the trace only", () => {
  const variable = tf.variable(tf.scalar(1));
  const message = (action: string) =>
    `Cannot ${action} a tf.variable() while step is being compiled`;
  const step = (body: () => void) => compile(body, { name: "step" });
  assertThrows(() => step(() => variable.assign(tf.scalar(2)))(), Error, message("change"));
  assertThrows(() => step(() => void tf.variable(x))(), Error, message("create"));
  assertThrows(
    () => step(() => void new Variable(x))(),
    Error,
    "Cannot create a variable while step",
  );
  assertEquals(variable.dataSync()[0], 1);
  variable.assign(tf.scalar(3));
  assertEquals(variable.dataSync()[0], 3);
  variable.dispose();
});

Deno.test("compile() rejects results whose shape depends on values", () => {
  const unique = compile((x: tf.Tensor) => tf.unique(x as tf.Tensor1D).values, { name: "unique" });
  assertThrows(
    () => unique(whole),
    Error,
    "Cannot compile unique: the shape of what UniqueV2 gives",
  );
});

Deno.test("compile() rejects functions that return no tensors, or a promise", () => {
  const five = compile(() => 5 as unknown as tf.Tensor, { name: "five" });
  assertThrows(() => five(), TypeError, "Cannot compile five: it is to return a tensor");
  const late = compile(() => Promise.resolve(x) as unknown as tf.Tensor, { name: "late" });
  assertThrows(() => late(), TypeError, "it returns a promise");
});

Deno.test("Variable.version grows with every change, eager or in a compiled function", async () => {
  const [changed, read] = [new Variable(tf.scalar(1)), new Variable(tf.scalar(2))];
  const versions = () => [changed.version, read.version];
  const [start, untouched] = versions() as [number, number];
  changed.assign(tf.scalar(3));
  const step = compile(() => changed.assign(changed.read().add(read.read())));
  step();
  await step.async();
  step();
  assertEquals(versions(), [start + 4, untouched]);
  assertEquals(changed.read().dataSync()[0], 9);
});

Deno.test("Variable keeps its value, and copies what it is given", () => {
  const initial = tf.tensor1d([1, 2]);
  const variable = new Variable(initial);
  initial.dispose();
  const before = variable.read();
  variable.assign(tf.tensor1d([3, 4]));
  assertEquals(before.dataSync(), Float32Array.of(1, 2));
  assertEquals(variable.read().dataSync(), Float32Array.of(3, 4));
  assertThrows(
    () => variable.assign(tf.scalar(1)),
    RangeError,
    "Cannot assign a tensor of shape [] to a variable of shape [2]",
  );
  variable.dispose();
  assertThrows(() => variable.read(), Error, "disposed");
});
