import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { exists } from "@/common/files.ts";
import { fromRoot, PROJECT_ROOT } from "@/common/paths.ts";
import { createPrng } from "@/common/random.ts";
import { readSafetensors } from "@/common/safetensors.ts";
import { describeResNet50 } from "@/network/architecture.ts";
import { normalize } from "@/network/dataset.ts";
import { writeOnnx } from "@/network/onnx.ts";
import { createResNet50, forward, readParameters } from "@/network/resnet50.ts";
import { assignWeights, readWeights } from "@/network/weights.ts";
import { saveWeights } from "@/runs/checkpoint.ts";
import { tf } from "@/tensorflow/backend.ts";
import { inFolder } from "../in_folder.ts";

/** A Python that has onnxruntime: `XRAY_PEER_PYTHON` names it, or the project's own. */
const python = [Deno.env.get("XRAY_PEER_PYTHON"), fromRoot(".venv/bin/python")]
  .filter((path) => path !== undefined)
  .find((path) => {
    try {
      const args = ["-c", "import onnx, onnxruntime"];
      return new Deno.Command(path, { args, stderr: "null" }).outputSync().success;
    } catch {
      return false;
    }
  });

for (
  const { strideOn, stages, size, films } of [
    { strideOn: "1x1", stages: [[8, 2, 1], [8, 1, 2]], size: 32, films: 3 },
    { strideOn: "3x3", stages: [[8, 1, 1], [16, 2, 2]], size: 64, films: 1 },
  ]
) {
  Deno.test({
    name:
      `writeOnnx() writes a network that onnxruntime computes as here, stride on the ${strideOn}`,
    ignore: python === undefined,
    fn: () =>
      inFolder(async (folder) => {
        const network = createResNet50({ stages, strideOn, seed: 0 });
        try {
          // Statistics other than their initial 0 and 1, so that none can be mistaken for another.
          const { normal } = createPrng("statistics");
          const weights = new Map([...readWeights(network)].map(([name, { shape, values }]) => {
            const isNorm = /bn\d|downsample\.1/.test(name);
            const drawn = values.map((value) => value + 0.3 * Math.abs(normal()));
            return [name, { shape, values: isNorm ? drawn : values }];
          }));
          assignWeights(network, weights);
          const checkpoint = join(folder, "weights.safetensors");
          await saveWeights(checkpoint, { weights, steps: 1 });
          const { tensors } = await readSafetensors(checkpoint);
          const model = join(folder, "model.onnx");
          await writeOnnx(model, {
            tensors,
            architecture: network.architecture,
            imageSize: size,
            metadata: { classes: "Healthy, TB" },
          });

          const { integer } = createPrng("pixels");
          const shape: [number, number, number, number] = [films, size, size, 3];
          const pixels = Uint8Array.from({ length: films * size * size * 3 }, () => integer(256));
          const logits = tf.tidy(() =>
            forward(network, normalize(tf.tensor4d(pixels, shape, "int32")), {
              weights: readParameters(network),
              training: false,
              precision: "fp32",
            }).dataSync()
          );
          const given = join(folder, "given.json");
          await Deno.writeTextFile(
            given,
            JSON.stringify({ model, shape, pixels: [...pixels], logits: [...logits] }),
          );
          const script = join(PROJECT_ROOT, "tests/python/check_onnx.py");
          const { success, stdout, stderr } = await new Deno.Command(python!, {
            args: [script, given],
          }).output();
          assert(success, new TextDecoder().decode(stderr));
          const { metadata } = JSON.parse(new TextDecoder().decode(stdout));
          assertEquals(metadata, { classes: "Healthy, TB" });
        } finally {
          network.dispose();
        }
      }),
  });
}

Deno.test("writeOnnx() refuses weights that are not the network's, and writes nothing", () =>
  inFolder(async (folder) => {
    const path = join(folder, "model.onnx");
    const options = { architecture: describeResNet50(), imageSize: 224, metadata: {} };
    const half = { dtype: "F16", shape: [1], bytes: new Uint8Array(2) };
    for (
      const [tensors, message] of [
        [new Map(), "Cannot export to ONNX: the weights have no conv1.weight"],
        [new Map([["conv1.weight", half]]), "the weights have F16 for conv1.weight"],
      ] as const
    ) {
      await assertRejects(() => writeOnnx(path, { ...options, tensors }), TypeError, message);
    }
    assertEquals(await exists(path), false);
  }));
