/**
 * Messages in Protocol Buffers' wire format, described by tables and written by protobufjs.
 * @module
 */
import protobuf from "protobufjs/light";

/**
 * The messages of a format: their fields as `name: [type, number]`, `[]` for repeated ones. A
 * message is named by its type, its fields have the numbers of the format's .proto file.
 */
export type Messages = Readonly<
  Record<string, Readonly<Record<string, readonly [type: string, number: number]>>>
>;

/** Encodes a message of one of these types. */
export function encodeMessage(
  message: object,
  { type, messages }: { type: string; messages: Messages },
): Uint8Array<ArrayBuffer> {
  const nested = Object.entries(messages).map(([name, fields]) => {
    const entries = Object.entries(fields).map(([field, [type, id]]) => {
      const repeated = type.endsWith("[]");
      const rule = repeated ? { rule: "repeated" } : {};
      return [field, { ...rule, type: repeated ? type.slice(0, -2) : type, id }];
    });
    return [name, { fields: Object.fromEntries(entries) }];
  });
  const root = protobuf.Root.fromJSON({ nested: Object.fromEntries(nested) });
  return Uint8Array.from(root.lookupType(type).encode(message).finish());
}
