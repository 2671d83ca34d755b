/**
 * The cost of a network: parameters, multiply-adds and FLOPs, counted from its description layer
 * group by layer group.
 *
 * ResNet50 for two classes at 224 pixels has 23,512,130 parameters and takes 3,855,929,344
 * multiply-adds a film, which are 7.71 GFLOPs, two for each. The assignment's "3.88433 GFLOPs" are
 * what the tool flopth counts: multiply-adds, and besides them two for every element that enters a
 * batch norm, one for every element that a ReLU gives (a ReLU that a block uses three times counts
 * once) and one for every element that enters a pooling.
 * @module
 */
import { IMAGE_SIZE } from "@/experiments.ts";
import type { Architecture, ConvNorm } from "@/network/architecture.ts";

/** The cost of a group of layers for one film. */
export interface Cost {
  /** PyTorch's name of the group: `stem`, `layer1` ... `layer4`, `fc`. */
  name: string;
  /** Height, width and channels of the output. */
  output: readonly number[];
  parameters: number;
  multiplyAdds: number;
  /** Operations as flopth counts them. */
  flopth: number;
  /** Numbers that its convolutions give. */
  outputs: number;
}

/** The numbers that are counted. */
type Counts = Pick<Cost, "parameters" | "multiplyAdds" | "flopth" | "outputs">;

/**
 * Counts the cost of each group of layers for one film.
 *
 * @param options.imageSize Width and height of a film, in pixels. Default: 224.
 */
export function countCosts(
  { stem, blocks, features, classes }: Architecture,
  { imageSize = IMAGE_SIZE }: { imageSize?: number } = {},
): Cost[] {
  const [stemCost, stemSize] = costOf([stem], imageSize);
  const stemElements = stemSize * stemSize * stem.out;
  let size = Math.ceil(stemSize / 2);
  const groups: Cost[] = [{
    name: "stem",
    output: [size, size, stem.out],
    ...stemCost,
    flopth: stemCost.flopth + 2 * stemElements, // ReLU, and what enters the max-pool
  }];
  for (const [name, group] of Map.groupBy(blocks, ({ conv1 }) => conv1.conv.split(".")[0]!)) {
    const costs = group.flatMap(({ conv1, conv2, conv3, downsample }) => {
      const [path, out] = costOf([conv1, conv2, conv3], size);
      const [shortcut] = costOf(downsample === null ? [] : [downsample], size);
      size = out;
      return [{ ...path, flopth: path.flopth + out * out * conv3.out }, shortcut];
    });
    groups.push({ name, output: [size, size, group.at(-1)!.conv3.out], ...totalCost(costs) });
  }
  const multiplyAdds = features * classes;
  groups.push({
    name: "fc",
    output: [classes],
    parameters: multiplyAdds + classes,
    multiplyAdds,
    flopth: multiplyAdds + size * size * features, // what enters the average pooling
    outputs: 0,
  });
  return groups;
}

/** Adds up costs. */
export function totalCost(costs: readonly Counts[]): Counts {
  const sum = (of: keyof Counts) => costs.reduce((total, cost) => total + cost[of], 0);
  return {
    parameters: sum("parameters"),
    multiplyAdds: sum("multiplyAdds"),
    flopth: sum("flopth"),
    outputs: sum("outputs"),
  };
}

/** Counts convolutions with their batch norms, one after the other; gives the last one's size. */
function costOf(units: readonly ConvNorm[], imageSize: number): [Counts, size: number] {
  let size = imageSize;
  const costs = units.map(({ kernel, stride, in: inputs, out }) => {
    size = Math.ceil(size / stride);
    const weights = kernel * kernel * inputs * out;
    const outputs = size * size * out;
    const multiplyAdds = weights * size * size;
    return {
      parameters: weights + 2 * out,
      multiplyAdds,
      flopth: multiplyAdds + 2 * outputs,
      outputs,
    };
  });
  return [totalCost(costs), size];
}
