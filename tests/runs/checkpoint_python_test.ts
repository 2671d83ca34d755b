import { assertEquals, assertLess } from "@std/assert";
import { join } from "node:path";
import { BASELINE } from "@/experiments.ts";
import { compileEvaluation } from "@/network/evaluation.ts";
import { createResNet50 } from "@/network/resnet50.ts";
import { createTrainer } from "@/network/trainer.ts";
import { assignWeights, readWeights, weightShapes } from "@/network/weights.ts";
import { loadWeights, saveWeights } from "@/runs/checkpoint.ts";
import { inFolder } from "../in_folder.ts";
import { referenceInputs, referenceLabels, relativeError } from "../resnet50_reference.ts";

/** A Python that has torch and safetensors. */
const PYTHON = Deno.env.get("XRAY_PEER_PYTHON");

/** Has PyTorch read our file and write one of its own; gives the logits of both. */
async function askPyTorch(
  ours: string,
  theirs: string,
): Promise<{ ours: number[]; theirs: number[] }> {
  const script = join(import.meta.dirname!, "..", "python", "check_checkpoint.py");
  const { code, stdout, stderr } = await new Deno.Command(PYTHON!, { args: [script, ours, theirs] })
    .output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test({
  name: "saveWeights() and loadWeights() exchange ResNet50 with PyTorch: the same logits",
  ignore: PYTHON === undefined,
  fn: () =>
    inFolder(async (folder) => {
      const network = createResNet50({ seed: 1 });
      const trainer = createTrainer(network, { ...BASELINE, precision: "fp32", seed: 1 });
      const evaluation = compileEvaluation(network, { precision: "fp32" });
      const inputs = referenceInputs(224);
      const labels = referenceLabels();
      // A step, so that statistics, norms and biases are not those of a new network.
      await trainer.step(inputs, labels, 1);
      const [ours, theirs] = [join(folder, "ours.safetensors"), join(folder, "theirs.safetensors")];
      await saveWeights(ours, { weights: readWeights(network), steps: 1 });
      const expected = await askPyTorch(ours, theirs);
      assertLess(relativeError(await evaluation.predict(inputs), expected.ours), 1e-3);

      assignWeights(network, await loadWeights(theirs, { shapes: weightShapes(network) }));
      assertLess(relativeError(await evaluation.predict(inputs), expected.theirs), 1e-3);
      inputs.dispose();
      labels.dispose();
      evaluation.dispose();
      trainer.dispose();
      network.dispose();
    }),
});
