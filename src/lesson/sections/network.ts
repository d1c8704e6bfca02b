import { describeDepth } from '../../network/describe.ts';
import { drawNetworkCompactly } from '../../network/drawing/svg.ts';
import { formatShape, volume } from '../../network/shapes.ts';
import { grouped, percent } from '../../text.ts';
import { layer, millions, millions1, neurons, paper, paperCost, shareOf, sumOf } from '../count.ts';
import { ladderDrawing } from '../figures/ladder.ts';
import { sharesDrawing } from '../figures/shares.ts';
import type { Block, Claim, Section } from '../lesson.ts';

export function network(): Section {
  return {
    id: 'network',
    title: 'The network in one picture',
    blocks: [
      {
        kind: 'text',
        text:
          `AlexNet has **${describeDepth(paper)}**. ` +
          `An image goes in as ${formatShape(paperCost.layers[0]!.output)} numbers: red, green ` +
          'and blue for each pixel. 1,000 probabilities come out. In between, maps become ' +
          'smaller ' +
          'in width and height, and there are more and more of them: where something is matters ' +
          'less and less, what it is more and more.',
      },
      ...figures(),
      { kind: 'claims', claims: claims() },
      {
        kind: 'try',
        tries: [
          {
            kind: 'command',
            command: 'explain',
            shows: 'every layer with its size worked out, its parameters, work and memory',
          },
          {
            kind: 'command',
            command: 'explain --svg alexnet.svg',
            shows: 'the drawing above as a file, with all constants',
          },
        ],
      },
    ],
  };
}

function figures(): Block[] {
  return [
    {
      kind: 'figure',
      id: 'to-scale',
      caption:
        'To scale: height and depth of a box are the map’s, its width is the number of channels; ' +
        'a bar is a vector. One row for each of the two towers. White patches are what one ' +
        'output ' +
        'of the next layer sees. Red arrows: here the towers see each other.',
      alt:
        'Boxes from left to right. The input is a wide, thin sheet. Two rows of boxes follow, ' +
        'ever smaller and ever thicker, then two pairs of bars, then one bar of 1,000.',
      drawing: drawNetworkCompactly(paper),
      size: 'wide',
    },
    {
      kind: 'figure',
      id: 'ladder',
      caption:
        'The same from top to bottom, both towers together. Squares: height and width of a map, ' +
        'one scale. Bars: how many channels, one scale; the last three are cut. Sizes are ' +
        'channels × height × width.',
      alt: 'Squares become smaller from the input to pool5; bars become longer.',
      drawing: ladderDrawing(paper),
      size: 'narrow',
    },
    {
      kind: 'figure',
      id: 'shares',
      caption:
        'Where the work is, the parameters are not. ' +
        `The convolutions do ${shareOf('convolution', 'multiplyAdds')} of the work with ` +
        `${shareOf('convolution', 'parameters')} of the parameters.`,
      alt:
        'Two bars for each layer: long work bars for convolutions, long parameter bars for ' +
        'fc6 and fc7.',
      drawing: sharesDrawing(),
      size: 'narrow',
    },
  ];
}

function claims(): Claim[] {
  const { parameters, multiplyAdds } = paperCost;
  const dense = sumOf(paperCost, 'dense', 'parameters');
  return [
    {
      claim: `It has ${grouped(parameters)} parameters; ${millions1(dense)} of them are dense.`,
      evidence: [
        { from: 'paper', where: 'abstract', says: '“60 million parameters”.' },
        {
          from: 'network',
          command: 'explain',
          says: `the dense layers hold ${shareOf('dense', 'parameters')}.`,
        },
      ],
    },
    {
      claim: `One image takes ${millions(multiplyAdds)} multiply-adds.`,
      evidence: [
        {
          from: 'network',
          command: 'explain',
          says: `${grouped(multiplyAdds)}, biases and element-wise layers left out.`,
        },
      ],
    },
    {
      claim: `Its layers with weights give ${grouped(neurons)} numbers for one image.`,
      evidence: [
        {
          from: 'paper',
          where: 'abstract',
          says:
            '“650,000 neurons”. The caption of Figure 2 counts 253,440 for the first layer, but ' +
            `55 × 55 × 96 is ${grouped(volume(layer('conv1').output))}.`,
        },
        { from: 'network', command: 'explain', says: 'the sum of their outputs.' },
      ],
    },
    {
      claim: 'Depth matters: no convolutional layer can be left out.',
      evidence: [
        {
          from: 'paper',
          where: '§1 and §7',
          says:
            'without one of the middle layers the top-1 error grows by about 2 points, though ' +
            'each convolutional layer holds “no more than 1 %” of the parameters.',
        },
        {
          from: 'network',
          command: 'explain',
          says:
            'two are a little above 1 %: ' +
            ['conv3', 'conv4']
              .map((name) => `${name} ${percent(layer(name).parameters, parameters)}`)
              .join(' and ') +
            '.',
        },
      ],
      ours: '`alexnet experiment depth` takes one layer out of a small network, in pairs.',
      tries: [
        {
          kind: 'command',
          command: 'experiment --list',
          shows:
            'the claims of the paper that this machine can try, each with its seeds and minutes',
        },
      ],
    },
  ];
}
