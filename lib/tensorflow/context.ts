/**
 * The eager runtime: how it is configured, and which device it computes on. The one place for both.
 *
 * @module
 */
import { C, check, checked, status, text } from "@/tensorflow/c_api.ts";
import type { Context } from "@/tensorflow/c_symbols.ts";

/** How the runtime is configured: fields of TensorFlow's `ConfigProto`. */
const CONFIG = {
  /** Threads that one operation may use. 0: TensorFlow's choice, a thread per core. */
  intraOpThreads: 0,
  /** Operations of a graph that may run at once. 0: TensorFlow's choice, as many as there are cores. */
  interOpThreads: 0,
  /** An operation that the chosen device lacks runs on the CPU. */
  softPlacement: true,
  /** A GPU's memory is taken as it is needed, not all at the start. */
  gpuMemoryGrowth: true,
};

/**
 * What a call of a function takes as its `config_proto`, without which TensorFlow leaves the function's graph as it
 * is: the runtime's own configuration, whose bytes are all below 128.
 */
export const callConfig: string = new TextDecoder().decode(encodeConfig(CONFIG));

/** A device of the runtime. */
export interface Device {
  /** As in `/job:localhost/replica:0/task:0/device:CPU:0`. */
  name: string;
  /** As in `CPU` or `GPU`. */
  type: string;
}

/** The eager runtime that everything runs in. */
export const context: Context = createContext();

/** The device that computes: the first GPU if the library found one, otherwise the CPU. */
export const device: Device = chooseDevice(listDevices());

function createContext(): Context {
  const options = checked("create the runtime's options", () => C.TFE_NewContextOptions());
  try {
    const config = encodeConfig(CONFIG);
    C.TFE_ContextOptionsSetConfig(options, config, BigInt(config.length), status);
    check("configure the runtime");
    return checked("create the runtime", () => C.TFE_NewContext(options, status));
  } finally {
    C.TFE_DeleteContextOptions(options);
  }
}

/**
 * Encodes a `ConfigProto` in protocol buffers' wire format. The numbers of its fields are those of
 * tensorflow/core/protobuf/config.proto.
 */
function encodeConfig(config: typeof CONFIG): Uint8Array<ArrayBuffer> {
  const gpuOptions = [...varintField(4, Number(config.gpuMemoryGrowth))]; // allow_growth
  return Uint8Array.from([
    ...varintField(2, config.intraOpThreads), // intra_op_parallelism_threads
    ...varintField(5, config.interOpThreads), // inter_op_parallelism_threads
    ...messageField(6, gpuOptions), // gpu_options
    ...varintField(7, Number(config.softPlacement)), // allow_soft_placement
  ]);
}

/** A field that holds a number below 128, which is one byte. */
function varintField(field: number, value: number): number[] {
  return [field << 3, value];
}

/** A field that holds a message shorter than 128 bytes. */
function messageField(field: number, message: number[]): number[] {
  return [(field << 3) | 2, message.length, ...message];
}

/** The devices that the runtime found on this machine. */
export function listDevices(): Device[] {
  const list = checked("list the devices", () => C.TFE_ContextListDevices(context, status));
  try {
    return Array.from({ length: C.TF_DeviceListCount(list) }, (_, i) => ({
      name: text(checked("name a device", () => C.TF_DeviceListName(list, i, status))),
      type: text(checked("tell a device's type", () => C.TF_DeviceListType(list, i, status))),
    }));
  } finally {
    C.TF_DeleteDeviceList(list);
  }
}

/**
 * Chooses the device that computes: the first GPU if there is one, otherwise the CPU.
 *
 * @throws {Error} If there is neither.
 */
export function chooseDevice(devices: readonly Device[]): Device {
  const chosen = devices.find(({ type }) => type === "GPU") ??
    devices.find(({ type }) => type === "CPU");
  if (chosen === undefined) throw new Error("Cannot choose a device: TensorFlow lists no CPU");
  return chosen;
}
