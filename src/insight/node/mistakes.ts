import { AlexNetError } from '../../errors.ts';
import { matchLabels } from '../../inference/labels.ts';
import { amounts, rangeOf } from '../colours.ts';
import { overPicture } from '../draw.ts';
import { gradCam } from '../gradcam.ts';
import { confusedPairs, worstMistakes } from '../mistakes.ts';
import { classTarget } from '../target.ts';
import type { Work } from '../work.ts';
import { abouts } from './about.ts';
import { eachPhotograph, only, photographsIn } from './folder.ts';
import { className, openPhotograph } from './open.ts';
import type { Opened } from './open.ts';
import { share } from './report.ts';
import type { Panel, Report } from './report.ts';

export interface MistakesAnswer {
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

/**
 * The worst errors on labelled photographs, where the network looked when it made them, and the
 * classes it mixes up.
 */
export async function mistakesReport(
  opened: Opened,
  folder: string,
  most: number,
  work: Work,
): Promise<{ report: Report; answer: MistakesAnswer; remarks: readonly string[] }> {
  const { model, session, name } = opened;
  const all = await photographsIn(folder);
  const toModel = matchLabels(all.classes, model.labels);
  const known = [...all.samples.keys()].filter((i) => toModel[all.samples[i]!.label] !== undefined);
  if (known.length === 0)
    throw new AlexNetError(
      `None of the folders in ${folder} is called like a class of the model. The model's classes are: ${model.labels
        .slice(0, 8)
        .map((label) => label.name)
        .join(', ')}${model.labels.length > 8 ? ' …' : ''}.`,
    );
  const dataset = only(all, known);
  const unknown = all.classes.filter((_, i) => toModel[i] === undefined);
  const classes = model.labels.length;
  const probabilities: number[] = [];
  const samples: number[] = [];
  const remarks = await eachPhotograph(session, model, dataset, work, (looked) => {
    probabilities.push(...looked.probabilities);
    samples.push(...looked.indices.subarray(0, looked.count));
  });
  if (unknown.length > 0)
    remarks.push(
      `${unknown.length} of the folders are called like no class of the model and were left out: ${unknown.slice(0, 5).join(', ')}${unknown.length > 5 ? ' …' : ''}.`,
    );
  const mistakes = worstMistakes(
    Float32Array.from(probabilities),
    samples.map((i) => toModel[dataset.samples[i]!.label]!),
  );
  const confused = confusedPairs(mistakes).slice(0, 20);
  const panels: Panel[] = [];
  for (const { index, label, predicted, confidence, probability } of mistakes.slice(0, most)) {
    work.signal?.throwIfAborted();
    const photograph = await openPhotograph(dataset.samples[samples[index]!]!.source.path, model);
    const { overInput } = await gradCam(
      session,
      photograph.input,
      classTarget(model.network, predicted),
    );
    const heat = overPicture(photograph.picture, overInput, rangeOf(overInput, 0.995), amounts);
    const words = [
      `${className(model, label)}: ${share(probability)}`,
      `said ${className(model, predicted)}: ${share(confidence)}`,
      photograph.name,
    ];
    panels.push(
      { picture: photograph.picture, caption: words, alt: words.join(', ') },
      {
        picture: heat,
        caption: [`why ${className(model, predicted)}`],
        alt: `Grad-CAM for ${className(model, predicted)} over the photograph`,
      },
    );
  }
  const named = (pair: {
    label: number;
    predicted: number;
  }): { label: string; predicted: string } => ({
    label: className(model, pair.label),
    predicted: className(model, pair.predicted),
  });
  const right = samples.length - mistakes.length;
  const report: Report = {
    title: 'Mistakes',
    subtitle: `${name} on ${samples.length} photographs: ${right} right (${share(right / samples.length)}), ${mistakes.length} wrong, of ${classes} classes`,
    sections: [
      ...(panels.length === 0
        ? [{ text: 'No photograph was answered wrongly.' }]
        : [
            {
              heading: 'The worst',
              text: 'Each photograph with its own class and what was said instead; beside it where the network looked, each on its own scale: light is most.',
              panels,
              columns: 6,
            },
          ]),
      ...(confused.length === 0
        ? []
        : [
            {
              heading: 'Most confused',
              table: {
                columns: ['is', 'was called', 'photographs'],
                rows: confused.map((pair) => [
                  named(pair).label,
                  named(pair).predicted,
                  String(pair.images),
                ]),
              },
            },
          ]),
    ],
    about: [abouts.mistakes],
  };
  const answer: MistakesAnswer = {
    images: samples.length,
    top1: right / samples.length,
    mistakes: mistakes.map(({ index, confidence, probability, ...pair }) => ({
      file: dataset.samples[samples[index]!]!.name,
      ...named(pair),
      confidence,
      probability,
    })),
    confused: confused.map((pair) => ({ ...named(pair), images: pair.images })),
  };
  return { report, answer, remarks };
}
