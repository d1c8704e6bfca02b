import { samplesOf } from '../../data/dataset.ts';
import type { Dataset, Split } from '../../data/dataset.ts';
import { openDataset } from '../../data/node/open.ts';
import { AlexNetError, UsageError, ensure } from '../../errors.ts';
import { matchLabels } from '../../inference/labels.ts';
import { amounts, rangeOf } from '../colours.ts';
import { overPicture } from '../draw.ts';
import { gradCam } from '../gradcam.ts';
import { confusedPairs, worstMistakes } from '../mistakes.ts';
import type { Mistake } from '../mistakes.ts';
import { classTarget } from '../target.ts';
import { untilStopped } from '../work.ts';
import type { Work } from '../work.ts';
import { abouts } from '../pages/about.ts';
import { eachPhotograph, only } from './folder.ts';
import { className, openPhotograph } from './open.ts';
import type { Opened } from './open.ts';
import { share } from '../pages/report.ts';
import type { Panel, Report, Section } from '../pages/report.ts';

export interface MistakesAnswer {
  /** Which part of the data, where it has parts. */
  readonly split?: Split;
  readonly images: number;
  readonly top1: number;
  readonly mistakes: readonly {
    readonly file: string;
    readonly label: string;
    readonly predicted: string;
    readonly confidence: number;
    readonly probability: number;
  }[];
  readonly confused: readonly {
    readonly label: string;
    readonly predicted: string;
    readonly images: number;
  }[];
}

export interface MistakesOptions extends Work {
  /** How many of the worst are drawn. */
  readonly top: number;
  /** Which part of the data. Default: `test` where there is one, else `val`, else all. */
  readonly split?: Split;
}

/**
 * The worst errors on labelled photographs, where the network looked when it made them, and the
 * classes it mixes up.
 */
export async function mistakesReport(
  opened: Opened,
  folder: string,
  { top, split: wished, ...work }: MistakesOptions,
): Promise<{ report: Report; answer: MistakesAnswer; remarks: readonly string[] }> {
  const { model, name } = opened;
  const { dataset, toModel, unknown, split } = await knownPhotographs(model, folder, wished);
  const probabilities: number[] = [];
  const samples: number[] = [];
  const remarks = await eachPhotograph(opened, dataset, work, (looked) => {
    probabilities.push(...looked.probabilities);
    samples.push(...looked.indices.subarray(0, looked.count));
  });
  remarks.push(...dataset.remarks);
  if (unknown.length > 0)
    remarks.push(
      `${unknown.length} of the folders are called like no class of the model and were left ` +
        `out: ${unknown.slice(0, 5).join(', ')}${unknown.length > 5 ? ' …' : ''}.`,
    );
  const mistakes = worstMistakes(
    Float32Array.from(probabilities),
    samples.map((i) => toModel[dataset.samples[i]!.label]!),
  );
  const confused = confusedPairs(mistakes)
    .slice(0, 20)
    .map((pair) => ({ ...named(model, pair), images: pair.images }));
  const shown = mistakes
    .slice(0, top)
    .map((mistake) => ({ mistake, path: dataset.samples[samples[mistake.index]!]!.source.path }));
  const panels = await mistakePanels(opened, shown, work);
  const right = samples.length - mistakes.length;
  const report: Report = {
    title: 'Mistakes',
    subtitle:
      `${name} on ${samples.length} photographs${split === undefined ? '' : ` (${split})`}: ` +
      `${right} right (${share(right / samples.length)}), ${mistakes.length} wrong, ` +
      `of ${model.labels.length} classes`,
    sections: [worstSection(panels), ...(confused.length === 0 ? [] : [confusedSection(confused)])],
    about: [abouts.mistakes],
  };
  const answer: MistakesAnswer = {
    ...(split && { split }),
    images: samples.length,
    top1: right / samples.length,
    mistakes: mistakes.map(({ index, confidence, probability, ...pair }) => ({
      file: dataset.samples[samples[index]!]!.name,
      ...named(model, pair),
      confidence,
      probability,
    })),
    confused,
  };
  return { report, answer, remarks };
}

/**
 * The photographs whose folder is called like a class of the model.
 * @returns `toModel[label of the dataset]` is the model's class, or undefined.
 */
