import { eachValues } from '../../model/weights.ts';
import { amounts, rangeOf, signedRangeOf, signs } from '../colours.ts';
import type { ColourMap, Range } from '../colours.ts';
import { overPicture, signedPicture } from '../draw.ts';
import { explain, methods } from '../methods.ts';
import type { ExplainOptions, Explanation, MethodName } from '../methods.ts';
import { randomize, rankCorrelation } from '../randomize.ts';
import { untilStopped } from '../work.ts';
import { abouts } from '../pages/about.ts';
import { className, likeliest, photographSection } from './open.ts';
import type { Likely, Opened, Photograph } from './open.ts';
import { clippedWords, digits, share } from '../pages/report.ts';
import type { Panel, Report, Section } from '../pages/report.ts';

export interface WhyOptions extends ExplainOptions {
  readonly methods: readonly MethodName[];
  /** Default: the most probable. */
  readonly class?: number;
  /** Ask again with the weights shuffled from this layer upwards. */
  readonly randomize?: string;
  readonly seed?: number;
}

export interface WhyAnswer {
  readonly file: string;
  readonly class: Likely;
  readonly predictions: readonly Likely[];
  readonly explanations: readonly {
    readonly method: MethodName;
    readonly signed: boolean;
    readonly unit: string;
    readonly facts: Readonly<Record<string, number>>;
    /** Rank correlation with the same from shuffled weights. */
    readonly randomized?: { readonly layer: string; readonly correlation: number };
    readonly heat: {
      readonly height: number;
      readonly width: number;
      readonly values: readonly number[];
    };
  }[];
}

/** Why one class, by one or more methods, and if wished with the honest check beside it. */
export async function whyReport(
  { model, session, engine, name }: Opened,
  photograph: Photograph,
  options: WhyOptions,
): Promise<{ report: Report; answer: WhyAnswer }> {
  const probabilities = await session.forward(photograph.input);
  const predictions = likeliest(model, probabilities, 5);
  const index = options.class ?? predictions[0]!.index;
  const asked: Likely = {
    index,
    label: className(model, index),
    probability: probabilities[index]!,
  };
  const { occlusion } = options;
  const found = await explainAll(session, photograph, index, {
    ...options,
    occlusion: { ...occlusion, parts: { engine, weights: new Map(eachValues(model.weights)) } },
  });
  let random: Explanation[] = [];
  if (options.randomize !== undefined) {
    await randomize(session, options.randomize, options.seed ?? 0);
    random = await explainAll(session, photograph, index, {
      ...options,
      occlusion: { ...occlusion, parts: { engine } },
    });
  }
  const checks = random.map(({ heat }, i) => rankCorrelation(found[i]!.heat, heat));
  const sections = found.flatMap((explanation, i) =>
    sectionsOf(model, photograph, explanation, random[i], options.randomize, checks[i]),
  );
  const answers = predictions
    .slice(0, 3)
    .map(({ label, probability }) => `${label} ${share(probability)}`);
  const report: Report = {
    title: `Why “${asked.label}”?`,
    subtitle:
      `${photograph.name} through ${name}, which gives “${asked.label}” ` +
      `${share(asked.probability)}; its answers: ${answers.join(', ')}` +
      (photograph.remark === undefined ? '' : `. ${photograph.remark}`),
    sections: [await photographSection(photograph), ...sections],
    about: [
      ...options.methods.map((method) => methods[method]),
      ...(options.randomize === undefined ? [] : [abouts.randomize]),
    ],
  };
  const { height, width } = photograph.picture;
  const explanations = found.map(({ method, signed, unit, facts, heat }, i) => ({
    method,
    signed,
    unit,
    facts,
    ...(options.randomize !== undefined && {
      randomized: { layer: options.randomize, correlation: checks[i]! },
    }),
    heat: { height, width, values: Array.from(heat, (value) => Number(value.toPrecision(5))) },
  }));
  return { report, answer: { file: photograph.file, class: asked, predictions, explanations } };
}

