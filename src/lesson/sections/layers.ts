import { describeLayer } from '../../network/describe.ts';
import type { LayerCost } from '../../network/costs.ts';
import type { ConvolutionLayer, Layer, Padding, ParameterLayer } from '../../network/layer.ts';
import { formatShape, inferShapes, volume } from '../../network/shapes.ts';
import { alexnet } from '../../network/variants.ts';
import { grouped } from '../../text.ts';
import { paper, paperCost, weighted } from '../count.ts';
import { windowStrip } from '../figures/strip.ts';
import type { Card, Figure, Play, Section, Table, WindowPreset } from '../lesson.ts';

export function layers(): Section {
  return {
    id: 'layers',
    title: 'Layer by layer',
    blocks: [
      {
        kind: 'text',
        text:
          'One rule gives every size. A window of k cells moves over a map of n cells in steps ' +
          'of s (the stride), after p cells of padding were put on each side:',
      },
      { kind: 'formula', lines: ['output = floor((n − k + 2·p) / s) + 1'] },
      {
        kind: 'text',
        text:
          'A convolution has one output channel for each kernel. A kernel is as deep as the maps ' +
          'that it reads. With two groups it reads only half of them, those of its own tower.',
      },
      { kind: 'cards', cards: weighted(paperCost).map(card) },
      {
        kind: 'text',
        text:
          'ReLU, LRN, pooling, dropout and softmax have no weights. ' +
          'They stand in the cards under “then”.',
      },
      play(),
      trapFigure(),
      {
        kind: 'exercise',
        question:
          'The paper says that the input is 224×224 and the first kernels are 11×11 with stride ' +
          '4. ' +
          'How large is the output? Try it above with no padding. What is wrong?',
        answer: trapAnswer(),
      },
      {
        kind: 'try',
        tries: [
          {
            kind: 'command',
            command: 'explain --input 224',
            shows: 'a refusal with the reason, and four ways that are right',
            exit: 1,
          },
          {
            kind: 'command',
            command: 'explain --variant source',
            shows: 'what the authors ran: 224, with the last kernels over the edge',
          },
        ],
      },
    ],
  };
}

function card(cost: LayerCost & { readonly layer: ParameterLayer }): Card {
  const { layer, input, output, formula, parameters, multiplyAdds } = cost;
  return {
    id: layer.name,
    title: layer.name,
    about: describeLayer(layer, input),
    facts: [
      { name: 'reads', value: formatShape(input) },
      { name: 'size', value: formula },
      { name: 'output', value: formatShape(output) },
      { name: 'parameters', value: parametersWorkedOut(cost) },
      { name: 'multiply-adds', value: workWorkedOut(cost) },
      { name: 'then', value: then(layer) },
    ],
    shares: [
      { name: 'of the parameters', share: parameters / paperCost.parameters },
      { name: 'of the work', share: multiplyAdds / paperCost.multiplyAdds },
    ],
  };
}

/** `5·5·48`: what one output reads of its input. */
function reads({ layer, input }: LayerCost & { readonly layer: ParameterLayer }): string {
  if (layer.type === 'dense') return String(volume(input));
  return `${layer.kernel.join('·')}·${input[0] / layer.groups}`;
}

function parametersWorkedOut(cost: LayerCost & { readonly layer: ParameterLayer }): string {
  return `${cost.output[0]} · (${reads(cost)} + 1) = ${grouped(cost.parameters)}`;
}

function workWorkedOut(cost: LayerCost & { readonly layer: ParameterLayer }): string {
  const [channels, height, width] = cost.output;
  const outputs = height * width === 1 ? String(channels) : `${channels}·${height}·${width}`;
  return `${outputs} · ${reads(cost)} = ${grouped(cost.multiplyAdds)}`;
}

/** The layers without weights that follow one with weights. */
function then(layer: Layer): string {
  const shapes = inferShapes(paper);
  const from = shapes.findIndex((shape) => shape.layer.name === layer.name) + 1;
  const parts: string[] = [];
  for (const shape of shapes.slice(from)) {
    if (shape.layer.type === 'convolution' || shape.layer.type === 'dense') break;
    parts.push(spoken(shape.layer, formatShape(shape.output)));
  }
  return parts.join(', ');
}

function spoken(layer: Layer, output: string): string {
  switch (layer.type) {
    case 'relu':
      return 'ReLU';
    case 'lrn':
      return 'LRN';
    case 'maxPool':
      return `max-pool ${layer.kernel[0]}/${layer.stride[0]} → ${output}`;
    case 'dropout':
      return `dropout ${layer.rate}`;
    default:
      return layer.name;
  }
}

