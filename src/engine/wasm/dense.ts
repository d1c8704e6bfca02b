import type { DenseLayer } from '../../network/layer.ts';
import { volume } from '../../network/shapes.ts';
import { during } from '../plan/arena.ts';
import type { Job } from './job.ts';
import type { LayerJobs, LayerSite } from './layer.ts';
import { multiply, tableJob } from './multiply.ts';
import { Tensor, noBorder } from './tensor.ts';

/**
 * Floats of one run: a panel's chunk of them stays in the first-level cache while all images pass
 * over it.
 */
const longestRun = 512;
/** Inputs of one task on the way back. */
const inputBlock = 96;

/** Bytes of scratch one thread needs on the way back: `panelsAtOnce` pieces of kernels/dense.ts. */
export const denseScratch = 128 * 96;

/** `{n, in} (x) {out, in} -> {n, out}`: a convolution with one place. */
export function dense(site: LayerSite<DenseLayer>): LayerJobs {
  const {
    layer,
    shape,
    batch,
    tileRows,
    arena,
    x,
    y,
    dx,
    dy,
    weight,
    bias,
    rectify,
    backwardStep,
  } = site;
  const inputs = volume(shape.input);
  const { outputs } = layer;
  const panels = Math.ceil(outputs / 8);
  const run = Math.min(longestRun, inputs);
  const count = Math.ceil(inputs / run);
  const lastRun = inputs - (count - 1) * run;
  const from = arena.region(batch * 4);
  const to = arena.region(batch * 4);
  const taps = arena.region(count * 4);
  const read = contiguous(site, x, 'forward');
  const row = (): Job => ({
    kernel: 'denseRow',
    tasks: Math.ceil(panels / 4),
    arguments: [
      read.map.origin,
      inputs,
      weight!.value.at,
      inputs * 32,
      outputs,
      y.origin,
      bias!.value.at,
      Number(rectify),
    ],
  });
  const rows = (images: number): Job =>
    multiply({
      pixelsIn: from.at,
      pixelsOut: to.at,
      pixels: images,
      input: read.map.origin,
      inputGroup: 0,
      taps: taps.at,
      tapCount: count,
      run,
      lastRun,
      groups: 1,
      weights: weight!.value.at,
      inputs,
      outputs,
      output: y.origin,
      outputGroup: 0,
      bias: bias!.value.at,
      rectify,
    });
  const forward = (images: number): Job[] => [
    ...read.before(images),
    images === 1 ? row() : rows(images),
  ];
  const setup = (): Job[] => [
    tableJob(from, batch, 1, 1, read.map.strides),
    tableJob(to, batch, 1, 1, y.strides),
    { kernel: 'placeTable', tasks: 1, arguments: [taps.at, 1, count, 0, 0, run * 4] },
  ];
  if (dx === undefined || dy === undefined) return { setup, forward };

  const written = contiguous(site, dx, 'backward');
  const backward = (images: number): Job[] => [
    {
      kernel: 'denseBackward',
      tasks: Math.ceil(inputs / inputBlock),
      arguments: [
        dy.origin,
        dy.strides.image,
        weight!.value.at,
        inputs * 32,
        panels,
        inputs,
        written.map.origin,
        written.map.strides.image,
        images,
        inputBlock,
      ],
    },
    ...written.after(images),
  ];
  if (weight?.gradient === undefined || bias?.gradient === undefined)
    return { setup, forward, backward };

  const weightGradient = weight.gradient;
  const biasGradient = bias.gradient;
  const xPanels = arena.region(
    Math.ceil(inputs / tileRows) * batch * tileRows * 4,
    during(backwardStep),
  );
  const yPanels = arena.region(panels * batch * 32, during(backwardStep));
  const gradients = (images: number, accumulate: boolean): Job[] => [
    {
      kernel: 'packPanels',
      tasks: images,
      arguments: [
        read.map.origin,
        0,
        read.map.strides.image,
        0,
        0,
        1,
        1,
        inputs,
        tileRows,
        xPanels.at,
        0,
        tileRows * 4,
        batch * tileRows * 4,
        images,
      ],
    },
    {
      kernel: 'packPanels',
      tasks: images,
      arguments: [
        dy.origin,
        0,
        dy.strides.image,
        0,
        0,
        1,
        1,
        outputs,
        8,
        yPanels.at,
        0,
        32,
        batch * 32,
        images,
      ],
    },
    {
      kernel: 'weightGradient',
      tasks: panels,
      arguments: [
        xPanels.at,
        0,
        0,
        0,
        tileRows * 4,
        batch * tileRows * 4,
        taps.at,
        1,
        inputs,
        inputs,
        yPanels.at,
        0,
        0,
        0,
        32,
        batch * 32,
        1,
        1,
        images,
        weightGradient.at,
        inputs * 32,
        outputs,
        Number(accumulate),
        1,
      ],
    },
    {
      kernel: 'biasGradient',
      tasks: panels,
      arguments: [
        yPanels.at,
        0,
        0,
        0,
        32,
        batch * 32,
        1,
        1,
        images,
        biasGradient.at,
        outputs,
        Number(accumulate),
      ],
    },
  ];
  return { setup, forward, backward, gradients };
}

/** A map as the dense kernels want it: itself, or a copy without border where it has one. */
function contiguous(
  { arena, batch, backwardStep }: LayerSite,
  map: Tensor,
  way: 'forward' | 'backward',
): { map: Tensor; before(images: number): Job[]; after(images: number): Job[] } {
  if (map.contiguous) return { map, before: () => [], after: () => [] };
  const copy = new Tensor(map.shape, noBorder, (bytes) =>
    way === 'forward'
      ? arena.region(bytes * batch)
      : arena.region(bytes * batch, during(backwardStep)),
  );
  const [channels, rows, columns] = map.shape;
  const job = (from: Tensor, to: Tensor, images: number): Job[] => [
    {
      kernel: 'copy',
      tasks: images * rows,
      arguments: [...from.rows, ...to.rows, rows, columns * channels],
    },
  ];
  return {
    map: copy,
    before: (images) => job(map, copy, images),
    after: (images) => job(copy, map, images),
  };
}
