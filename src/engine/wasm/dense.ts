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
  const panels = panelsOf(outputs);
  const run = Math.min(longestRun, inputs);
  const count = Math.ceil(inputs / run);
  const lastRun = inputs - (count - 1) * run;
  const from = arena.region(batch * 4);
  const to = arena.region(batch * 4);
  const taps = arena.region(count * 4);
  const read = contiguous(site, x, 'forward');
  const weightsPanel = inputs * panelBytes;
  const row = (): Job =>
    call.denseRow(Math.ceil(panels / 4), {
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
    call.placeTable(1, { to: taps.at, rows: 1, columns: count, image: 0, row: 0, cell: run * 4 }),
  ];
  if (dx === undefined || dy === undefined) return { setup, forward };

  const written = contiguous(site, dx, 'backward');
  const backward = (images: number): Job[] => [
    call.denseBackward(Math.ceil(inputs / inputBlock), {
      dy: dy.origin,
      dyImage: dy.strides.image,
      weights: weight!.value.at,
      weightsPanel,
      panels,
      inputs,
      dx: written.map.origin,
      dxImage: written.map.strides.image,
      images,
      inputBlock,
    }),
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
  const yPanels = arena.region(panels * batch * panelBytes, during(backwardStep));
  /** Bytes of an image's row in a panel of x, and from panel to panel. */
  const [xCell, xPanel] = [tileRows * 4, batch * tileRows * 4];
  const dyPanel = batch * panelBytes;
  /** All images of a vector as one column of cells, so that the sum over images runs down it. */
  const packed = (from: Tensor, channels: number, width: number, to: Region): PackedVectors => ({
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
  });
  const gradients = (images: number, accumulate: boolean): Job[] => {
    const sum = {
      dy: yPanels.at,
      dyGroup: 0,
      dyImage: 0,
      dyRow: 0,
      dyCell: panelBytes,
      dyPanel,
      images: 1,
      rows: 1,
      columns: images,
      outputs,
      accumulate,
    };
    return [
      call.packPanels(images, { ...packed(read.map, inputs, tileRows, xPanels), images }),
      call.packPanels(images, { ...packed(dy, outputs, panelWidth, yPanels), images }),
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
        gradient: weightGradient.at,
        gradientPanel: weightsPanel,
        tapBlock: 1,
      }),
      call.biasGradient(panels, { ...sum, gradient: biasGradient.at }),
    ];
  };
  return { setup, forward, backward, gradients };
}

type PackedVectors = Omit<Parameters<typeof call.packPanels>[1], 'images'>;

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
