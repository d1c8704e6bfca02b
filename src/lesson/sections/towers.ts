import { stagesOf } from '../../network/drawing/stages.ts';
import { grouped, percent } from '../../text.ts';
import { paper, paperCost, singleCost, trainingSize } from '../count.ts';
import type { Section, Table } from '../lesson.ts';
import { measured } from '../measured.ts';
import { ablations } from '../published.ts';

export function towers(): Section {
  const saved = singleCost.multiplyAdds - paperCost.multiplyAdds;
  return {
    id: 'towers',
    title: 'Two towers on two GPUs',
    blocks: [
      {
        kind: 'text',
        text:
          'A GTX 580 has 3 GB of memory. The network did not fit, so each of two GPUs held half ' +
          'of ' +
          'the kernels: a tower. To save talk between them, some layers see only their own tower.',
      },
      table(),
      {
        kind: 'claims',
        claims: [
          {
            claim: 'Two GPUs were there because one had too little memory.',
            evidence: [
              {
                from: 'paper',
                where: '§3.2',
                says: 'a single GPU’s 3 GB “limits the maximum size of the networks”.',
              },
              {
                from: 'network',
                command: 'explain',
                says:
                  `a step of 128 images needs at least ${trainingSize} in all. ` +
                  'An implementation needs more: working space, and copies in its own layout.',
              },
            ],
          },
          {
            claim: 'They also made the network better than half of it.',
            evidence: [
              {
                from: 'paper',
                where: '§3.2',
                says:
                  `${ablations.twoGpus.top1} points of top-1 and ${ablations.twoGpus.top5} of ` +
                  'top-5 error less than a network with half as many kernels in each ' +
                  'convolution on one GPU (the last convolution and the dense layers were not ' +
                  'halved there, footnote 2), and it trained slightly faster.',
              },
            ],
            ours: '`alexnet experiment towers` makes this comparison at a small scale.',
          },
          {
            claim: 'Groups save work.',
            evidence: [
              {
                from: 'network',
                command: 'explain --variant single',
                says:
                  `one tower without groups does ${grouped(singleCost.multiplyAdds)} ` +
                  `multiply-adds, ${percent(saved, paperCost.multiplyAdds)} more, and has ` +
                  `${grouped(singleCost.parameters)} parameters.`,
              },
            ],
            ours:
              'Variant paper has the two towers and keeps LRN inside each; variant single has ' +
              'one, ' +
              'as most tutorials teach it. Both are one line per layer.',
            tries: [
              {
                kind: 'command',
                command: 'explain --variant single',
                shows: 'conv2, conv4 and conv5 with kernels twice as deep',
              },
            ],
          },
          {
            claim: 'The two towers learned different things.',
            evidence: [
              {
                from: 'paper',
                where: '§6.1 and Figure 3',
                says:
                  'the kernels on GPU 1 are “largely color-agnostic”, those on GPU 2 “largely ' +
                  'color-specific”, in every run.',
              },
              {
                from: 'measured',
                command: measured.towersApart.command,
                says:
                  'two networks of ours, from 5,201 images instead of 1.2 million, show no such ' +
                  `difference (p = ${measured.towersAlike.value} and ${measured.towersApart.value}).`,
                noted: measured.towersApart,
              },
            ],
            ours:
              'inspect towers measures grey against colour in each tower, with a test of whether ' +
              'they differ more than chance makes them.',
            tries: [
              {
                kind: 'command',
                command: 'inspect towers demo/run/model.safetensors --halves --out towers.html',
                shows:
                  'the test on two halves of one tower, which nothing told apart: what p is it?',
              },
            ],
          },
        ],
      },
    ],
  };
}

/** Which layers with weights see both towers, counted from the network. */
function table(): Table {
  const stages = stagesOf(paper).filter(
    ({ layer }) => layer.type === 'convolution' || layer.type === 'dense',
  );
  return {
    kind: 'table',
    caption: 'What a kernel or a unit of each layer sees',
    columns: [{ title: 'layer' }, { title: 'groups', numbers: true }, { title: 'it sees' }],
    rows: stages.map(({ layer }) => {
      const groups = layer.type === 'convolution' ? layer.groups : 1;
      const input = layer === stages[0]?.layer ? 'the whole image' : 'both towers';
      return [layer.name, String(groups), groups > 1 ? 'its own tower' : input];
    }),
  };
}
