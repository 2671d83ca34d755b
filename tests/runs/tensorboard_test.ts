import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import type { Score } from "@/network/evaluation.ts";
import { type EpochRow, prefixed } from "@/runs/epochs.ts";
import { openTensorBoard } from "@/runs/tensorboard.ts";
import { tf } from "@/tensorflow/backend.ts";
import { inFolder } from "../in_folder.ts";

const TEST: Score = {
  ...{ loss: 0.5, crossEntropy: 0.25, accuracy: 0.75, f1: 0.625, auc: 0.875, sensitivity: 1 },
  ...{ specificity: 0.5, tn: 4, fp: 3, fn: 2, tp: 1 },
};
const NONE = Object.fromEntries(Object.keys(TEST).map((field) => [field, null])) as Record<
  keyof Score,
  null
>;

function rowOf(epoch: number, validation: Record<keyof Score, number | null>): EpochRow {
  return {
    ...{ epoch, learningRate: 1e-4, trainLoss: 2 + epoch, trainCrossEntropy: 1.5 },
    ...{ trainAccuracy: 0.5, trainSeconds: 9, testSeconds: 1, imagesPerSecond: 3 },
    ...prefixed("test", TEST),
    ...prefixed("validation", validation),
  };
}

/**
 * Reads the points of a folder's one event file, `tag@step` to value, by the format's definition.
 */
function readPoints(folder: string): Record<string, number> {
  const [file, ...more] = [...Deno.readDirSync(folder)];
  assertEquals(more, []);
  const content = Buffer.from(Deno.readFileSync(join(folder, file!.name)));
  const points: Record<string, number> = {};
  // A TFRecord: length (8 bytes), its CRC (4), the record, its CRC (4).
  for (let at = 0; at < content.length;) {
    const length = Number(content.readBigUInt64LE(at));
    const event = fieldsOf(content.subarray(at + 12, at + 12 + length));
    at += 12 + length + 4;
    // event.proto: step = 2, summary = 5; summary.proto: value = 1, of which tag = 1, simple_value
    // = 2.
    const summary = event.get(5);
    if (summary === undefined) continue;
    const value = fieldsOf(fieldsOf(summary as Buffer).get(1) as Buffer);
    points[`${value.get(1)}@${event.get(2) ?? 0}`] = (value.get(2) as Buffer).readFloatLE();
  }
  return points;
}

/** Reads the fields of a protocol buffer by number: varints as numbers, all else as bytes. */
function fieldsOf(message: Buffer): Map<number, number | Buffer> {
  const fields = new Map<number, number | Buffer>();
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0;; shift += 7) {
      const byte = message[at++]!;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const key = varint();
    const bytes = [0, 8, 0, 0, 0, 4][key & 7]!;
    if ((key & 7) === 0) fields.set(key >> 3, varint());
    else {
      const length = (key & 7) === 2 ? varint() : bytes;
      fields.set(key >> 3, message.subarray(at, at + length));
      at += length;
    }
  }
  return fields;
}

Deno.test("openTensorBoard() writes each set's numbers by epoch and restarts the next time", () =>
  inFolder((folder) => {
    const before = tf.memory().numTensors;
    {
      using board = openTensorBoard(folder);
      board.write(rowOf(7, TEST));
    }
    assertEquals(readPoints(join(folder, "validation"))["f1@7"], 0.625);
    {
      using board = openTensorBoard(folder);
      board.write(rowOf(0, NONE));
      board.write(rowOf(1, NONE));
    }
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), ["test", "train"]);
    assertEquals(readPoints(join(folder, "train")), {
      ...{ "loss@0": 2, "cross_entropy@0": 1.5, "accuracy@0": 0.5 },
      ...{ "loss@1": 3, "cross_entropy@1": 1.5, "accuracy@1": 0.5 },
    });
    const test = readPoints(join(folder, "test"));
    assertEquals(Object.keys(test).length, 22);
    assertEquals([test["loss@0"], test["f1@1"], test["tp@1"], test["auc@0"]], [
      0.5,
      0.625,
      1,
      0.875,
    ]);
    assertEquals(tf.memory().numTensors, before);
  }));
