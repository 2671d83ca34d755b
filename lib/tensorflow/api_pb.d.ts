/**
 * The types of tfjs-node's readers of TensorFlow's messages, which come without them, as far as
 * they are used.
 * @module
 */

/** An operation, as TensorFlow's registry describes it. */
export interface OpDef {
  getInputArgList(): {
    getTypeAttr(): string;
    getNumberAttr(): string;
    getTypeListAttr(): string;
  }[];
  getIsStateful(): boolean;
}

declare const proto: { OpDef: { deserializeBinary(bytes: Uint8Array): OpDef } };
export default proto;
