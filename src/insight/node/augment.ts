import { readingFor } from '../../data/augmentation.ts';
import type { Augmentation } from '../../data/augmentation.ts';
import type { Drawn } from '../../data/augment.ts';
import { trainingView } from '../../data/view.ts';
import type { View, ViewPlan } from '../../data/view.ts';
import { meanPlanes, meanUnder } from '../../images/colour.ts';
import type { Picture, Rectangle } from '../../images/picture.ts';
import { cropPlaces, loadPicture, preprocess, squarePlace } from '../../images/preprocess.ts';
import type { Preprocessing } from '../../images/preprocessing.ts';
import { grouped } from '../../text.ts';
import {
  cropWords,
  eraseWords,
  jitterWords,
  mirrorWords,
  noiseWords,
  nothing,
  stagesOf,
} from '../augment.ts';
import type { Stage } from '../augment.ts';
import { outlined, shownInput } from '../draw.ts';
import { abouts } from '../pages/about.ts';
import { digits } from '../pages/report.ts';
import type { Panel, Report, Section } from '../pages/report.ts';
import { openPhotograph, photographSection } from './open.ts';

/** Whose views they are. */
export interface AugmentSubject {
  readonly name: string;
  readonly plan: ViewPlan;
  readonly sample: number;
  /** In an epoch, counted from 0: whose crop the sample shares, and whether it is shown at all. */
  readonly inEpoch: (epoch: number) => { readonly leader: number; readonly shown: boolean };
}

export interface RecipeRow {
  readonly name: string;
  readonly size: number;
  readonly crop: number;
  readonly how: Preprocessing['resize']['how'];
  readonly augmentation: Augmentation;
}

export interface AugmentOptions {
  /** Counted from 1, as training does. Default 1. */
  readonly first?: number;
  /** How many. Default 6. */
  readonly epochs?: number;
  /** What each recipe does, for the table. */
  readonly recipes?: readonly RecipeRow[];
  /** Of one picture: more are refused. Default 100 million. */
  readonly maximumPixels?: number;
}

export interface AugmentAnswer {
  readonly file: string;
  readonly of: string;
  readonly seed: number;
  readonly sample: number;
  /** Of the photograph as training keeps it, which boxes are in. */
  readonly size: { readonly width: number; readonly height: number };
  readonly crop: number;
  readonly views: readonly ViewAnswer[];
  /** In the resized photograph. */
  readonly crops: readonly (Rectangle & { readonly mirrored: boolean })[];
}

/** What chance decided in one epoch. */
export interface ViewAnswer {
  /** Counted from 1. */
  readonly epoch: number;
  /** Whether training shows it: a last batch that is not full is left out. */
  readonly shown: boolean;
  /** In the resized photograph. */
  readonly box: Rectangle;
  readonly mirrored: boolean;
  /** Factors; 1: nothing is changed. */
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  /** α1 to α3, and what they add to red, green and blue of 0 to 255; null: no colour noise. */
  readonly noise: { readonly alphas: readonly number[]; readonly added: readonly number[] } | null;
  /** What the picture less its mean is multiplied by after colour noise. */
  readonly scale: number;
  /** In the crop. */
  readonly erase: Rectangle | null;
}

/** One photograph as training draws it, epoch by epoch, and the ten crops of the test. */
export async function augmentReport(
  file: string,
  subject: AugmentSubject,
  { first = 1, epochs = 6, recipes = [], maximumPixels }: AugmentOptions = {},
): Promise<{ report: Report; answer: AugmentAnswer; remark?: string }> {
  const { name, plan, sample } = subject;
  const { preprocessing, augmentation } = plan;
  const limit = maximumPixels !== undefined && { maximumPixels };
  const photograph = await openPhotograph(file, { model: plan, ...limit });
  const picture = await loadPicture(file, { ...preprocessing, ...limit });
  const kept = await loadPicture(file, { ...readingFor(preprocessing, augmentation), ...limit });
  const shown = Array.from({ length: epochs }, (_, i) => first + i);
  const stages = stagesOf(augmentation);
  const rows: { readonly stage: Stage; readonly views: readonly View[] }[] = [];
  for (const stage of stages) {
    const views: View[] = [];
    for (const epoch of shown) views.push(await viewOf(subject, kept, stage, epoch));
    rows.push({ stage, views });
  }
  const whole = rows.at(-1)!.views;
  const boxes = whole.map(({ drawn }) => drawn.box);
  const crops = tenCrops(picture, preprocessing);
  const span = epochs === 1 ? `epoch ${first}` : `epochs ${first} to ${first + epochs - 1}`;
  const report: Report = {
    title: 'The views of a photograph',
    subtitle: `${photograph.name} by ${name}, seed ${plan.seed}, ${span}`,
    sections: [
      await photographSection(photograph),
      placesSection({ picture, kept }, preprocessing, boxes, crops),
      ...rows.map((row, i) => stageSection(subject, row, shown, i)),
      cropsSection(picture, plan),
      ...(recipes.length > 0 ? [recipesSection(recipes)] : []),
    ],
    about: [abouts.augment],
  };
  const answer: AugmentAnswer = {
    file,
    of: name,
    seed: plan.seed,
    sample,
    size: { width: kept.width, height: kept.height },
    crop: preprocessing.crop,
    views: whole.map(({ drawn }, i) => answerOf(drawn, shown[i]!, subject)),
    crops,
  };
  const { remark } = photograph;
  return { report, answer, ...(remark !== undefined && { remark }) };
}

