import type { InputLayer, Layer } from '../../network/layer.ts';
import { hasParameters } from '../../network/layer.ts';
import type { Edge } from '../../network/quantisation.ts';
import type { LayerShape } from '../../network/shapes.ts';
import type { Plan } from '../session.ts';
import { Arena } from '../plan/arena.ts';
import type { ArenaOptions, Region } from '../plan/arena.ts';
import { backwardStep, gradientRuns, rectifies, valueRuns } from '../plan/runs.ts';
import { chunk, panelWidth } from './constants.ts';
import { convolution, convolutionBorders } from './convolution.ts';
import { dense, denseScratch } from './dense.ts';
import { dropout } from './dropout.ts';
import { elementBytes, gridArguments, onGrids } from './grid.ts';
import { integerLayer, storeIntegers } from './integers.ts';
import type { StoredIntegers } from './integers.ts';
import { maximumJobs, meeting } from './job.ts';
import type { Borders, LayerJobs, LayerSite, StoredParameter } from './layer.ts';
import { lrn, lrnScratch } from './lrn.ts';
import { panelsOf } from './multiply.ts';
import { pool } from './pool.ts';
import { relu } from './relu.ts';
import { call } from './signatures.ts';
import { softmax } from './softmax.ts';
import { tanh } from './tanh.ts';
import { Tensor, noBorder, widest } from './tensor.ts';

/**
 * Below `start` lie the kernels' own constants. Vectors may read, never write, a little past a
 * region's end.
 */
const memory: ArenaOptions = { start: 65536, alignment: 64, slack: 128 };

/** A network laid out in memory: where everything lies, and the jobs of each layer. */
export interface Model {
  /** By layer index; layers in place share. */
  readonly values: readonly Tensor[];
  /** By layer index; empty in inference. */
  readonly gradients: readonly Tensor[];
  /** In the order of `plan.parameters`. */
  readonly parameters: readonly StoredParameter[];
  /** By layer index, of int8 layers. */
  readonly integers: ReadonlyMap<number, StoredIntegers>;
  /** By layer index. */
  readonly layers: readonly LayerJobs[];
  /**
   * The images of a call as they are given, `[n, channels, rows, columns]`, until the first jobs
   * have laid them out.
   */
  readonly given: Region;
  readonly labels: Region;
  /** Three float64 an image: loss, hits, hits among five. */
  readonly results: Region;
  /** A float64 for every chunk of every gradient. */
  readonly squares: Region;
  readonly control: Region;
  readonly scratch: Region;
  readonly scratchBytes: number;
  /** The end of all, in bytes. */
  readonly bytes: number;
}

/** Plans one network for one batch. Pure: nothing is allocated yet. */
export function layOut(plan: Plan, batch: number, threads: number, tileRows: number): Model {
  const arena = new Arena(memory);
  const values = valueTensors(plan, batch, arena);
  const gradients = plan.mode === 'inference' ? [] : gradientTensors(plan, batch, arena);
  const parameters = storeParameters(plan, arena);
  const given = arena.region(batch * plan.imageSize * 4, { from: -1, to: 0 });
  const integers = new Map(
    [...plan.int8.keys()].map((index) => [index, storeIntegers(plan.shapes[index]!, arena)]),
  );
  const layers = plan.shapes.map((shape, index) =>
    layerJobs(plan, index, {
      shape,
      batch,
      tileRows,
      arena,
      given,
      values,
      gradients,
      parameters,
      integers,
    }),
  );
  const chunks = parameters.reduce((sum, { length }) => sum + Math.ceil(length / chunk), 0);
  const scratchBytes = Math.max(
    denseScratch,
    ...plan.shapes.map(({ layer, input }) =>
      layer.type === 'lrn' ? lrnScratch(input[0], layer.size) : 0,
    ),
  );
  const labels = arena.region(batch * 4);
  const results = arena.region(batch * 24);
  const squares = arena.region(chunks * 8);
  const control = arena.region((meeting.counters + maximumJobs) * 4);
  const aligned = Math.ceil(scratchBytes / 64) * 64;
  const scratch = arena.region(aligned * threads);
  return {
    values,
    gradients,
    parameters,
    integers,
    layers,
    given,
    labels,
    results,
    squares,
    control,
    scratch,
    scratchBytes: aligned,
    bytes: arena.layOut(),
  };
}

function bordersOf(shape: LayerShape | undefined): Borders {
  return shape?.layer.type === 'convolution'
    ? convolutionBorders(shape)
    : { input: noBorder, outputGradient: noBorder };
}

function valueTensors(plan: Plan, batch: number, arena: Arena): Tensor[] {
  const { shapes } = plan;
  return valueRuns(plan).flatMap(({ layers, life }) => {
    const last = layers.at(-1)!;
    const border = bordersOf(shapes[last + 1]).input;
    const element = elementBytes(plan.edges[last]!);
    const tensor = new Tensor(
      shapes[last]!.output,
      border,
      (bytes) => arena.region(bytes * batch, life),
      element,
    );
    return layers.map(() => tensor);
  });
}

