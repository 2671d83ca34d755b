/**
 * The functions of TensorFlow's C API that the engine calls, declared for `Deno.dlopen`.
 *
 * Their documentation is in TensorFlow's headers: `c_api.h`, `eager/c_api.h`, `tf_tensor.h`,
 * `tf_tstring.h`.
 *
 * @module
 */

declare const kind: unique symbol;
/** A C pointer to an object of the named type, never null. */
type Pointer<Name extends string> = Deno.PointerObject & { readonly [kind]: Name };

/** Reports whether a call succeeded. */
export type Status = Pointer<"TF_Status">;
/** A value in the host's memory. */
export type CTensor = Pointer<"TF_Tensor">;
/** The eager runtime: its devices, its thread pools, its functions. */
export type Context = Pointer<"TFE_Context">;
/** A value held by the eager runtime, on any device. */
export type Handle = Pointer<"TFE_TensorHandle">;
/** An eager operation that is being prepared. */
export type EagerOp = Pointer<"TFE_Op">;
/** A graph that is being recorded. */
export type Graph = Pointer<"TF_Graph">;
/** A graph node that is being described. */
export type NodeDescription = Pointer<"TF_OperationDescription">;
/** A finished graph node. */
export type GraphNode = Pointer<"TF_Operation">;
/** A graph made into a function. */
export type GraphFunction = Pointer<"TF_Function">;
/** Bytes that TensorFlow allocated. */
export type CBuffer = Pointer<"TF_Buffer">;
type ContextOptions = Pointer<"TFE_ContextOptions">;
type DeviceList = Pointer<"TF_DeviceList">;

const pointerTo = <T extends Deno.PointerObject>() => "pointer" as Deno.NativeTypedPointer<T>;
const status = pointerTo<Status>();
const tensor = pointerTo<CTensor>();
const context = pointerTo<Context>();
const handle = pointerTo<Handle>();
const op = pointerTo<EagerOp>();
const graph = pointerTo<Graph>();
const description = pointerTo<NodeDescription>();
const node = pointerTo<GraphNode>();
const fn = pointerTo<GraphFunction>();
const buffer = pointerTo<CBuffer>();
const options = pointerTo<ContextOptions>();
const devices = pointerTo<DeviceList>();
/** `TF_Output`, passed by value: a node and the number of one of its outputs. */
const output = { struct: ["pointer", "i32"] } as const;

