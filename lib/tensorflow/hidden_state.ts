/**
 * Actions that tfjs code may take eagerly, and not while it is compiled, because they would happen
 * once, at the trace, and not at every call: random numbers from JavaScript, and changes of
 * variables that JavaScript keeps.
 *
 * @module
 */
import { backend, tf } from "@/tensorflow/backend.ts";

/** tfjs's operations that draw random numbers in JavaScript, a seed given or not. */
const RANDOM = new Set([
  "dropout",
  "rand",
  "randomGamma",
  "randomNormal",
  "randomStandardNormal",
  "randomUniform",
  "randomUniformInt",
  "truncatedNormal",
]);

/**
 * Runs a function that is being compiled, and has what would be frozen into it throw instead.
 *
 * @param name What the function is called in errors.
 */
export function withoutHiddenState<T>(name: string, body: () => T): T {
  const engine = tf.engine();
  const depth = engine.state.scopeStack.length;
  const random = Math.random;
  const assign = tf.Variable.prototype.assign;

  /** The operation that is drawing random numbers, if one is. */
  const drawing = (): string | undefined =>
    engine.state.scopeStack.slice(depth)
      .map((scope) => scope.name.replace(/__op$/, ""))
      .find((operation) => RANDOM.has(operation));
  try {
    Math.random = () => {
      throw randomError(drawing(), name);
    };
    backend.write = (values, shape, dtype) => {
      const operation = drawing();
      if (operation !== undefined) throw randomError(operation, name);
      return Object.getPrototypeOf(backend).write.call(backend, values, shape, dtype);
    };
    tf.Variable.prototype.assign = () => {
      throw variableError("change", name);
    };
    engine.makeVariable = () => {
      throw variableError("create", name);
    };
    return body();
  } finally {
    Math.random = random;
    tf.Variable.prototype.assign = assign;
    // What lies below on the prototypes comes to light again.
    Reflect.deleteProperty(engine, "makeVariable");
    Reflect.deleteProperty(backend, "write");
  }
}

function randomError(operation: string | undefined, name: string): Error {
  const source = operation === undefined ? "Math.random()" : `tf.${operation}()`;
  return new Error(
    `Cannot use ${source} while ${name} is being compiled: its numbers are made in JavaScript and would be the ` +
      "same in every call. Use dropout(), randomNormal() or randomUniform() of lib/tensorflow/ops.ts with a " +
      "seed that is an argument",
  );
}

function variableError(action: string, name: string): Error {
  return new Error(
    `Cannot ${action} a tf.variable() while ${name} is being compiled: JavaScript keeps its value. Use a ` +
      "Variable of lib/tensorflow/variables.ts",
  );
}
