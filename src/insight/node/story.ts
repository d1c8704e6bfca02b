import { describeLayer } from '../../network/describe.ts';
import type { ConvolutionLayer, LayerType, Shape } from '../../network/layer.ts';
import { formatShape, inferShapes } from '../../network/shapes.ts';
import type { LayerShape } from '../../network/shapes.ts';
import { costs } from '../../network/costs.ts';
import { escape } from '../../html.ts';
import { amounts, rangeOf, signedRangeOf, signs } from '../colours.ts';
import type { Range } from '../colours.ts';
import { enlargedTo, mapPicture, overPicture, signedPicture } from '../draw.ts';
import { gradCam } from '../gradcam.ts';
import { mapStatistics } from '../maps.ts';
import { methods } from '../methods.ts';
import { receptiveField } from '../receptive.ts';
import { classTarget } from '../target.ts';
import { abouts } from './about.ts';
import { aboutHtml, besideScale, imageHtml, page, panelsHtml, scaleHtml } from './html.ts';
import { className, likeliest } from './open.ts';
import type { Likely, Opened, Photograph } from './open.ts';
import { digits, share } from './report.ts';
import { scriptHtml } from './script.ts';
import { strongest } from './why.ts';

export interface StoryAnswer {
  readonly file: string;
  readonly predictions: readonly Likely[];
  readonly layers: readonly {
    readonly name: string;
    readonly type: LayerType;
    readonly output: readonly number[];
    readonly formula: string;
    readonly zeros: number;
  }[];
}

/** What each kind of layer does, for a classroom. */
const words: Readonly<Record<LayerType, string>> = {
  input:
    'Three numbers for every pixel: how much red, green and blue, less the mean of the ' +
    'training photographs.',
  convolution:
    'Every kernel slides over what came before. At each place it multiplies what it sees with ' +
    'its weights and adds everything up: a large sum means that its pattern is there. Choose ' +
    'a map to see one of these sums with its numbers.',
  relu:
    'Keeps what is above zero and sets the rest to zero. Without it, all layers together ' +
    'could do no more than one.',
  tanh: 'Squeezes every number between −1 and 1, as networks did before ReLU.',
  lrn:
    'Each number is made smaller where neighbouring maps are strong at the same place, so ' +
    'that the strongest stand out: b = a / (k + α·Σa²)^β.',
  maxPool:
    'Keeps the largest number of every small window: where exactly a pattern was matters less ' +
    'and less.',
  averagePool: 'Takes the mean of every small window.',
  adaptiveAveragePool: 'Takes the mean of evenly laid regions, so that the size fits what follows.',
  dense:
    'Every number is a weighted sum of all numbers before: places are gone, only “how much of ' +
    'what” is left.',
  dropout:
    'Leaves out half of the numbers by chance while training, so that none relies on another. ' +
    'Now, while answering, nothing is left out.',
  softmax:
    'Turns scores into probabilities: e to the power of each score, divided by the sum over ' +
    'all classes.',
};

/** Maps of a layer that are shown; those of a convolution can be opened. */
const shownMaps = 12;

/**
 * The way of one photograph through all layers, as one page for a classroom that needs no network.
 */
export async function storyHtml(
  opened: Opened,
  photograph: Photograph,
): Promise<{ html: string; answer: StoryAnswer }> {
  const { model, session, name } = opened;
  const shapes = inferShapes(model.network);
  const probabilities = await session.forward(photograph.input);
  const activations = new Map<string, Float32Array>();
  for (const { layer } of shapes) activations.set(layer.name, await session.activation(layer.name));
  const predictions = likeliest(model, probabilities, 5);
  const told: Told = { opened, photograph, shapes, activations, predictions, probabilities };
  const steps: Record<string, unknown> = {};
  const sections: string[] = [];
  for (const [index, shape] of shapes.entries()) {
    if (shape.layer.type === 'convolution') steps[shape.layer.name] = await stepOf(told, index);
    sections.push(await layerHtml(told, index));
  }
  const total = costs(model.network);
  const best = predictions[0]!;
  const counts = [
    `${shapes.length - 1} layers`,
    `${total.parameters.toLocaleString('en-US')} weights`,
    `${total.multiplyAdds.toLocaleString('en-US')} multiplications`,
  ];
  const links = shapes.map(
    ({ layer, output }) =>
      `<li><a href="#${layer.name}">${escape(layer.name)}</a> ` +
      `<small>${formatShape(output)}</small></li>`,
  );
  const body = `<header>
<h1>How the network came to “${escape(best.label)}”</h1>
<p>
${escape(photograph.name)} through ${escape(name)}: ${counts.join(', ')}.
${escape(photograph.remark ?? '')}
</p>
</header>
<nav aria-label="Layers"><ol>
${links.join('\n')}
<li><a href="#why">why</a></li>
</ol></nav>
${sections.join('\n')}
${await whyHtml(told)}
<style>${storyStyle}</style>
${aboutHtml([abouts.maps, abouts.kernels, methods['grad-cam']])}`;
  return {
    html: page(`How the network came to “${best.label}”`, body, await scriptHtml('story', steps)),
    answer: answerOf(told),
  };
}

