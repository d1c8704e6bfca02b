import { realpath } from 'node:fs/promises';
import { nearestNeighbours } from '../neighbours.ts';
import type { Metric } from '../neighbours.ts';
import type { Work } from '../work.ts';
import { abouts } from '../pages/about.ts';
import { featuresOf } from './features.ts';
import type { Features } from './features.ts';
import { likeliest, openPhotograph, photographSection } from './open.ts';
import type { Likely, Opened, Photograph } from './open.ts';
import { digits, share } from '../pages/report.ts';
import type { Panel, Report, Section } from '../pages/report.ts';

export interface NeighboursOptions extends Work {
  readonly layer: string;
  readonly index: string;
  readonly metric: Metric;
  /** How many. */
  readonly top: number;
}

/** One photograph, and those that are nearest to it. */
export interface Found {
  readonly file: string;
  /** Of the photograph itself: its class where it lies in the folder, and the model's answers. */
  readonly query: { readonly label?: string; readonly predictions: readonly Likely[] };
  readonly neighbours: readonly {
    readonly file: string;
    readonly name: string;
    readonly label: string;
    readonly distance: number;
  }[];
}

export interface Searched {
  readonly layer: string;
  readonly metric: Metric;
  /** How many were looked through. */
  readonly photographs: number;
}

/** Of one photograph. */
export type NeighboursAnswer = Searched & Found;

/** Of several. */
export interface NeighbourGridAnswer extends Searched {
  readonly queries: readonly Found[];
}

/**
 * The photographs of a folder that are nearest to one, itself left out; of several photographs a
 * grid, each with its nearest beside it: the paper's Figure 4.
 */
export async function neighboursReport(
  opened: Opened,
  photographs: readonly Photograph[],
  folder: string,
  { layer, index, metric, top, ...work }: NeighboursOptions,
): Promise<{
  report: Report;
  answer: NeighboursAnswer | NeighbourGridAnswer;
  queries: readonly Found[];
  remarks: readonly string[];
}> {
  const features = await featuresOf(opened, folder, layer, index, work);
  const { samples, classes } = features.dataset;
  const queries: Found[] = [];
  for (const photograph of photographs)
    queries.push(await searched(opened, photograph, features, { layer, metric, top }));
  const searchedIn: Searched = { layer, metric, photographs: samples.length };
  const [first] = photographs;
  const [one] = queries;
  const alone = photographs.length === 1;
  const named = alone ? first!.name : `${photographs.length} photographs`;
  const report: Report = {
    title: 'Nearest neighbours',
    subtitle:
      `${named} among ${samples.length} photographs, by ` +
      `${metric === 'cosine' ? 'angle' : 'Euclidean distance'} of ${layer}; ${opened.name}`,
    sections: alone
      ? await aloneSections(opened, first!, one!, classes.length > 1)
      : await gridSections(opened, photographs, queries, classes.length > 1, top),
    about: [abouts.neighbours],
  };
  const answer = alone ? { ...searchedIn, ...one! } : { ...searchedIn, queries };
  return { report, answer, queries, remarks: features.remarks };
}

async function searched(
  { model, session }: Opened,
  photograph: Photograph,
  { dataset: { samples, classes }, values }: Features,
  { layer, metric, top }: Pick<NeighboursOptions, 'layer' | 'metric' | 'top'>,
): Promise<Found> {
  const predictions = likeliest(model, await session.forward(photograph.input), 3);
  const own = await realpath(photograph.file);
  const all = nearestNeighbours(await session.activation(layer), values, top + 1, metric);
  const paths = await Promise.all(all.map(({ index }) => realpath(samples[index]!.source.path)));
  const itself = all.find((_, k) => paths[k] === own);
  const label = itself && classes[samples[itself.index]!.label]!;
  const found = all.filter((_, k) => paths[k] !== own).slice(0, top);
  return {
    file: photograph.file,
    query: { ...(label !== undefined && { label }), predictions },
    neighbours: found.map(({ index, distance }) => {
      const { source, name, label: number } = samples[index]!;
      return { file: source.path, name, label: classes[number]!, distance };
    }),
  };
}

/** One photograph, whole and as the network sees it, and under it its neighbours. */
async function aloneSections(
  opened: Opened,
  photograph: Photograph,
  { query, neighbours }: Found,
  classes: boolean,
): Promise<Section[]> {
  const { panels = [], ...section } = await photographSection(photograph);
  const [whole, seen] = panels;
  const { caption } = wordsFor(query, classes);
  return [
    { ...section, panels: [{ ...whole!, caption: [...whole!.caption, ...caption] }, seen!] },
    {
      heading: 'Nearest first',
      text: 'Under each its class, and its distance.',
      panels: await neighbourPanels(opened, neighbours),
      columns: 6,
    },
  ];
}

/** A row for each photograph: first itself, then its neighbours. */
async function gridSections(
  opened: Opened,
  photographs: readonly Photograph[],
  queries: readonly Found[],
  classes: boolean,
  top: number,
): Promise<Section[]> {
  const rows: Section[] = [];
  for (const [k, { query, neighbours }] of queries.entries()) {
    const { picture, name } = photographs[k]!;
    const { alt, ...words } = wordsFor(query, classes);
    const [best] = query.predictions;
    const caption = [
      ...words.caption.slice(0, -1),
      `said ${best!.label} ${share(best!.probability)}`,
    ];
    rows.push({
      heading: query.label === undefined || !classes ? name : `${query.label}, ${name}`,
      panels: [
        { picture, caption: ['the photograph', ...caption], alt },
        ...(await neighbourPanels(opened, neighbours)),
      ],
      columns: 1 + top,
    });
  }
  const text =
    'In each row first the photograph, then those nearest to it, all as the network sees them. ' +
    'Under each its class, and its distance.';
  return [{ text }, ...rows];
}

function wordsFor(
  { label, predictions }: Found['query'],
  classes: boolean,
): Pick<Panel, 'caption' | 'alt'> {
  const answers = predictions.map((one) => `${one.label} ${share(one.probability)}`);
  const own = label ?? 'of no known class: it is not in the folder';
  const caption = [...(classes ? [own] : []), `the model’s answers: ${answers.join(', ')}`];
  return { caption, alt: `The photograph that neighbours are sought for: ${caption.join('; ')}` };
}

async function neighbourPanels(opened: Opened, neighbours: Found['neighbours']): Promise<Panel[]> {
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
