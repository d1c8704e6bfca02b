import { realpath } from 'node:fs/promises';
import { nearestNeighbours } from '../neighbours.ts';
import type { Metric } from '../neighbours.ts';
import type { Work } from '../work.ts';
import { abouts } from '../pages/about.ts';
import { featuresOf } from './features.ts';
import { likeliest, openPhotograph } from './open.ts';
import type { Likely, Opened, Photograph } from './open.ts';
import { digits, share } from '../pages/report.ts';
import type { Panel, Report } from '../pages/report.ts';

export interface NeighboursOptions extends Work {
  readonly layer: string;
  readonly index: string;
  readonly metric: Metric;
  /** How many. */
  readonly top: number;
}

export interface NeighboursAnswer {
  readonly file: string;
  readonly layer: string;
  readonly metric: Metric;
  readonly photographs: number;
  /** Of the photograph itself: its class where it lies in the folder, and the model's answers. */
  readonly query: { readonly label?: string; readonly predictions: readonly Likely[] };
  readonly neighbours: readonly {
    readonly file: string;
    readonly name: string;
    readonly label: string;
    readonly distance: number;
  }[];
}

/** The photographs of a folder that are nearest to one, itself left out: the paper's Figure 4. */
export async function neighboursReport(
  opened: Opened,
  photograph: Photograph,
  folder: string,
  { layer, index, metric, top, ...work }: NeighboursOptions,
): Promise<{ report: Report; answer: NeighboursAnswer; remarks: readonly string[] }> {
  const { dataset, values, remarks } = await featuresOf(opened, folder, layer, index, work);
  const predictions = likeliest(opened.model, await opened.session.forward(photograph.input), 3);
  const own = await realpath(photograph.file);
  const all = nearestNeighbours(await opened.session.activation(layer), values, top + 1, metric);
  const paths = await Promise.all(
    all.map(({ index: i }) => realpath(dataset.samples[i]!.source.path)),
  );
  const itself = all.find((_, k) => paths[k] === own);
  const label = itself && dataset.classes[dataset.samples[itself.index]!.label]!;
  const query = { ...(label !== undefined && { label }), predictions };
  const found = all.filter((_, k) => paths[k] !== own).slice(0, top);
  const neighbours = found.map(({ index: i, distance }) => {
    const { source, name, label } = dataset.samples[i]!;
    return { file: source.path, name, label: dataset.classes[label]!, distance };
  });
  const panels = await neighbourPanels(opened, neighbours);
  const report: Report = {
    title: 'Nearest neighbours',
    subtitle:
      `${photograph.name} among ${dataset.samples.length} photographs, by ` +
      `${metric === 'cosine' ? 'angle' : 'Euclidean distance'} of ${layer}; ${opened.name}`,
    sections: [
      {
        panels: [
          {
            picture: photograph.picture,
            ...wordsFor(query, dataset.classes.length > 1),
          },
        ],
        columns: 4,
      },
      {
        heading: 'Nearest first',
        text: 'Under each its class, and its distance.',
        panels,
        columns: 6,
      },
    ],
    about: [abouts.neighbours],
  };
  return {
    report,
    answer: {
      file: photograph.file,
      layer,
      metric,
      photographs: dataset.samples.length,
      query,
      neighbours,
    },
    remarks,
  };
}

function wordsFor(
  { label, predictions }: NeighboursAnswer['query'],
  classes: boolean,
): Pick<Panel, 'caption' | 'alt'> {
  const answers = predictions.map((one) => `${one.label} ${share(one.probability)}`);
  const own = label ?? 'of no known class: it is not in the folder';
  const caption = [
    'the photograph',
    ...(classes ? [own] : []),
    `the model’s answers: ${answers.join(', ')}`,
  ];
  return {
    caption,
    alt: `The photograph that neighbours are sought for: ${caption.slice(1).join('; ')}`,
  };
}

async function neighbourPanels(
  opened: Opened,
  neighbours: NeighboursAnswer['neighbours'],
): Promise<Panel[]> {
  const panels: Panel[] = [];
  for (const { file, label, name, distance } of neighbours) {
    const { picture } = await openPhotograph(file, opened);
    panels.push({
      picture,
      caption: [label, digits(distance), name.split('/').at(-1)!],
      alt: `${label}, at a distance of ${digits(distance)}`,
    });
  }
  return panels;
}
