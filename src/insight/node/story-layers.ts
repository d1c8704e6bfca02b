import { escape } from '../../html.ts';
import type { ConvolutionLayer, Shape } from '../../network/layer.ts';
import { amounts, rangeOf, signedRangeOf, signs } from '../colours.ts';
import type { Range } from '../colours.ts';
import { enlargedTo, mapPicture, signedPicture } from '../draw.ts';
import { mapStatistics } from '../maps.ts';
import { clippedWords, digits, share } from '../pages/report.ts';
import { receptiveField } from '../receptive.ts';
import { besideScale, imageHtml, panelsHtml, scaleHtml } from './html.ts';
import { className } from './open.ts';
import { shownMaps, strongestOf, towerOf } from './story-told.ts';
import type { Told } from './story-told.ts';

/** What a layer made of the photograph: maps, a strip of numbers, bars. */
export async function contentHtml(told: Told, index: number): Promise<string> {
  const { layer, output } = told.shapes[index]!;
  switch (layer.type) {
    case 'input':
      return photographHtml(told, output);
    case 'convolution':
      return convolutionHtml(told, index);
    case 'lrn':
      return lrnHtml(told, index);
    case 'softmax':
      return barsHtml(told);
    case 'dense':
      return stripHtml(told, index);
    case 'relu':
    case 'tanh':
      return output[1] * output[2] === 1 ? stripHtml(told, index) : mapsHtml(told, index);
    case 'dropout':
      return '';
    default:
      return mapsHtml(told, index);
  }
}

async function photographHtml({ photograph }: Told, output: Shape): Promise<string> {
  const alt = 'The photograph as the network sees it';
  const figures = [
    `<figure>
${await imageHtml(await photograph.whole(), 'The photograph', false)}
<figcaption>the photograph</figcaption>
</figure>`,
    `<figure>
${await imageHtml(photograph.picture, alt, false, { width: output[2], height: output[1] })}
<figcaption>what the network sees of it: ${output[1]}×${output[2]} pixels</figcaption>
</figure>`,
  ];
  return panelsHtml(figures, 4);
}

async function convolutionHtml(told: Told, index: number): Promise<string> {
  const { opened, shapes, activations } = told;
  const { layer, input, output } = shapes[index]!;
  const { kernel } = layer as ConvolutionLayer;
  const [top, left] = [output[1] >> 1, output[2] >> 1];
  const { rows, columns } = receptiveField(opened.model.network, layer.name, top, left);
  const values = activations.get(layer.name)!;
  const shown = strongestOf(told, index).slice(0, shownMaps);
  const places = output[1] * output[2];
  const drawn = shown.flatMap((channel) => [
    ...values.subarray(channel * places, (channel + 1) * places),
  ]);
  const range = signedRangeOf(drawn, 0.9995);
  const kernels = input[0] === 3 ? await kernelsHtml(told, layer.name, kernel) : '';
  const buttons: string[] = [];
  for (const channel of shown) {
    const picture = channelPicture(values, output, channel, range);
    buttons.push(
      `<button type="button" data-layer="${layer.name}" data-channel="${channel}"
aria-pressed="false" aria-controls="how-${layer.name}">
${await imageHtml(picture, '', true)}<span>map ${channel}${towerOf(told, channel, output[0])}</span>
</button>`,
    );
  }
  const seen = `${rows.end - rows.start}×${columns.end - columns.start} pixels`;
  return `${kernels}
<p>
Each number looks at ${seen} of the photograph.
The ${buttons.length} strongest of ${output[0]} maps.${clippedWords(drawn, range)}
</p>
${besideScale(buttons, 6, { colours: signs, range, unit: 'before ReLU' })}
<div class="how" id="how-${layer.name}"></div>
<p id="said-${layer.name}" aria-live="polite"></p>`;
}

async function kernelsHtml(
  { opened: { session, model }, towers }: Told,
  layer: string,
  [height, width]: readonly [number, number],
): Promise<string> {
  const weight = await session.getParameter(`${layer}.weight`);
  const size = 3 * height * width;
  const { high } = signedRangeOf(weight, 0.9995);
  const pictures: string[] = [];
  for (let from = 0; from < weight.length; from += size) {
    const picture = signedPicture(
      weight.subarray(from, from + size),
      [3, height, width],
      high,
      model.preprocessing.channels,
    );
    const image = await imageHtml(picture, `Kernel ${from / size}`, true);
    pictures.push(`<span title="kernel ${from / size}">${image}</span>`);
  }
  const perTower = pictures.length / towers;
  const sheets = Array.from({ length: towers }, (_, tower) => {
    const heading = towers === 1 ? '' : `<p>Tower ${tower + 1}:</p>\n`;
    const own = pictures.slice(tower * perTower, (tower + 1) * perTower);
    return `${heading}<div class="kernels">${own.join('')}</div>`;
  });
  return `<p>Its ${pictures.length} kernels, all on one scale; mid-grey is zero:</p>
${sheets.join('\n')}`;
}