function gradientTensors(plan: Plan, batch: number, arena: Arena): Tensor[] {
  const { shapes } = plan;
  return gradientRuns(plan).flatMap(({ layers, life }) => {
    const border = layers.map((index) => bordersOf(shapes[index]).outputGradient).reduce(widest);
    const tensor = new Tensor(shapes[layers.at(-1)!]!.output, border, (bytes) =>
      arena.region(bytes * batch, life),
    );
    return layers.map(() => tensor);
  });
}

function storeParameters(
  { parameters, shapes, frozen, mode, int8 }: Plan,
  arena: Arena,
): StoredParameter[] {
  return parameters.map(({ layer, kind }) => {
    const index = shapes.findIndex((shape) => shape.layer === layer);
    const { input } = shapes[index]!;
    const groups = layer.type === 'convolution' ? layer.groups : 1;
    const outputs = layer.type === 'convolution' ? layer.kernels / groups : layer.outputs;
    const cells =
      layer.type === 'convolution' ? layer.kernel[0] * layer.kernel[1] : input[1] * input[2];
    const layout =
      kind === 'bias'
        ? { groups, outputs, inputs: 1, cells: 1 }
        : { groups, outputs, inputs: input[0] / groups, cells };
    const filled = int8.has(index) ? 0 : 1;
    const length = filled * groups * panelsOf(outputs) * panelWidth * layout.inputs * layout.cells;
    const trained = mode === 'training' && !frozen.has(index);
    return {
      layout,
      length,
      value: arena.region(length * 4),
      ...(trained && { gradient: arena.region(length * 4), velocity: arena.region(length * 4) }),
    };
  });
}

interface Places {
  readonly shape: LayerShape;
  readonly batch: number;
  readonly tileRows: number;
  readonly arena: Arena;
  readonly given: Region;
  readonly values: readonly Tensor[];
  readonly gradients: readonly Tensor[];
  readonly parameters: readonly StoredParameter[];
  readonly integers: Model['integers'];
}

function layerJobs(
  plan: Plan,
  index: number,
  { shape, batch, tileRows, arena, given, values, gradients, parameters, integers }: Places,
): LayerJobs {
  const { layer } = shape;
  const yEdge = plan.edges[index]!;
  if (layer.type === 'input') return input(values[index]!, given, yEdge);
  const xEdge = plan.edges[index - 1]!;
  const x = values[index - 1]!;
  const own = plan.parameters.findIndex((parameter) => parameter.layer === layer);
  const [dx, dy] = [gradients[index - 1], gradients[index]];
  const site = {
    shape,
    batch,
    tileRows,
    arena,
    index,
    x,
    y: values[index]!,
    xEdge,
    yEdge,
    backwardStep: backwardStep(plan, index),
    rectify: rectifies(plan, index),
    ordinal: plan.dropoutOrdinals.get(index) ?? 0,
    ...(dx && dy && { dx, dy }),
    ...(own >= 0 && { weight: parameters[own]!, bias: parameters[own + 1]! }),
  };
  const stored = integers.get(index);
  if (stored !== undefined && hasParameters(layer)) return integerLayer({ ...site, layer }, stored);
  if (xEdge === 'f32' && yEdge === 'f32') return build(layer, site);
  return onGrids(site, bordersOf(shape).input, (floats) => build(layer, floats));
}

/** Lays the images that were given out channels last. */
function input(y: Tensor, given: Region, edge: Edge): LayerJobs {
  const [channels, rows, columns] = y.shape;
  const planes = { channels, rows, columns };
  return {
    forward: (images) => [
      edge === 'f32'
        ? call.interleave(images * rows, { from: given.at, ...planes, to: y.rows })
        : call.interleaveGrid(images * rows, {
            from: given.at,
            ...planes,
            to: y.rows,
            ...gridArguments(edge),
          }),
    ],
  };
}

function build(layer: Exclude<Layer, InputLayer>, site: Omit<LayerSite, 'layer'>): LayerJobs {
  switch (layer.type) {
    case 'convolution':
      return convolution({ ...site, layer });
    case 'dense':
      return dense({ ...site, layer });
    case 'relu':
      return relu({ ...site, layer });
    case 'tanh':
      return tanh({ ...site, layer });
    case 'lrn':
      return lrn({ ...site, layer });
    case 'maxPool':
    case 'averagePool':
    case 'adaptiveAveragePool':
      return pool({ ...site, layer });
    case 'dropout':
      return dropout({ ...site, layer });
    case 'softmax':
      return softmax({ ...site, layer });
  }
}
