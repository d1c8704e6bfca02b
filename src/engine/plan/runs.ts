/**
 * What engines that plan memory by layer share: which layers work in place, which tensors there
 * are, and how long each one is needed.
 */
import { hasParameters, isElementwise } from '../../network/layer.ts';
import { passesIntegers } from '../../network/quantisation.ts';
import type { Plan } from '../session.ts';
import { always } from './arena.ts';
import type { Lifetime } from './arena.ts';

/** Neighbouring layers that share one tensor. */
export interface Run {
  /** Layer indices, rising. */
  readonly layers: readonly number[];
  readonly life: Lifetime;
}

/** Whether a layer works in place on the output of the layer before it. */
export function inPlace({ shapes, kept, mode, edges }: Plan, index: number): boolean {
  if (!isElementwise(shapes[index]!.layer) || index < 2 || kept.has(index - 1)) return false;
  // Integers are made of floats, or floats of integers, from one place to another.
  const floating = edges[index - 1] === 'f32' && edges[index] === 'f32';
  if (!floating && !passesIntegers(shapes[index]!)) return false;
  // Backward, a max-pool finds its maxima again, and tanh its slope, in its own output.
  const before = shapes[index - 1]!.layer.type;
  return mode === 'inference' || (before !== 'maxPool' && before !== 'tanh');
}

/**
 * Whether a convolution or dense layer does the work of the ReLU in place behind it; asked of that
 * ReLU, whether the layer before it does.
 */
export function rectifies(plan: Plan, index: number): boolean {
  const { layer } = plan.shapes[index]!;
  const relu = layer.type === 'relu' ? index : index + 1;
  const before = plan.shapes[relu - 1]!.layer;
  const isRelu = plan.shapes[relu]?.layer.type === 'relu';
  return isRelu && hasParameters(before) && inPlace(plan, relu);
}

/**
 * The outputs of all layers. In inference a tensor lives from its first layer to the reader of its
 * last; where there is a backward pass, or somebody wants to read it, always.
 */
export function valueRuns(plan: Plan): Run[] {
  return runs(plan, (index) => inPlace(plan, index)).map((layers) => {
    const first = layers[0]!;
    const last = layers.at(-1)!;
    const stays = plan.mode !== 'inference' || layers.some((index) => plan.kept.has(index));
    // Images are there before the first layer.
    const life = { from: first === 0 ? -1 : first, to: last + 1 };
    return { layers, life: stays ? always : life };
  });
}

/** The gradients of all outputs: made by the layer behind a run, read by the run's first one. */
export function gradientRuns(plan: Plan): Run[] {
  const { shapes, kept } = plan;
  return runs(plan, (index) => isElementwise(shapes[index]!.layer) && !kept.has(index)).map(
    (layers) => {
      const stays = layers.some((index) => kept.has(index));
      const from = backwardStep(plan, layers.at(-1)! + 1);
      return { layers, life: stays ? always : { from, to: backwardStep(plan, layers[0]!) } };
    },
  );
}

/** The step in which a layer's backward runs; its forward step is its index. */
export function backwardStep(plan: Plan, index: number): number {
  return 2 * plan.shapes.length - index;
}

/** Splits all layers where `joined(index)` says that one does not go on in the tensor before it. */
function runs(plan: Plan, joined: (index: number) => boolean): number[][] {
  const all: number[][] = [];
  for (const index of plan.shapes.keys()) {
    if (index > 0 && joined(index)) all.at(-1)!.push(index);
    else all.push([index]);
  }
  return all;
}
