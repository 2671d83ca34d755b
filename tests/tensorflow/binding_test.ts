import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { adopt, binding, eager, handleOf, newSymbol, withRecorder } from "@/tensorflow/binding.ts";
import { ATTRIBUTE, DTYPE, VERSION } from "@/tensorflow/c_api.ts";
import { deleteHandle, execute, executeAsync, readHandle } from "@/tensorflow/eager.ts";
import type { Values } from "@/tensorflow/tensors.ts";

/** Creates a tensor from any values: the interface leaves some of their types out. */
function create(shape: number[], dtype: number, values: Values): number {
  return binding.createTensor(shape, dtype, values as Float32Array);
}

function read(id: number): Values {
  return binding.tensorDataSync(id);
}

/** Runs an operation with one result and returns what it holds. */
function run(
  name: string,
  attributes: { name: string; type: number; value: boolean | number | string | number[] }[],
  inputs: number[],
): Values {
  const [result] = binding.executeOp(name, attributes, inputs, 1);
  try {
    return read(result!.id);
  } finally {
    binding.deleteTensor(result!.id);
  }
}

const float = { name: "T", type: ATTRIBUTE.type, value: DTYPE.float32 };
const bytes = (text: string) => new TextEncoder().encode(text);

/** Checks that a test frees every tensor it makes, those of failing operations too. */
function test(name: string, body: () => void | Promise<void>): void {
  Deno.test(name, async () => {
    const before = binding.getNumOfTensors();
    await body();
    assertEquals(binding.getNumOfTensors(), before, "live tensors");
  });
}

const ROUND_TRIPS: { type: keyof typeof DTYPE; values: Values; shape: number[]; read?: Values }[] =
  [
    {
      type: "float32",
      shape: [2, 3],
      values: Float32Array.of(-0, NaN, Infinity, 1e-45, 3.4028234663852886e38, 0.1),
    },
    { type: "float64", shape: [2], values: Float64Array.of(0.1, -1e308) },
    { type: "int32", shape: [3], values: Int32Array.of(-2147483648, 0, 2147483647) },
    { type: "uint8", shape: [1, 2, 1], values: Uint8Array.of(0, 255) },
    { type: "bool", shape: [2], values: Uint8Array.of(1, 0) },
    { type: "complex64", shape: [2], values: Float32Array.of(1, 2, -3, 4.5) },
    { type: "int64", shape: [2], values: BigInt64Array.of(-(2n ** 63n), 2n ** 53n + 1n) },
    {
      // tfjs-node's way: the low 32 bits of each number, then the high ones.
      type: "int64",
      shape: [2],
      values: Int32Array.of(7, 0, -7, -1),
      read: BigInt64Array.of(7n, -7n),
    },
    {
      type: "bfloat16",
      shape: [4],
      values: Uint16Array.of(0x3f80, 0xc000, 0x7f80, 0x4049),
      read: Float32Array.of(1, -2, Infinity, 3.140625),
    },
    {
      type: "float16",
      shape: [4],
      values: Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001),
      read: Float32Array.of(1, -2, 65504, 2 ** -24),
    },
    // 22 bytes are kept within TensorFlow's string itself, 23 outside of it.
    {
      type: "string",
      shape: [5, 1],
      values: [
        bytes(""),
        bytes("a".repeat(22)),
        bytes("b".repeat(23)),
        bytes("Lungenröntgen 肺"),
        Uint8Array.of(0, 255, 0),
      ],
    },
    { type: "float32", shape: [], values: Float32Array.of(5) },
    { type: "float32", shape: [0], values: new Float32Array() },
    { type: "string", shape: [2, 0, 3], values: [] },
  ];

for (const { type, shape, values, read: expected = values } of ROUND_TRIPS) {
  test(`createTensor() keeps ${type} [${shape}] from a ${values.constructor.name}`, () => {
    const id = create(shape, DTYPE[type], values);
    assertEquals(read(id), expected);
    binding.deleteTensor(id);
  });
}

test("createTensor() copies the part of a buffer that an array shows, once and for all", () => {
  const values = Float32Array.of(1, 2, 3, 4);
  const id = create([2], DTYPE.float32, values.subarray(1, 3));
  values.fill(0);
  assertEquals(read(id), Float32Array.of(2, 3));
  binding.deleteTensor(id);
});

test("createTensor() rejects values that are more or fewer than the shape says", () => {
  const four = Float32Array.of(1, 2, 3, 4);
  for (const shape of [[3], [5], [2, 3], []]) {
    assertThrows(
      () => create(shape, DTYPE.float32, four),
      RangeError,
      `Cannot create a tensor of shape [${shape}] from 4 values`,
    );
  }
  assertThrows(() => create([3], DTYPE.int64, Int32Array.of(1, 0, 2)), RangeError, "1.5 values");
  assertThrows(() => create([2], DTYPE.string, [bytes("a")]), RangeError, "from 1 values");
});

