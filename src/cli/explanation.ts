import type { LayerCost, NetworkCost } from '../network/costs.ts';
import { describeDepth, describeLayer } from '../network/describe.ts';
import { hasParameters } from '../network/layer.ts';
import type { LayerType } from '../network/layer.ts';
import { formatShape, volume } from '../network/shapes.ts';
import { table } from './table.ts';
import type { Column, Row } from './table.ts';
import { unstyled } from './terminal.ts';
import type { Terminal } from './terminal.ts';
import { bytes, grouped, percent } from '../text.ts';

const wide: readonly Column[] = [
  { title: 'layer' },
  { title: 'kernel' },
  { title: 'size' },
  { title: 'output', align: 'right' },
  { title: 'parameters', align: 'right' },
  { title: 'share', align: 'right' },
  { title: 'multiply-adds', align: 'right' },
  { title: 'share', align: 'right' },
  { title: 'memory', align: 'right' },
];

/**
 * The network as a table a teacher would show: one line a layer, what was worked out and what it
 * costs.
 */
export function explanation(
  title: string,
  cost: NetworkCost,
  batch: number,
  terminal: Terminal,
): string {
  const full = table(wide, rows(cost, batch, terminal));
  const fits =
    Math.max(
      ...unstyled(full)
        .split('\n')
        .map((line) => line.length),
    ) <= terminal.columns;
  return [
    terminal.bold(title),
    '',
    fits ? full : narrow(cost, batch, terminal),
    '',
    ...remarks(cost, batch),
  ].join('\n');
}

function rows(cost: NetworkCost, batch: number, terminal: Terminal): Row[] {
  const layers = cost.layers.map((layer) => ({
    cells: cells(layer, cost, batch),
    style: styleOf(layer, terminal),
  }));
  const total = [
    'total',
    '',
    '',
    '',
    grouped(cost.parameters),
    '',
    grouped(cost.multiplyAdds),
    '',
    '',
  ];
  return [...layers, { cells: total, style: (line: string) => terminal.bold(line) }];
}

function cells(
  layer: LayerCost,
  { parameters, multiplyAdds }: NetworkCost,
  batch: number,
): string[] {
  const counted = hasParameters(layer.layer);
  return [
    layer.layer.name,
    describeLayer(layer.layer, layer.input),
    layer.formula,
    formatShape(layer.output),
    counted ? grouped(layer.parameters) : '',
    counted ? percent(layer.parameters, parameters) : '',
    counted ? grouped(layer.multiplyAdds) : '',
    counted ? percent(layer.multiplyAdds, multiplyAdds) : '',
    inPlace(layer) ? 'in place' : bytes(4 * batch * volume(layer.output)),
  ];
}

/** Layers that learn stand out; those that leave the shape alone step back. */
function styleOf({ layer, formula }: LayerCost, terminal: Terminal): (line: string) => string {
  if (hasParameters(layer)) return (line) => line;
  return formula === 'unchanged' ? (line) => terminal.dim(line) : (line) => line;
}

/** For a narrow terminal: the numbers in a line, kernel and formula under them. */
function narrow(cost: NetworkCost, batch: number, terminal: Terminal): string {
  const kept = [0, 3, 4, 5, 6, 7, 8];
  const all = rows(cost, batch, terminal);
  const numbers = table(
    kept.map((c) => wide[c]!),
    all.map(({ cells: row, ...rest }) => ({ ...rest, cells: kept.map((c) => row[c]!) })),
  ).split('\n');
  const under = all.map(({ cells: row }) =>
    [row[1], row[2]].filter((text) => text !== '' && text !== 'unchanged').join(': '),
  );
  return numbers
    .flatMap((line, i) =>
      under[i - 2] === undefined || under[i - 2] === ''
        ? [line]
        : [line, terminal.dim(`  ${under[i - 2]}`)],
    )
    .join('\n');
}

function inPlace({ layer }: LayerCost): boolean {
  return layer.type === 'relu' || layer.type === 'dropout';
}

function remarks(cost: NetworkCost, batch: number): string[] {
  const network = cost.layers.map(({ layer }) => layer);
  return [
    `${describeDepth(network)}.`,
    `The convolutions ${shareOf(cost, 'convolution')}; the dense layers ${shareOf(cost, 'dense')}.`,
    `Weights ${bytes(cost.weightsBytes)}. Memory is each layer's output for ` +
      `${batch === 1 ? 'one image' : `${batch} images`}, in f32.`,
    `Training on a batch of ${batch} needs ${bytes(cost.trainingBytes)}: weights, gradients ` +
      'and velocities, every output, and two gradients of outputs.',
    `Inference needs ${bytes(cost.weightsBytes + cost.inferenceBytes)}: weights, and the ` +
      'largest input and output of a layer.',
    'What each layer is for, as a page: alexnet explain --html alexnet.html',
  ];
}

function shareOf(cost: NetworkCost, type: LayerType): string {
  const layers = cost.layers.filter(({ layer }) => layer.type === type);
  const sum = (count: (layer: LayerCost) => number): number =>
    layers.reduce((total, layer) => total + count(layer), 0);
  return `hold ${percent(
    sum((layer) => layer.parameters),
    cost.parameters,
  )} of the parameters and do ${percent(
    sum((layer) => layer.multiplyAdds),
    cost.multiplyAdds,
  )} of the work`;
}
