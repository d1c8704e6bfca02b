import type { DenseLayer } from '../../network/layer.ts';
import { volume } from '../../network/shapes.ts';
import { during } from '../plan/arena.ts';
import type { Region } from '../plan/arena.ts';
import { panelBytes, panelPiece, panelWidth, panelsAtOnce } from './constants.ts';
import type { Job } from './job.ts';
import type { LayerJobs, LayerSite } from './layer.ts';
import { multiply, panelsOf, tableJob } from './multiply.ts';
import { call } from './signatures.ts';
import { Tensor, noBorder } from './tensor.ts';

/**
 * Floats of one run: a panel's chunk of them stays in the first-level cache while all images pass
 * over it.
 */
const longestRun = 512;
/** Inputs of one task backward. */
const inputBlock = 96;

/** Bytes of scratch one thread needs backward. */
export const denseScratch = panelsAtOnce * panelPiece;

/** What the passes of one layer share. */
interface Operands {
  readonly inputs: number;
  /** Bytes from one panel of weights to the next. */
  readonly weightsPanel: number;
  /** The layer's input without border. */
  readonly read: Contiguous;
  readonly taps: Region;
}

/** `{n, in} (x) {out, in} -> {n, out}`: a convolution with one place. */
export function dense(site: LayerSite<DenseLayer>): LayerJobs {
  const inputs = volume(site.shape.input);
  const operands: Operands = {
    inputs,
    weightsPanel: inputs * panelBytes,
    read: contiguous(site, site.x, 'forward'),
    taps: site.arena.region(Math.ceil(inputs / longestRun) * 4),
  };
  const forward = forwardPass(site, operands);
  const { dx, dy, weight, bias } = site;
  if (dx === undefined || dy === undefined) return forward;
  const backward = backwardPass(site, operands, dx, dy);
  if (weight?.gradient === undefined || bias?.gradient === undefined)
    return { ...forward, backward };
  const gradients = gradientPass(site, operands, dy, {
    weight: weight.gradient,
    bias: bias.gradient,
  });
  return { ...forward, backward, gradients };
}

/** One image by a kernel of its own, which reads the weights once; several by the convolution's. */
function forwardPass(
  { layer, batch, arena, y, weight, bias, rectify }: LayerSite<DenseLayer>,
  { inputs, weightsPanel, read, taps }: Operands,
): Pick<LayerJobs, 'forward'> & { setup(): Job[] } {
  const { outputs } = layer;
  const run = Math.min(longestRun, inputs);
  const count = Math.ceil(inputs / run);
  const from = arena.region(batch * 4);
  const to = arena.region(batch * 4);
  const row = (): Job =>
    call.denseRow(Math.ceil(panelsOf(outputs) / 4), {
      x: read.map.origin,
      inputs,
      weights: weight!.value.at,
      weightsPanel,
      outputs,
      y: y.origin,
      bias: bias!.value.at,
      rectify,
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
      lastRun: inputs - (count - 1) * run,
      groups: 1,
      weights: weight!.value.at,
      inputs,
      outputs,
      output: y.origin,
      outputGroup: 0,
      bias: bias!.value.at,
      rectify,
    });
  return {
    setup: () => [
      tableJob(from, batch, 1, 1, read.map.strides),
      tableJob(to, batch, 1, 1, y.strides),
      call.placeTable(1, { to: taps.at, rows: 1, columns: count, image: 0, row: 0, cell: run * 4 }),
    ],
    forward: (images) => [...read.before(images), images === 1 ? row() : rows(images)],
  };
}

function backwardPass(
  site: LayerSite<DenseLayer>,
  { inputs, weightsPanel }: Operands,
  dx: Tensor,
  dy: Tensor,
): (images: number) => Job[] {
  const written = contiguous(site, dx, 'backward');
  return (images) => [
    call.denseBackward(Math.ceil(inputs / inputBlock), {
      dy: dy.origin,
      dyImage: dy.strides.image,
      weights: site.weight!.value.at,
      weightsPanel,
      panels: panelsOf(site.layer.outputs),
      inputs,
      dx: written.map.origin,
      dxImage: written.map.strides.image,
      images,
      inputBlock,
    }),
    ...written.after(images),
  ];
}

/** dW and the bias's gradient. Both operands are packed, so that the sum over images runs down. */
function gradientPass(
  { layer, batch, tileRows, arena, backwardStep }: LayerSite<DenseLayer>,
  { inputs, weightsPanel, read, taps }: Operands,
  dy: Tensor,
  gradient: { readonly weight: Region; readonly bias: Region },
): NonNullable<LayerJobs['gradients']> {
  const { outputs } = layer;
  const panels = panelsOf(outputs);
  /** Bytes of an image's row in a panel of x, and from panel to panel. */
  const [xCell, xPanel] = [tileRows * 4, batch * tileRows * 4];
  const xPanels = arena.region(Math.ceil(inputs / tileRows) * xPanel, during(backwardStep));
  const yPanels = arena.region(panels * batch * panelBytes, during(backwardStep));
  return (images, accumulate) => {
    const sum = {
      dy: yPanels.at,
      dyGroup: 0,
      dyImage: 0,
      dyRow: 0,
      dyCell: panelBytes,
      dyPanel: batch * panelBytes,
      images: 1,
      rows: 1,
      columns: images,
      outputs,
      accumulate,
    };
    return [
      call.packPanels(images, { ...packed(read.map, inputs, tileRows, xPanels, batch), images }),
      call.packPanels(images, { ...packed(dy, outputs, panelWidth, yPanels, batch), images }),
      call.weightGradient(panels, {
        ...sum,
        x: xPanels.at,
        xGroup: 0,
        xImage: 0,
        xRow: 0,
        xCell,
        xPanel,
        taps: taps.at,
        tapCount: 1,
        run: inputs,
        lastRun: inputs,
        gradient: gradient.weight.at,
        gradientPanel: weightsPanel,
        tapBlock: 1,
      }),
      call.biasGradient(panels, { ...sum, gradient: gradient.bias.at }),
    ];
  };
}

/** All images of a vector as one column of cells. */
function packed(
  from: Tensor,
  channels: number,
  width: number,
  to: Region,
  batch: number,
): Omit<Parameters<typeof call.packPanels>[1], 'images'> {
  return {
    from: from.origin,
    fromGroup: 0,
    image: from.strides.image,
    row: 0,
    cell: 0,
    rows: 1,
    columns: 1,
    channels,
    width,
    to: to.at,
    toGroup: 0,
    toImage: width * 4,
    toPanel: batch * width * 4,
  };
}

interface Contiguous {
  readonly map: Tensor;
  before(images: number): Job[];
  after(images: number): Job[];
}

/** A map as the dense kernels want it: itself, or a copy without border where it has one. */
function contiguous(
  { arena, batch, backwardStep }: LayerSite,
  map: Tensor,
  way: 'forward' | 'backward',
): Contiguous {
  if (map.contiguous) return { map, before: () => [], after: () => [] };
  const copy = new Tensor(map.shape, noBorder, (bytes) =>
    way === 'forward'
      ? arena.region(bytes * batch)
      : arena.region(bytes * batch, during(backwardStep)),
  );
  const [channels, rows, columns] = map.shape;
  const length = columns * channels;
  const job = (from: Tensor, to: Tensor, images: number): Job[] => [
    call.copy(images * rows, { x: from.rows, y: to.rows, rows, length }),
  ];
  return {
    map: copy,
    before: (images) => job(map, copy, images),
    after: (images) => job(copy, map, images),
  };
}