async function explainAll(
  session: Opened['session'],
  { input }: Photograph,
  index: number,
  options: WhyOptions,
): Promise<Explanation[]> {
  const all: Explanation[] = [];
  for (const method of options.methods)
    all.push(await untilStopped(explain(session, input, index, method, options), options.signal));
  return all;
}

/** One method: its map with its scale, and under it the same from shuffled weights with its own. */
function sectionsOf(
  model: Opened['model'],
  photograph: Photograph,
  found: Explanation,
  random: Explanation | undefined,
  layer: string | undefined,
  correlation: number | undefined,
): Section[] {
  const { channels } = model.preprocessing;
  const told =
    correlation === undefined
      ? ''
      : ` Rank correlation with the map from shuffled weights: ${correlation.toFixed(2)} (1: ` +
        'the same map, so it does not show what was learned; 0: nothing in common).';
  const facts = Object.entries(found.facts)
    .map(([key, value]) => `${key} ${digits(value)}`)
    .join(', ');
  const sentence = facts === '' ? '' : `${facts.charAt(0).toUpperCase()}${facts.slice(1)}.`;
  const seen: Panel = {
    picture: photograph.picture,
    caption: ['what the network sees'],
    alt: 'The photograph as the network sees it',
  };
  const one = (explanation: Explanation, whose: string, before: string): Section => {
    const panels = [seen, ...heatPanels(photograph, explanation, whose, channels)];
    const { colours, range } = scaleOf(explanation);
    return {
      text: `${before}${clippedWords(explanation.heat, range)}`.trim(),
      panels,
      columns: Math.max(3, panels.length),
      scale: { colours, range, unit: explanation.unit },
    };
  };
  return [
    { heading: methods[found.method].title, ...one(found, 'the model', `${sentence}${told}`) },
    ...(random === undefined
      ? []
      : [one(random, `random from ${layer} up`, 'The same from shuffled weights, on its scale.')]),
  ];
}

function scaleOf({ heat, signed }: Explanation): { colours: ColourMap; range: Range } {
  return signed
    ? { colours: signs, range: signedRangeOf(heat, 0.995) }
    : { colours: amounts, range: rangeOf(heat, 0.995) };
}

/** The heat over the photograph, and for methods that give colours, the coloured picture itself. */
function heatPanels(
  { picture }: Photograph,
  explanation: Explanation,
  whose: string,
  channels: 'RGB' | 'BGR',
): Panel[] {
  const { heat, signed, values, method } = explanation;
  const { height, width } = picture;
  const { colours, range } = scaleOf(explanation);
  const panels: Panel[] = [
    {
      picture: overPicture(picture, heat, range, colours),
      caption: [
        whose,
        'heat over the photograph',
        `${signed ? '±' : '0 to '}${digits(range.high)}`,
      ],
      alt:
        `${methods[method].title}, ${whose}: heat map over the photograph; strongest ` +
        strongest(heat, height, width),
    },
  ];
  if (values !== undefined && !signed && method !== 'saliency' && method !== 'smoothgrad') {
    const largest = signedRangeOf(values, 0.998).high;
    panels.push({
      picture: signedPicture(values, [3, height, width], largest, channels),
      caption: [whose, `in colours; grey is 0, full colour ±${digits(largest)}`],
      alt: `${methods[method].title}, ${whose}: the gradient in colours`,
    });
  }
  return panels;
}

/** Where a map is strongest, in words. */
export function strongest(heat: Float32Array, height: number, width: number): string {
  const at = heat.reduce((best, value, i) => (value > heat[best]! ? i : best), 0);
  const third = (place: number, length: number, words: readonly string[]): string =>
    words[Math.min(2, Math.floor((3 * place) / length))]!;
  const where =
    `${third(Math.floor(at / width), height, ['at the top', 'in the middle', 'at the bottom'])}, ` +
    third(at % width, width, ['left', 'centre', 'right']);
  return where;
}
