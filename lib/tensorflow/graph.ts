/**
 * The trace: tfjs's operations written down as the nodes of a TensorFlow graph, instead of being
 * run.
 *
 * A tensor made while a trace records has a number below -1, a symbol, known to that trace only.
 * Whatever else is used becomes a constant, if it was made from JavaScript values meanwhile, or an
 * input that every later call is given, if it was there before.
 *
 * @module
 */
import type { TensorMetadata, TFEOpAttr } from "@tensorflow/tfjs-node-gpu/dist/tfjs_binding.d.ts";
import { GRAPH, setAttribute } from "@/tensorflow/attributes.ts";
import {
  activeRecorder,
  eager,
  forShortFloats,
  handleOf,
  isShortFloat,
  newSymbol,
  type Recorder,
  tfjsType,
  withRecorder,
} from "@/tensorflow/binding.ts";
import {
  ATTRIBUTE,
  bytesOf,
  C,
  check,
  checked,
  cString,
  DTYPE,
  int64s,
  notNull,
  status,
} from "@/tensorflow/c_api.ts";
import type { Graph, GraphNode, Handle, NodeDescription } from "@/tensorflow/c_symbols.ts";
import { context } from "@/tensorflow/context.ts";
import {
  deleteHandle,
  dtypeOf,
  execute,
  readHandle,
  shapeOf,
  shareHandle,
} from "@/tensorflow/eager.ts";
import { type Definition, definitionOf } from "@/tensorflow/op_definitions.ts";
import { deleteTensor } from "@/tensorflow/tensors.ts";

/** A value of the graph: which output of which node, and what is known of it. */
interface Value {
  node: GraphNode;
  index: number;
  dtype: number;
  shape: number[];
}

/** The nodes that touched a resource, for the next one to wait for. */
interface Touched {
  write?: GraphNode;
  reads: GraphNode[];
}

/** Operations that leave a resource as it is. */
const READS = new Set(["ReadVariableOp", "VariableShape", "ResourceGather"]);

/** A tensor that was there before: its number, and a handle of its own on its value. */
export interface Captured {
  id: number;
  handle: Handle;
}

/** A variable, which must know when an operation has changed it. */
export interface Changeable {
  changed(): void;
}

/** Gives the trace that is recording, if any. */
export function currentTrace(): Trace | null {
  const recorder = activeRecorder();
  return recorder instanceof Trace ? recorder : null;
}

/** Records one call of a function, to be registered by `finish`. */
export class Trace implements Recorder {
  /** The variables that every call of the function changes. */
  readonly changes = new Set<Changeable>();
  readonly #graph: Graph = checked("create a graph", () => C.TF_NewGraph());
  readonly #inputs: Value[] = [];
  readonly #values = new Map<number, Value>();
  readonly #resources = new Map<number, Touched>();
  readonly #effects: GraphNode[] = [];
  readonly #captured: Captured[] = [];
  #nodes = 0;

  /** @param name What the function is called in errors. */
  constructor(readonly name: string) {}

  /**
   * Has everything that a function does recorded here.
   *
   * @param body Synchronous.
   * @throws {Error} If another trace is recording.
   */
  record<T>(body: () => T): T {
    return withRecorder(this, body);
  }

  /** Adds an argument of the function. Arguments come before all captured tensors. */
  addArgument(shape: readonly number[], dtype: number): TensorMetadata {
    return this.#adopt(this.#placeholder(shape, dtype));
  }

  /** Makes a real tensor, for whoever keeps it, and a constant of the graph. */
  createTensor(...[shape, dtype, values]: Parameters<Recorder["createTensor"]>): number {
    const id = eager.createTensor(shape, dtype, values);
    this.#values.set(id, this.#constant(handleOf(id)));
    return id;
  }

  deleteTensor(id: number): void {
    eager.deleteTensor(id);
  }

  tensorDataSync(id: number): Float32Array {
    if (id >= 0) return eager.tensorDataSync(id) as Float32Array;
    throw new Error(
      `Cannot read the value of a tensor while ${this.name} is being compiled, as it has none yet: ` +
        "return the tensor and read it outside, or use tf.where() in place of an if",
    );
  }

