/**
 * Valid random films from tests/python/make_variants.py, with the pixels that Pillow and pydicom
 * read.
 * @module
 */
import { fromRoot } from "@/common/paths.ts";
import { decodeImage, ImageError } from "@/films/decode.ts";
import { toRgb } from "@/films/transforms.ts";

/** A film, and the lowest and highest value of each pixel; null if it must be refused. */
export interface Variant {
  /** Its number and its kind. */
  name: string;
  /** Its bytes in base64, like `low` and `high`. */
  file: string;
  width: number;
  height: number;
  channels: 1 | 3;
  low: string | null;
  high: string | null;
}

/**
 * Makes variants.
 *
 * @param options.python The path of a Python with tests/python/requirements.txt.
 * @throws {Error} If they cannot all be made.
 */
export async function* makeVariants(
  { python, seed, first, count }: { python: string; seed: number; first: number; count: number },
): AsyncGenerator<Variant> {
  await using maker = new Deno.Command(python, {
    args: [fromRoot("tests/python/make_variants.py"), ...[seed, first, count].map(String)],
    stdout: "piped",
  }).spawn();
  let rest = "";
  for await (const text of maker.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield JSON.parse(line);
  }
  const { success } = await maker.status;
  if (!success) throw new Error(`Cannot make variants with ${python}: see above`);
}

/**
 * Compares a variant's pixels with the expected ones.
 *
 * @returns True if it was read, false if it was refused as it must be.
 * @throws {Error} If they differ; the message says how.
 */
export async function checkVariant(variant: Variant): Promise<boolean> {
  const { name, file, width, height, channels, low, high } = variant;
  const bytes = Uint8Array.fromBase64(file);
  if (low === null || high === null) {
    const refusal = await decodeImage(bytes, "film").then(() => null, (error) => error);
    if (refusal instanceof ImageError) return false;
    throw new Error(`${name}: it was read, or refused with an unexpected error`, {
      cause: refusal,
    });
  }
  const image = await decodeImage(bytes, "film").catch((cause) => {
    throw new Error(`${name}: ${cause.message}`, { cause });
  });
  const size = [width, height].join(" x ");
  if (size !== `${image.width} x ${image.height}`) {
    throw new Error(`${name}: ${image.width} x ${image.height} pixels where there are ${size}`);
  }
  const pixels = channels === 1 ? image.pixels : toRgb(image);
  const [lowest, highest] = [Uint8Array.fromBase64(low), Uint8Array.fromBase64(high)];
  if (pixels.length !== lowest.length) {
    throw new Error(`${name}: ${pixels.length} values where there are ${lowest.length}`);
  }
  const wrong = [...pixels.keys()].filter((i) =>
    pixels[i]! < lowest[i]! || pixels[i]! > highest[i]!
  );
  if (wrong.length === 0) return true;
  const [at] = wrong as [number];
  throw new Error(
    `${name}: ${wrong.length} of ${pixels.length} values differ, the first, at ${at}, is ` +
      `${pixels[at]} where it is ${lowest[at]} to ${highest[at]}`,
  );
}
