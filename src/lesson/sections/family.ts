import { costs } from '../../network/costs.ts';
import { hasParameters } from '../../network/layer.ts';
import type { ConvolutionLayer, Layer, LrnLayer, Network } from '../../network/layer.ts';
import { inferShapes } from '../../network/shapes.ts';
import { alexnet } from '../../network/variants.ts';
import type { Variant } from '../../network/variants.ts';
import { grouped } from '../../text.ts';
import type { Section, Table } from '../lesson.ts';
import { scores } from '../published.ts';

interface Member {
  readonly variant: Variant;
  readonly name: string;
  /** Published top-1/top-5 accuracy of one network, in % right, with where it is told. */
  readonly accuracy: string;
}

const members: readonly Member[] = [
  { variant: 'paper', name: 'paper', accuracy: paperAccuracy() },
  { variant: 'source', name: 'authors’ code', accuracy: 'the numbers of the paper are its' },
  { variant: 'caffe', name: 'Caffe bvlc_alexnet', accuracy: '57.1 / 80.2, centre crop' },
  { variant: 'caffenet', name: 'CaffeNet', accuracy: '57.4 / 80.4, centre crop' },
  { variant: 'torchvision', name: 'torchvision', accuracy: '56.522 / 79.066, centre crop' },
];

/** Of one network on the validation images of 2012, from the errors that the paper tells. */
function paperAccuracy(): string {
  const score = scores.find(
    ({ system, data }) => system.includes('one network') && data === 'ILSVRC-2012 validation',
  )!;
  const right = [score.top1!, score.top5].map((error) => (100 - error).toFixed(1));
  return `${right.join(' / ')}, ten crops`;
}

export function family(): Section {
  return {
    id: 'family',
    title: 'The family, side by side',
    blocks: [
      {
        kind: 'text',
        text:
          'Five networks go by this name. They differ in ways that matter when weights are moved ' +
          'from one to another. All rows but the last are read from the networks themselves.',
      },
      table(),
      {
        kind: 'text',
        text:
          'Images are prepared differently too: the authors and Caffe take a mean image off ' +
          'values ' +
          'from 0 to 255, Caffe with the channels in the order blue, green, red; torchvision ' +
          'divides by 255, then takes a mean off and divides by a deviation for each channel.',
      },
      {
        kind: 'try',
        tries: [
          {
            kind: 'command',
            command: 'explain --variant torchvision',
            shows: 'one tower, no LRN, an average pooling before fc6',
          },
          {
            kind: 'command',
            command: 'explain --variant caffe',
            shows: 'LRN with k = 1 over both towers, pooling that rounds up',
          },
        ],
      },
    ],
  };
}

function table(): Table {
  const networks = members.map(({ variant }) => alexnet(variant));
  const row = (name: string, of: (network: Network) => string): string[] => [
    name,
    ...networks.map(of),
  ];
  return {
    kind: 'table',
    caption: 'What differs',
    columns: [{ title: '' }, ...members.map(({ name }) => ({ title: name }))],
    rows: [
      row('input', (network) => `${inferShapes(network)[0]!.output[1]}²`),
      row('kernels of conv1 to conv5', (network) =>
        convolutions(network)
          .map(({ kernels }) => kernels)
          .join(', '),
      ),
      row('conv1: padding, rounding', (network) => {
        const [conv1] = convolutions(network);
        return `${conv1!.padding.top}, ${roundingOf(conv1!)}`;
      }),
      row('towers', (network) =>
        String(Math.max(...convolutions(network).map(({ groups }) => groups))),
      ),
      row('after conv1', (network) => behind(network, 'conv1')),
      row('after conv2', (network) => behind(network, 'conv2')),
      row('LRN k', (network) => String(firstLrn(network)?.k ?? 'no LRN')),
      row('LRN α of the formula', (network) => alphaOf(network)),
      row('LRN crosses towers', (network) => crosses(network)),
      row('pooling rounds', (network) => poolRounding(network)),
      row('before fc6', (network) => before(network, 'fc6')),
      row('sizes of maps', (network) => sizes(network)),
      row('deviation of conv3, fc6', (network) =>
        ['conv3', 'fc6'].map((name) => startOf(network, name)).join(', '),
      ),
      row('bias of conv2, fc8', (network) =>
        ['conv2', 'fc8'].map((name) => biasOf(network, name)).join(', '),
      ),
      row('bias: rate ×, decay ×', (network) => biasRule(network)),
      row('dropout scales', (network) =>
        network.some((each) => each.type === 'dropout' && each.scale === 'test')
          ? 'when answering'
          : 'while training',
      ),
      row('parameters', (network) => grouped(costs(network).parameters)),
      row('multiply-adds', (network) => grouped(costs(network).multiplyAdds)),
      ['published top-1 / top-5, % right', ...members.map(({ accuracy }) => accuracy)],
    ],
  };
}

