import { hasParameters } from '../../network/layer.ts';
import type { LayerType } from '../../network/layer.ts';
import type { LayerShape } from '../../network/shapes.ts';
import { dropThreshold } from '../../random/draws.ts';
import type { Mode, Precision } from '../engine.ts';
import type { Plan } from '../session.ts';

/** A plan as `native/node/arguments.cc` reads it. */
export interface SessionDescription {
  readonly layers: readonly LayerDescription[];
  readonly batch: number;
  readonly mode: Mode;
  readonly precision: Precision;
  readonly threads: number;
  /** Bytes that may be used; 0: no limit. */
  readonly memoryLimit: number;
}

type Pair = readonly [number, number];

interface LayerDescription {
  readonly type: LayerType;
  readonly name: string;
  readonly input: readonly [number, number, number];
  readonly output: readonly [number, number, number];
  readonly kept: boolean;
  readonly frozen: boolean;
  /** Position of the layer's weight among all parameters; −1: none. */
  readonly parameter: number;
  /** Rows, columns. */
  readonly kernel?: Pair;
  readonly stride?: Pair;
  /** Padding above and on the left; below and on the right, as the last window reaches. */
  readonly before?: Pair;
  readonly after?: Pair;
  readonly groups?: number;
  readonly across?: 'channels' | 'map';
  readonly size?: number;
  readonly alpha?: number;
  readonly beta?: number;
  readonly k?: number;
  readonly rate?: number;
  readonly scale?: 'train' | 'test';
  readonly threshold?: number;
  readonly ordinal?: number;
}

export function describe(plan: Plan, threads: number, memoryLimit: number): SessionDescription {
  const { batch, mode, precision } = plan;
  return {
    layers: plan.shapes.map((shape, index) => describeLayer(plan, shape, index)),
    batch,
    mode,
    precision,
    threads,
    memoryLimit,
  };
}

function describeLayer(
  plan: Plan,
  { layer, input, output, window }: LayerShape,
  index: number,
): LayerDescription {
  const common = {
    type: layer.type,
    name: layer.name,
    input,
    output,
    kept: plan.kept.has(index),
    frozen: plan.frozen.has(index),
    parameter: hasParameters(layer)
      ? plan.parameters.findIndex((parameter) => parameter.layer === layer)
      : -1,
  };
  const sliding = window && {
    kernel: window.kernel,
    stride: window.stride,
    before: [window.padding.top, window.padding.left] as const,
    after: [window.padding.bottom, window.padding.right] as const,
  };
  switch (layer.type) {
    case 'convolution':
      return { ...common, ...sliding, groups: layer.groups };
    case 'lrn':
      return {
        ...common,
        groups: layer.groups,
        across: layer.across,
        size: layer.size,
        alpha: layer.alpha,
        beta: layer.beta,
        k: layer.k,
      };
    case 'dropout':
      return {
        ...common,
        rate: layer.rate,
        scale: layer.scale,
        threshold: dropThreshold(layer.rate),
        ordinal: plan.dropoutOrdinals.get(index)!,
      };
    default:
      return { ...common, ...sliding };
  }
}
