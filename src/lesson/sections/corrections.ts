import { describeDepth } from '../../network/describe.ts';
import { millions1, paper, paperCost, singleCost } from '../count.ts';
import { inferShapes } from '../../network/shapes.ts';
import type { Claim, Section } from '../lesson.ts';
import { ablations } from '../published.ts';

/** What explanations often say, and what is so. Counted where it can be. */
export function corrections(): Section {
  return {
    id: 'corrections',
    title: 'Where explanations often slip',
    blocks: [
      {
        kind: 'text',
        text:
          'AlexNet has been retold many times, and some things changed on the way. The paper is ' +
          'short and leaves details to its code. Here is what is often said, and what we found.',
      },
      { kind: 'claims', claims: claims() },
    ],
  };
}

function claims(): Claim[] {
  const pools = inferShapes(paper).flatMap(({ layer }, i, all) => {
    if (layer.type !== 'maxPool') return [];
    const before = all.slice(0, i).findLast((each) => each.layer.type === 'convolution');
    return [before!.layer.name];
  });
  const drops = paper.flatMap((layer, i) => {
    if (layer.type !== 'dropout') return [];
    return [paper.slice(0, i).findLast(({ type }) => type === 'dense')!.name];
  });
  return [
    {
      claim: 'Often: “AlexNet won with 15.3 %.” The entry did; it averaged seven networks.',
      evidence: [
        { from: 'paper', where: '§6', says: 'one network of this kind had 18.2 % (validation).' },
      ],
    },
    {
      claim: 'Often: “the input is 224×224.” That does not divide.',
      evidence: [
        {
          from: 'network',
          command: 'explain --input 224',
          says: '(224 − 11)/4 is not whole; [four ways are right](#layers).',
        },
      ],
    },
    {
      claim:
        'Often: “max-pooling loses no important information.” It loses where, inside a window.',
      evidence: [
        {
          from: 'reckoned',
          says: 'see [the moved 3](#operations): two inputs, one output.',
        },
      ],
    },
    {
      claim: `Often: “every convolution is followed by pooling.” Only ${listed(pools)} are.`,
      evidence: [{ from: 'paper', where: '§3.5', says: 'conv3 and conv4 have none behind them.' }],
    },
    {
      claim: `Often: “dropout on all dense layers.” It is on ${listed(drops)}, not on fc8.`,
      evidence: [
        { from: 'paper', where: '§4.2', says: '“in the first two fully-connected layers”.' },
        {
          from: 'source',
          where: 'in torchvision',
          says: 'it stands before fc6 and fc7: another place, and not the paper’s.',
        },
      ],
    },
    {
      claim: 'Often: “two GPUs for faster training.” They were there for memory.',
      evidence: [
        {
          from: 'paper',
          where: '§3.2',
          says:
            '3 GB did not hold the network. They also gained ' +
            `${ablations.twoGpus.top1}/${ablations.twoGpus.top5} points over a narrower one.`,
        },
      ],
    },
    {
      claim: 'Often: “ReLU gives better accuracy.” Its point was speed of training.',
      evidence: [
        {
          from: 'paper',
          where: '§3.1',
          says: '25 % training error on CIFAR-10 six times sooner than tanh.',
        },
      ],
    },
    {
      claim:
        `Often: “AlexNet has ${paper.length - 1} layers”, or some other number. ` +
        `${describeDepth(paper)}.`,
      evidence: [
        {
          from: 'network',
          command: 'explain',
          says:
            'the longer count also has ReLU, LRN, pooling, dropout and softmax, ' +
            'which have no weights.',
        },
      ],
    },
    {
      claim: 'Often: “60 million parameters” beside a drawing with one tower and no groups.',
      evidence: [
        {
          from: 'network',
          command: 'explain --variant single',
          says:
            `that network has ${millions1(singleCost.parameters)}; ` +
            `${millions1(paperCost.parameters)} is with two towers.`,
        },
      ],
    },
    {
      claim:
        'Often: “initial weights with variance 0.01”, “five crops”, “a window of depth_radius 5”.',
      evidence: [
        {
          from: 'paper',
          where: '§5, §4.1, §3.3',
          says:
            '0.01 is the standard deviation; the crops are ten; LRN’s window is 5 channels, ' +
            'which ' +
            'is depth_radius 2 in TensorFlow.',
        },
      ],
    },
    {
      claim: 'The paper and its code differ too.',
      evidence: [
        {
          from: 'source',
          where: 'the authors’ code, layers-145.cfg',
          says:
            'layer 1 there is convolution, LRN, pooling, then ReLU; α is divided by the window; ' +
            'biases learn twice as fast and do not decay; layer 2 has a second normalisation ' +
            'inside each map; layer 5 pools before its ReLU. See [the family](#family).',
        },
      ],
    },
  ];
}

function listed(names: readonly string[]): string {
  return names.length < 2
    ? names.join('')
    : `${names.slice(0, -1).join(', ')} and ${names.at(-1)!}`;
}