interface Told {
  readonly opened: Opened;
  readonly photograph: Photograph;
  readonly shapes: readonly LayerShape[];
  readonly activations: ReadonlyMap<string, Float32Array>;
  readonly predictions: readonly Likely[];
  readonly probabilities: Float32Array;
}

function answerOf({ photograph, shapes, activations, predictions }: Told): StoryAnswer {
  const layers = shapes.map(({ layer, output, formula }) => {
    const values = activations.get(layer.name)!;
    return {
      name: layer.name,
      type: layer.type,
      output: [...output],
      formula,
      zeros: values.reduce((count, value) => count + (value === 0 ? 1 : 0), 0) / values.length,
    };
  });
  return { file: photograph.file, predictions, layers };
}

async function layerHtml(told: Told, index: number): Promise<string> {
  const { layer, input, output, formula } = told.shapes[index]!;
  const facts = [
    describeLayer(layer, input),
    formula === 'unchanged' || formula === 'as given' ? '' : formula,
  ].filter((text) => text !== '');
  const formulas = facts.map((fact) => `<code>${escape(fact)}</code>`).join(' ');
  const sizes = `${formatShape(input)} → ${formatShape(output)}`;
  return `<section id="${layer.name}">
<h2>${escape(layer.name)} <small>${sizes}</small></h2>
<p>${escape(words[layer.type])}</p>
${facts.length === 0 ? '' : `<p class="formula">${formulas}</p>`}
${await contentHtml(told, index)}
</section>`;
}

async function contentHtml(told: Told, index: number): Promise<string> {
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
  const figure = `<figure>
${await imageHtml(photograph.picture, alt, false, { width: output[2], height: output[1] })}
<figcaption>${output[1]}×${output[2]} pixels</figcaption>
</figure>`;
  return panelsHtml([figure], 4);
}

/**
 * The strongest maps of a layer after the ReLU that follows it, so that the same maps are followed
 * through.
 */
function strongestOf({ shapes, activations }: Told, index: number): number[] {
  const shape = shapes[shapes[index + 1]?.layer.type === 'relu' ? index + 1 : index]!;
  return mapStatistics(activations.get(shape.layer.name)!, shape.output).map(
    ({ channel }) => channel,
  );
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
  const range = signedRangeOf(
    shown.flatMap((channel) => [...values.subarray(channel * places, (channel + 1) * places)]),
    0.9995,
  );
  const kernels = input[0] === 3 ? await kernelsHtml(told, layer.name, kernel) : '';
  const buttons: string[] = [];
  for (const channel of shown) {
    const picture = channelPicture(values, output, channel, range);
    buttons.push(
      `<button type="button" data-layer="${layer.name}" data-channel="${channel}"
aria-pressed="false" aria-controls="how-${layer.name}">
${await imageHtml(picture, '', true)}<span>map ${channel}</span>
</button>`,
    );
  }
  const seen = `${rows.end - rows.start}×${columns.end - columns.start} pixels`;
  return `${kernels}
<p>
Each number looks at ${seen} of the photograph.
The ${buttons.length} strongest of ${output[0]} maps:
</p>
${besideScale(buttons, 6, { colours: signs, range, unit: 'before ReLU' })}
<div class="how" id="how-${layer.name}"></div>
<p id="said-${layer.name}" aria-live="polite"></p>`;
}

async function kernelsHtml(
  { opened: { session, model } }: Told,
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
  return `<p>Its ${pictures.length} kernels, all on one scale; mid-grey is zero:</p>
<div class="kernels">${pictures.join('')}</div>`;
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
<figcaption>map ${channel}, ${share(zeros)} zeros</figcaption>
</figure>`;
    }),
  );
  const colours = signed ? signs : amounts;
  return besideScale(figures, 6, { colours, range, unit: 'activation' });
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
<figcaption>map ${channel} ${when}: most ${digits(largest)}</figcaption>
</figure>`);
    }
  }
  return panelsHtml(figures, 8);
}

/** A vector as a strip, 128 numbers a row. */
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
<figure class="strip">
${await imageHtml(picture, alt, true, { width, height })}
<figcaption>${output[0]} numbers, ${width} per row; ${share(zeros)} are zero</figcaption>
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

