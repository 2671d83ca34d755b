import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { backend, idOf, tensorOf, tf } from "@/tensorflow/backend.ts";
import { binding } from "@/tensorflow/binding.ts";
import { ATTRIBUTE, DTYPE } from "@/tensorflow/c_api.ts";
import { context, device } from "@/tensorflow/context.ts";
import { chooseDevice, listDevices } from "@/tensorflow/devices.ts";

/** Checks that a test leaves no tensor behind, in tfjs or in the runtime. */
function test(name: string, body: () => void | Promise<void>): void {
  Deno.test(name, async () => {
    const before = [tf.memory().numTensors, binding.getNumOfTensors()];
    tf.engine().startScope();
    await body();
    tf.engine().endScope();
    assertEquals([tf.memory().numTensors, binding.getNumOfTensors()], before, "live tensors");
  });
}

test("tf runs on the TensorFlow library", () => {
  assertEquals(tf.getBackend(), "tensorflow");
  const x = tf.tensor2d([[1, 2], [3, 4]]);
  assertEquals(x.matMul(x).sub(8).relu().arraySync(), [[0, 2], [7, 14]]);
});

test("tf differentiates through the library", () => {
  // d/dx sum(x^2 + 3x) = 2x + 3
  const gradient = tf.grad((x) => x.square().add(x.mul(3)).sum());
  assertEquals(gradient(tf.tensor1d([1, -2, 0.5])).arraySync(), [5, -1, 4]);
});

test("tf keeps strings, booleans and complex numbers", () => {
  const words = tf.tensor1d(["Lunge", "肺", "a word that is longer than the rest of them"]);
  assertEquals(words.reshape([3, 1]).arraySync() as unknown, [
    ["Lunge"],
    ["肺"],
    ["a word that is longer than the rest of them"],
  ]);
  assertEquals(tf.tensor1d([1, 2]).greater(1).arraySync(), [0, 1]);
  const z = tf.complex([1, 2], [3, 4]);
  // (1 + 3i)^2 = -8 + 6i, (2 + 4i)^2 = -12 + 16i
  assertEquals([...tf.mul(z, z).dataSync()], [-8, 6, -12, 16]);
});

test("tf.tidy() frees the runtime's tensors", () => {
  const x = tf.tensor1d([1, 2, 3]);
  const live = binding.getNumOfTensors();
  idOf(x);
  for (let i = 0; i < 1000; i++) {
    tf.tidy(() => {
      x.add(x).mul(2).softmax();
    });
  }
  assertEquals(binding.getNumOfTensors(), live + 1);
});

test("tf throws TensorFlow's message", () => {
  const error = assertThrows(() => tf.matMul(tf.ones([2, 3]), tf.ones([2, 3])), Error);
  assertStringIncludes(
    error.message,
    "Cannot run BatchMatMulV2: Matrix size-incompatible: In[0]: [2,3], In[1]: [2,3]",
  );
  const native = assertThrows(
    () => backend.executeSingleOutput("MatrixInverse", [], [tf.zeros([2, 2])]),
    Error,
  );
  assertStringIncludes(native.message, "Cannot run MatrixInverse: Input is not invertible");
});

test("idOf() and tensorOf() pass tensors between tfjs and the binding", () => {
  const x = tf.tensor1d([4, 9]);
  const type = { name: "T", type: ATTRIBUTE.type, value: DTYPE.float32 };
  const [root] = binding.executeOp("Sqrt", [type], [idOf(x)], 1);
  assertEquals(tensorOf(root!).arraySync() as number[], [2, 3]);
});

Deno.test("chooseDevice() takes the first GPU, otherwise the CPU", () => {
  const cpu = { name: "/device:CPU:0", type: "CPU" };
  const gpus = [{ name: "/device:GPU:0", type: "GPU" }, { name: "/device:GPU:1", type: "GPU" }];
  assertEquals(chooseDevice([cpu, ...gpus]), gpus[0]!);
  assertEquals(chooseDevice([{ name: "/device:XLA_CPU:0", type: "XLA_CPU" }, cpu]), cpu);
  assertThrows(() => chooseDevice([]), Error, "TensorFlow lists no CPU");
});

Deno.test("listDevices() finds this machine's CPU", () => {
  const [cpu] = listDevices(context);
  assertEquals(cpu, { name: "/job:localhost/replica:0/task:0/device:CPU:0", type: "CPU" });
  assert(listDevices(context).some(({ name }) => name === device.name));
  assertEquals(binding.isUsingGpuDevice(), device.type === "GPU");
});
