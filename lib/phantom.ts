/**
 * Phantom films: drawn chests for a machine without data, in TBX11K's layout. 180 are healthy, 60 have the opacities
 * and cavities of tuberculosis in an upper lobe.
 *
 * Position, build, exposure and noise vary from film to film, and alike in both classes. Every machine draws the same
 * pixels: only additions, multiplications, divisions and square roots are used, which IEEE 754 defines to the last bit.
 *
 * Anatomical coordinates: `u` across, -1 at the left edge of the picture's chest and 1 at the right; `v` down, -1 at
 * the shoulders and 1 in the abdomen. What is drawn is attenuation: 0 is black, 1 is white.
 * @module
 */
import { join } from "node:path";
import sharp from "sharp";
import { writeAtomic } from "@/files.ts";
import { createPrng, type Prng } from "@/random.ts";

/** Width and height of a film, in pixels. */
export const PHANTOM_SIZE = 512;

/** How many films there are of each class, by folder; names are `h0001.png` and `tb0001.png` on. */
const PHANTOM_CLASSES = [
  { folder: "health", prefix: "h", count: 180, tb: false },
  { folder: "tb", prefix: "tb", count: 60, tb: true },
] as const;

/** How a chest lies on its film. */
interface Pose {
  centre: readonly [x: number, y: number];
  /** Pixels of one unit of `u` and of `v`. */
  scale: readonly [u: number, v: number];
  /** Sine and cosine of the tilt. */
  tilt: readonly [sin: number, cos: number];
}

/** What varies of a chest's build. */
interface Build {
  /** Domes of the diaphragm, by side: their highest `v`. */
  domes: readonly [left: number, right: number];
  heart: { u: number; width: number; height: number };
  mediastinum: number;
  ribSpacing: number;
  ribPhase: number;
  ribs: number;
  /** Half the width of a lung. */
  lung: number;
  /** How much less the lungs attenuate than the tissue around them. */
  aeration: number;
  /** Attenuation of the breasts' or the chest muscles' shadows over the lower lungs. */
  breasts: number;
}

/** A film being drawn. */
interface Canvas {
  /** `[512 * 512]` */
  attenuation: Float32Array;
  pose: Pose;
}

/**
 * Draws a film.
 *
 * @param key Decides everything that varies.
 * @param options.tb Whether it shows tuberculosis.
 * @returns Grey values, `[512 * 512]` row by row.
 */
export function drawPhantom(key: string, { tb }: { tb: boolean }): Uint8Array {
  const prng = createPrng(`phantom/${key}`);
  const canvas = {
    attenuation: new Float32Array(PHANTOM_SIZE * PHANTOM_SIZE),
    pose: drawPose(prng),
  };
  const build = drawBuild(prng);
  paint(canvas, (u, v) => anatomy(u, v, build));
  for (const side of [-1, 1]) drawVessels(canvas, { side, prng });
  drawGranulomas(canvas, prng);
  if (tb) drawTuberculosis(canvas, prng);
  return expose(canvas.attenuation, prng);
}

function between(prng: Prng, low: number, high: number): number {
  return low + (high - low) * prng.uniform();
}

function drawPose(prng: Prng): Pose {
  const middle = PHANTOM_SIZE / 2;
  const size = between(prng, 0.9, 1.06);
  const t = between(prng, -0.03, 0.03);
  return {
    centre: [middle + between(prng, -18, 18), middle + between(prng, -14, 22)],
    scale: [232 * size * between(prng, 0.95, 1.05), 246 * size],
    tilt: [2 * t / (1 + t * t), (1 - t * t) / (1 + t * t)],
  };
}

function drawBuild(prng: Prng): Build {
  const dome = between(prng, 0.46, 0.62);
  return {
    domes: [dome, dome + between(prng, 0.02, 0.1)],
    heart: {
      u: between(prng, 0.1, 0.18),
      width: between(prng, 0.28, 0.37),
      height: between(prng, 0.25, 0.32),
    },
    mediastinum: between(prng, 0.12, 0.17),
    ribSpacing: between(prng, 0.165, 0.195),
    ribPhase: prng.uniform(),
    ribs: between(prng, 0.07, 0.13),
    lung: between(prng, 0.31, 0.44),
    aeration: between(prng, 0.33, 0.55),
    breasts: between(prng, -0.06, 0.22),
  };
}

