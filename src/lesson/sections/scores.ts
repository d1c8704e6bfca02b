import { scoresDrawing } from '../figures/scores.ts';
import type { Section } from '../lesson.ts';
import { scores } from '../published.ts';

export function results(): Section {
  return {
    id: 'scores',
    title: 'What it scored, and in which setting',
    blocks: [
      {
        kind: 'text',
        text:
          'A number without its setting says little: which year’s images, validation or test, ' +
          'how many crops, how many networks averaged. All of these are from the paper (§6).',
      },
      {
        kind: 'figure',
        id: 'errors',
        caption: 'Top-5 error in 2012; shorter is better. Settings differ: see the table.',
        alt: 'Bars of top-5 errors; the numbers are those of the table below.',
        drawing: scoresDrawing(
          scores
            .filter(({ data }) => data.startsWith('ILSVRC-2012'))
            .toSorted((a, b) => a.top5 - b.top5)
            .map(({ system, data, top5, authors }) => ({
              name: `${short(system)}, ${data.split(' ')[1]!}`,
              top5,
              ours: authors,
            })),
        ),
        size: 'narrow',
      },
      {
        kind: 'table',
        caption: 'Errors in %; crops as §4.1 and footnote 5 tell them',
        columns: [
          { title: 'system' },
          { title: 'images' },
          { title: 'crops' },
          { title: 'top-1', numbers: true },
          { title: 'top-5', numbers: true },
        ],
        rows: scores.map(({ system, data, crops, top1, top5 }) => [
          system,
          data,
          crops,
          top1 === undefined ? 'not told' : top1.toFixed(1),
          top5.toFixed(1),
        ]),
      },
      {
        kind: 'text',
        text:
          'The labels of the 2012 test set were not public, so most numbers of 2012 are of the ' +
          'validation set. The authors found the two to differ by no more than 0.1 points.',
      },
      {
        kind: 'try',
        tries: [
          {
            kind: 'command',
            command: 'evaluate demo/run/model.safetensors demo/pictures',
            shows: 'top-1 and top-5 with one crop, and the number of images it was measured on',
          },
          {
            kind: 'command',
            command: 'evaluate demo/run/model.safetensors demo/run/last.safetensors demo/pictures',
            shows:
              'each of two models alone, and their average; these two are of one run, so little ' +
              'is gained',
          },
          {
            kind: 'command',
            command:
              'inspect neighbours demo/run/model.safetensors ' +
              'demo/pictures/test/star/star-0330.png demo/pictures/test/house/house-0330.png ' +
              'demo/pictures/train --out figure4.html',
            shows: 'what the network takes for alike, as in the paper’s Figure 4',
          },
        ],
      },
    ],
  };
}

/** `AlexNet, five networks averaged` → `five networks`. */
function short(system: string): string {
  return /(one|five|seven) networks?/.exec(system)?.[0] ?? 'second-best entry';
}