function viewOf(
  { plan, sample, inEpoch }: AugmentSubject,
  picture: Picture,
  { augmentation }: Stage,
  epoch: number,
): Promise<View> {
  const { leader } = inEpoch(epoch - 1);
  return trainingView(picture, { ...plan, augmentation }, { epoch: epoch - 1, sample, leader });
}

function answerOf(
  { box, mirrored, contrast, erase, told }: Drawn,
  epoch: number,
  { inEpoch }: AugmentSubject,
): ViewAnswer {
  return {
    epoch,
    shown: inEpoch(epoch - 1).shown,
    box,
    mirrored,
    brightness: told.brightness,
    contrast: told.contrast,
    saturation: told.saturation,
    noise: told.noise ?? null,
    scale: contrast,
    erase: erase ?? null,
  };
}

type TenCrop = Rectangle & { readonly mirrored: boolean };

function tenCrops(picture: Picture, preprocessing: Preprocessing): TenCrop[] {
  const { crop, resize } = preprocessing;
  const { left, top } = squarePlace(picture, resize);
  return cropPlaces(picture, preprocessing, 10).map(({ x, y, mirrored }) => ({
    left: left + x,
    top: top + y,
    width: crop,
    height: crop,
    mirrored,
  }));
}

const orange = [213, 94, 0] as const;
const blue = [0, 114, 178] as const;

/** The resized photograph, with the outlines of what is cut from it. */
/** @param pictures what prediction cuts from, and what training does: mostly the same. */
function placesSection(
  { picture, kept }: { readonly picture: Picture; readonly kept: Picture },
  { resize, crop }: Preprocessing,
  boxes: readonly Rectangle[],
  crops: readonly TenCrop[],
): Section {
  const draw = (
    on: Picture,
    rectangles: readonly Rectangle[],
    colour: typeof orange | typeof blue,
  ): Picture => {
    const thickness = Math.max(1, Math.round(Math.min(on.width, on.height) / 128));
    return rectangles.reduce((drawn, box) => outlined(drawn, box, colour, thickness), on);
  };
  const { width, height } = picture;
  const how = resize.how === 'warp' ? 'squeezed to' : 'scaled, its shorter side to';
  return {
    heading: 'Where it is cut',
    text:
      `The photograph is ${how} ${resize.size} pixels: ${width}×${height}. ` +
      `The network sees ${crop}×${crop}.` +
      (kept.width === width && kept.height === height
        ? ''
        : ` Training cuts before that, from ${kept.width}×${kept.height} pixels.`),
    panels: [
      {
        picture: draw(kept, boxes, orange),
        caption: ['in training', `${boxes.length} of the crops below`],
        alt: `The photograph with the outlines of ${boxes.length} crops drawn by chance`,
      },
      {
        picture: draw(picture, crops.slice(0, 5), blue),
        caption: ['when it answers', 'with ten crops: these, and their mirror images'],
        alt: 'The photograph with the outlines of five crops: the corners and the middle',
      },
    ],
    columns: 4,
  };
}

const headings: Readonly<Record<Stage['part'], string>> = {
  crop: 'A crop',
  mirror: 'A mirror image',
  jitter: 'Brightness, contrast and saturation',
  noise: 'Colour noise',
  erase: 'A rectangle erased',
};

function stageSection(
  { plan, inEpoch }: AugmentSubject,
  { stage, views }: { readonly stage: Stage; readonly views: readonly View[] },
  epochs: readonly number[],
  index: number,
): Section {
  const last = stage.part === stagesOf(plan.augmentation).at(-1)!.part;
  return {
    heading: `${index === 0 ? '' : '+ '}${headings[stage.part]}`,
    text: `${sentence(stage.words)}.${last ? ' This is what training gets.' : ''}`,
    panels: views.map((view, i): Panel => {
      const epoch = epochs[i]!;
      const left = inEpoch(epoch - 1).shown ? [] : ['left out: its batch is not full'];
      const caption = [`epoch ${epoch}`, ...drawnWords(stage.part, view.drawn, plan), ...left];
      return {
        picture: shownView(view, plan.preprocessing),
        caption,
        alt: caption.join(', '),
      };
    }),
    columns: Math.max(3, epochs.length),
  };
}

