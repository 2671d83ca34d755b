import { assertEquals } from "@std/assert";
import { describeResNet50 } from "@/network/architecture.ts";
import { countCosts, totalCost } from "@/network/flops.ts";

Deno.test("countCosts() gives the assignment's parameters and GFLOPs, and the usual multiply-adds", () => {
  const { parameters, multiplyAdds, flopth } = totalCost(countCosts(describeResNet50()));
  assertEquals(parameters, 23_512_130);
  assertEquals(multiplyAdds, 3_855_925_248 + 4_096);
  // The assignment reports 3.88433 GFLOPs.
  assertEquals(flopth, 3_884_328_960);
});

Deno.test("countCosts() counts a layer group as by hand", () => {
  const stem = countCosts(describeResNet50())[0]!;
  assertEquals(stem, {
    name: "stem",
    output: [56, 56, 64],
    parameters: 7 * 7 * 3 * 64 + 2 * 64,
    multiplyAdds: 7 * 7 * 3 * 64 * 112 * 112,
    // A batch norm's two, a ReLU's one and the pooling's one for each of 112 x 112 x 64 elements.
    flopth: 7 * 7 * 3 * 64 * 112 * 112 + 4 * 112 * 112 * 64,
    outputs: 112 * 112 * 64,
  });
});

Deno.test("countCosts() follows the size of the films and the number of classes", () => {
  const costs = countCosts(describeResNet50({ classes: 5 }), { imageSize: 64 });
  assertEquals(costs.map(({ name, output }) => [name, ...output]), [
    ["stem", 16, 16, 64],
    ["layer1", 16, 16, 256],
    ["layer2", 8, 8, 512],
    ["layer3", 4, 4, 1024],
    ["layer4", 2, 2, 2048],
    ["fc", 5],
  ]);
  assertEquals(costs.at(-1)!.parameters, 5 * 2048 + 5);
});
