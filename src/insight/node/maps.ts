import type { Picture } from '../../images/picture.ts';
import { findLayer, formatShape, inferShapes } from '../../network/shapes.ts';
import { amounts, rangeOf, signedRangeOf, signs } from '../colours.ts';
import type { ColourMap, Range } from '../colours.ts';
import { mapPicture, overPicture } from '../draw.ts';
import { mapStatistics } from '../maps.ts';
import type { MapStatistics } from '../maps.ts';
import { overInput, receptiveCentres } from '../receptive.ts';
import { abouts } from '../pages/about.ts';
import { photographSection } from './open.ts';
import type { Opened, Photograph } from './open.ts';
import { clippedWords, digits, share } from '../pages/report.ts';
import type { Panel, Report } from '../pages/report.ts';

export interface MapsOptions {
  /** How many, the strongest first. Default 64. */
  readonly top?: number;
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
  { top = 64, ownScale = false, over = false }: MapsOptions = {},
): Promise<{ report: Report; answer: MapsAnswer }> {
  const { output } = findLayer(inferShapes(model.network), layer);
  await session.forward(photograph.input);
  const activation = await session.activation(layer);
  const maps = mapStatistics(activation, output);
  const signed = maps.some(({ least }) => least < 0);
  const zeros =
    activation.reduce((count, value) => count + (value === 0 ? 1 : 0), 0) / activation.length;
  const common = rangeFor(activation, signed);
  const panel = (map: MapStatistics): Panel => {
    const places = output[1] * output[2];
    const values = activation.subarray(map.channel * places, (map.channel + 1) * places);
    const range = ownScale ? rangeFor(values, signed) : common;
    const colours = signed ? signs : amounts;
    const picture = over
      ? overPhotograph(model, photograph, layer, values, range, colours)
      : mapPicture(values, output[1], output[2], range, colours);
    return { picture, ...wordsFor(map), cells: !over };
  };
  const strips = output[1] * output[2] === 1;
  const shown = maps.slice(0, top);
  const report: Report = {
    title: `${strips ? 'Numbers' : 'Feature maps'} of ${layer}`,
    subtitle:
      `${photograph.name} through ${name}: ${formatShape(output)}, ${share(zeros)} of all ` +
      'numbers are zero',
    sections: [
      await photographSection(photograph),
      {
        heading: `The ${shown.length} strongest of ${output[0]} ${strips ? 'numbers' : 'maps'}`,
        text: ownScale
          ? 'Each on its own scale: from dark, none, to light, its own largest number.'
          : 'All on one scale; the captions tell channel, mean, largest, and the share of zeros.' +
            clippedWords(activation, common),
        panels: shown.map(panel),
        columns: columnsFor(strips, over),
        ...(!ownScale && {
          scale: { colours: signed ? signs : amounts, range: common, unit: 'activation' },
        }),
      },
    ],
    about: [abouts.maps],
  };
  return { report, answer: { file: photograph.file, layer, shape: [...output], zeros, maps } };
}

function rangeFor(values: Float32Array, signed: boolean): Range {
  return signed ? signedRangeOf(values, 0.9995) : rangeOf(values, 0.9995);
}

function columnsFor(strips: boolean, over: boolean): number {
  if (strips) return 12;
  return over ? 6 : 8;
}

function overPhotograph(
  { network }: Opened['model'],
  { picture }: Photograph,
  layer: string,
  values: Float32Array,
  range: Range,
  colours: ColourMap,
): Picture {
  const input = inferShapes(network)[0]!.output;
  const heat = overInput(values, receptiveCentres(network, layer), input);
  return overPicture(picture, heat, range, colours);
}

function wordsFor({
  channel,
  mean,
  largest,
  zeros,
}: MapStatistics): Pick<Panel, 'caption' | 'alt'> {
  return {
    caption: [
      `${channel}`,
      `mean ${digits(mean)}`,
      `largest ${digits(largest)}`,
      `zero ${share(zeros)}`,
    ],
    alt:
      `Channel ${channel}: mean ${digits(mean)}, largest ${digits(largest)}, ` +
      `${share(zeros)} zeros`,
  };
}
