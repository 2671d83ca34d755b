/**
 * The eager runtime: how it is configured, and which device it computes on. The one place for both.
 *
 * @module
 */
import { encodeMessage, type Messages } from "@/common/protobuf.ts";
import { C, check, checked, status } from "@/tensorflow/c_api.ts";
import type { Context } from "@/tensorflow/c_symbols.ts";
import { chooseDevice, type Device, listDevices } from "@/tensorflow/devices.ts";

/** The part of tensorflow/core/protobuf/config.proto that is used. */
const MESSAGES: Messages = {
  ConfigProto: {
    intraOpParallelismThreads: ["int32", 2],
    interOpParallelismThreads: ["int32", 5],
    gpuOptions: ["GPUOptions", 6],
    allowSoftPlacement: ["bool", 7],
  },
  GPUOptions: { allowGrowth: ["bool", 4] },
};

/** The runtime's configuration, a `ConfigProto`. */
const CONFIG: Uint8Array<ArrayBuffer> = encodeMessage({
  // 0 threads: TensorFlow's choice, one a core, in an operation and for operations at once.
  intraOpParallelismThreads: 0,
  interOpParallelismThreads: 0,
  // An operation that the chosen device lacks runs on the CPU.
  allowSoftPlacement: true,
  // A GPU's memory is taken as it is needed, not all at the start.
  gpuOptions: { allowGrowth: true },
}, { type: "ConfigProto", messages: MESSAGES });

/**
 * The runtime's configuration as what a call of a function takes, its `config_proto`: without one
 * TensorFlow leaves the function's graph as it is. All of its bytes are below 128.
 */
export const callConfig: string = new TextDecoder().decode(CONFIG);

/** The eager runtime that everything runs in. */
export const context: Context = createContext();

/** The device that computes: the first GPU if the library found one, otherwise the CPU. */
export const device: Device = chooseDevice(listDevices(context));

function createContext(): Context {
  const options = checked("create the runtime's options", () => C.TFE_NewContextOptions());
  try {
    C.TFE_ContextOptionsSetConfig(options, CONFIG, BigInt(CONFIG.length), status);
    check("configure the runtime");
    return checked("create the runtime", () => C.TFE_NewContext(options, status));
  } finally {
    C.TFE_DeleteContextOptions(options);
  }
}
