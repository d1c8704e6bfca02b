import { AlexNetError } from '../../errors.ts';
import { findLayer, inferShapes, volume } from '../../network/shapes.ts';
import type { Model } from '../../model/model.ts';
import { signedRangeOf } from '../colours.ts';
import { cropped, inputPicture, signedPicture } from '../draw.ts';
import { deconvnet } from '../gradients.ts';
import { maximise, middleOf } from '../maximise.ts';
import type { Colours, MaximiseOptions } from '../maximise.ts';
import { receptiveField } from '../receptive.ts';
import type { Field } from '../receptive.ts';
import { findChannel } from '../target.ts';
import { untilStopped } from '../work.ts';
import type { Work } from '../work.ts';
import { abouts } from '../pages/about.ts';
import { eachPhotograph, photographsIn } from './folder.ts';
import { openPhotograph } from './open.ts';
import type { Opened } from './open.ts';
import { digits } from '../pages/report.ts';
import type { Panel, Report, Section } from '../pages/report.ts';

export interface UnitAnswer {
  readonly layer: string;
  readonly channel: number;
  /** The unit's value on the image that was made for it. */
  readonly value: number;
  /** Of the unit in the middle of the map, in pixels of the input. */
  readonly receptiveField: Field;
  readonly strongest: readonly Strongest[];
}

interface Strongest {
  readonly file: string;
  /** The file's name below the folder. */
  readonly name: string;
  readonly value: number;
  readonly y: number;
  readonly x: number;
  readonly field: Field;
}

export type UnitOptions = Omit<MaximiseOptions, 'colours'> & {
  readonly images?: string;
  readonly top?: number;
};

/** One channel: the image made to excite it, and the photographs of a folder that do. */
export async function unitReport(
  opened: Opened,
  layer: string,
  channel: number,
  options: UnitOptions = {},
): Promise<{ report: Report; answer: UnitAnswer; unread: string[] }> {
  const { model, session, name } = opened;
  findChannel(model.network, layer, channel);
  if (layer === model.network.at(-1)!.name)
    throw new AlexNetError(
      'A probability has no gradient worth following. Look at the scores instead: --layer ' +
        `${model.network.at(-2)!.name}.`,
    );
  const middle = middleOf(session, layer, channel);
  const field = receptiveField(model.network, layer, middle.y, middle.x);
  const made = await maximise(session, middle, { ...options, colours: coloursOf(model) });
  const { found, unread } =
    options.images === undefined
      ? { found: [], unread: [] }
      : await strongestIn(opened, options.images, layer, channel, options.top ?? 9, options);
  const label =
    layer === model.network.at(-2)!.name ? ` (“${model.labels[channel]?.name ?? ''}”)` : '';
  const size = `${field.rows.end - field.rows.start}×${field.columns.end - field.columns.start}`;
  const report: Report = {
    title: `Channel ${channel} of ${layer}${label}`,
    subtitle: `${name}; a unit of it sees ${size} pixels of the input`,
    sections: [
      {
        heading: 'An image made to excite it',
        panels: [
          {
            picture: cropped(inputPicture(made.image, model.preprocessing, model.meanImage), field),
            caption: [
              `${digits(made.value)} on this image`,
              `its receptive field, ${size} pixels`,
              ...weakerWords(made.value, found[0]?.value),
            ],
            alt: `An image made by gradient ascent that excites channel ${channel} of ${layer}`,
          },
        ],
        columns: 3,
      },
      ...(found.length === 0 ? [] : await patchSections(opened, layer, channel, found, options)),
    ],
    about: [abouts.maximise, ...(found.length === 0 ? [] : [abouts.patches])],
  };
  return {
    report,
    answer: { layer, channel, value: made.value, receptiveField: field, strongest: found },
    unread,
  };
}