function convolutions(network: Network): ConvolutionLayer[] {
  return network.filter((each): each is ConvolutionLayer => each.type === 'convolution');
}

function roundingOf({ rounding }: ConvolutionLayer): string {
  return rounding === 'ceil' ? 'up' : 'down';
}

function firstLrn(network: Network): LrnLayer | undefined {
  return network.find((each): each is LrnLayer => each.type === 'lrn');
}

function alphaOf(network: Network): string {
  const lrn = firstLrn(network);
  return lrn === undefined ? 'no LRN' : lrn.alpha.toExponential();
}

function crosses(network: Network): string {
  const lrn = firstLrn(network);
  if (lrn === undefined) return 'no LRN';
  return lrn.groups === 1 ? 'yes' : 'no';
}

function poolRounding(network: Network): string {
  const pools = network.flatMap((each) => (each.type === 'maxPool' ? [each.rounding] : []));
  return pools.includes('ceil') ? 'up' : 'down';
}

const spoken: Partial<Record<Layer['type'], string>> = {
  relu: 'ReLU',
  lrn: 'LRN',
  maxPool: 'pool',
  adaptiveAveragePool: 'average pool',
  dropout: 'dropout',
};

/** Layers without weights behind one with weights. */
function behind(network: Network, name: string): string {
  const rest = network.slice(network.findIndex((each) => each.name === name) + 1);
  const end = rest.findIndex((each) => hasParameters(each));
  return rest.slice(0, end).map(nameOf).join(', ');
}

/** Layers without weights right before one with weights. */
function before(network: Network, name: string): string {
  const until = network.slice(
    0,
    network.findIndex((each) => each.name === name),
  );
  return until
    .slice(until.findLastIndex(hasParameters) + 1)
    .map(nameOf)
    .join(', ');
}

function nameOf(layer: Layer): string {
  if (layer.type === 'lrn' && layer.across === 'map') return 'LRN in each map';
  return spoken[layer.type] ?? layer.type;
}

function sizes(network: Network): string {
  return inferShapes(network)
    .filter(({ layer }) => layer.name === 'conv1' || layer.type === 'maxPool')
    .map(({ output }) => output[1])
    .join(' → ');
}

function startOf(network: Network, name: string): string {
  const layer = network.find((each) => each.name === name);
  if (layer === undefined || !hasParameters(layer)) return '';
  const { initial } = layer.parameters.weight;
  return initial.distribution === 'normal' ? String(initial.standardDeviation) : 'by fan-in';
}

function biasOf(network: Network, name: string): string {
  const layer = network.find((each) => each.name === name);
  if (layer === undefined || !hasParameters(layer)) return '';
  const { initial } = layer.parameters.bias;
  return initial.distribution === 'constant' ? String(initial.value) : 'by fan-in';
}

function biasRule(network: Network): string {
  const { bias } = convolutions(network)[0]!.parameters;
  return `${bias.learningRate}, ${bias.decay}`;
}
