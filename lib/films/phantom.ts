/**
 * Draws phantom films: chests, healthy or with the opacities and cavities of tuberculosis in an
 * upper lobe. Position, build, exposure and noise vary, in both classes alike. A second hospital
 * has another exposure, coarser grain and black borders.
 *
 * Every machine draws the same pixels, as only additions, multiplications, divisions and square
 * roots are used, which IEEE 754 defines to the last bit.
 *
 * Coordinates: `u` across, from -1 at the chest's left edge in the picture to 1 at the right; `v`
 * down, from -1 at the shoulders to 1 in the abdomen. Attenuation is 0 for black and 1 for white.
 * @module
 */
import { createPrng, type Prng } from "@/common/random.ts";

/** The width and height of a film, in pixels. */
export const PHANTOM_SIZE = 512;

/** A film being drawn. */
interface Canvas {
  /** `[512 * 512]` */
  attenuation: Float32Array;
  pose: ReturnType<typeof drawPose>;
}

/** The ranges of a hospital's exposures. */
interface Exposure {
  gain: Range;
  offset: Range;
  /** Below 0, bright places lose contrast. */
  curve: Range;
  grain: Range;
  /** The largest share of the film that a side's black border takes. */
  border: number;
}

type Range = readonly [low: number, high: number];

/** The hospitals of phantom films. */
const HOSPITALS = {
  own: {
    ...{ gain: [0.8, 1.08], offset: [-0.05, 0.09], curve: [-0.35, 0.35] },
    ...{ grain: [0.02, 0.05], border: 0 },
  },
  other: {
    ...{ gain: [0.6, 0.85], offset: [0.12, 0.24], curve: [-0.2, 0.6] },
    ...{ grain: [0.09, 0.14], border: 0.08 },
  },
} as const satisfies Record<string, Exposure>;

/** A hospital of phantom films: the one that trains, or another. */
export type Hospital = keyof typeof HOSPITALS;

/**
 * Draws a film.
 *
 * @param key Seeds all that varies.
 * @param options.tb Adds tuberculosis.
 * @param options.hospital Default: the one that trains.
 * @returns Grey values: `[512 * 512]`, row by row.
 */
export function drawPhantom(
  key: string,
  { tb, hospital = "own" }: { tb: boolean; hospital?: Hospital },
): Uint8Array {
  const prng = createPrng(`phantom/${key}`);
  const canvas = {
    attenuation: new Float32Array(PHANTOM_SIZE * PHANTOM_SIZE),
    pose: drawPose(prng),
  };
  const build = drawBuild(prng);
  paint(canvas, { at: [0, 0], reach: Infinity }, (u, v) => anatomy(u, v, build));
  for (const side of [-1, 1]) drawVessels(canvas, { side, prng });
  drawGranulomas(canvas, prng);
  if (tb) drawTuberculosis(canvas, prng);
  return expose(canvas.attenuation, { prng, exposure: HOSPITALS[hospital] });
}

function between(prng: Prng, low: number, high: number): number {
  return low + (high - low) * prng.uniform();
}

/** Draws the position of a chest on its film. */
function drawPose(prng: Prng) {
  const middle = PHANTOM_SIZE / 2;
  const size = between(prng, 0.9, 1.06);
  const t = between(prng, -0.03, 0.03);
  return {
    centre: [middle + between(prng, -18, 18), middle + between(prng, -14, 22)],
    /** Pixels per unit of `u` and of `v`. */
    scale: [232 * size * between(prng, 0.95, 1.05), 246 * size],
    /** Sine and cosine of the tilt. */
    tilt: [2 * t / (1 + t * t), (1 - t * t) / (1 + t * t)],
  } as const;
}

/** The varying build of a chest. */
type Build = ReturnType<typeof drawBuild>;

function drawBuild(prng: Prng) {
  const dome = between(prng, 0.46, 0.62);
  return {
    /** The highest `v` of the diaphragm's domes, left and right. */
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
    /** Half the width of a lung. */
    lung: between(prng, 0.31, 0.44),
    /** The difference in attenuation between the lungs and the tissue around them. */
    aeration: between(prng, 0.33, 0.55),
    /** The attenuation of the shadows of breasts or chest muscles over the lower lungs. */
    breasts: between(prng, -0.06, 0.22),
  } as const;
}