/** Where a photograph does better than what was made to excite the unit, that is said. */
function weakerWords(made: number, best: number | undefined): string[] {
  if (best === undefined || best <= made) return [];
  return [
    `A photograph excites it more (${digits(best)}): this image shows less than what the unit ` +
      'wants. Try more --steps or another --seed.',
  ];
}

/** How the preprocessing maps bytes to the input. A mean image counts by its mean colour here. */
function coloursOf({
  preprocessing: { channels, scale, mean, deviation },
  meanImage,
}: Model): Colours {
  const means =
    'tensor' in mean ? [0, 1, 2].map((c) => averageOf(meanImage ?? new Float32Array(3), c)) : mean;
  return {
    order: channels === 'RGB' ? [0, 1, 2] : [2, 1, 0],
    mean: means.map((value) => value / scale),
    deviation: deviation.map((value) => value / scale),
  };
}

function averageOf(image: Float32Array, c: number): number {
  const plane = image.subarray((c * image.length) / 3, ((c + 1) * image.length) / 3);
  return plane.reduce((sum, value) => sum + value, 0) / plane.length;
}

/** The strongest place of the channel in every photograph, the strongest photographs first. */
async function strongestIn(
  opened: Opened,
  folder: string,
  layer: string,
  channel: number,
  top: number,
  work: Work,
): Promise<{ found: Strongest[]; unread: string[] }> {
  const { model, session } = opened;
  const dataset = await photographsIn(folder);
  const { output } = findLayer(inferShapes(model.network), layer);
  const places = output[1] * output[2];
  const all: { sample: number; value: number; place: number }[] = [];
  const unread = await eachPhotograph(opened, dataset, work, async ({ indices, count }) => {
    const activation = await session.activation(layer);
    for (let n = 0; n < count; n++) {
      const from = n * volume(output) + channel * places;
      const map = activation.subarray(from, from + places);
      const place = map.reduce((best, value, i) => (value > map[best]! ? i : best), 0);
      all.push({ sample: indices[n]!, value: map[place]!, place });
    }
  });
  const strongest = all.toSorted((a, b) => b.value - a.value || a.sample - b.sample).slice(0, top);
  const found = strongest.map(({ sample, value, place }) => {
    const [y, x] = [Math.floor(place / output[2]), place % output[2]];
    const { source, name } = dataset.samples[sample]!;
    return {
      file: source.path,
      name,
      value,
      y,
      x,
      field: receptiveField(model.network, layer, y, x),
    };
  });
  return { found, unread };
}

/** A row of patches, and below it a row of their deconvnet images. */
async function patchSections(
  opened: Opened,
  layer: string,
  channel: number,
  found: readonly Strongest[],
  { signal }: Work,
): Promise<Section[]> {
  const { model, session } = opened;
  const shapes = inferShapes(model.network);
  const { output } = findLayer(shapes, layer);
  const patches: Panel[] = [];
  const made: Panel[] = [];
  for (const { file, name, value, y, x, field } of found) {
    const photograph = await openPhotograph(file, opened);
    const unit = (channel * output[1] + y) * output[2] + x;
    const back = await untilStopped(deconvnet(session, photograph.input, { layer, unit }), signal);
    patches.push({
      picture: cropped(photograph.picture, field),
      caption: [digits(value), ...name.split('/')],
      alt: `Patch of ${name}, where the channel is ${digits(value)}`,
    });
    const drawn = signedPicture(
      back,
      shapes[0]!.output,
      signedRangeOf(back, 0.9995).high,
      model.preprocessing.channels,
    );
    made.push({
      picture: cropped(drawn, field),
      caption: [],
      alt: `Which pixels of ${name} made the channel answer`,
    });
  }
  const columns = Math.max(6, found.length);
  return [
    {
      heading: `The ${found.length} photographs that excite it most`,
      text: 'Each cut to what the unit sees; under it the unit’s value there.',
      panels: patches,
      columns,
    },
    {
      text: 'Which of these pixels made it answer (deconvnet; grey is none):',
      panels: made,
      columns,
    },
  ];
}