/** 0 below `low`, 1 above `high`, smooth between. */
function ramp(x: number, low: number, high: number): number {
  if (x <= low) return 0;
  if (x >= high) return 1;
  const t = (x - low) / (high - low);
  return t * t * (3 - 2 * t);
}

/** 1 inside an ellipse, 0 outside, its edge `soft` of the radius wide. */
function ellipse(u: number, v: number, soft: number): number {
  // Most of a film is beyond most ellipses.
  if (u > 1 + soft || u < -1 - soft || v > 1 + soft || v < -1 - soft) return 0;
  return 1 - ramp(Math.sqrt(u * u + v * v), 1 - soft, 1 + soft);
}

/** Half the body's width at a height: neck, shoulders, trunk. */
function bodyWidth(v: number): number {
  return 0.27 + 0.8 * ramp(v, -1.08, -0.62) + 0.06 * ramp(v, 0.3, 1);
}

/** The attenuation of a healthy chest, vessels left out. */
function anatomy(u: number, v: number, build: Build): number {
  const side = u < 0 ? 0 : 1;
  const fromMiddle = Math.abs(u);
  const body = ramp(bodyWidth(v) - fromMiddle, -0.02, 0.09);
  if (body === 0) return 0.02;

  const lung = lungAt(fromMiddle, v, { width: build.lung, dome: build.domes[side] });
  const heart = ellipse(
    (u - build.heart.u) / build.heart.width,
    (v - 0.36 + 0.25 * (u - build.heart.u)) / build.heart.height,
    0.14,
  );
  const aorta = ellipse((u - 0.13) / 0.11, (v + 0.3) / 0.11, 0.3);
  const mediastinum = 1 - ramp(fromMiddle, build.mediastinum - 0.05, build.mediastinum + 0.05);
  const breast = ellipse((fromMiddle - 0.5) / 0.36, (v - 0.14) / 0.38, 0.45);
  const trachea = (1 - ramp(fromMiddle, 0.02, 0.05)) * (1 - ramp(v, -0.45, -0.25));
  const stomach = ellipse((u - 0.45) / 0.16, (v - build.domes[1] - 0.16) / 0.07, 0.3);

  const softTissue = 0.62 + 0.1 * ramp(v, 0.4, 0.9) - 0.08 * ramp(fromMiddle, 0.8, 1.05);
  const aerated = lung * (1 - 0.85 * Math.max(heart, aorta, mediastinum));
  return body *
    (softTissue - build.aeration * aerated + 0.14 * Math.max(heart, mediastinum) - 0.1 * trachea -
      0.18 * stomach + Math.max(0, build.breasts) * breast + spineAt(fromMiddle, v) +
      bonesAt(fromMiddle, v, build));
}

/** 1 in the lung, whose apex is under the collar bone and whose base is the dome of the diaphragm. */
function lungAt(
  fromMiddle: number,
  v: number,
  { width, dome }: { width: number; dome: number },
): number {
  const halfWidth = width + 0.05 * ramp(v, -0.6, 0.4);
  const field = ellipse((fromMiddle - 0.46) / halfWidth, (v + 0.02) / 0.84, 0.07);
  const diaphragm = dome + 0.9 * (fromMiddle - 0.42) * (fromMiddle - 0.42);
  return field * ramp(diaphragm - v, -0.03, 0.03);
}

/** Vertebrae and the discs between them. */
function spineAt(fromMiddle: number, v: number): number {
  const place = (v + 4) / 0.17;
  const fromDisc = Math.abs(place - Math.floor(place) - 0.5);
  return (1 - ramp(fromMiddle, 0.06, 0.1)) * (0.05 + 0.05 * (1 - ramp(fromDisc, 0.36, 0.48)));
}

