import { drawings } from '#images';
import type { Picture } from '../../images/picture.ts';
import { normal } from '../../random/draws.ts';
import { bits, purposes } from '../../random/philox.ts';
import { Chance } from './chance.ts';
import { classesOf, plainScenes } from './style.ts';
import type { SceneStyle } from './style.ts';
import type { Thing } from './things.ts';

/** The classes of plain scenes, in their order. */
export const sceneClasses: readonly string[] = classesOf(plainScenes);

export interface SceneAddress {
  readonly seed: number;
  /** Which of the style's classes. */
  readonly label: number;
  /** Which scene of its class. */
  readonly number: number;
}

/**
 * A drawn scene: a thing of its class in any colour, size, place and pose, among clutter, under
 * light from some side, with noise. A function of its address, but for how the edges are smoothed,
 * which a browser does in its own way. `size` pixels square.
 */
export async function drawScene(
  address: SceneAddress,
  size = 48,
  style: SceneStyle = plainScenes,
): Promise<Picture> {
  const chance = new Chance(address.seed, address.label, address.number);
  const { below, thing, above } = sceneSvg(chance, address.label, size, style);
  const rgba = await drawings.rasterise(svg([below, thing, above], size), size, size);
  const data = Uint8Array.from({ length: 3 * size * size }, (_, i) => rgba[rgbaPlace(i)]!);
  const noise = { deviation: chance.between(...style.noise), address, style };
  return { width: size, height: size, data: withNoise(data, noise) };
}

/** Which pixels of a scene its thing is painted on: white there, black elsewhere. */
export async function drawThingMask(
  { seed, label, number }: SceneAddress,
  size = 48,
  style: SceneStyle = plainScenes,
): Promise<Picture> {
  const { thing } = sceneSvg(new Chance(seed, label, number), label, size, style);
  const rgba = await drawings.rasterise(svg([thing], size), size, size);
  const data = Uint8Array.from({ length: 3 * size * size }, (_, i) =>
    rgba[4 * Math.floor(i / 3) + 3]! >= 128 ? 255 : 0,
  );
  return { width: size, height: size, data };
}

/** Where a number of an RGB picture stands in the same picture with a fourth channel. */
function rgbaPlace(i: number): number {
  return i + Math.floor(i / 3);
}

function svg(parts: readonly string[], size: number): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}">` +
    `${parts.join('')}</svg>`
  );
}

/** What lies below the thing, the thing, and what lies above it. */
function sceneSvg(
  chance: Chance,
  label: number,
  size: number,
  style: SceneStyle,
): { below: string; thing: string; above: string } {
  const ground = chance.between(0.1, 0.5);
  const hue = chance.between(0, 360);
  const lightness = (100 * ground).toFixed(0);
  const background = `hsl(${hue.toFixed(0)} ${chance.whole(10, 60)}% ${lightness}%)`;
  const clutter = (count: number): string =>
    Array.from({ length: count }, () => litter(chance, size)).join('');
  // In the order in which they draw from `chance`.
  const below =
    `<rect width="${size}" height="${size}" fill="${background}"/>` +
    clutter(chance.whole(...style.below));
  const kind = style.things[classesOf(style)[label]!]!;
  const thing = placed(chance, kind, { ground, size, style });
  const above = clutter(chance.whole(...style.above)) + light(chance, size);
  return { below, thing, above };
}

/** The thing itself: in any hues, standing out of its ground. */
function placed(
  chance: Chance,
  thing: Thing,
  { ground, size, style }: { ground: number; size: number; style: SceneStyle },
): string {
  const { contrast, darker, rotation, skew } = style;
  const isDarker = darker && ground - contrast > 0.05 && chance.between(0, 1) < 0.5;
  const paint = (): string => {
    const lightness = isDarker
      ? chance.between(0.02, ground - contrast)
      : chance.between(ground + contrast, 0.95);
    return `hsl(${chance.whole(0, 359)} ${chance.whole(20, 90)}% ${(100 * lightness).toFixed(0)}%)`;
  };
  const scale = (size / 2) * chance.between(...style.scale);
  const room = size / 2 - 0.8 * scale;
  const x = size / 2 + room * chance.between(-1, 1);
  const y = size / 2 + room * chance.between(-1, 1);
  const pose =
    `translate(${x.toFixed(2)} ${y.toFixed(2)}) rotate(${chance.whole(-rotation, rotation)}) ` +
    `skewX(${chance.whole(-skew, skew)}) scale(${scale.toFixed(2)})`;
  return `<g transform="${pose}">${thing(chance, paint)}</g>`;
}

/** Something small that means nothing. */
function litter(chance: Chance, size: number): string {
  const colour = `hsl(${chance.whole(0, 359)} ${chance.whole(10, 80)}% ${chance.whole(10, 70)}%)`;
  const at = (): string => chance.between(0, size).toFixed(1);
  const small = (): string => chance.between(0.03 * size, 0.13 * size).toFixed(1);
  const opacity = chance.between(0.35, 0.9).toFixed(2);
  const shape = chance.of([
    () =>
      `<line x1="${at()}" y1="${at()}" x2="${at()}" y2="${at()}" stroke="${colour}" ` +
      `stroke-width="${chance.between(0.5, 2).toFixed(1)}"`,
    () => `<circle cx="${at()}" cy="${at()}" r="${small()}" fill="${colour}"`,
    () => `<rect x="${at()}" y="${at()}" width="${small()}" height="${small()}" fill="${colour}"`,
  ]);
  return `${shape()} opacity="${opacity}"/>`;
}

/** Brighter to one side, darker to the other. */
function light(chance: Chance, size: number): string {
  const angle = chance.whole(0, 359);
  const strength = chance.between(0, 0.4).toFixed(2);
  return (
    `<defs><linearGradient id="l" gradientTransform="rotate(${angle} .5 .5)">` +
    `<stop offset="0" stop-color="#fff" stop-opacity="${strength}"/>` +
    `<stop offset="1" stop-color="#000" stop-opacity="${strength}"/></linearGradient></defs>` +
    `<rect width="${size}" height="${size}" fill="url(#l)"/>`
  );
}

function withNoise(
  data: Uint8Array,
  {
    deviation,
    address: { seed, label, number },
    style,
  }: { deviation: number; address: SceneAddress; style: SceneStyle },
): Uint8Array {
  const noise = new Float32Array(data.length);
  const index = classesOf(style).length + label;
  normal(bits({ seed, purpose: purposes.synthetic, index, stream: number }), noise, deviation);
  return Uint8Array.from(data, (value, i) =>
    Math.max(0, Math.min(255, Math.round(value + noise[i]!))),
  );
}