async function whyHtml({
  opened: { model, session },
  photograph: { input, picture },
  predictions,
}: Told): Promise<string> {
  const figures = [
    `<figure>
${await imageHtml(picture, 'The photograph', false)}
<figcaption>the photograph</figcaption>
</figure>`,
  ];
  for (const { index, label, probability } of predictions.slice(0, 3)) {
    const { overInput } = await gradCam(session, input, classTarget(model.network, index));
    const heat = overPicture(picture, overInput, rangeOf(overInput, 0.995), amounts);
    const where = strongest(overInput, picture.height, picture.width);
    figures.push(`<figure>
${await imageHtml(heat, `Grad-CAM for ${label}: strongest ${where}`, false)}
<figcaption><strong>${escape(label)}</strong><br>${share(probability)}</figcaption>
</figure>`);
  }
  const scale = { colours: amounts, range: { low: 0, high: 1 }, unit: 'share of each map’s most' };
  return `<section id="why">
<h2>Why? Where it looked</h2>
<p>
Grad-CAM for the three most probable classes:
light is where the network found what speaks for the class.
Each on its own scale.
</p>
${besideScale(figures, 4, scale)}
</section>`;
}

/** What the page needs to compute numbers of a convolution again: its input, and some kernels. */
async function stepOf(told: Told, index: number): Promise<object> {
  const {
    opened: { session, model },
    shapes,
    activations,
  } = told;
  const { layer, input, output, window } = shapes[index]!;
  const convolution = layer as ConvolutionLayer;
  const weight = await session.getParameter(`${layer.name}.weight`);
  const bias = await session.getParameter(`${layer.name}.bias`);
  const [size, places] = [weight.length / convolution.kernels, output[1] * output[2]];
  const channels = strongestOf(told, index).slice(0, shownMaps);
  const below = shapes[index - 1]!.layer;
  const map = (channel: number): object => ({
    bias: bias[channel]!,
    weights: base64(weight.subarray(channel * size, (channel + 1) * size)),
    values: base64(activations.get(layer.name)!.subarray(channel * places, (channel + 1) * places)),
  });
  return {
    name: layer.name,
    input: base64(activations.get(below.name)!),
    shape: input,
    from: below.type === 'input' ? 'the photograph' : `the maps of ${below.name}`,
    kernel: convolution.kernel,
    stride: convolution.stride,
    padding: { top: window!.padding.top, left: window!.padding.left },
    groups: convolution.groups,
    kernels: convolution.kernels,
    size: [output[1], output[2]],
    maps: Object.fromEntries(channels.map((channel) => [channel, map(channel)])),
    relu: shapes[index + 1]?.layer.type === 'relu',
    channelNames:
      below.type === 'input' && input[0] === 3 ? colourNames[model.preprocessing.channels] : [],
  };
}

const colourNames = { RGB: ['red', 'green', 'blue'], BGR: ['blue', 'green', 'red'] } as const;

function base64(values: Float32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
}

const storyStyle = `
nav ol {
  list-style: none; padding: 0;
  display: flex; flex-wrap: wrap; gap: .3rem .9rem; font-size: .9rem
}
nav a { color: var(--accent) } nav small, h2 small { color: var(--soft); font-weight: 400 }
.formula code {
  background: color-mix(in srgb, var(--ink) 8%, transparent);
  padding: .15rem .5rem; border-radius: .3rem;
  margin-right: .4rem; display: inline-block; margin-bottom: .3rem
}
.kernels {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(3.2rem, 1fr));
  gap: .35rem; margin-bottom: 1rem
}
button[data-layer] {
  padding: .25rem; border: 2px solid transparent; border-radius: .4rem;
  background: none; color: inherit; font: inherit; font-size: .85rem; cursor: pointer
}
button[data-layer]:hover { border-color: var(--line) }
button[aria-pressed=true] { border-color: var(--accent) }
.how:not(:empty) {
  border: 1px solid var(--line); border-radius: .5rem;
  padding: 1rem; margin-top: 1rem; overflow-x: auto
}
.how h4 { margin: 0 0 .5rem; font-size: 1.05rem }
.grids { display: flex; gap: 1rem; align-items: center; flex-wrap: wrap }
.grid td { padding: .1rem .25rem; border: 0; font-size: .72rem; text-align: right }
.grid caption { font-size: .85rem; color: var(--soft); text-align: left }
.sum { font-variant-numeric: tabular-nums; white-space: pre-wrap }
.beside:has(.strip) .scale i { height: 6rem }
.strip { flex: 1 } .strip img { max-width: 64rem; min-height: 1.2rem }
.bars { width: 100%; max-width: 48rem }
.bars .bar { width: 50% }
.bars i { display: block; height: 1rem; background: var(--accent); min-width: 1px }
`;