interface Slide extends WindowPreset {
  readonly output: number;
}

/** Every window of the paper's network: the same on rows and columns. */
function slides(): Slide[] {
  return inferShapes(paper).flatMap(({ layer, input, output }) => {
    if (layer.type !== 'convolution' && layer.type !== 'maxPool') return [];
    const slide = {
      name: layer.name,
      n: input[1],
      k: layer.kernel[0],
      p: padding(layer.padding),
      s: layer.stride[0],
      output: output[1],
    };
    return [slide];
  });
}

function padding({ top }: Padding): number {
  return top;
}

function play(): Play {
  const all = slides();
  const first = all[0]!;
  const trap = { ...first, name: 'conv1 on 224', n: 224 };
  return {
    kind: 'play',
    text:
      'Put in your own numbers. The picture shows the cells of one row, where the windows lie, ' +
      'and which cells no window sees.',
    presets: [...all, trap].map(({ name, n, k, p, s }) => ({ name, n, k, p, s })),
    still: stillTable(all),
  };
}

/** One row of the input under conv1, twice: 227 fits, 224 does not. */
function trapFigure(): Figure {
  const [{ n, k, p, s }] = slides() as [Slide];
  const strips = [n, 224].map((cells, i) => {
    const strip = windowStrip({ n: cells, k, p, s });
    return `<g transform="translate(0 ${i * 100})">${strip}</g>`;
  });
  return {
    kind: 'figure',
    id: 'trap',
    caption:
      `conv1 over one row. Blue: where its windows of ${k} lie, ${s} apart. With ${n} cells the ` +
      'last window ends at the last cell. With 224, the cells at the right end (red) are seen ' +
      'by none.',
    alt: 'Two rows of cells under overlapping windows. The second has a red end.',
    drawing: { width: 400, height: 190, content: strips.join('') },
    size: 'narrow',
  };
}

function stillTable(all: readonly Slide[]): Table {
  return {
    kind: 'table',
    caption: 'Every window of the network, by the rule',
    columns: [
      { title: 'layer' },
      ...['n', 'k', 'p', 's', '(n−k+2p)/s', 'output'].map((title) => ({
        title,
        numbers: true,
      })),
    ],
    rows: all.map(({ name, n, k, p, s, output }) => {
      const quotient = (n - k + 2 * p) / s;
      return [name, ...[n, k, p, s, quotient, output].map(String)];
    }),
  };
}

function trapAnswer(): string[] {
  const [conv1] = weighted(paperCost);
  const { kernel, stride } = conv1!.layer as ConvolutionLayer;
  const quotient = (224 - kernel[0] + 0) / stride[0];
  const wrong = chain(224, 'floor');
  return [
    `(224 − ${kernel[0]})/${stride[0]} = ${quotient} is not a whole number. Rounded down, the ` +
      `maps ` +
      `are ${wrong.join(' → ')}, and fc6 reads ${grouped(256 * wrong.at(-1)! ** 2)} numbers ` +
      `instead of ${grouped(volume(conv5Output()))}.`,
    'What the authors ran is in their code: the last kernel hangs 3 pixels over the right and ' +
      'the ' +
      `bottom edge and sees zeros there (variant source: ${sourceChain().join(' → ')}).`,
    'Also right: 227×227 without padding, as here and in Caffe; 224 with padding 2 ' +
      '(torchvision); ' +
      `224 with pooling that rounds up (Caffe: ${caffeChain().join(' → ')}). ` +
      '224 without padding, rounded down, is a different network.',
  ];
}

function conv5Output() {
  return inferShapes(paper).find(({ layer }) => layer.name === 'pool5')!.output;
}

/** Sizes after conv1 and the three poolings, with every window rounded down. */
function chain(input: number, rounding: 'floor'): number[] {
  const network = alexnet('paper', { input: 227 }).map((layer): Layer => {
    if (layer.type === 'input') return { ...layer, shape: [3, input, input] };
    return layer.type === 'convolution' ? { ...layer, rounding } : layer;
  });
  return sizes(network);
}

function sourceChain(): number[] {
  return sizes(alexnet('source'));
}

function caffeChain(): number[] {
  return sizes(alexnet('caffe', { input: 224 }));
}

function sizes(network: readonly Layer[]): number[] {
  return inferShapes(network)
    .filter(({ layer }) => layer.name === 'conv1' || layer.type === 'maxPool')
    .map(({ output }) => output[1]);
}
