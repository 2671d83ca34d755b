/**
 * The devices that TensorFlow finds on this machine.
 * @module
 */
import { C, checked, status, text } from "@/tensorflow/c_api.ts";
import type { Context } from "@/tensorflow/c_symbols.ts";

/** A device of the runtime. */
export interface Device {
  /** TensorFlow's name, such as `/job:localhost/replica:0/task:0/device:CPU:0`. */
  name: string;
  /** `CPU`, `GPU` or another kind. */
  type: string;
}

/** Lists the devices that the runtime finds on this machine. */
export function listDevices(context: Context): Device[] {
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