async function knownPhotographs(
  { labels }: Opened['model'],
  folder: string,
  wished: Split | undefined,
): Promise<{
  dataset: Dataset;
  split: Split | undefined;
  toModel: readonly (number | undefined)[];
  unknown: readonly string[];
}> {
  const { dataset: all, split } = await labelledPart(folder, wished);
  const toModel = matchLabels(all.classes, labels);
  const known = [...all.samples.keys()].filter((i) => toModel[all.samples[i]!.label] !== undefined);
  if (known.length === 0) {
    const first = labels.slice(0, 8).map((label) => label.name);
    throw new AlexNetError(
      `None of the folders in ${folder} is called like a class of the model. ` +
        `The model's classes are: ${first.join(', ')}${labels.length > 8 ? ' …' : ''}.`,
    );
  }
  const unknown = all.classes.filter((_, i) => toModel[i] === undefined);
  return { dataset: only(all, known), split, toModel, unknown };
}

/**
 * One part of the labelled photographs, called `test` for {@link eachPhotograph}: never those that
 * the model was trained on where there are others.
 */
async function labelledPart(
  folder: string,
  wished: Split | undefined,
): Promise<{ dataset: Dataset; split: Split | undefined }> {
  const all = await openDataset(folder);
  const counts = splits.map((split) => ({ split, count: samplesOf(all, split).length }));
  const there = counts.filter(({ count }) => count > 0);
  const split = wished ?? there[0]!.split;
  const list = there.map((one) => `${one.split} (${one.count})`).join(', ');
  if (there.every((one) => one.split !== split))
    throw new UsageError(`${folder} has no photographs in ${split}. It has ${list}.`);
  ensure(
    all.samples.every(({ source }) => source.offset === undefined && source.content === undefined),
    () => `Expected photographs as files, to draw the worst of them, but ${folder} has archives.`,
  );
  const samples = all.samples
    .filter((sample) => sample.split === split)
    .map((sample) => ({ ...sample, split: 'test' as const }));
  const divided = wished !== undefined || there.length > 1;
  return { dataset: { ...all, samples }, split: divided ? split : undefined };
}

/** In the order in which they are looked for. */
const splits = ['test', 'val', 'train'] as const;

/** For each mistake the photograph, and Grad-CAM for the wrong answer over it. */
async function mistakePanels(
  opened: Opened,
  shown: readonly { readonly mistake: Mistake; readonly path: string }[],
  work: Work,
): Promise<Panel[]> {
  const { model, session } = opened;
  const panels: Panel[] = [];
  for (const { mistake, path } of shown) {
    work.signal?.throwIfAborted();
    const { label, predicted, confidence, probability } = mistake;
    const { picture, input, name } = await openPhotograph(path, opened);
    const cam = gradCam(session, input, classTarget(model.network, predicted));
    const { overInput } = await untilStopped(cam, work.signal);
    const heat = overPicture(picture, overInput, rangeOf(overInput, 0.995), amounts);
    const words = [
      `${className(model, label)}: ${share(probability)}`,
      `said ${className(model, predicted)}: ${share(confidence)}`,
      name,
    ];
    panels.push(
      { picture, caption: words, alt: words.join(', ') },
      {
        picture: heat,
        caption: [`why ${className(model, predicted)}`],
        alt: `Grad-CAM for ${className(model, predicted)} over the photograph`,
      },
    );
  }
  return panels;
}

function worstSection(panels: readonly Panel[]): Section {
  if (panels.length === 0) return { text: 'No photograph was answered wrongly.' };
  return {
    heading: 'The worst',
    text:
      'Each photograph with its own class and what was said instead; beside it ' +
      'where the network looked, each on its own scale: light is most, and the half percent of ' +
      'places that say most share the lightest colour.',
    panels,
    columns: 6,
    pairs: true,
  };
}

function confusedSection(confused: MistakesAnswer['confused']): Section {
  return {
    heading: 'Most confused',
    table: {
      columns: ['is', 'was called', 'photographs'],
      rows: confused.map(({ label, predicted, images }) => [label, predicted, String(images)]),
    },
  };
}

function named(
  model: Opened['model'],
  { label, predicted }: { readonly label: number; readonly predicted: number },
): { label: string; predicted: string } {
  return { label: className(model, label), predicted: className(model, predicted) };
}
