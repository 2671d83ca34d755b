import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { BASELINE } from "@/experiments.ts";
import { RESNET50_STAGES } from "@/network/architecture.ts";
import { requireMemory, type StepConfig, stepNote } from "@/runs/cost.ts";

function step(
  { imageSize = 224, batchSize = 4, precision = "fp32" }: {
    imageSize?: number;
    batchSize?: number;
    precision?: "fp32" | "bf16";
  },
): StepConfig {
  return {
    experiment: { ...BASELINE, name: "big", batchSize },
    network: { stages: RESNET50_STAGES, strideOn: "1x1", imageSize, init: null },
    precision,
  };
}

Deno.test("stepNote() says what films of 448 x 448 pixels cost, and nothing of the assignment's steps", () => {
  // 3.856 billion at 224 x 224; every convolution has four times the places, and the linear layer
  // is the same.
  assertStringIncludes(
    stepNote(step({ imageSize: 448 }), 5e9)!,
    "big: batches of 4 films of 448 x 448 pixels take about 2.4 GB of memory (5.0 GB are free). A film takes 15.42 " +
      "billion multiply-adds, 4.0 times those at 224 x 224 pixels, and about as many times the time",
  );
  assertStringIncludes(stepNote(step({ batchSize: 8 }), 5e9)!, "batches of 8 films of 224 x 224");
  for (const small of [{}, { imageSize: 64, batchSize: 8 }, { imageSize: 448, batchSize: 1 }]) {
    assertEquals(stepNote(step(small), 5e9), null);
  }
  assertEquals(stepNote(step({ imageSize: 448 }), null)!.includes("free"), false);
});

Deno.test("requireMemory() refuses a large step that has no room, and never the assignment's", () => {
  requireMemory(step({}), 1e6);
  requireMemory(step({ imageSize: 448 }), 2.5e9);
  requireMemory(step({ imageSize: 448 }), null);
  assertThrows(
    () => requireMemory(step({ imageSize: 448 }), 2e9),
    RangeError,
    "Cannot train big: batches of 4 films of 448 x 448 pixels take about 2.4 GB of memory, and 2.0 GB are free. " +
      "Take a smaller --batch-size or --image-size, or end other programs",
  );
});
