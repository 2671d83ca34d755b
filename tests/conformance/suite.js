/**
 * The entry that `deno task conformance` bundles: tfjs-core's own specs, set up to run on this project's
 * backend. A bundle, because tfjs-core's ES modules import each other without file extensions, which only
 * bundlers resolve.
 *
 * @module
 */
import "@/tensorflow/node_util.ts";
import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import "@tensorflow/tfjs-node-gpu/dist/register_all_kernels.js";
import { NodeJSKernelBackend } from "@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js";
import { setTestEnvs } from "@tensorflow/tfjs-core/dist/jasmine_util";
import { binding } from "@/tensorflow/binding.ts";

tf.registerBackend(
  "tensorflow",
  () => new NodeJSKernelBackend(binding, "@tensorflow/tfjs-node"),
  5,
);
await tf.setBackend("tensorflow");
setTestEnvs([{ name: "test-tensorflow", backendName: "tensorflow", flags: {}, isDataSync: true }]);
// The specs read the environment while they are declared: they are imported after it is set.
await import("@tensorflow/tfjs-core/dist/tests");