function sentence(words: string): string {
  return words.replace(/^[a-z]/, (letter) => letter.toUpperCase());
}

function shownView(
  { input, subtracted }: Pick<View, 'input' | 'subtracted'>,
  preprocessing: Preprocessing,
): Picture {
  const { mean, deviation, crop } = preprocessing;
  return shownInput(input, preprocessing, (c, i) => {
    if (subtracted !== undefined) return subtracted[c * crop * crop + i]!;
    return 'tensor' in mean ? 0 : mean[c]! / deviation[c]!;
  });
}

/** What chance decided, in words. */
function drawnWords(part: Stage['part'], drawn: Drawn, { augmentation }: ViewPlan): string[] {
  const { box, mirrored, told, erase, contrast } = drawn;
  switch (part) {
    case 'crop':
      return [`${box.width}×${box.height}`, `from ${box.left}, ${box.top}`];
    case 'mirror':
      return [mirrored ? 'mirrored' : 'as it is'];
    case 'jitter':
      return jitterLines(told, augmentation);
    case 'noise':
      if (told.noise === undefined) return ['none any more'];
      return [
        `α ${told.noise.alphas.map((alpha) => signed(alpha, 2)).join(' ')}`,
        `RGB ${told.noise.added.map((value) => signed(value, 1)).join(' ')}`,
        ...(contrast === 1 ? [] : [`all ÷ ${digits(1 / contrast)}`]),
      ];
    case 'erase':
      return erase === undefined
        ? ['nothing']
        : [`${erase.width}×${erase.height}`, `from ${erase.left}, ${erase.top}`];
  }
}

function jitterLines(
  { brightness, contrast, saturation }: Drawn['told'],
  { jitter = {} }: Augmentation,
): string[] {
  return [
    ...(jitter.brightness ? [`brightness ×${brightness.toFixed(2)}`] : []),
    ...(jitter.contrast ? [`contrast ×${contrast.toFixed(2)}`] : []),
    ...(saturation === 0 ? ['colours taken away'] : []),
    ...(saturation !== 0 && jitter.saturation ? [`saturation ×${saturation.toFixed(2)}`] : []),
  ];
}

function signed(value: number, places: number): string {
  const text = Math.abs(value).toFixed(places);
  if (Number(text) === 0) return text;
  return `${value < 0 ? '−' : '+'}${text}`;
}

const cropNames = ['upper left', 'upper right', 'lower left', 'lower right', 'middle'];

function cropsSection(picture: Picture, { preprocessing, meanImage }: ViewPlan): Section {
  const inputs = preprocess(picture, preprocessing, 10, meanImage);
  const mean = meanPlanes(preprocessing, meanImage);
  const size = inputs.length / 10;
  const panels = cropPlaces(picture, preprocessing, 10).map((place, i): Panel => {
    const input = inputs.subarray(i * size, (i + 1) * size);
    const view = { input, subtracted: meanUnder(mean, preprocessing, place) };
    const caption = [cropNames[i % 5]!, ...(place.mirrored ? ['mirrored'] : [])];
    return {
      picture: shownView(view, preprocessing),
      caption,
      alt: `Test crop: ${caption.join(', ')}`,
    };
  });
  return {
    heading: 'The ten crops of the test',
    text:
      'Chance has no part in an answer: the middle is looked at, or with --crops 10 all of ' +
      'these, and their probabilities are averaged.',
    panels,
    columns: 5,
  };
}

function recipesSection(recipes: readonly RecipeRow[]): Section {
  return {
    heading: 'What each recipe does',
    table: {
      columns: ['recipe', 'what it does to a photograph in training'],
      rows: recipes.map(({ name, how, size, crop, augmentation }) => [
        name,
        [
          how === 'warp' ? `squeezed to ${size}×${size}` : `shorter side to ${size}`,
          `a crop of ${crop}×${crop} ${cropWords(augmentation)}`,
          `mirrored ${mirrorWords(augmentation)}${viewsWords(augmentation, size, crop)}`,
          ...[jitterWords(augmentation), noiseWords(augmentation)].filter(done),
          ...[eraseWords(augmentation)].filter(done).map((words) => `erased ${words}`),
        ].join('; '),
      ]),
    },
  };
}

function done(words: string): boolean {
  return words !== nothing;
}

function viewsWords({ crop, mirror = 0 }: Augmentation, size: number, side: number): string {
  if (crop.from !== 'square') return '';
  const views = (size - side + 1) ** 2 * (mirror > 0 ? 2 : 1);
  return `: ${grouped(views)} views`;
}
