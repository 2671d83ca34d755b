import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import type { FilmBatch } from "@/network/dataset.ts";
import { evaluate, scoreOf } from "@/network/evaluation.ts";
import { tf } from "@/tensorflow/backend.ts";

/** Batches of films without pixels. */
async function* batchesOf(...batches: (0 | 1)[][]): AsyncGenerator<FilmBatch> {
  let count = 0;
  for (const labels of batches) {
    yield await Promise.resolve({
      xs: tf.zeros([labels.length, 1, 1, 3]),
      ys: tf.tensor1d(labels, "int32"),
      films: labels.map((label) => ({ path: "", filename: `f${count++}.png`, label })),
    });
  }
}

/** Gives these logits, batch by batch. */
function answers(...batches: number[][]): () => Promise<Float32Array> {
  return () => Promise.resolve(Float32Array.from(batches.shift()!));
}

Deno.test("evaluate() gives softmax's probability of TB and the mean cross-entropy over films", async () => {
  const before = tf.memory().numTensors;
  const done: number[] = [];
  // softmax(0, ln 3) = (1/4, 3/4); softmax(5, 5) = (1/2, 1/2); softmax(0, ln 9) = (1/10, 9/10)
  const evaluation = await evaluate(answers([0, Math.log(3), 5, 5], [0, Math.log(9)]), {
    batches: batchesOf([1, 0], [0]),
    onBatch: (films) => void done.push(films),
  });
  assertEquals(evaluation.predictions.map(({ filename }) => filename), [
    "f0.png",
    "f1.png",
    "f2.png",
  ]);
  assertEquals(evaluation.predictions.map(({ label }) => label), [1, 0, 0]);
  const probabilities = evaluation.predictions.map(({ probability }) => probability);
  [0.75, 0.5, 0.9].forEach((expected, i) => assertAlmostEquals(probabilities[i]!, expected, 1e-7));
  // -(ln 3/4 + ln 1/2 + ln 1/10) / 3, although the batches have 2 and 1 films.
  const expected = -(Math.log(0.75) + Math.log(0.5) + Math.log(0.1)) / 3;
  assertAlmostEquals(evaluation.crossEntropy, expected, 1e-7);
  assertEquals(done, [2, 3]);
  assertEquals(tf.memory().numTensors, before);

  const score = scoreOf(evaluation, { penalty: 2 });
  assertAlmostEquals(score.loss, expected + 2, 1e-7);
  assertAlmostEquals(score.crossEntropy, expected, 1e-7);
  // 0.5 is not more than one half, so the second film is called Healthy.
  assertEquals([score.tn, score.fp, score.fn, score.tp], [1, 1, 0, 1]);
});

Deno.test("evaluate() stays exact where exp() overflows", async () => {
  const { predictions, crossEntropy } = await evaluate(answers([-1000, 1000, -1000, 1000]), {
    batches: batchesOf([1, 0]),
  });
  assertEquals(predictions.map(({ probability }) => probability), [1, 1]);
  assertEquals(crossEntropy, 1000);
});

Deno.test("evaluate() names the film whose output is not finite", async () => {
  await assertRejects(
    () => evaluate(answers([0, 1, NaN, 0]), { batches: batchesOf([0, 1]) }),
    RangeError,
    "Cannot evaluate f1.png: the network's output is not finite",
  );
});

Deno.test("evaluate() ends with what onBatch throws", async () => {
  await assertRejects(
    () =>
      evaluate(answers([0, 1]), {
        batches: batchesOf([0], [1]),
        onBatch: () => Promise.reject(new Error("enough")),
      }),
    Error,
    "enough",
  );
});
