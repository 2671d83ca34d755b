/**
 * Two functions that Node once had in `util` and that tfjs-node-gpu 4.22.0 still calls. Imported
 * before it.
 *
 * @module
 */
import util from "node:util";

const old = util as {
  isNullOrUndefined?: (value: unknown) => boolean;
  isArray?: typeof Array.isArray;
};
old.isNullOrUndefined ??= (value) => value === null || value === undefined;
old.isArray ??= Array.isArray;
