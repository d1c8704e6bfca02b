import { escape } from '../../html.ts';
import { costs } from '../../network/costs.ts';
import { describeDepth, describeLayer } from '../../network/describe.ts';
import { towersOf } from '../../network/drawing/stages.ts';
import { drawNetworkCompactly } from '../../network/drawing/svg.ts';
import type { LayerType, Network } from '../../network/layer.ts';
import { formatShape, inferShapes } from '../../network/shapes.ts';
import { amounts, rangeOf } from '../colours.ts';
import { overPicture } from '../draw.ts';
import { gradCam } from '../gradcam.ts';
import { methods } from '../methods.ts';
import { abouts } from '../pages/about.ts';
import { share } from '../pages/report.ts';
import { storyStyle, wordsFor } from '../pages/story.ts';
import { classTarget } from '../target.ts';
import { aboutHtml, besideScale, imageHtml, page } from './html.ts';
import { likeliest } from './open.ts';
import type { Likely, Opened, Photograph } from './open.ts';
import { scriptHtml } from './script.ts';
import { contentHtml } from './story-layers.ts';
import { stepOf } from './story-step.ts';
import type { Told } from './story-told.ts';
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
  const towers = towersOf(model.network);
  const said = { predictions, probabilities };
  const told: Told = { opened, photograph, shapes, activations, ...said, towers };
  const steps: Record<string, unknown> = {};
  const sections: string[] = [];
  for (const [index, shape] of shapes.entries()) {
    if (shape.layer.type === 'convolution') steps[shape.layer.name] = await stepOf(told, index);
    sections.push(await layerHtml(told, index));
  }
  const total = costs(model.network);
  const best = predictions[0]!;
  const counts = [
    describeDepth(model.network),
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
${escape(photograph.name)} through ${escape(name)}: ${counts.join('; ')}.
${escape(photograph.remark ?? '')}
</p>
</header>
${drawingHtml(model.network, towers)}
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

/** The network to scale, one row for each tower. */
function drawingHtml(network: Network, towers: number): string {
  const { width, height, content } = drawNetworkCompactly(network);
  const rows =
    towers === 1 ? '' : ` ${towers} towers, one row each; red where they see each other.`;
  const label = 'role="img" aria-label="The network, box by box"';
  const caption = `To scale: height and depth of a box are the map’s, its width the channels.${rows}`;
  return `<figure class="drawn">
<svg viewBox="0 0 ${width} ${height}" ${label}>${content}</svg>
<figcaption>${caption}</figcaption>
</figure>`;
}

/** What a convolution of a network of towers sees of them. */
function towerWords({ shapes, towers }: Told, index: number): string[] {
  const { layer } = shapes[index]!;
  if (towers === 1 || layer.type !== 'convolution') return [];
  const maps = `Its maps are those of ${towers} towers, one after the other.`;
  if (shapes[index - 1]?.layer.type === 'input') return [maps];
  const sees = layer.groups === 1 ? 'the maps of all towers' : 'only the maps of its own tower';
  return [`${maps} A kernel here sees ${sees}.`];
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
<p>${escape([wordsFor(layer), ...towerWords(told, index)].join(' '))}</p>
${facts.length === 0 ? '' : `<p class="formula">${formulas}</p>`}
${await contentHtml(told, index)}
</section>`;
}

async function whyHtml({
  opened: { model, session },
  photograph: { input, picture },
  predictions,
}: Told): Promise<string> {
  const figures = [
    `<figure>
${await imageHtml(picture, 'What the network sees of the photograph', false)}
<figcaption>what the network sees</figcaption>
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
  const scale = {
    colours: amounts,
    range: { low: 0, high: 1 },
    unit: 'share of the end of each scale',
  };
  return `<section id="why">
<h2>Why? Where it looked</h2>
<p>
Grad-CAM for the three most probable classes:
light is where the network found what speaks for the class.
Each on its own scale; the half percent of places that say most share its lightest colour.
</p>
${besideScale(figures, 4, scale)}
</section>`;
}
