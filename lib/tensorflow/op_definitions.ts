/**
 * The definitions of operations in TensorFlow's registry, as far as recording needs them.
 *
 * @module
 */
// @ts-types="./api_pb.d.ts"
import proto from "@tensorflow/tfjs-node-gpu/dist/proto/api_pb.js";
import { C, check, checked, cString, notNull, status } from "@/tensorflow/c_api.ts";

/** An operation's inputs and the attributes that follow from them. */
export interface Definition {
  /** For each input: is it a list of tensors? */
  lists: readonly boolean[];
  /** Attributes that TensorFlow tells from the inputs' types and number. */
  inferred: ReadonlySet<string>;
  /** Does it do more than compute its results? Then it runs even if nobody uses them. */
  stateful: boolean;
}

const definitions = new Map<string, Definition>();

/**
 * Looks an operation up.
 *
 * @throws {Error} If TensorFlow has none of that name.
 */
export function definitionOf(name: string): Definition {
  return definitions.getOrInsertComputed(name, readDefinition);
}

function readDefinition(name: string): Definition {
  const definition = proto.OpDef.deserializeBinary(serialized(name));
  const inputs = definition.getInputArgList();
  const attributes = inputs.flatMap((
    input,
  ) => [input.getTypeAttr(), input.getNumberAttr(), input.getTypeListAttr()]);
  return {
    lists: inputs.map((input) => input.getNumberAttr() !== "" || input.getTypeListAttr() !== ""),
    inferred: new Set(attributes.filter((attribute) => attribute !== "")),
    stateful: definition.getIsStateful(),
  };
}

/** Reads the bytes of an `OpDef` message. */
function serialized(name: string): Uint8Array {
  const graph = checked("create a graph", () => C.TF_NewGraph());
  const buffer = notNull(C.TF_NewBuffer(), "create a buffer");
  try {
    C.TF_GraphGetOpDef(graph, cString(name), buffer, status);
    check(`look up ${name}`);
    // A TF_Buffer begins with a pointer to its bytes and their number.
    const view = new Deno.UnsafePointerView(buffer);
    const bytes = new Uint8Array(Number(view.getBigUint64(8)));
    Deno.UnsafePointerView.copyInto(notNull(view.getPointer(0), `look up ${name}`), bytes);
    return bytes;
  } finally {
    C.TF_DeleteBuffer(buffer);
    C.TF_DeleteGraph(graph);
  }
}
