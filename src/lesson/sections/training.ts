import { flops } from '../../engine/bench.ts';
import { hasParameters } from '../../network/layer.ts';
import type { Distribution } from '../../network/layer.ts';
import { alexnet } from '../../network/variants.ts';
import { grouped } from '../../text.ts';
import { paper } from '../count.ts';
import type { Section, Table } from '../lesson.ts';
import { measured } from '../measured.ts';
import { published } from '../published.ts';

export function training(): Section {
  const { batch, momentum, weightDecay, learningRate, epochs, trainingImages, days } = published;
  const passes = trainingImages * epochs;
  const steps = Number((passes / batch).toPrecision(2));
  const seconds = ((days[0] + days[1]) / 2) * 86_400;
  const ourDays = passes / measured.training.value / 86_400;
  return {
    id: 'training',
    title: 'Training',
    blocks: [
      {
        kind: 'text',
        text:
          `The network sees ${batch} images at a time. For each weight the gradient g says how ` +
          `the ` +
          'loss would grow with it. The weight moves the other way, with a memory of where it ' +
          'was ' +
          'going (momentum), and is drawn a little towards zero (weight decay):',
      },
      {
        kind: 'formula',
        lines: [
          `v ← ${momentum}·v − ${weightDecay}·ε·w − ε·g`,
          'w ← w + v',
          `ε = ${learningRate} at first (learning rate), ÷ 10 when the validation error stops ` +
            `falling`,
        ],
      },
      {
        kind: 'text',
        text:
          'ε stands inside v. PyTorch multiplies the whole velocity by it instead, which differs ' +
          'for a few steps after ε changes.',
      },
      initialTable(),
      {
        kind: 'text',
        text:
          '0.01 is the standard deviation, not the variance. A bias of 1 lets the ReLUs start ' +
          'with ' +
          'positive inputs, so that they learn from the first step on (paper, §5).',
      },
      {
        kind: 'claims',
        claims: [
          {
            claim: `About ${epochs} epochs, ${days.join(' to ')} days on two GPUs.`,
            evidence: [
              {
                from: 'paper',
                where: '§5',
                says:
                  `roughly ${epochs} cycles through ${grouped(trainingImages)} images on two ` +
                  'GTX 580 with 3 GB; ε lowered three times by hand.',
              },
              {
                from: 'reckoned',
                says:
                  `about ${grouped(steps)} steps and ${grouped(passes / seconds)} ` +
                  'images per second.',
              },
              {
                from: 'network',
                command: 'bench --mode train --json',
                says:
                  `${(flops(paper, 'train') / 1e9).toFixed(2)} GFLOP to train on one image, so ` +
                  `${grouped((flops(paper, 'train') * passes) / 1e15)} PFLOP in all.`,
              },
              {
                from: 'measured',
                command: measured.training.command,
                says:
                  `${measured.training.value} images per second on two virtual CPU cores: ` +
                  `${epochs} epochs of ImageNet would take ${ourDays.toFixed(0)} days there.`,
                noted: measured.training,
              },
            ],
            ours:
              'The recipe paper is this, as data; the recipe photos is for small sets on a ' +
              'CPU.',
            tries: [
              {
                kind: 'command',
                command: 'bench --mode train --batch 32 --steps 3',
                shows: 'how many images per second this machine trains',
                slow: '6.56 images per second, 27.1 GFLOP/s, on two cores with much else to do.',
              },
            ],
          },
          {
            claim: 'Weight decay is not only against overfitting here.',
            evidence: [
              { from: 'paper', where: '§5', says: 'it “reduces the model’s training error”.' },
            ],
          },
        ],
      },
    ],
  };
}

/** How each layer starts, in the paper and in the authors' code. */
function initialTable(): Table {
  const source = alexnet('source');
  return {
    kind: 'table',
    caption: 'How the parameters start',
    columns: [
      { title: 'layer' },
      { title: 'weights: standard deviation', numbers: true },
      { title: 'bias', numbers: true },
      { title: 'weights in the authors’ code', numbers: true },
    ],
    rows: paper.flatMap((layer) => {
      if (!hasParameters(layer)) return [];
      const theirs = source.find(({ name }) => name === layer.name);
      const { weight, bias } = layer.parameters;
      return [
        [
          layer.name,
          start(weight.initial),
          start(bias.initial),
          theirs !== undefined && hasParameters(theirs)
            ? start(theirs.parameters.weight.initial)
            : '',
        ],
      ];
    }),
  };
}

function start(initial: Distribution): string {
  switch (initial.distribution) {
    case 'constant':
      return String(initial.value);
    case 'normal':
      return String(initial.standardDeviation);
    case 'uniform':
      return `±${initial.bound.toPrecision(2)}`;
  }
}