/** Ribs behind and in front, and the collar bones. */
function bonesAt(fromMiddle: number, v: number, { ribSpacing, ribPhase, ribs }: Build): number {
  const t = (fromMiddle - 0.09) / 0.83;
  if (t <= 0 || t >= 1) return 0;
  const behind = 0.3 * t * t - 0.5 * t * (1 - t);
  const inFront = 0.62 - 0.75 * (1 - t) * (1 - t) - 0.25 * t;
  const cage = ramp(v, -0.86, -0.74) * (1 - ramp(v, 0.56, 0.8)) * ramp(t, 0, 0.06) *
    (1 - ramp(t, 0.93, 1));
  const collarBone = 1 - ramp(Math.abs(v + 0.68 + 0.2 * t - 0.16 * t * (1 - t)), 0.024, 0.04);
  if (cage === 0) return 0.13 * collarBone;
  const strip = (offset: number, spacing: number) => {
    const place = offset / spacing + ribPhase;
    const fromStrip = Math.abs(place - Math.floor(place) - 0.5);
    // Brighter at its edges, where the X-rays pass along the cortex.
    return (1 - ramp(fromStrip, 0.17, 0.24)) * (0.7 + 0.3 * ramp(fromStrip, 0.08, 0.18));
  };
  return cage * (ribs * strip(v - behind + 2, ribSpacing) +
        0.5 * ribs * ramp(t, 0.3, 0.45) * strip(v - inFront + 2, 1.25 * ribSpacing)) +
    0.13 * collarBone;
}

/** Vessels that branch from the hilum into a lung. */
function drawVessels(canvas: Canvas, { side, prng }: { side: number; prng: Prng }): void {
  const hilum = [side * 0.2, between(prng, -0.05, 0.05)] as const;
  blob(canvas, { at: hilum, radius: 0.13, attenuation: 0.08 });
  for (let branch = 0; branch < 16; branch++) {
    let [u, v] = hilum;
    let [du, dv] = [side * between(prng, 0.2, 1), between(prng, -1, 1)];
    let width = between(prng, 0.008, 0.017);
    for (let step = 0; step < 7; step++) {
      const length = 0.075 / Math.sqrt(du * du + dv * dv);
      const to = [u + du * length, v + dv * length] as const;
      line(canvas, { from: [u, v], to, width, attenuation: 4.5 * width });
      [u, v] = to;
      du += side * between(prng, -0.4, 0.45);
      dv += between(prng, -0.55, 0.55);
      width *= 0.84;
    }
  }
}

/** Small healed spots, which healthy films have, too. */
function drawGranulomas(canvas: Canvas, prng: Prng): void {
  for (let left = prng.integer(4); left > 0; left--) {
    const side = prng.integer(2) * 2 - 1;
    blob(canvas, {
      at: [side * between(prng, 0.2, 0.7), between(prng, -0.6, 0.4)],
      radius: between(prng, 0.012, 0.022),
      attenuation: between(prng, 0.1, 0.2),
    });
  }
}

/** Mottled opacities in one or both upper lobes, most with a cavity, and strands to the hilum. */
function drawTuberculosis(canvas: Canvas, prng: Prng): void {
  const first = prng.integer(2) * 2 - 1;
  const sides = prng.uniform() < 0.6 ? [first, -first] : [first];
  for (const side of sides) {
    const centre = [side * between(prng, 0.38, 0.52), between(prng, -0.48, -0.26)] as const;
    const extent = between(prng, 0.22, 0.32);
    const around = (spread: number) =>
      [0, 1].map((axis) =>
        centre[axis]! + spread * (prng.uniform() + prng.uniform() + prng.uniform() - 1.5)
      ) as [number, number];
    blob(canvas, { at: centre, radius: 1.2 * extent, attenuation: between(prng, 0.04, 0.1) });
    for (let left = 36 + prng.integer(30); left > 0; left--) {
      blob(canvas, {
        at: around(extent),
        radius: between(prng, 0.025, 0.065),
        attenuation: between(prng, 0.1, 0.26),
      });
    }
    for (let left = 4; left > 0; left--) {
      const to = [side * 0.2, between(prng, -0.1, 0.05)] as const;
      line(canvas, { from: around(extent), to, width: 0.006, attenuation: 0.07 });
    }
    if (prng.uniform() < 0.7) drawCavity(canvas, { at: around(0.4 * extent), prng });
  }
}

