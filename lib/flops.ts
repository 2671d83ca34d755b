/**
 * What a network costs: parameters, multiply-adds and FLOPs, counted from its description layer group by layer group.
 *
 * ResNet50 for two classes at 224 pixels has 23,512,130 parameters and takes 3,855,929,344 multiply-adds a film, which are
 * 7.71 GFLOPs, two for each. The assignment's "3.88433 GFLOPs" are what the tool flopth counts: multiply-adds, and
 * besides them two for every element that enters a batch norm, one for every element that a ReLU gives (a ReLU that a
 * block uses three times counts once) and one for every element that enters a pooling.
 * @module
 */
import type { Architecture, ConvNorm } from "@/resnet50.ts";

/** What a group of layers costs for one film. */
export interface Cost {
  /** PyTorch's name of the group: `stem`, `layer1` ... `layer4`, `fc`. */
  name: string;
  /** Height, width and channels of what it gives. */
  output: readonly number[];
  parameters: number;
  multiplyAdds: number;
  /** As flopth counts. */
  flopth: number;
}

/**
 * Counts what each group of layers costs for one film.
 *
 * @param options.imageSize Width and height of a film, in pixels. Default: 224.
 */
export function countCosts(
  { stem, blocks, features, classes }: Architecture,
  { imageSize = 224 }: { imageSize?: number } = {},
): Cost[] {
  const [stemCost, stemSize] = costOf([stem], imageSize);
  const stemElements = stemSize * stemSize * stem.out;
  let size = Math.ceil(stemSize / 2);
  const groups: Cost[] = [{
    name: "stem",
    output: [size, size, stem.out],
    ...stemCost,
    flopth: stemCost.flopth + stemElements + stemElements, // ReLU, and what enters the max-pool
  }];
  for (const { conv1, conv2, conv3, downsample } of blocks) {
    const name = conv1.conv.split(".")[0]!;
    const [path, out] = costOf([conv1, conv2, conv3], size);
    const [shortcut] = costOf(downsample === null ? [] : [downsample], size);
    if (groups.at(-1)!.name !== name) {
      groups.push({ name, output: [], parameters: 0, multiplyAdds: 0, flopth: 0 });
    }
    const group = groups.at(-1)!;
    group.output = [out, out, conv3.out];
    group.parameters += path.parameters + shortcut.parameters;
    group.multiplyAdds += path.multiplyAdds + shortcut.multiplyAdds;
    group.flopth += path.flopth + shortcut.flopth + out * out * conv3.out;
    size = out;
  }
  const multiplyAdds = features * classes;
  const pooled = size * size * features;
  groups.push({
    name: "fc",
    output: [classes],
    parameters: multiplyAdds + classes,
    multiplyAdds,
    flopth: multiplyAdds + pooled,
  });
  return groups;
}

/** The sums over all groups. */
export function totalCost(
  costs: readonly Cost[],
): Pick<Cost, "parameters" | "multiplyAdds" | "flopth"> {
  const sum = (of: "parameters" | "multiplyAdds" | "flopth") =>
    costs.reduce((total, cost) => total + cost[of], 0);
  return {
    parameters: sum("parameters"),
    multiplyAdds: sum("multiplyAdds"),
    flopth: sum("flopth"),
  };
}

/** Convolutions with their batch norms, one after the other; and the size of what the last one gives. */
function costOf(
  units: readonly ConvNorm[],
  imageSize: number,
): [Pick<Cost, "parameters" | "multiplyAdds" | "flopth">, size: number] {
  const cost = { parameters: 0, multiplyAdds: 0, flopth: 0 };
  let size = imageSize;
  for (const { kernel, stride, in: inputs, out } of units) {
    size = Math.ceil(size / stride);
    const weights = kernel * kernel * inputs * out;
    const multiplyAdds = weights * size * size;
    cost.parameters += weights + 2 * out;
    cost.multiplyAdds += multiplyAdds;
    cost.flopth += multiplyAdds + 2 * size * size * out;
  }
  return [cost, size];
}
