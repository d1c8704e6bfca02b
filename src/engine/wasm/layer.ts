import type { Draw, ReluRule } from '../engine.ts';
import type { Edge } from '../../network/quantisation.ts';
import type { LayerShape } from '../../network/shapes.ts';
import type { Arena, Region } from '../plan/arena.ts';
import type { Job } from './job.ts';
import type { ParameterTransfer } from './transfer.ts';
import type { Border, Tensor } from './tensor.ts';

/** One parameter tensor in memory, in panels of 8 output channels. */
export interface StoredParameter {
  /** Everything but `first` and `count` of its transfers, and the address. */
  readonly layout: Pick<ParameterTransfer, 'outputs' | 'inputs' | 'cells'> & {
    readonly groups: number;
  };
  /** Numbers, padding of the last panels included. */
  readonly length: number;
  readonly value: Region;
  /** Training only, and not for frozen layers. */
  readonly gradient?: Region;
  readonly velocity?: Region;
}

/** What a layer is built from. */
export interface LayerSite<Kind extends LayerShape['layer'] = LayerShape['layer']> {
  readonly layer: Kind;
  readonly shape: LayerShape;
  readonly batch: number;
  /** Rows of the kernels' register tile: how wide panels of inputs are packed. */
  readonly tileRows: number;
  readonly arena: Arena;
  /** The layer's own: the step in which its forward runs. */
  readonly index: number;
  readonly x: Tensor;
  readonly y: Tensor;
  /** How x and y are held. */
  readonly xEdge: Edge;
  readonly yEdge: Edge;
  /** Gradients of x and y; absent in inference. */
  readonly dx?: Tensor;
  readonly dy?: Tensor;
  /** The step of the plan in which this layer's backward runs: the life of its scratch. */
  readonly backwardStep: number;
  readonly weight?: StoredParameter;
  readonly bias?: StoredParameter;
  /** Convolution and dense: max(·, 0) in forward, because a ReLU in place follows. */
  readonly rectify: boolean;
  /** A dropout layer's position among its kind. */
  readonly ordinal: number;
}

/** One layer's jobs. */
export interface LayerJobs {
  /** Once, when the session starts. */
  setup?(): Job[];
  forward(images: number, draw: Required<Draw> | undefined): Job[];
  /** dx from dy; `draw` as in forward. */
  backward?(images: number, relu: ReluRule, draw: Required<Draw> | undefined): Job[];
  /** Parameter gradients from x and dy. */
  gradients?(images: number, accumulate: boolean): Job[];
}

/** What borders a layer wants round its input, and round the gradient of its output. */
export interface Borders {
  readonly input: Border;
  readonly outputGradient: Border;
}
