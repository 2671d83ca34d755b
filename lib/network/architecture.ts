/**
 * The description of ResNet50 (He et al., 2015, https://arxiv.org/abs/1512.03385), as data: which
 * convolutions with which shapes, by PyTorch's names. The network, its cost and the size of its
 * weights are read off it; nothing here needs TensorFlow.
 *
 * A bottleneck's stride is on its first 1x1 convolution, as in the paper; torchvision's "V1.5" has
 * it on the 3x3.
 * @module
 */

/** `[width, blocks, stride]` of a stage, whose bottlenecks end in four times `width` channels. */
export type Stage = readonly [width: number, blocks: number, stride: number];

/** ResNet50's stages. */
export const RESNET50_STAGES = [
  [64, 3, 1], // 56 x 56
  [128, 4, 2], // 28 x 28
  [256, 6, 2], // 14 x 14
  [512, 3, 2], // 7 x 7
] as const satisfies readonly Stage[];

/** The width of a bottleneck's end over that of its middle. */
const EXPANSION = 4;

/** A convolution without bias and the batch norm after it, by the names of their parameters. */
export interface ConvNorm {
  conv: string;
  norm: string;
  kernel: number;
  stride: number;
  in: number;
  out: number;
}

/** A block: 1x1, 3x3, 1x1, and a shortcut that is a convolution where the shape changes. */
export interface Bottleneck {
  conv1: ConvNorm;
  conv2: ConvNorm;
  conv3: ConvNorm;
  downsample: ConvNorm | null;
}

/** A network's layers. */
export interface Architecture {
  stem: ConvNorm;
  blocks: readonly Bottleneck[];
  /** Channels of the last block's output. */
  features: number;
  classes: number;
}

/** Options of {@linkcode describeResNet50}. */
export interface ArchitectureOptions {
  /** Default: ResNet50's. */
  stages?: readonly (readonly number[])[];
  /** Which convolution of a bottleneck has the stride. Default: the first, `1x1`. */
  strideOn?: string;
  /** Default: 2. */
  classes?: number;
}

/**
 * Describes a network. The stem is as wide as the first stage.
 *
 * @throws {RangeError} If the stride is on neither.
 */
export function describeResNet50(
  { stages = RESNET50_STAGES, strideOn = "1x1", classes = 2 }: ArchitectureOptions = {},
): Architecture {
  if (strideOn !== "1x1" && strideOn !== "3x3") {
    throw new RangeError(
      `Cannot put the stride on the "${strideOn}": it is the "1x1" or the "3x3"`,
    );
  }
  const stemWidth = stages[0]![0]!;
  const blocks: Bottleneck[] = [];
  let channels = stemWidth;
  stages.forEach(([width, depth, firstStride], stage) => {
    for (let i = 0; i < depth!; i++) {
      const stride = i === 0 ? firstStride! : 1;
      blocks.push(describeBottleneck(`layer${stage + 1}.${i}`, {
        channels,
        width: width!,
        strides: strideOn === "1x1" ? [stride, 1] : [1, stride],
      }));
      channels = EXPANSION * width!;
    }
  });
  return {
    stem: { conv: "conv1", norm: "bn1", kernel: 7, stride: 2, in: 3, out: stemWidth },
    blocks,
    features: channels,
    classes,
  };
}

function describeBottleneck(
  name: string,
  { channels, width, strides }: { channels: number; width: number; strides: [number, number] },
): Bottleneck {
  const out = EXPANSION * width;
  const stride = strides[0] * strides[1];
  const names = (conv: string, norm: string) => ({
    conv: `${name}.${conv}`,
    norm: `${name}.${norm}`,
  });
  const shortcut = names("downsample.0", "downsample.1");
  return {
    conv1: { ...names("conv1", "bn1"), kernel: 1, stride: strides[0], in: channels, out: width },
    conv2: { ...names("conv2", "bn2"), kernel: 3, stride: strides[1], in: width, out: width },
    conv3: { ...names("conv3", "bn3"), kernel: 1, stride: 1, in: width, out },
    downsample: stride === 1 && channels === out
      ? null
      : { ...shortcut, kernel: 1, stride, in: channels, out },
  };
}

/** Lists all convolutions with their batch norms, in PyTorch's order. */
export function convNorms({ stem, blocks }: Architecture): ConvNorm[] {
  return [
    stem,
    ...blocks.flatMap(({ conv1, conv2, conv3, downsample }) =>
      [conv1, conv2, conv3, downsample].filter((unit) => unit !== null)
    ),
  ];
}

/** Bytes of a network's parameters and statistics: 94 MB of ResNet50's. */
export function weightBytes(architecture: Architecture): number {
  const { features, classes } = architecture;
  const values = convNorms(architecture).reduce(
    (sum, { kernel, in: inputs, out }) => sum + kernel * kernel * inputs * out + 4 * out,
    (features + 1) * classes,
  );
  return 4 * values;
}
