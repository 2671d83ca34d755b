/**
 * TensorFlow.js on the TensorFlow library: the one place that `tf` comes from. Importing it loads
 * the library and makes the backend `tensorflow` the one in use.
 *
 * @module
 */
import "@/tensorflow/node_util.ts";
import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-node-gpu/dist/register_all_kernels.js";
import { NodeJSKernelBackend } from "@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js";
import { binding, type TensorMetadata } from "@/tensorflow/binding.ts";
import { device } from "@/tensorflow/context.ts";

export { tf };

/**
 * tfjs-node's backend: its `executeSingleOutput` and `executeMultipleOutputs` run any operation.
 * The name of a package tells it which kernels to expect: some need a GPU.
 */
export const backend: NodeJSKernelBackend = new NodeJSKernelBackend(
  binding,
  device.type === "GPU" ? "@tensorflow/tfjs-node-gpu" : "@tensorflow/tfjs-node",
);

tf.registerBackend("tensorflow", () => backend, 5);
// Done when it returns, for this backend needs no time to start. An `await` at a module's top would
// be in the way of those who import it: Deno 2.8.1 never ends an `import()` of some of them.
tf.setBackend("tensorflow");
if (tf.getBackend() !== "tensorflow") {
  throw new Error("Cannot make the TensorFlow library tfjs's backend");
}

/** The private parts of tfjs-node's backend. */
interface BackendInternals {
  getInputTensorIds(tensors: tf.TensorInfo[]): number[];
  createOutputTensor(metadata: TensorMetadata): tf.Tensor;
}
const internals = backend as unknown as BackendInternals;

/** Gives the binding's number of a tensor. The binding is given its values first if need be. */
export function idOf(tensor: tf.TensorInfo): number {
  return internals.getInputTensorIds([tensor])[0]!;
}

/** Makes a tfjs tensor of a number of the binding. Disposing of it deletes that number's tensor. */
export function tensorOf(metadata: TensorMetadata): tf.Tensor {
  return internals.createOutputTensor(metadata);
}