test("createTensor() rejects arrays of another type", () => {
  assertThrows(
    () => create([1], DTYPE.float32, Int32Array.of(1)),
    TypeError,
    "Cannot create a tensor of float32 from Int32Array: use Float32Array",
  );
  assertThrows(() => create([1], DTYPE.bool, Int32Array.of(1)), TypeError, "use Uint8Array");
  assertThrows(() => create([1], DTYPE.int32, [bytes("1")]), TypeError, "from Array");
  assertThrows(() => create([1], DTYPE.string, Uint8Array.of(1)), TypeError, "the bytes of each");
  assertThrows(
    () => create([1], DTYPE.string, ["text"] as unknown as Uint8Array[]),
    TypeError,
    "the bytes of each",
  );
  assertThrows(
    () => create([], DTYPE.resource, Uint8Array.of(1)),
    TypeError,
    "TensorFlow's type 20",
  );
});

test("deleteTensor() frees a tensor once", () => {
  const id = create([1], DTYPE.float32, Float32Array.of(1));
  binding.deleteTensor(id);
  const gone = `Cannot use tensor ${id}: it was deleted or never existed`;
  assertThrows(() => binding.deleteTensor(id), Error, gone);
  assertThrows(() => read(id), Error, gone);
  assertThrows(() => binding.executeOp("Neg", [float], [id], 1), Error, gone);
});

test("deleteTensor() gives the memory of strings back", () => {
  const megabyte = new Uint8Array(2 ** 20).fill(65);
  const cycle = () => binding.deleteTensor(create([4], DTYPE.string, Array(4).fill(megabyte)));
  cycle();
  const before = Deno.memoryUsage().rss;
  for (let i = 0; i < 100; i++) cycle();
  const grown = (Deno.memoryUsage().rss - before) / 2 ** 20;
  assert(grown < 200, `${grown} MiB more after 400 MiB of strings came and went`);
});

test("executeOp() leaves its result when its inputs are deleted", () => {
  const text = [bytes("kept by the result"), bytes("of an operation that copies nothing")];
  const id = create([2], DTYPE.string, text);
  const shape = create([2], DTYPE.int32, Int32Array.of(2, 1));
  const attributes = [
    { name: "T", type: ATTRIBUTE.type, value: DTYPE.string },
    { name: "Tshape", type: ATTRIBUTE.type, value: DTYPE.int32 },
  ];
  const [result] = binding.executeOp("Reshape", attributes, [id, shape], 1);
  binding.deleteTensor(id);
  binding.deleteTensor(shape);
  assertEquals(result!.shape, [2, 1]);
  assertEquals(read(result!.id), text);
  binding.deleteTensor(result!.id);
});

test("executeOp() passes attributes of every type", () => {
  const x = create([1, 3, 3, 1], DTYPE.float32, Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9));
  const filter = create([2, 2, 1, 1], DTYPE.float32, Float32Array.of(1, 0, 0, 1));
  // Strings and lists of integers: the two corners of each 2x2 window, with stride 1 and no
  // padding.
  const convolution = [
    float,
    { name: "strides", type: ATTRIBUTE.int, value: [1, 1, 1, 1] },
    { name: "padding", type: ATTRIBUTE.string, value: "VALID" },
    { name: "data_format", type: ATTRIBUTE.string, value: "NHWC" },
  ];
  assertEquals(run("Conv2D", convolution, [x, filter]), Float32Array.of(6, 8, 12, 14));

  // Booleans: the product of a row with itself as a column.
  const row = create([1, 2], DTYPE.float32, Float32Array.of(3, 4));
  const transposeB = { name: "transpose_b", type: ATTRIBUTE.bool, value: true };
  assertEquals(run("MatMul", [float, transposeB], [row, row]), Float32Array.of(25));

  // Floating-point numbers.
  const signs = create([2], DTYPE.float32, Float32Array.of(-8, 8));
  const alpha = { name: "alpha", type: ATTRIBUTE.float, value: 0.25 };
  assertEquals(run("LeakyRelu", [float, alpha], [signs]), Float32Array.of(-2, 8));

  // Lists of floating-point numbers: -8 is below 0, 8 is between 0 and 10.
  const boundaries = { name: "boundaries", type: ATTRIBUTE.float, value: [0, 10] };
  assertEquals(run("Bucketize", [float, boundaries], [signs]), Int32Array.of(0, 1));

  // Types: a float becomes an int32, cut off towards 0.
  const fraction = create([2], DTYPE.float32, Float32Array.of(-1.9, 1.9));
  const cast = [
    { name: "SrcT", type: ATTRIBUTE.type, value: DTYPE.float32 },
    { name: "DstT", type: ATTRIBUTE.type, value: DTYPE.int32 },
  ];
  assertEquals(run("Cast", cast, [fraction]), Int32Array.of(-1, 1));

  // Shapes.
  const withDefault = [
    { name: "dtype", type: ATTRIBUTE.type, value: DTYPE.float32 },
    { name: "shape", type: ATTRIBUTE.shape, value: [2] },
  ];
  assertEquals(run("PlaceholderWithDefault", withDefault, [signs]), Float32Array.of(-8, 8));

  // Single integers, cut off towards 0 like the seeds that tfjs makes.
  const axis = { name: "axis", type: ATTRIBUTE.int, value: 1.5 };
  const count = { name: "N", type: ATTRIBUTE.int, value: 2 };
  const packed = run("Pack", [float, count, axis], [signs, fraction]);
  assertEquals(packed, Float32Array.of(-8, Math.fround(-1.9), 8, Math.fround(1.9)));

  for (const id of [x, filter, row, signs, fraction]) binding.deleteTensor(id);
});