/** Rises smoothly from 0 at `low` to 1 at `high`. */
function ramp(x: number, low: number, high: number): number {
  if (x <= low) return 0;
  if (x >= high) return 1;
  const t = (x - low) / (high - low);
  return t * t * (3 - 2 * t);
}

/** Gives 1 inside the unit circle and 0 outside, with a soft edge of half-width `soft`. */
function ellipse(u: number, v: number, soft: number): number {
  // Skips the root for most of the film.
  if (u > 1 + soft || u < -1 - soft || v > 1 + soft || v < -1 - soft) return 0;
  return 1 - ramp(distanceOf(u, v), 1 - soft, 1 + soft);
}

/** Gives the attenuation of a healthy chest without its vessels. */
function anatomy(u: number, v: number, build: Build): number {
  const side = u < 0 ? 0 : 1;
  const fromMiddle = Math.abs(u);
  // Half the body's width: neck, shoulders, trunk.
  const bodyWidth = 0.27 + 0.8 * ramp(v, -1.08, -0.62) + 0.06 * ramp(v, 0.3, 1);
  const body = ramp(bodyWidth - fromMiddle, -0.02, 0.09);
  if (body === 0) return 0.02;

  // From the apex under the collar bone to the diaphragm's dome.
  const lungWidth = build.lung + 0.05 * ramp(v, -0.6, 0.4);
  const diaphragm = build.domes[side] + 0.9 * (fromMiddle - 0.42) * (fromMiddle - 0.42);
  const lung = ellipse((fromMiddle - 0.46) / lungWidth, (v + 0.02) / 0.84, 0.07) *
    ramp(diaphragm - v, -0.03, 0.03);
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

/** Gives the attenuation of the vertebrae and the discs between them. */
function spineAt(fromMiddle: number, v: number): number {
  const place = (v + 4) / 0.17;
  const fromDisc = Math.abs(place - Math.floor(place) - 0.5);
  return (1 - ramp(fromMiddle, 0.06, 0.1)) * (0.05 + 0.05 * (1 - ramp(fromDisc, 0.36, 0.48)));
}

/** Gives the attenuation of the ribs, behind and in front, and of the collar bones. */
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
    // A rib is brighter at its edges, where the X-rays pass along the cortex.
    return (1 - ramp(fromStrip, 0.17, 0.24)) * (0.7 + 0.3 * ramp(fromStrip, 0.08, 0.18));
  };
  return cage * (ribs * strip(v - behind + 2, ribSpacing) +
        0.5 * ribs * ramp(t, 0.3, 0.45) * strip(v - inFront + 2, 1.25 * ribSpacing)) +
    0.13 * collarBone;
}

/** Draws vessels that branch from the hilum into a lung. */
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

/** Draws small healed spots, which healthy films also have. */
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

/** Draws mottled opacities in the upper lobes, often a cavity, and strands to the hilum. */
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

