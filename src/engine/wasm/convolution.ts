import type { ConvolutionLayer } from '../../network/layer.ts';
import type { LayerShape, ResolvedWindow } from '../../network/shapes.ts';
import { during } from '../plan/arena.ts';
import type { Arena, Region } from '../plan/arena.ts';
import { panelBytes, panelWidth } from './constants.ts';
import type { Job } from './job.ts';
import type { Borders, LayerJobs, LayerSite } from './layer.ts';
import { multiply, panelsOf, tableJob } from './multiply.ts';
import { call } from './signatures.ts';
import { noBorder } from './tensor.ts';
import type { Tensor } from './tensor.ts';

/**
 * Channels from which X is packed for the gradient of weights; below, a tile's neighbours in memory
 * are near enough.
 */
const packFrom = 12;

export function convolutionBorders({ layer, input, output, window }: LayerShape): Borders {
  const { padding, kernel, stride } = windowOf(window);
  if (layer.type !== 'convolution') return { input: noBorder, outputGradient: noBorder };
  const rows = phases(input[1], output[1], kernel[0], stride[0], padding.top);
  const columns = phases(input[2], output[2], kernel[1], stride[1], padding.left);
  return {
    input: {
      top: padding.top,
      left: padding.left,
      bottom: Math.max(0, padding.bottom),
      right: Math.max(0, padding.right),
    },
    outputGradient: { ...reach(rows, 'top', 'bottom'), ...reach(columns, 'left', 'right') },
  };
}

export function convolution(site: LayerSite<ConvolutionLayer>): LayerJobs {
  const forward = forwardPass(site);
  if (site.dy === undefined || site.dx === undefined) return forward;
  const back = backwardPass(site, site.dx, site.dy);
  const gradients = site.weight?.gradient === undefined ? undefined : gradientPass(site, site.dy);
  return {
    ...forward,
    ...back,
    ...gradients,
    setup: () => [...forward.setup(), ...back.setup(), ...(gradients?.setup() ?? [])],
  };
}

/** `{n, in, h, w} (x) {out, in/groups, kh, kw} -> {n, out, oh, ow}` */
function forwardPass({
  layer,
  shape,
  batch,
  arena,
  x,
  y,
  weight,
  bias,
  rectify,
}: LayerSite<ConvolutionLayer>): LayerJobs & { setup(): Job[] } {
  const { kernel, stride, padding } = windowOf(shape.window);
  const [, rows, columns] = shape.output;
  const { groups } = layer;
  const inputs = shape.input[0] / groups;
  const outputs = layer.kernels / groups;
  const from = arena.region(batch * rows * columns * 4);
  const to = arena.region(batch * rows * columns * 4);
  const taps = tapTable(arena, groups, kernel, inputs);
  return {
    setup: () => [
      tableJob(from, batch, rows, columns, {
        image: x.strides.image,
        row: x.strides.row * stride[0],
        cell: x.strides.cell * stride[1],
      }),
      tableJob(to, batch, rows, columns, y.strides),
      taps.job(x.strides.row, x.strides.cell),
    ],
    forward: (images) => [
      multiply({
        pixelsIn: from.at,
        pixelsOut: to.at,
        pixels: images * rows * columns,
        input: x.at(-padding.top, -padding.left),
        inputGroup: inputs * 4,
        taps: taps.at(),
        tapCount: taps.count,
        run: taps.run,
        lastRun: taps.run,
        groups,
        weights: weight!.value.at,
        inputs: kernel[0] * kernel[1] * inputs,
        outputs,
        output: y.origin,
        outputGroup: outputs * 4,
        bias: bias!.value.at,
        rectify,
      }),
    ],
  };
}