test("executeOp() returns every result, with its type and shape", () => {
  const x = create([2, 2], DTYPE.float32, Float32Array.of(1, 4, 9, 2));
  const k = create([], DTYPE.int32, Int32Array.of(1));
  const [values, indices] = binding.executeOp("TopKV2", [float], [x, k], 2);
  assertEquals([values!.shape, values!.dtype], [[2, 1], DTYPE.float32]);
  assertEquals([indices!.shape, indices!.dtype], [[2, 1], DTYPE.int32]);
  assertEquals(read(values!.id), Float32Array.of(4, 9));
  assertEquals(read(indices!.id), Int32Array.of(1, 0));
  for (const id of [x, k, values!.id, indices!.id]) binding.deleteTensor(id);
});

test("executeOp() returns more results than usual", () => {
  const x = create([1000], DTYPE.float32, Float32Array.from({ length: 1000 }, (_, i) => i));
  const number = { name: "num", type: ATTRIBUTE.int, value: 1000 };
  const parts = binding.executeOp("Unpack", [float, number], [x], 1000);
  assertEquals(parts.map(({ id }) => (read(id) as Float32Array)[0]), [...Array(1000).keys()]);
  for (const { id } of parts) binding.deleteTensor(id);
  binding.deleteTensor(x);
});

test("executeOp() keeps what a resource holds, and frees it with its handle", () => {
  const variable = [
    { name: "dtype", type: ATTRIBUTE.type, value: DTYPE.float32 },
    { name: "shape", type: ATTRIBUTE.shape, value: [2] },
    { name: "shared_name", type: ATTRIBUTE.string, value: "binding_test" },
    { name: "container", type: ATTRIBUTE.string, value: "" },
  ];
  const dtype = variable.slice(0, 1);
  const [handle] = binding.executeOp("VarHandleOp", variable, [], 1);
  assertEquals(handle!.dtype, DTYPE.resource);
  assertThrows(() => read(handle!.id), TypeError, "run ReadVariableOp on it");
  assertThrows(() => run("ReadVariableOp", dtype, [handle!.id]), Error, "FAILED_PRECONDITION");
  const values = create([2], DTYPE.float32, Float32Array.of(1, 2));
  assertEquals(binding.executeOp("AssignVariableOp", dtype, [handle!.id, values], 0), []);
  assertEquals(
    binding.executeOp("AssignAddVariableOp", dtype, [handle!.id, values], 0),
    [],
  );
  assertEquals(run("ReadVariableOp", dtype, [handle!.id]), Float32Array.of(2, 4));
  assertEquals(binding.executeOp("DestroyResourceOp", [], [handle!.id], 0), []);
  binding.deleteTensor(handle!.id);
  binding.deleteTensor(values);
});

test("executeOp() throws TensorFlow's message, naming the operation", () => {
  const floats = create([2], DTYPE.float32, Float32Array.of(1, 2));
  const ints = create([2], DTYPE.int32, Int32Array.of(1, 2));
  const rejects = (message: string, call: () => unknown) => assertThrows(call, Error, message);
  rejects(
    "Cannot prepare NoSuchOp: 'NoSuchOp' is neither a type of a primitive operation",
    () => binding.executeOp("NoSuchOp", [], [floats], 1),
  );
  rejects(
    "Cannot run AddV2: cannot compute AddV2 as input #1",
    () => binding.executeOp("AddV2", [float], [floats, ints], 1),
  );
  rejects("Cannot run MatMul: ", () => binding.executeOp("MatMul", [float], [floats, floats], 1));
  rejects("Cannot run AddV2: ", () => binding.executeOp("AddV2", [float], [floats], 1));
  rejects("(INVALID_ARGUMENT)", () => binding.executeOp("AddV2", [float], [], 1));
  // The runtime works on after each error.
  assertEquals(run("AddV2", [float], [floats, floats]), Float32Array.of(2, 4));
  binding.deleteTensor(floats);
  binding.deleteTensor(ints);
});

