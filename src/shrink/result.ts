import type { Comparison } from './mcnemar.ts';
import type { Speed } from './measure.ts';

/** What can be done to a model, in the order in which it is done. */
export const methods = ['neurons', 'low-rank', 'int8', 'f16'] as const;
export type Method = (typeof methods)[number];

export const targets = ['size', 'speed', 'balanced'] as const;
export type Target = (typeof targets)[number];

/** What a target does where no methods are named. */
export const methodsOf: Readonly<Record<Target, readonly Method[]>> = {
  size: ['low-rank', 'int8', 'f16'],
  speed: ['low-rank', 'int8'],
  balanced: ['int8'],
};

/** A model before, or after. */
export interface Figures extends Speed {
  /** Of its file. */
  readonly bytes: number;
  readonly top1: number;
  readonly top5: number;
}

/** What became of a layer with parameters. */
export interface LayerStory {
  readonly name: string;
  readonly became: string;
  /**
   * How far the probability of the right answer moves on average when this layer alone is computed
   * in int8; null where that was not asked.
   */
  readonly sensitivity: number | null;
}

export interface ShrinkResult {
  /** The files. `to` is null where nothing was written. */
  readonly from: string;
  readonly to: string | null;
  readonly methods: readonly Method[];
  /** Top-1 that may be lost, and what the validation pictures say is lost, as fractions. */
  readonly budget: { readonly maxDrop: number; readonly drop: number; readonly met: boolean };
  /** Which pictures the tables are of, and how many chose. */
  readonly pictures: {
    readonly split: string;
    readonly images: number;
    readonly validation: number;
    readonly calibration: number;
  };
  readonly before: Figures;
  readonly after: Figures;
  readonly changed: Comparison;
  readonly layers: readonly LayerStory[];
  /** What else should be known: what a method cost, what was left out and why. */
  readonly notes: readonly string[];
  /** Of calibrating and choosing, measuring left out. */
  readonly seconds: number;
}