/** dX: a convolution of dY with the transposed weights, one for each phase of the stride. */
function backwardPass(
  site: LayerSite<ConvolutionLayer>,
  dx: Tensor,
  dy: Tensor,
): Required<Pick<LayerJobs, 'setup' | 'backward'>> {
  const { layer, shape, batch, weight } = site;
  const { kernel, stride } = windowOf(shape.window);
  const { groups } = layer;
  const inputs = shape.input[0] / groups;
  const outputs = layer.kernels / groups;
  const wanted = phaseParts(site).filter(({ places }) => places > 0);
  return {
    setup: () =>
      wanted.flatMap(({ row, column, from, to, taps }) => [
        tableJob(from, batch, row.count, column.count, dy.strides),
        tableJob(to, batch, row.count, column.count, {
          image: dx.strides.image,
          row: dx.strides.row * stride[0],
          cell: dx.strides.cell * stride[1],
        }),
        taps.job(dy.strides.row, dy.strides.cell),
      ]),
    backward: (images) =>
      wanted.flatMap(({ row, column, places, from, to, taps, transposed }) => [
        call.transposeWeights(groups * panelsOf(inputs), {
          weights: weight!.value.at,
          inputs,
          outputs,
          kernelRows: kernel[0],
          kernelColumns: kernel[1],
          rowPhase: row.phase,
          rowStride: stride[0],
          columnPhase: column.phase,
          columnStride: stride[1],
          transposed: transposed.at,
        }),
        multiply({
          pixelsIn: from.at,
          pixelsOut: to.at,
          pixels: images * places,
          input: dy.at(row.firstSource, column.firstSource),
          inputGroup: outputs * 4,
          taps: taps.at(),
          tapCount: taps.count,
          run: taps.run,
          lastRun: taps.run,
          groups,
          weights: transposed.at,
          inputs: row.taps * column.taps * outputs,
          outputs: inputs,
          output: dx.at(row.first, column.first),
          outputGroup: inputs * 4,
          bias: 0,
          rectify: false,
        }),
      ]),
  };
}

/** Places of dX with the same taps, and what their convolution reads. */
interface PhasePart {
  readonly row: Phase;
  readonly column: Phase;
  readonly places: number;
  readonly from: Region;
  readonly to: Region;
  readonly taps: TapTable;
  readonly transposed: Region;
}

/** The places of dX that have the same taps: for each phase of the stride, tables and weights. */
function phaseParts({
  layer,
  shape,
  batch,
  arena,
  backwardStep,
}: LayerSite<ConvolutionLayer>): PhasePart[] {
  const { kernel, stride, padding } = windowOf(shape.window);
  const { groups } = layer;
  const inputs = shape.input[0] / groups;
  const outputs = layer.kernels / groups;
  const columnPhases = phases(shape.input[2], shape.output[2], kernel[1], stride[1], padding.left);
  const rowPhases = phases(shape.input[1], shape.output[1], kernel[0], stride[0], padding.top);
  return rowPhases.flatMap((row) =>
    columnPhases.map((column) => {
      const places = row.count * column.count;
      return {
        row,
        column,
        places,
        from: arena.region(batch * places * 4),
        to: arena.region(batch * places * 4),
        taps: tapTable(arena, groups, [row.taps, column.taps], outputs),
        transposed: arena.region(
          groups * panelsOf(inputs) * row.taps * column.taps * outputs * panelBytes,
          during(backwardStep),
        ),
      };
    }),
  );
}

/**
 * dW and the bias's gradient. Both operands are packed first, so that a tile's sum over places
 * reads contiguous memory.
 */
