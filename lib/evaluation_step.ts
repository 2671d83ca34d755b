/**
 * The evaluation of a network, compiled into one TensorFlow function.
 * @module
 */
import type { Precision } from "@/precision.ts";
import { foldBatchNorms, forward, type Network, readParameters } from "@/resnet50.ts";
import { tf } from "@/tensorflow/backend.ts";
import { compile } from "@/tensorflow/compile.ts";
import { Variable } from "@/tensorflow/variables.ts";
import { IMAGENET_MEAN, IMAGENET_STD } from "@/transforms.ts";

/** A network's evaluation, without what training needs. */
export interface CompiledEvaluation {
  /**
   * Gives the logits, `[B, classes]` row-major, by the running statistics.
   *
   * @param xs Pixels 0 to 255 if int32; normalized already if float32. `[B,H,W,3]`
   */
  predict(xs: tf.Tensor4D): Promise<Float32Array>;
  dispose(): void;
}

/**
 * Prepares the evaluation of a network, as its variables are at each call. Batch norms are folded into the
 * convolutions once, and again when a variable has changed.
 */
export function compileEvaluation(
  network: Network,
  { precision }: { precision: Precision },
): CompiledEvaluation {
  const variables = [...network.parameters.values(), ...network.statistics.values()];
  const weights = new Map<string, Variable>();
  let version = -1;

  const fold = compile(
    () =>
      Object.fromEntries(
        foldBatchNorms(network, { weights: readParameters(network), precision }),
      ),
    { name: "the folding of batch norms" },
  );
  const evaluate = compile((xs: tf.Tensor) =>
    forward(network, normalize(xs as tf.Tensor4D), {
      weights: new Map([...weights].map(([name, variable]) => [name, variable.read()])),
      training: false,
      precision,
    }), { name: "the evaluation" });

  const refresh = async () => {
    const now = variables.reduce((sum, variable) => sum + variable.version, 0);
    if (now === version) return;
    version = now;
    for (const [name, value] of Object.entries(await fold.async())) {
      if (weights.has(name)) weights.get(name)!.assign(value);
      else weights.set(name, new Variable(value));
      value.dispose();
    }
  };
  return {
    async predict(xs) {
      await refresh();
      const logits = await evaluate.async(xs);
      const values = logits.dataSync() as Float32Array;
      logits.dispose();
      return values;
    },
    dispose() {
      fold.dispose();
      evaluate.dispose();
      for (const variable of weights.values()) variable.dispose();
    },
  };
}

/** Scales pixels, int32, to `[0, 1]` and then as ImageNet's were. What is float32 is taken as normalized. */
export function normalize(xs: tf.Tensor4D): tf.Tensor4D {
  if (xs.dtype === "float32") return xs;
  const mean = tf.tensor1d(IMAGENET_MEAN.map((mean) => 255 * mean));
  const std = tf.tensor1d(IMAGENET_STD.map((std) => 255 * std));
  return xs.cast("float32").sub(mean).div(std);
}