/** Draws a hole with a wall. */
function drawCavity(canvas: Canvas, { at, prng }: { at: Place; prng: Prng }): void {
  const radius = between(prng, 0.07, 0.12);
  const wall = between(prng, 0.02, 0.035);
  const depth = between(prng, 0.2, 0.3);
  paint(canvas, { at, reach: radius + 2 * wall }, (u, v) => {
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
  paint(canvas, { at, reach: radius }, (u, v) => {
    return attenuation * (1 - ramp(distanceOf(u - at[0], v - at[1]), 0, radius));
  });
}

/** Adds a soft line. It is half as strong at a distance of `width` from its middle. */
function line(
  canvas: Canvas,
  { from, to, width, attenuation }: { from: Place; to: Place; width: number; attenuation: number },
): void {
  const [du, dv] = [to[0] - from[0], to[1] - from[1]];
  const lengthSquared = du * du + dv * dv;
  const middle = [from[0] + du / 2, from[1] + dv / 2] as const;
  const reach = Math.sqrt(lengthSquared) / 2 + 2 * width;
  paint(canvas, { at: middle, reach }, (u, v) => {
    const along = ((u - from[0]) * du + (v - from[1]) * dv) / lengthSquared;
    const t = along < 0 ? 0 : along > 1 ? 1 : along;
    const distance = distanceOf(u - from[0] - t * du, v - from[1] - t * dv);
    return attenuation * (1 - ramp(distance, 0, 2 * width));
  });
}

/** Adds a function's value to the pixels within `reach` of a place. */
function paint(
  { attenuation, pose: { centre, scale, tilt: [sin, cos] } }: Canvas,
  { at, reach }: { at: Place; reach: number },
  value: (u: number, v: number) => number,
): void {
  const [across, down] = [at[0] * scale[0], at[1] * scale[1]];
  const x = centre[0] + across * cos - down * sin;
  const y = centre[1] + across * sin + down * cos;
  const [halfWidth, halfHeight] = [reach * scale[0] + 2, reach * scale[1] + 2];
  const clip = (pixel: number) => Math.min(PHANTOM_SIZE, Math.max(0, Math.floor(pixel)));
  const [left, right] = [clip(x - halfWidth), clip(x + halfWidth)];
  const bottom = clip(y + halfHeight);
  for (let row = clip(y - halfHeight); row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const u = ((column - centre[0]) * cos + (row - centre[1]) * sin) / scale[0];
      const v = ((row - centre[1]) * cos - (column - centre[0]) * sin) / scale[1];
      attenuation[row * PHANTOM_SIZE + column]! += value(u, v);
    }
  }
}

/** Turns attenuation into grey values: exposure, contrast curve, unevenness, grain and borders. */
function expose(
  attenuation: Float32Array,
  { prng, exposure }: { prng: Prng; exposure: Exposure },
): Uint8Array {
  const gain = between(prng, ...exposure.gain);
  const offset = between(prng, ...exposure.offset);
  const curve = between(prng, ...exposure.curve);
  const grain = between(prng, ...exposure.grain);
  const coarse = smoothNoise(prng, 6);
  const fine = smoothNoise(prng, 40);
  const grey = new Uint8Array(attenuation.length);
  for (let i = 0; i < grey.length; i++) {
    const uneven = attenuation[i]! + 0.07 * coarse[i]! + 0.03 * fine[i]!;
    const shown = offset + gain * (uneven + curve * uneven * (1 - uneven)) +
      grain * (prng.uniform() + prng.uniform() - 1);
    grey[i] = Math.min(255, Math.max(0, Math.round(255 * shown)));
  }
  if (exposure.border > 0) collimate(grey, { prng, border: exposure.border });
  return grey;
}

/** Covers a film's sides, each by a width of its own. */
function collimate(
  grey: Uint8Array,
  { prng, border }: { prng: Prng; border: number },
): void {
  const [left, top, right, bottom] = Array.from(
    { length: 4 },
    () => Math.floor(between(prng, 0, border) * PHANTOM_SIZE),
  ) as [number, number, number, number];
  for (let i = 0; i < grey.length; i++) {
    const [x, y] = [i % PHANTOM_SIZE, Math.floor(i / PHANTOM_SIZE)];
    const isInside = x >= left && x < PHANTOM_SIZE - right && y >= top && y < PHANTOM_SIZE - bottom;
    if (!isInside) grey[i] = 0;
  }
}

/** Interpolates random numbers from -1 to 1 on a grid of `cells` by `cells`: `[512 * 512]`. */
function smoothNoise(prng: Prng, cells: number): Float32Array {
  const stride = cells + 1;
  const grid = Float32Array.from({ length: stride * stride }, () => between(prng, -1, 1));
  const noise = new Float32Array(PHANTOM_SIZE * PHANTOM_SIZE);
  // The columns' places and weights are the same in every row.
  const columns = Float64Array.from({ length: PHANTOM_SIZE }, (_, i) => i / PHANTOM_SIZE * cells);
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
