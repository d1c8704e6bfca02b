import { moreThings } from './more-things.ts';
import { things } from './things.ts';
import type { Thing } from './things.ts';

type Range = readonly [low: number, high: number];

/** How scenes are drawn: what is hard about them. */
export interface SceneStyle {
  /** The kinds of thing, in the order of their labels. */
  readonly things: Readonly<Record<string, Thing>>;
  /** How many small shapes that mean nothing lie below the thing, and above it. */
  readonly below: Range;
  readonly above: Range;
  /** Of the thing, as a part of half the picture's side. */
  readonly scale: Range;
  /** Degrees that it may be rotated, and skewed, to either side. */
  readonly rotation: number;
  readonly skew: number;
  /** How far it stands out of its ground in lightness, at least. */
  readonly contrast: number;
  /** Whether it may be darker than its ground too. */
  readonly darker: boolean;
  /** Standard deviation of the noise, of 255. */
  readonly noise: Range;
}

/** What `alexnet demo` draws: a small network names nearly all of them rightly. */
export const plainScenes: SceneStyle = {
  things,
  below: [3, 7],
  above: [0, 1],
  scale: [0.6, 0.88],
  rotation: 20,
  skew: 10,
  contrast: 0.25,
  darker: false,
  noise: [4, 12],
};

/** Ten kinds, smaller, turned, lighter or darker than their ground, half lost among clutter. */
export const hardScenes: SceneStyle = {
  things: { ...things, ...moreThings },
  below: [4, 8],
  above: [0, 2],
  scale: [0.6, 0.95],
  rotation: 30,
  skew: 12,
  contrast: 0.2,
  darker: true,
  noise: [4, 12],
};

/** The classes of a style's scenes, in their order. */
export function classesOf(style: SceneStyle): readonly string[] {
  return Object.keys(style.things);
}