  executeOp(
    name: string,
    attributes: TFEOpAttr[],
    ids: number[],
    outputs: number,
  ): TensorMetadata[] {
    const definition = definitionOf(name);
    const inputs = ids.map((id) => this.#valueOf(id));
    const described = this.#describe(name);
    addInputs(described, definition, inputs);
    const resources = ids.filter((_, i) => inputs[i]!.dtype === DTYPE.resource);
    for (const before of this.#toWaitFor(name, resources)) C.TF_AddControlInput(described, before);
    const short = inputs.find(({ dtype }) => isShortFloat(dtype))?.dtype;
    for (const attribute of short ? forShortFloats(attributes, short) : attributes) {
      // TensorFlow tells them from the inputs.
      if (!definition.inferred.has(attribute.name)) setAttribute(GRAPH, described, attribute);
    }
    const node = this.#finish(described, name);
    this.#touch(name, { node, resources, stateful: definition.stateful });
    if (name === "ReadVariableOp") {
      const shape = variableShape(handleOf(ids[0]!));
      C.TF_GraphSetTensorShape(this.#graph, cOutput(node, 0), shape, shape.length, status);
      check("tell the shape of a variable");
    }
    const count = outputs === 0 ? 0 : C.TF_OperationNumOutputs(node);
    const results = Array.from({ length: count }, (_, i) => this.#output(node, i));
    // Only the first is looked at: batch norm's last result, of interest to its gradient alone, has
    // no shape.
    if (results[0]?.shape.includes(-1)) {
      throw new Error(
        `Cannot compile ${this.name}: the shape of what ${name} gives depends on values. Run that part outside`,
      );
    }
    return results.map((value) => this.#adopt(value));
  }

  /**
   * Ends the recording and registers the function with the runtime, under its name and a number.
   *
   * @param outputs What it returns, by number.
   * @returns The name it runs by.
   */
  finish(outputs: readonly number[]): string {
    const results = outputs.map((id) => this.#valueOf(id));
    const name = `${this.name.replace(/\W/g, "_")}_${functions++}`;
    const fn = checked(`compile ${this.name}`, () =>
      C.TF_GraphToFunctionWithControlOutputs(
        this.#graph,
        bytesOf(name + "\0"),
        0,
        -1,
        null,
        this.#inputs.length,
        cOutputs(this.#inputs),
        results.length,
        cOutputs(results),
        null,
        this.#effects.length,
        BigUint64Array.from(this.#effects, Deno.UnsafePointer.value),
        null,
        null,
        null,
        status,
      ));
    try {
      C.TFE_ContextAddFunction(context, fn, status);
      check(`register ${this.name}`);
    } finally {
      C.TF_DeleteFunction(fn);
    }
    return name;
  }

  /** Takes the tensors that are no arguments: the function's inputs after its arguments. */
  takeCaptured(): Captured[] {
    return this.#captured.splice(0);
  }

  /** Frees the graph, and the handles that nobody took. */
  dispose(): void {
    C.TF_DeleteGraph(this.#graph);
    for (const { handle } of this.takeCaptured()) deleteHandle(handle);
  }

  #valueOf(id: number): Value {
    const known = this.#values.get(id);
    if (known !== undefined) return known;
    if (id < 0) {
      throw new Error(
        `Cannot use a tensor of another trace in ${this.name}: it has no value here. Return it from the ` +
          "function that made it and pass it in as an argument",
      );
    }
    const handle = shareHandle(handleOf(id));
    this.#captured.push({ id, handle });
    const value = this.#placeholder(shapeOf(handle), dtypeOf(handle));
    this.#values.set(id, value);
    return value;
  }

  #adopt(value: Value): TensorMetadata {
    const id = newSymbol();
    this.#values.set(id, value);
    return { id, shape: value.shape, dtype: tfjsType(value.dtype) };
  }

  #placeholder(shape: readonly number[], dtype: number): Value {
    const described = this.#describe("Placeholder");
    setAttribute(GRAPH, described, { name: "dtype", type: ATTRIBUTE.type, value: dtype });
    setAttribute(GRAPH, described, { name: "shape", type: ATTRIBUTE.shape, value: [...shape] });
    const value = this.#output(this.#finish(described, "an input"), 0);
    this.#inputs.push(value);
    return value;
  }

  #constant(handle: Handle): Value {
    const tensor = checked("copy a constant", () => C.TFE_TensorHandleResolve(handle, status));
    try {
      const described = this.#describe("Const");
      C.TF_SetAttrType(described, cString("dtype"), C.TF_TensorType(tensor));
      C.TF_SetAttrTensor(described, cString("value"), tensor, status);
      check("record a constant");
      return this.#output(this.#finish(described, "a constant"), 0);
    } finally {
      deleteTensor(tensor);
    }
  }

  #describe(op: string): NodeDescription {
    return notNull(
      C.TF_NewOperation(this.#graph, cString(op), bytesOf(`${op}_${this.#nodes++}\0`)),
      `record ${op}`,
    );
  }

  #finish(described: NodeDescription, what: string): GraphNode {
    return checked(`record ${what} in ${this.name}`, () => C.TF_FinishOperation(described, status));
  }

  #output(node: GraphNode, index: number): Value {
    const output = cOutput(node, index);
    const rank = C.TF_GraphGetTensorNumDims(this.#graph, output, status);
    check("tell the rank of a result");
    const dims = new BigInt64Array(Math.max(rank, 0));
    if (rank > 0) {
      C.TF_GraphGetTensorShape(this.#graph, output, dims, rank, status);
      check("tell the shape of a result");
    }
    const shape = rank < 0 ? [-1] : Array.from(dims, Number);
    return { node, index, dtype: C.TF_OperationOutputType(output), shape };
  }

  /** A read comes after the last write, a write after that and all reads since. */
  #toWaitFor(name: string, resources: readonly number[]): GraphNode[] {
    return resources.flatMap((id) => {
      const { write, reads } = this.#touched(id);
      return [...write === undefined ? [] : [write], ...READS.has(name) ? [] : reads];
    });
  }

  #touch(
    name: string,
    { node, resources, stateful }: { node: GraphNode; resources: number[]; stateful: boolean },
  ): void {
    const reads = READS.has(name);
    for (const id of resources) {
      if (reads) this.#touched(id).reads.push(node);
      else this.#resources.set(id, { write: node, reads: [] });
    }
    if (stateful && !reads) this.#effects.push(node);
  }

  #touched(id: number): Touched {
    return this.#resources.getOrInsertComputed(id, () => ({ reads: [] }));
  }
}

let functions = 0;

/** Takes a function that `finish` registered out of the runtime. */
export function removeFunction(name: string): void {
  C.TFE_ContextRemoveFunction(context, bytesOf(name + "\0"), status);
  check(`remove ${name}`);
}

/** Gives a node its inputs, each list of them as one. */
function addInputs(
  described: NodeDescription,
  { lists }: Definition,
  inputs: readonly Value[],
): void {
  const single = lists.filter((list) => !list).length;
  const many = lists.length - single;
  if (many > 1) throw new Error("Cannot record an operation that takes several lists of tensors");
  let next = 0;
  for (const list of lists) {
    const count = list ? inputs.length - single : 1;
    const values = inputs.slice(next, next += count);
    if (list) C.TF_AddInputList(described, cOutputs(values), count);
    else C.TF_AddInput(described, cOutput(values[0]!.node, values[0]!.index));
  }
}

function variableShape(handle: Handle): BigInt64Array<ArrayBuffer> {
  const [shape] = execute("VariableShape", { inputs: [handle], outputs: 1 });
  try {
    return int64s([...readHandle(shape!) as Int32Array]);
  } finally {
    deleteHandle(shape!);
  }
}

function cOutput(node: GraphNode, index: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(cOutputs([{ node, index }]).buffer);
}

/** Packs each as a `TF_Output`: a pointer, a 32-bit number and 4 bytes to fill up. */
function cOutputs(values: readonly Pick<Value, "node" | "index">[]): BigUint64Array<ArrayBuffer> {
  return BigUint64Array.from(
    values.flatMap(({ node, index }) => [Deno.UnsafePointer.value(node), BigInt(index)]),
  );
}