test("executeOp() rejects attributes that the operation does not have, or not as that type", () => {
  const x = create([2], DTYPE.float32, Float32Array.of(1, 2));
  const neg = (type: number, value: boolean | number | string, name = "T") => () =>
    binding.executeOp("Neg", [{ name, type, value }], [x], 1);
  assertThrows(neg(ATTRIBUTE.int, 1, "axis"), Error, 'Cannot set attribute "axis" of Neg: ');
  assertThrows(
    neg(ATTRIBUTE.int, 1),
    TypeError,
    'Cannot set attribute "T" of Neg as int: it is type',
  );
  assertThrows(neg(99, 1), TypeError, 'Cannot set attribute "T" of Neg as type 99: it is type');
  assertThrows(
    neg(ATTRIBUTE.type, "float32"),
    TypeError,
    'Cannot set attribute "T" to "float32": it takes whole numbers',
  );
  const strides = { name: "strides", type: ATTRIBUTE.int, value: 1 };
  assertThrows(
    () => binding.executeOp("Conv2D", [strides], [x, x], 1),
    TypeError,
    'Cannot set attribute "strides" of Conv2D as int: it is list of int',
  );
  const fractions = { name: "strides", type: ATTRIBUTE.int, value: [1, 0.5, 1, 1] };
  assertThrows(() => binding.executeOp("Conv2D", [fractions], [x, x], 1), TypeError, "whole");
  binding.deleteTensor(x);
});

test("executeAsync() runs beside JavaScript, several at once", async () => {
  const inputs = Array.from(
    { length: 8 },
    (_, i) => create([2, 2], DTYPE.float32, Float32Array.of(i, 0, 0, 1)),
  );
  const results = await Promise.all(inputs.map(async (id) => {
    const call = executeAsync("MatMul", {
      attributes: [float],
      inputs: [handleOf(id), handleOf(id)],
      outputs: 1,
    });
    binding.deleteTensor(id); // the operation keeps what it was given
    const [result] = await call;
    const values = readHandle(result!);
    deleteHandle(result!);
    return values;
  }));
  assertEquals(results, inputs.map((_, i) => Float32Array.of(i * i, 0, 0, 1)));
});

test("executeAsync() rejects with TensorFlow's message", async () => {
  const x = create([2], DTYPE.float32, Float32Array.of(1, 2));
  const inputs = [handleOf(x), handleOf(x)];
  await assertRejects(
    () => executeAsync("MatMul", { attributes: [float], inputs, outputs: 1 }),
    Error,
    "Cannot run MatMul: ",
  );
  binding.deleteTensor(x);
});

test("adopt() gives a handle a number, which owns it", () => {
  const x = create([2], DTYPE.float32, Float32Array.of(1, -2));
  const [handle] = execute("Neg", { attributes: [float], inputs: [handleOf(x)], outputs: 1 });
  const { id, shape, dtype } = adopt(handle!);
  assertEquals([shape, dtype], [[2], DTYPE.float32]);
  assertEquals(handleOf(id), handle);
  assertEquals(read(id), Float32Array.of(-1, 2));
  binding.deleteTensor(id);
  binding.deleteTensor(x);
});

test("withRecorder() has all that a function makes go to the recorder, and only meanwhile", () => {
  const seen: string[] = [];
  const symbol = newSymbol();
  const recorder = {
    ...eager,
    executeOp: (name: string) => {
      seen.push(name);
      return [{ id: symbol, shape: [1], dtype: DTYPE.float32 }];
    },
  };
  const x = create([1], DTYPE.float32, Float32Array.of(1));
  const made = withRecorder(recorder, () => binding.executeOp("Neg", [float], [x], 1));
  assertEquals([seen, made[0]!.id], [["Neg"], symbol]);
  assertThrows(() => read(symbol), Error, "outside of the function that was traced with it");
  assertThrows(
    () => withRecorder(recorder, () => withRecorder(recorder, () => 1)),
    Error,
    "while another one is being traced",
  );
  assertThrows(
    () =>
      withRecorder(recorder, () => {
        throw new RangeError("of the function");
      }),
    RangeError,
    "of the function",
  );
  assertEquals(run("Neg", [float], [x]), Float32Array.of(-1));
  binding.deleteTensor(x);
});

Deno.test("binding rejects SavedModels, and tells TensorFlow's version", () => {
  assertThrows(() => binding.loadSavedModel("model", "serve"), Error, "Cannot use a SavedModel");
  assertEquals(binding.getNumOfSavedModels(), 0);
  assertEquals(binding.TF_Version, VERSION);
  assert(/^2\.\d+\.\d+/.test(VERSION));
});
