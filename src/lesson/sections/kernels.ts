import { grouped } from '../../text.ts';
import type { Block, Gallery, Pixels, Section } from '../lesson.ts';
import { measured } from '../measured.ts';
import { published } from '../published.ts';
import { trainedKernels } from '../trained-kernels.ts';

type Kind = 'edge' | 'blob' | 'colour' | 'noise' | 'dead';

/** What each kind is called here; `alexnet inspect kernels` measures them. */
const called: Readonly<Record<Kind, string>> = {
  edge: 'edge',
  blob: 'corner or blob',
  colour: 'colour contrast',
  noise: 'noise',
  dead: 'dead',
};

/** Kernels of a trained first layer, as they are. */
export function kernels(): Section {
  const { kinds, sheet, side, provenance } = trainedKernels;
  const all: readonly Kind[] = kinds;
  const counts = (Object.keys(called) as Kind[])
    .map((kind) => ({ kind, count: all.filter((one) => one === kind).length }))
    .filter(({ count }) => count > 0);
  return {
    id: 'kernels',
    title: 'What the first layer learned',
    blocks: [
      {
        kind: 'text',
        text:
          `“Conv1 gives ${all.length} feature maps: one finds edges, another corners.” So it is ` +
          'often told. Here are real kernels, so that the sentence can be seen and doubted.',
      },
      {
        kind: 'figure',
        id: 'sheet',
        caption:
          `All ${all.length} kernels of a first layer, each ${side}×${side} in colour, on one ` +
          `scale; mid-grey is zero. ${provenance}`,
        alt: `A sheet of ${all.length} small coloured squares.`,
        drawing: {
          width: sheet.width,
          height: sheet.height,
          url: `data:image/png;base64,${sheet.png}`,
          cells: true,
        },
        size: 'narrow',
      },
      {
        kind: 'table',
        caption: 'Told apart by their energy, colours and Fourier spectrum',
        columns: [{ title: 'kind' }, { title: 'kernels', numbers: true }],
        rows: counts.map(({ kind, count }) => [called[kind], grouped(count)]),
      },
      gallery(),
      ...doubts(counts.find(({ kind }) => kind === 'noise')?.count ?? 0),
      {
        kind: 'try',
        tries: [
          {
            kind: 'command',
            command: 'inspect kernels demo/run/model.safetensors --out kernels.html',
            shows: 'the same of your own model, each kernel with its kind, angle and frequency',
          },
          {
            kind: 'command',
            command:
              'inspect maps demo/run/model.safetensors demo/pictures/test/star/star-0330.png ' +
              '--layer relu1 --out maps.html',
            shows: 'every map that a first layer makes of one image',
          },
        ],
      },
    ],
  };
}

function gallery(): Gallery {
  const { shown, side, mapSide, picture } = trainedKernels;
  const pixels = (width: number, png: string): Pixels => ({
    width,
    height: width,
    url: `data:image/png;base64,${png}`,
    cells: true,
  });
  return {
    kind: 'gallery',
    id: 'maps',
    caption:
      'Beside each kernel, the map that it makes of the drawn image, after ReLU: light where its ' +
      'pattern is, dark where it is not. Each map is on its own scale.',
    items: [
      {
        pictures: [
          {
            width: picture.side,
            height: picture.side,
            url: `data:image/jpeg;base64,${picture.jpeg}`,
            cells: false,
            alt: 'A drawn house among clutter.',
          },
        ],
        words: 'the image: drawn by this project, never seen in training',
      },
      ...shown.map((one) => ({
        pictures: [
          { ...pixels(side, one.picture), alt: `Kernel ${one.kernel}.` },
          { ...pixels(mapSide, one.map), alt: `Its map, ${percentOf(one.zeros)} zeros.` },
        ],
        words: `kernel ${one.kernel}: **${called[one.kind]}**${detail(one)}`,
      })),
    ],
  };
}

interface Measured {
  readonly kind: Kind;
  readonly angle: number;
  readonly colour: number;
}

function detail({ kind, angle, colour }: Measured): string {
  if (kind === 'edge') return `, stripes at ${angle}° (0 is level, 90 upright)`;
  return kind === 'colour' ? `, ${percentOf(colour)} of its energy is colour` : '';
}

function percentOf(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

function doubts(noise: number): Block[] {
  return [
    {
      kind: 'text',
      text:
        'What to doubt: a kind is a threshold on measured numbers, and many kernels are between ' +
        `two kinds. ${noise} of these are noise by their spectrum: some thousand images are few, ` +
        'and patterns come late. The paper’s kernels (Figure 3), from over a million images and ' +
        `${published.epochs} epochs, are cleaner. ` +
        'Yet look at the maps: even “noise” answers to some things and ' +
        'not to others, and what looks like an edge answers to much that is none.',
    },
    {
      kind: 'claims',
      claims: [
        {
          claim: 'Patterns appear while the network trains on.',
          evidence: [
            {
              from: 'measured',
              command: measured.noiseKernels.command,
              says:
                `all 96 kernels are noise at the start; after 13 epochs of this recipe ` +
                `${measured.noiseKernels.value} still were, and the other ` +
                `${96 - measured.noiseKernels.value} were edges and colours.`,
              noted: measured.noiseKernels,
            },
          ],
        },
      ],
    },
  ];
}
