import { findLayer, formatShape, inferShapes } from '../../network/shapes.ts';
import { amounts, rangeOf, signedRangeOf, signs } from '../colours.ts';
import type { Range } from '../colours.ts';
import { mapPicture, overPicture } from '../draw.ts';
import { mapStatistics } from '../maps.ts';
import type { MapStatistics } from '../maps.ts';
import { overInput, receptiveCentres } from '../receptive.ts';
import { abouts } from './about.ts';
import type { Opened, Photograph } from './open.ts';
import { digits, share } from './report.ts';
import type { Panel, Report } from './report.ts';

export interface MapsOptions {
  /** How many, the strongest first. Default 64. */
  readonly most?: number;
  /** Each map on its own scale, so that weak ones can be seen. Default: one scale for all. */
  readonly ownScale?: boolean;
  /** Over the photograph. */
  readonly over?: boolean;
}

export interface MapsAnswer {
  readonly file: string;
  readonly layer: string;
  readonly shape: readonly number[];
  readonly zeros: number;
  readonly maps: readonly MapStatistics[];
}

/** What every channel of one layer answers to one photograph. */
export async function mapsReport(
  { model, session, name }: Opened,
  photograph: Photograph,
  layer: string,
  { most = 64, ownScale = false, over = false }: MapsOptions = {},
): Promise<{ report: Report; answer: MapsAnswer }> {
  const shapes = inferShapes(model.network);
  const { output } = findLayer(shapes, layer);
  await session.forward(photograph.input);
  const activation = await session.activation(layer);
  const all = mapStatistics(activation, output);
  const signed = all.some(({ least }) => least < 0);
  const places = output[1] * output[2];
  const rangeFor = (values: Float32Array): Range =>
    signed ? signedRangeOf(values, 0.9995) : rangeOf(values, 0.9995);
  const common = rangeFor(activation);
  const panel = ({ channel, mean, largest, zeros }: MapStatistics): Panel => {
    const values = activation.subarray(channel * places, (channel + 1) * places);
    const range = ownScale ? rangeFor(values) : common;
    const colours = signed ? signs : amounts;
    return {
      picture: over
        ? overPicture(
            photograph.picture,
            overInput(values, receptiveCentres(model.network, layer), shapes[0]!.output),
            range,
            colours,
          )
        : mapPicture(values, output[1], output[2], range, colours),
      caption: [
        `${channel}`,
        `mean ${digits(mean)}`,
        `most ${digits(largest)}`,
        `zero ${share(zeros)}`,
      ],
      alt: `Channel ${channel}: mean ${digits(mean)}, largest ${digits(largest)}, ${share(zeros)} zeros`,
      cells: !over,
    };
  };
  const shown = all.slice(0, most);
  const zeros =
    activation.reduce((count, value) => count + (value === 0 ? 1 : 0), 0) / activation.length;
  const strips = places === 1;
  const report: Report = {
    title: `${strips ? 'Numbers' : 'Feature maps'} of ${layer}`,
    subtitle: `${photograph.name} through ${name}: ${formatShape(output)}, ${share(zeros)} of all numbers are zero`,
    sections: [
      {
        panels: [
          {
            picture: photograph.picture,
            caption: [
              'the photograph',
              ...(photograph.remark === undefined ? [] : [photograph.remark]),
            ],
            alt: 'The photograph as the network sees it',
          },
        ],
        columns: 5,
      },
      {
        heading: `The ${shown.length} strongest of ${output[0]} ${strips ? 'numbers' : 'maps'}`,
        text: ownScale
          ? 'Each on its own scale: from dark, none, to light, its own most.'
          : 'All on one scale; the captions tell channel, mean, largest, and the share of zeros.',
        panels: shown.map(panel),
        columns: strips ? 12 : over ? 6 : 8,
        ...(!ownScale && {
          scale: { colours: signed ? signs : amounts, range: common, unit: 'activation' },
        }),
      },
    ],
    about: [abouts.maps],
  };
  return { report, answer: { file: photograph.file, layer, shape: [...output], zeros, maps: all } };
}