/** A hole with a wall. */
function drawCavity(
  canvas: Canvas,
  { at, prng }: { at: readonly [number, number]; prng: Prng },
): void {
  const radius = between(prng, 0.07, 0.12);
  const wall = between(prng, 0.02, 0.035);
  const depth = between(prng, 0.2, 0.3);
  paintAround(canvas, { at, reach: radius + 2 * wall }, (u, v) => {
    const distance = distanceOf(u - at[0], v - at[1]);
    const onWall = 1 - ramp(Math.abs(distance - radius), 0.5 * wall, 1.5 * wall);
    return depth * onWall - 0.3 * (1 - ramp(distance, radius - wall, radius));
  });
}

type Place = readonly [u: number, v: number];

function distanceOf(u: number, v: number): number {
  return Math.sqrt(u * u + v * v);
}

/** Adds a soft disc. */
function blob(
  canvas: Canvas,
  { at, radius, attenuation }: { at: Place; radius: number; attenuation: number },
): void {
  paintAround(
    canvas,
    { at, reach: radius },
    (u, v) => attenuation * (1 - ramp(distanceOf(u - at[0], v - at[1]), 0, radius)),
  );
}

/** Adds a soft line, of half this width where it is half as strong. */
function line(
  canvas: Canvas,
  { from, to, width, attenuation }: { from: Place; to: Place; width: number; attenuation: number },
): void {
  const [du, dv] = [to[0] - from[0], to[1] - from[1]];
  const lengthSquared = du * du + dv * dv;
  const middle = [from[0] + du / 2, from[1] + dv / 2] as const;
  const reach = Math.sqrt(lengthSquared) / 2 + 2 * width;
  paintAround(canvas, { at: middle, reach }, (u, v) => {
    const along = ((u - from[0]) * du + (v - from[1]) * dv) / lengthSquared;
    const t = along < 0 ? 0 : along > 1 ? 1 : along;
    const offU = u - from[0] - t * du;
    const offV = v - from[1] - t * dv;
    const distance = distanceOf(offU, offV);
    return distance >= 2 * width ? 0 : attenuation * (1 - ramp(distance, 0, 2 * width));
  });
}

/** Adds to the pixels within `reach` of a place what a function of theirs gives. */
function paintAround(
  { attenuation, pose }: Canvas,
  { at, reach }: { at: Place; reach: number },
  value: (u: number, v: number) => number,
): void {
  const [x, y] = toPixel(at, pose);
  const [halfWidth, halfHeight] = [reach * pose.scale[0] + 2, reach * pose.scale[1] + 2];
  const clip = (pixel: number) => Math.min(PHANTOM_SIZE, Math.max(0, Math.floor(pixel)));
  const [left, right] = [clip(x - halfWidth), clip(x + halfWidth)];
  const bottom = clip(y + halfHeight);
  for (let row = clip(y - halfHeight); row < bottom; row++) {
    for (let column = left; column < right; column++) {
      attenuation[row * PHANTOM_SIZE + column]! += value(
        across(column, row, pose),
        down(column, row, pose),
      );
    }
  }
}

/** Sets every pixel to what a function of its place gives. */
function paint({ attenuation, pose }: Canvas, value: (u: number, v: number) => number): void {
  for (let row = 0, i = 0; row < PHANTOM_SIZE; row++) {
    for (let column = 0; column < PHANTOM_SIZE; column++, i++) {
      attenuation[i] = value(across(column, row, pose), down(column, row, pose));
    }
  }
}

/** The `u` of a pixel. */
function across(column: number, row: number, { centre, scale, tilt }: Pose): number {
  return ((column - centre[0]) * tilt[1] + (row - centre[1]) * tilt[0]) / scale[0];
}

/** The `v` of a pixel. */
function down(column: number, row: number, { centre, scale, tilt }: Pose): number {
  return ((row - centre[1]) * tilt[1] - (column - centre[0]) * tilt[0]) / scale[1];
}