export const SYMBOLS = {
  TF_Version: { parameters: [], result: "pointer" },

  /**
   * Abseil's `SetMinLogLevel`, which TensorFlow 2.21 logs through. C++: its name changes with the
   * version, and with another one the start-up lines show.
   */
  SetMinLogLevel: {
    name: "_ZN4absl12lts_2025081414SetMinLogLevelENS0_18LogSeverityAtLeastE",
    parameters: ["i32"],
    result: "void",
    optional: true,
  },

  // Status
  TF_NewStatus: { parameters: [], result: status },
  TF_DeleteStatus: { parameters: [status], result: "void" },
  TF_SetStatus: { parameters: [status, "i32", "buffer"], result: "void" },
  TF_GetCode: { parameters: [status], result: "i32" },
  TF_Message: { parameters: [status], result: "pointer" },

  // Tensors and strings
  TF_AllocateTensor: { parameters: ["i32", "buffer", "i32", "usize"], result: tensor },
  TF_DeleteTensor: { parameters: [tensor], result: "void" },
  TF_TensorType: { parameters: [tensor], result: "i32" },
  TF_TensorByteSize: { parameters: [tensor], result: "usize" },
  TF_TensorElementCount: { parameters: [tensor], result: "i64" },
  TF_TensorData: { parameters: [tensor], result: "pointer" },
  TF_StringInit: { parameters: ["pointer"], result: "void" },
  TF_StringCopy: { parameters: ["pointer", "buffer", "usize"], result: "void" },
  TF_StringGetDataPointer: { parameters: ["pointer"], result: "pointer" },
  TF_StringGetSize: { parameters: ["pointer"], result: "usize" },
  TF_StringDealloc: { parameters: ["pointer"], result: "void" },

  // The eager context and its devices
  TFE_NewContextOptions: { parameters: [], result: options },
  TFE_ContextOptionsSetConfig: { parameters: [options, "buffer", "usize", status], result: "void" },
  TFE_DeleteContextOptions: { parameters: [options], result: "void" },
  TFE_NewContext: { parameters: [options, status], result: context },
  TFE_ContextListDevices: { parameters: [context, status], result: devices },
  TF_DeviceListCount: { parameters: [devices], result: "i32" },
  TF_DeviceListName: { parameters: [devices, "i32", status], result: "pointer" },
  TF_DeviceListType: { parameters: [devices, "i32", status], result: "pointer" },
  TF_DeleteDeviceList: { parameters: [devices], result: "void" },
  TFE_ContextAddFunction: { parameters: [context, fn, status], result: "void" },
  TFE_ContextRemoveFunction: { parameters: [context, "buffer", status], result: "void" },

  // Handles
  TFE_NewTensorHandle: { parameters: [tensor, status], result: handle },
  TFE_DeleteTensorHandle: { parameters: [handle], result: "void" },
  TFE_TensorHandleCopySharingTensor: { parameters: [handle, status], result: handle },
  TFE_TensorHandleResolve: { parameters: [handle, status], result: tensor },
  TFE_TensorHandleCopyToDevice: {
    parameters: [handle, context, "buffer", status],
    result: handle,
  },
  TFE_TensorHandleDataType: { parameters: [handle], result: "i32" },
  TFE_TensorHandleNumDims: { parameters: [handle, status], result: "i32" },
  TFE_TensorHandleDim: { parameters: [handle, "i32", status], result: "i64" },

  // Eager operations
  TFE_NewOp: { parameters: [context, "buffer", status], result: op },
  TFE_OpNameGetAttrType: {
    parameters: [context, "buffer", "buffer", "buffer", status],
    result: "i32",
  },
  TFE_DeleteOp: { parameters: [op], result: "void" },
  TFE_OpAddInput: { parameters: [op, handle, status], result: "void" },
  TFE_OpSetAttrString: { parameters: [op, "buffer", "buffer", "usize"], result: "void" },
  TFE_OpSetAttrInt: { parameters: [op, "buffer", "i64"], result: "void" },
  TFE_OpSetAttrIntList: { parameters: [op, "buffer", "buffer", "i32"], result: "void" },
  TFE_OpSetAttrFloat: { parameters: [op, "buffer", "f32"], result: "void" },
  TFE_OpSetAttrFloatList: { parameters: [op, "buffer", "buffer", "i32"], result: "void" },
  TFE_OpSetAttrBool: { parameters: [op, "buffer", "u8"], result: "void" },
  TFE_OpSetAttrType: { parameters: [op, "buffer", "i32"], result: "void" },
  TFE_OpSetAttrShape: { parameters: [op, "buffer", "buffer", "i32", status], result: "void" },
  TFE_Execute: { parameters: [op, "buffer", "buffer", status], result: "void" },
  /** The same function on a thread of its own: its result is a promise. */
  TFE_ExecuteAsync: {
    name: "TFE_Execute",
    parameters: [op, "buffer", "buffer", status],
    result: "void",
    nonblocking: true,
  },

  // Graphs
  TF_NewGraph: { parameters: [], result: graph },
  TF_DeleteGraph: { parameters: [graph], result: "void" },
  TF_GraphSetTensorShape: { parameters: [graph, output, "buffer", "i32", status], result: "void" },
  TF_GraphGetTensorNumDims: { parameters: [graph, output, status], result: "i32" },
  TF_GraphGetTensorShape: { parameters: [graph, output, "buffer", "i32", status], result: "void" },
  TF_NewBuffer: { parameters: [], result: buffer },
  TF_DeleteBuffer: { parameters: [buffer], result: "void" },
  TF_GraphGetOpDef: { parameters: [graph, "buffer", buffer, status], result: "void" },
  TF_NewOperation: { parameters: [graph, "buffer", "buffer"], result: description },
  TF_AddInput: { parameters: [description, output], result: "void" },
  TF_AddInputList: { parameters: [description, "buffer", "i32"], result: "void" },
  TF_AddControlInput: { parameters: [description, node], result: "void" },
  TF_SetAttrString: { parameters: [description, "buffer", "buffer", "usize"], result: "void" },
  TF_SetAttrInt: { parameters: [description, "buffer", "i64"], result: "void" },
  TF_SetAttrIntList: { parameters: [description, "buffer", "buffer", "i32"], result: "void" },
  TF_SetAttrFloat: { parameters: [description, "buffer", "f32"], result: "void" },
  TF_SetAttrFloatList: { parameters: [description, "buffer", "buffer", "i32"], result: "void" },
  TF_SetAttrBool: { parameters: [description, "buffer", "u8"], result: "void" },
  TF_SetAttrType: { parameters: [description, "buffer", "i32"], result: "void" },
  TF_SetAttrShape: { parameters: [description, "buffer", "buffer", "i32"], result: "void" },
  TF_SetAttrTensor: { parameters: [description, "buffer", tensor, status], result: "void" },
  TF_FinishOperation: { parameters: [description, status], result: node },
  TF_OperationNumOutputs: { parameters: [node], result: "i32" },
  TF_OperationOutputType: { parameters: [output], result: "i32" },
  TF_GraphToFunctionWithControlOutputs: {
    parameters: [
      graph, // fn_body
      "buffer", // fn_name
      "u8", // append_hash_to_fn_name
      "i32", // num_opers: -1 is the whole graph
      "buffer", // opers
      "i32", // ninputs
      "buffer", // inputs, an array of TF_Output
      "i32", // noutputs
      "buffer", // outputs, an array of TF_Output
      "buffer", // output_names
      "i32", // ncontrol_outputs
      "buffer", // control_outputs, an array of pointers to TF_Operation
      "buffer", // control_output_names
      "pointer", // opts
      "buffer", // description
      status,
    ],
    result: fn,
  },
  TF_FunctionSetAttrValueProto: {
    parameters: [fn, "buffer", "buffer", "usize", status],
    result: "void",
  },
  TF_DeleteFunction: { parameters: [fn], result: "void" },
} as const satisfies Deno.ForeignLibraryInterface;