function gradientPass(
  site: LayerSite<ConvolutionLayer>,
  dy: Tensor,
): Required<Pick<LayerJobs, 'setup' | 'gradients'>> {
  const { layer, shape, weight, bias, arena } = site;
  const { kernel, stride } = windowOf(shape.window);
  const [, rows, columns] = shape.output;
  const { groups } = layer;
  const inputs = shape.input[0] / groups;
  const outputs = layer.kernels / groups;
  const packedY = packGradient(site, dy);
  const x = inputs >= packFrom ? packInput(site) : bareInput(site);
  const taps = tapTable(arena, x.tapGroups, kernel, inputs);
  const block = tapBlock(taps.count, outputs);
  const panels = groups * panelsOf(outputs);
  const gradients: NonNullable<LayerJobs['gradients']> = (images, accumulate) => {
    const sum = {
      ...packedY.operand,
      images,
      rows,
      columns,
      outputs,
      accumulate,
    };
    return [
      packedY.pack(images),
      ...x.pack(images),
      call.weightGradient(panels * Math.ceil(taps.count / block), {
        ...sum,
        ...x.operand(),
        xRow: x.row * stride[0],
        xCell: x.cell * stride[1],
        taps: taps.at(),
        tapCount: taps.count,
        run: taps.run,
        lastRun: taps.run,
        gradient: weight!.gradient!.at,
        gradientPanel: inputs * kernel[0] * kernel[1] * panelBytes,
        tapBlock: block,
      }),
      call.biasGradient(panels, { ...sum, gradient: bias!.gradient!.at }),
    ];
  };
  return { setup: () => [taps.job(x.row, x.cell)], gradients };
}

/** Bytes from image to image, panel to panel and group to group of packed panels. */
function panelSteps(batch: number, panels: number, image: number): PanelSteps {
  return { image, panel: batch * image, group: panels * batch * image };
}

interface PanelSteps {
  readonly image: number;
  readonly panel: number;
  readonly group: number;
}

/** dY in panels, as both gradients read it. */
function packGradient(
  { layer, shape, batch, arena, backwardStep }: LayerSite<ConvolutionLayer>,
  dy: Tensor,
): { pack(images: number): Job; readonly operand: GradientOperand } {
  const [, rows, columns] = shape.output;
  const { groups } = layer;
  const outputs = layer.kernels / groups;
  const steps = panelSteps(batch, panelsOf(outputs), rows * columns * panelBytes);
  const to = arena.region(groups * steps.group, during(backwardStep));
  return {
    pack: (images) =>
      call.packPanels(groups * images, {
        from: dy.origin,
        fromGroup: outputs * 4,
        ...dy.strides,
        rows,
        columns,
        channels: outputs,
        width: panelWidth,
        to: to.at,
        toGroup: steps.group,
        toImage: steps.image,
        toPanel: steps.panel,
        images,
      }),
    get operand() {
      return {
        dy: to.at,
        dyGroup: steps.group,
        dyImage: steps.image,
        dyRow: columns * panelBytes,
        dyCell: panelBytes,
        dyPanel: steps.panel,
      };
    },
  };
}

type GradientOperand = Pick<
  Parameters<typeof call.biasGradient>[1],
  'dy' | 'dyGroup' | 'dyImage' | 'dyRow' | 'dyCell' | 'dyPanel'
>;

/** Where the gradient of the weights finds x. */
interface InputOperand {
  pack(images: number): Job[];
  operand(): { x: number; xGroup: number; xImage: number; xPanel: number };
  /** Bytes from row to row and from cell to cell. */
  readonly row: number;
  readonly cell: number;
  /** What the taps count as groups: more than one where a run holds one cell only. */
  readonly tapGroups: number;
}

/** x in panels. */
function packInput(site: LayerSite<ConvolutionLayer>): InputOperand {
  const { layer, shape, batch, tileRows, arena, x, backwardStep } = site;
  const { kernel, stride, padding } = windowOf(shape.window);
  const { groups } = layer;
  const inputs = shape.input[0] / groups;
  const rows = (shape.output[1] - 1) * stride[0] + kernel[0];
  const columns = (shape.output[2] - 1) * stride[1] + kernel[1];
  const steps = panelSteps(batch, Math.ceil(inputs / tileRows), rows * columns * tileRows * 4);
  const to = arena.region(groups * steps.group, during(backwardStep));
  return {
    pack: (images) => [
      call.packPanels(groups * images, {
        from: x.at(-padding.top, -padding.left),
        fromGroup: inputs * 4,
        ...x.strides,
        rows,
        columns,
        channels: inputs,
        width: tileRows,
        to: to.at,
        toGroup: steps.group,
        toImage: steps.image,
        toPanel: steps.panel,
        images,
      }),
    ],
    operand: () => ({ x: to.at, xGroup: steps.group, xImage: steps.image, xPanel: steps.panel }),
    row: columns * tileRows * 4,
    cell: tileRows * 4,
    tapGroups: 2,
  };
}

