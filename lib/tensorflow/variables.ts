/**
 * Variables: values that stay in TensorFlow's runtime and are changed in place, by compiled
 * functions too. A network's weights and an optimizer's moments are such.
 *
 * @module
 */
import { backend, idOf, tf } from "@/tensorflow/backend.ts";
import { handleOf } from "@/tensorflow/binding.ts";
import { ATTRIBUTE } from "@/tensorflow/c_api.ts";
import { dtypeOf } from "@/tensorflow/eager.ts";
import { currentTrace } from "@/tensorflow/graph.ts";

/** `ResourceHandle::ANONYMOUS_NAME`: names resources that are freed with their last handle. */
const ANONYMOUS = "cd2c89b7-88b7-44c8-ad83-06c2a9158347";

/** A value that can be read and replaced. */
export class Variable {
  /** The runtime's handle, for operations that change the variable in place. */
  readonly handle: tf.Tensor;
  readonly shape: readonly number[];
  /** The attribute that tells operations the type. */
  readonly #dtype;
  #version = 0;

  /**
   * @param initial The first value, which decides shape and type. It is copied, and remains the
   * caller's.
   * @throws {Error} While a function is being compiled: each of its calls would need another
   * variable.
   */
  constructor(initial: tf.Tensor) {
    const trace = currentTrace();
    if (trace !== null) {
      throw new Error(
        `Cannot create a variable while ${trace.name} is being compiled: create it before`,
      );
    }
    this.shape = initial.shape;
    const dtype = dtypeOf(handleOf(idOf(initial)));
    this.#dtype = { name: "dtype", type: ATTRIBUTE.type, value: dtype };
    this.handle = tf.keep(backend.executeSingleOutput("VarHandleOp", [
      this.#dtype,
      { name: "shape", type: ATTRIBUTE.shape, value: initial.shape },
      { name: "shared_name", type: ATTRIBUTE.string, value: ANONYMOUS },
      { name: "container", type: ATTRIBUTE.string, value: "" },
    ], []));
    this.assign(initial);
  }

  /**
   * The value now. A tensor that was read does not change when the variable does.
   *
   * @throws {Error} If the variable was disposed of.
   */
  read(): tf.Tensor {
    this.#checkAlive();
    return backend.executeSingleOutput("ReadVariableOp", [this.#dtype], [this.handle]);
  }

  /**
   * Replaces the value. In a compiled function, reads and changes of a variable happen in the order
   * in which they are written.
   *
   * @throws {RangeError} If the shape is not the variable's.
   * @throws {Error} If the variable was disposed of.
   */
  assign(value: tf.Tensor): void {
    this.#checkAlive();
    if (!tf.util.arraysEqual(value.shape, [...this.shape])) {
      throw new RangeError(
        `Cannot assign a tensor of shape [${value.shape}] to a variable of shape [${this.shape}]`,
      );
    }
    const inputs = [this.handle, value];
    backend.executeMultipleOutputs("AssignVariableOp", [this.#dtype], inputs, 0);
    this.changed();
  }

  /** Grows whenever the variable changes. */
  get version(): number {
    return this.#version;
  }

  /** Is to be called by whatever has an operation change the variable in place. */
  changed(): void {
    const trace = currentTrace();
    if (trace === null) this.#version++;
    else trace.changes.add(this); // at every call
  }

  /** Frees the variable. */
  dispose(): void {
    this.handle.dispose();
  }

  #checkAlive(): void {
    if (this.handle.isDisposed) throw new Error("Cannot use a variable that was disposed of");
  }
}