function toPixel([u, v]: Place, { centre, scale, tilt }: Pose): [x: number, y: number] {
  const [x, y] = [u * scale[0], v * scale[1]];
  const [sin, cos] = tilt;
  return [centre[0] + x * cos - y * sin, centre[1] + x * sin + y * cos];
}

/** Makes grey values of attenuation, by an exposure, a contrast curve, unevenness and grain. */
function expose(attenuation: Float32Array, prng: Prng): Uint8Array {
  const gain = between(prng, 0.8, 1.08);
  const offset = between(prng, -0.05, 0.09);
  const curve = between(prng, -0.35, 0.35);
  const grain = between(prng, 0.02, 0.05);
  const coarse = smoothNoise(prng, 6);
  const fine = smoothNoise(prng, 40);
  const grey = new Uint8Array(attenuation.length);
  for (let i = 0; i < grey.length; i++) {
    const uneven = attenuation[i]! + 0.07 * coarse[i]! + 0.03 * fine[i]!;
    const shown = offset + gain * (uneven + curve * uneven * (1 - uneven)) +
      grain * (prng.uniform() + prng.uniform() - 1);
    grey[i] = Math.min(255, Math.max(0, Math.round(255 * shown)));
  }
  return grey;
}

/** Numbers from -1 to 1 on a grid of so many cells, interpolated smoothly, `[512 * 512]`. */
function smoothNoise(prng: Prng, cells: number): Float32Array {
  const stride = cells + 1;
  const grid = Float32Array.from({ length: stride * stride }, () => between(prng, -1, 1));
  const noise = new Float32Array(PHANTOM_SIZE * PHANTOM_SIZE);
  // Columns are alike in every row.
  const columns = Array.from(
    { length: PHANTOM_SIZE },
    (_, column) => column / PHANTOM_SIZE * cells,
  );
  const left = Int32Array.from(columns);
  const right = Float32Array.from(columns, (x) => ramp(x - Math.floor(x), 0, 1));
  for (let row = 0, i = 0; row < PHANTOM_SIZE; row++) {
    const y = row / PHANTOM_SIZE * cells;
    const top = Math.floor(y);
    const down = ramp(y - top, 0, 1);
    for (let column = 0; column < PHANTOM_SIZE; column++, i++) {
      const at = top * stride + left[column]!;
      const part = right[column]!;
      const upper = grid[at]! * (1 - part) + grid[at + 1]! * part;
      const lower = grid[at + stride]! * (1 - part) + grid[at + stride + 1]! * part;
      noise[i] = upper * (1 - down) + lower * down;
    }
  }
  return noise;
}

/**
 * Draws the phantom films that a folder lacks, as `health/h0001.png` and so on.
 *
 * @param root Made if it is missing.
 * @param options.onFilm Told after each film.
 * @returns How many films were drawn now.
 */
export async function writePhantoms(
  root: string,
  { onFilm }: { onFilm?: (done: number, total: number) => void } = {},
): Promise<number> {
  const films = PHANTOM_CLASSES.flatMap(({ folder, prefix, count, tb }) =>
    Array.from({ length: count }, (_, i) => {
      const name = `${prefix}${String(i + 1).padStart(4, "0")}`;
      return { name, path: join(root, folder, `${name}.png`), tb };
    })
  );
  let drawn = 0;
  let writing: Promise<void> = Promise.resolve();
  for (const [i, { name, path, tb }] of films.entries()) {
    if (!await isFile(path)) {
      const pixels = drawPhantom(name, { tb });
      // The film before is encoded while this one is drawn.
      await writing;
      writing = writePng(path, pixels);
      drawn++;
    }
    onFilm?.(i + 1, films.length);
  }
  await writing;
  return drawn;
}

async function writePng(path: string, pixels: Uint8Array): Promise<void> {
  const raw = { width: PHANTOM_SIZE, height: PHANTOM_SIZE, channels: 1 } as const;
  await writeAtomic(path, [await sharp(pixels, { raw }).png({ compressionLevel: 6 }).toBuffer()]);
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