function channelPicture(
  values: Float32Array,
  [, height, width]: Shape,
  channel: number,
  range: Range,
): ReturnType<typeof mapPicture> {
  const map = values.subarray(channel * height * width, (channel + 1) * height * width);
  return mapPicture(map, height, width, range, range.low < 0 ? signs : amounts);
}

async function mapsHtml(told: Told, index: number): Promise<string> {
  const { layer, output } = told.shapes[index]!;
  const values = told.activations.get(layer.name)!;
  const signed = values.some((value) => value < 0);
  const range = signed ? signedRangeOf(values, 0.9995) : rangeOf(values, 0.9995);
  const found = mapStatistics(values, output).slice(0, shownMaps);
  const figures = await Promise.all(
    found.map(async ({ channel, largest, zeros }) => {
      const picture = channelPicture(values, output, channel, range);
      return `<figure>
${await imageHtml(picture, `Map ${channel}, largest number ${digits(largest)}`, true)}
<figcaption>map ${channel}${towerOf(told, channel, output[0])}, ${share(zeros)} zeros</figcaption>
</figure>`;
    }),
  );
  const colours = signed ? signs : amounts;
  return `${clippedHtml([['', values, range]])}
${besideScale(figures, 6, { colours, range, unit: 'activation' })}`;
}

/** A paragraph where a scale ends before the largest number; nothing where none does. */
function clippedHtml(scales: readonly (readonly [string, Float32Array, Range])[]): string {
  const told = scales.flatMap(([whose, values, range]) => {
    const words = clippedWords(values, range);
    return words === '' ? [] : [`${whose}${words.trim()}`];
  });
  return told.length === 0 ? '' : `<p>${escape(told.join(' '))}</p>`;
}

/**
 * Before on the left, after on the right, each layer on its own scale: what changes is which maps
 * stand out.
 */
async function lrnHtml(told: Told, index: number): Promise<string> {
  const { layer, output } = told.shapes[index]!;
  const after = told.activations.get(layer.name)!;
  const before = told.activations.get(told.shapes[index - 1]!.layer.name)!;
  const places = output[1] * output[2];
  const figures: string[] = [];
  for (const { channel } of mapStatistics(before, output).slice(0, 4)) {
    for (const [values, when] of [
      [before, 'before'],
      [after, 'after'],
    ] as const) {
      const largest = values
        .subarray(channel * places, (channel + 1) * places)
        .reduce((so, value) => Math.max(so, value), 0);
      const picture = channelPicture(values, output, channel, rangeOf(values, 0.9995));
      const alt = `Map ${channel} ${when} LRN, largest ${digits(largest)}`;
      figures.push(`<figure>
${await imageHtml(picture, alt, true)}
<figcaption>
map ${channel}${towerOf(told, channel, output[0])} ${when}: largest ${digits(largest)}
</figcaption>
</figure>`);
    }
  }
  const clipped = clippedHtml([
    ['Before: ', before, rangeOf(before, 0.9995)],
    ['After: ', after, rangeOf(after, 0.9995)],
  ]);
  return `${clipped}
${panelsHtml(figures, 8, true)}`;
}

/** A vector as a strip, 128 numbers per row. */
async function stripHtml(told: Told, index: number): Promise<string> {
  const { layer, output } = told.shapes[index]!;
  const values = told.activations.get(layer.name)!;
  const width = Math.min(128, output[0]);
  const height = Math.ceil(output[0] / width);
  const signed = values.some((value) => value < 0);
  const range = signed ? signedRangeOf(values, 0.999) : rangeOf(values, 0.999);
  const padded = new Float32Array(width * height);
  padded.set(values);
  const zeros = values.reduce((count, value) => count + (value === 0 ? 1 : 0), 0) / values.length;
  const colours = signed ? signs : amounts;
  const picture = enlargedTo(mapPicture(padded, height, width, range, colours), width);
  const alt = `${output[0]} numbers as cells, ${share(zeros)} of them zero`;
  return `<div class="beside">
<figure class="strip" style="--most:${2 * width}rem">
${await imageHtml(picture, alt, true, { width, height })}
<figcaption>${output[0]} numbers, ${width} per row; ${share(zeros)} are zero.${clippedWords(values, range)}</figcaption>
</figure>
${scaleHtml({ colours, range, unit: 'activation' })}
</div>`;
}

function barsHtml({ predictions, activations, shapes, opened: { model } }: Told): string {
  const logits = activations.get(shapes.at(-2)!.layer.name)!;
  const heads = ['class', 'score', 'probability'].map((head) => `<th scope="col">${head}</th>`);
  const rows = predictions.map(
    ({ index, probability }) => `<tr>
<th scope="row">${escape(className(model, index))}</th>
<td>${digits(logits[index]!)}</td>
<td>${share(probability)}</td>
<td class="bar"><i style="width:${(100 * probability).toFixed(1)}%"></i></td>
</tr>`,
  );
  return `<table class="bars">
<thead><tr>${heads.join('')}<th></th></tr></thead>
<tbody>${rows.join('\n')}</tbody>
</table>`;
}