/** x as the map itself. */
function bareInput({ layer, shape, tileRows, x }: LayerSite<ConvolutionLayer>): InputOperand {
  const { padding } = windowOf(shape.window);
  return {
    pack: () => [],
    operand: () => ({
      x: x.at(-padding.top, -padding.left),
      xGroup: (shape.input[0] / layer.groups) * 4,
      xImage: x.strides.image,
      xPanel: tileRows * 4,
    }),
    row: x.strides.row,
    cell: x.strides.cell,
    tapGroups: layer.groups,
  };
}

/** A task sums all taps of a panel, or fewer where there are few panels to share out. */
function tapBlock(taps: number, outputs: number): number {
  return outputs > 128 ? taps : Math.ceil(taps / 4);
}

export interface TapTable {
  readonly count: number;
  readonly run: number;
  at(): number;
  /** Fills it, for a map with these strides in bytes. */
  job(row: number, cell: number): Job;
}

/**
 * Where a window's numbers lie from its corner: one run a kernel row where all channels are read,
 * one a cell where only a group's are.
 */
export function tapTable(
  arena: Arena,
  groups: number,
  [rows, columns]: readonly [number, number],
  channels: number,
): TapTable {
  const runsPerRow = groups === 1 ? Math.min(1, columns) : columns;
  const count = rows * runsPerRow;
  const table = arena.region(count * 4);
  return {
    count,
    run: groups === 1 ? columns * channels : channels,
    at: () => table.at,
    job: (row, cell) =>
      call.placeTable(1, { to: table.at, rows, columns: runsPerRow, image: 0, row, cell }),
  };
}

/**
 * The input rows (or columns) that see the same kernel rows: `first, first + stride, …`, `count` of
 * them.
 */
interface Phase {
  /** The lowest kernel row they see; the others follow a stride apart. */
  readonly phase: number;
  readonly first: number;
  readonly count: number;
  readonly taps: number;
  /** Output row under the last kernel row of input row `first`: where its run of taps starts. */
  readonly firstSource: number;
  readonly outputs: number;
}

function phases(
  inputs: number,
  outputs: number,
  kernel: number,
  stride: number,
  before: number,
): Phase[] {
  return Array.from({ length: stride }, (_, phase) => {
    const first = (((phase - before) % stride) + stride) % stride;
    const taps = phase < kernel ? Math.ceil((kernel - phase) / stride) : 0;
    return {
      phase,
      first,
      count: Math.max(0, Math.ceil((inputs - first) / stride)),
      taps,
      firstSource: (first + before - phase) / stride - Math.max(0, taps - 1),
      outputs,
    };
  });
}

/** How far the taps of all phases reach past the outputs there are. */
function reach<Before extends string, After extends string>(
  all: readonly Phase[],
  before: Before,
  after: After,
): Record<Before | After, number> {
  const wanted = all.filter(({ count, taps }) => count > 0 && taps > 0);
  const start = Math.min(0, ...wanted.map(({ firstSource }) => firstSource));
  const end = Math.max(
    0,
    ...wanted.map(
      ({ firstSource, taps, count, outputs }) => firstSource + taps - 1 + count - 1 - (outputs - 1),
    ),
  );
  return { [before]: -start, [after]: end } as Record<Before | After, number>;
}

export function windowOf(window: ResolvedWindow | undefined): ResolvedWindow {
  if (window === undefined) throw new Error('A convolution has a window.');
  return window;
}
