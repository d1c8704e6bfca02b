import { resolve, sep } from 'node:path';
import { eachValues } from '../../model/weights.ts';
import { findLayer, formatShape, inferShapes } from '../../network/shapes.ts';
import { amounts, rangeOf } from '../colours.ts';
import { mapDifferences, weightStatistics } from '../compare.ts';
import type { MapDifference, WeightStatistics } from '../compare.ts';
import { mapPicture } from '../draw.ts';
import { abouts } from '../pages/about.ts';
import { likeliest } from './open.ts';
import type { Likely, Opened, Photograph } from './open.ts';
import { clippedWords, digits, share } from '../pages/report.ts';
import type { Panel, Report, Section } from '../pages/report.ts';

export interface CompareAnswer {
  readonly models: readonly {
    readonly model: string;
    readonly predictions: readonly Likely[];
    readonly weights: readonly WeightStatistics[];
  }[];
  /** By layer that both have, in one shape: the channels that differ most. */
  readonly layers: readonly {
    readonly layer: string;
    readonly differences: readonly MapDifference[];
  }[];
}

/** Two models on one photograph, each seen through its own preprocessing. */
export async function compareReport(
  a: Opened,
  b: Opened,
  [photographA, photographB]: readonly [Photograph, Photograph],
): Promise<{ report: Report; answer: CompareAnswer }> {
  const [nameA, nameB] = distinctNames(a, b);
  const models = [await look(a, photographA, nameA), await look(b, photographB, nameB)] as const;
  const shapesB = inferShapes(b.model.network);
  const shared = inferShapes(a.model.network).filter(
    ({ layer, output }) =>
      output[1] > 1 &&
      layer.type === 'relu' &&
      shapesB.some(
        (other) =>
          other.layer.name === layer.name && formatShape(other.output) === formatShape(output),
      ),
  );
  const sections: Section[] = [await answersSection(models)];
  const layers: { layer: string; differences: MapDifference[] }[] = [];
  for (const { layer } of shared) {
    const { section, differences } = await layerSection(a, b, layer.name);
    sections.push(section);
    layers.push({ layer: layer.name, differences });
  }
  if (shared.length === 0)
    sections.push({
      text:
        'The two have no layer of maps with the same name and size, so their maps cannot be ' +
        'put side by side.',
    });
  sections.push(weightsSection(models));
  const report: Report = {
    title: 'Two models',
    subtitle: `A, ${nameA}, and B, ${nameB}, on ${photographA.name}`,
    sections,
    about: [abouts.compare],
  };
  return {
    report,
    answer: {
      models: models.map(({ model, predictions, weights }) => ({ model, predictions, weights })),
      layers,
    },
  };
}

/** Two files of one name are told apart by the folders that they lie in. */
export function distinctNames(
  a: Pick<Opened, 'name' | 'path'>,
  b: Pick<Opened, 'name' | 'path'>,
): [string, string] {
  if (a.name !== b.name) return [a.name, b.name];
  const [partsA, partsB] = [a, b].map(({ path }) => resolve(path).split(sep)) as [
    string[],
    string[],
  ];
  for (let length = 2; length <= Math.max(partsA.length, partsB.length); length++) {
    const names = [partsA, partsB].map((parts) => parts.slice(-length).join('/'));
    if (names[0] !== names[1]) return [names[0]!, names[1]!];
  }
  return [a.name, `${b.name}, the same file`];
}

interface Look {
  readonly model: string;
  readonly photograph: Photograph;
  readonly predictions: Likely[];
  readonly weights: WeightStatistics[];
}

async function look(
  { model, session }: Opened,
  photograph: Photograph,
  name: string,
): Promise<Look> {
  const predictions = likeliest(model, await session.forward(photograph.input), 5);
  return {
    model: name,
    photograph,
    predictions,
    weights: [...eachValues(model.weights)].map(([parameter, values]) =>
      weightStatistics(parameter, values),
    ),
  };
}

async function answersSection(models: readonly [Look, Look]): Promise<Section> {
  const { photograph: first } = models[0];
  const whole: Panel = {
    picture: await first.whole(),
    caption: ['the photograph', first.name],
    alt: first.name,
  };
  const panels = models.map(({ model, photograph, predictions }, i): Panel => ({
    picture: photograph.picture,
    caption: [
      `what ${i === 0 ? 'A' : 'B'}, ${model}, sees`,
      ...predictions.map(({ label, probability }) => `${label} ${share(probability)}`),
    ],
    alt:
      `What model ${i === 0 ? 'A' : 'B'}, ${model}, sees: ` +
      predictions.map(({ label, probability }) => `${label} ${share(probability)}`).join(', '),
  }));
  return { heading: 'Answers', panels: [whole, ...panels], columns: 4 };
}

async function layerSection(
  a: Opened,
  b: Opened,
  layer: string,
): Promise<{ section: Section; differences: MapDifference[] }> {
  const { output } = findLayer(inferShapes(a.model.network), layer);
  const [mapsA, mapsB] = [await a.session.activation(layer), await b.session.activation(layer)];
  const differences = mapDifferences(mapsA, mapsB, output);
  const places = output[1] * output[2];
  const [rangeA, rangeB] = [rangeOf(mapsA, 0.9995), rangeOf(mapsB, 0.9995)];
  const clipped = [clippedWords(mapsA, rangeA), clippedWords(mapsB, rangeB)]
    .flatMap((words, i) => (words === '' ? [] : [` ${i === 0 ? 'A' : 'B'}:${words}`]))
    .join('');
  const panels = differences.slice(0, 8).flatMap(({ channel, distance }) =>
    [mapsA, mapsB].map((maps, i): Panel => ({
      picture: mapPicture(
        maps.subarray(channel * places, (channel + 1) * places),
        output[1],
        output[2],
        i === 0 ? rangeA : rangeB,
        amounts,
      ),
      caption: [`${i === 0 ? 'A' : 'B'} ${channel}`, `apart ${digits(distance)}`],
      alt: `Channel ${channel} of ${layer} in model ${i === 0 ? 'A' : 'B'}`,
      cells: true,
    })),
  );
  return {
    section: {
      heading: `Maps of ${layer} that differ most`,
      text:
        'Pairs: A on the left, B on the right, each model’s layer on its own scale, dark for 0 ' +
        `and light for ${digits(rangeA.high)} (A) or ` +
        `${digits(rangeB.high)} (B). “Apart” is the Euclidean distance of the two ` +
        'maps after each layer is divided by its own largest number: it has no unit, and 0 is ' +
        `the same map.${clipped}`,
      panels,
      columns: 8,
      pairs: true,
    },
    differences,
  };
}

function weightsSection([a, b]: readonly [Look, Look]): Section {
  const names = [...new Set([...a.weights, ...b.weights].map(({ name }) => name))];
  const cells = (found: WeightStatistics | undefined): string[] =>
    found === undefined
      ? ['–', '–', '–']
      : [
          digits(found.mean),
          digits(found.deviation),
          `${digits(found.least)} to ${digits(found.largest)}`,
        ];
  const rows = names.map((name) => [
    name,
    ...[a, b].flatMap(({ weights }) => cells(weights.find((found) => found.name === name))),
  ]);
  return {
    heading: 'Weights',
    table: {
      columns: [
        'parameter',
        'A mean',
        'A deviation',
        'A range',
        'B mean',
        'B deviation',
        'B range',
      ],
      rows,
    },
  };
}
