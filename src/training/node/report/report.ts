import { parametersOf } from '../../../network/parameters.ts';
import type { Dataset } from '../../../data/dataset.ts';
import type { Model } from '../../../model/model.ts';
import type { Evaluation, Verdict } from '../../../inference/evaluation.ts';
import type { RunRecord } from '../../core/record.ts';
import type { Entry, EpochEntry, LeftOut } from '../../core/entries.ts';
import type { PictureCounts } from '../../core/train.ts';
import { grouped, perSecond } from '../../../text.ts';
import type { State } from '../../core/state.ts';
import { chart } from './chart.ts';
import type { Curve } from './chart.ts';
import { confusionMatrix, mostConfused } from './confusion.ts';
import { escape } from '../../../html.ts';
import { page, percent } from './html.ts';
import { kernelSheet, thumbnail } from './pictures.ts';
import { valuesOf } from '../../../model/weights.ts';

export interface ReportContent {
  readonly record: RunRecord;
  readonly state: State;
  readonly entries: readonly Entry[];
  readonly dataset: Dataset;
  readonly model: Model;
  /** Of the best model. */
  readonly evaluation: Evaluation | null;
  /** What its figures are of: `test`, `validation`, or `training` where nothing was held out. */
  readonly evaluatedOn: string;
  readonly pictures: PictureCounts;
  /** Those that could not be read. */
  readonly leftOut: readonly LeftOut[];
}

const mistakesShown = 24;

/** The report of a run: one HTML file with everything inside. */
export async function report(content: ReportContent): Promise<string> {
  const { record, evaluation, dataset, model } = content;
  const { variant, network } = record.settings;
  const name = network === undefined ? (variant ?? 'fine-tuned') : 'network given';
  const title = `${name} on ${record.data.root}`;
  const parts = [
    heading(title, content),
    curves(
      content.entries.filter((entry) => entry.kind === 'epoch'),
      content.record.data.classes,
    ),
    ...(evaluation === null
      ? []
      : [
          confusion(evaluation, dataset.classes, content.evaluatedOn),
          perClass(evaluation, dataset.classes),
          await mistakes(evaluation, dataset),
        ]),
    await kernels(model),
    unreadable(content.leftOut),
    remarks(content),
    settings(record),
  ];
  return page(title, parts.join('\n'));
}

function heading(title: string, content: ReportContent): string {
  const { record, state, evaluation, evaluatedOn, pictures, leftOut } = content;
  const score = evaluation ?? state.best;
  const facts: [string, string][] = [
    ...(score === null
      ? []
      : ([
          [`top-1 (${evaluatedOn})`, percent(score.top1)],
          // Among five classes or fewer, the right one is always among the first five.
          ...(record.data.classes > 5 ? [[`top-5 (${evaluatedOn})`, percent(score.top5)]] : []),
        ] as [string, string][])),
    ...(state.best === null || pictures.validation === 0 || evaluatedOn === 'validation'
      ? []
      : ([['top-1 (validation)', percent(state.best.top1)]] as [string, string][])),
    ['epochs', `${state.epoch}${state.best === null ? '' : `, best ${state.best.epoch}`}`],
    ['training pictures', grouped(pictures.train)],
    ...(leftOut.length === 0 ? [] : [['left out', grouped(leftOut.length)] as [string, string]]),
    ['classes', String(record.data.classes)],
    ['time', timeOf(state.seconds)],
    ['images/s', perSecond(state.images / state.seconds)],
  ];
  const list = facts
    .map(([name, value]) => `<div><dt>${escape(name)}</dt><dd>${escape(value)}</dd></div>`)
    .join('');
  return (
    `<h1>${escape(title)}</h1>\n<p class="soft">recipe ${escape(record.settings.recipe)}, ` +
    `${escape(record.engine)} engine, ${record.settings.precision}; started ` +
    `${escape(record.started.slice(0, 16).replace('T', ' '))} UTC. ` +
    `${escape(state.finished ?? 'Not finished yet.')}</p>\n<dl class="facts">${list}</dl>`
  );
}

function curves(epochs: readonly EpochEntry[], classes: number): string {
  if (epochs.length === 0) return '';
  const curve = (
    name: string,
    colour: Curve['colour'],
    value: (entry: EpochEntry) => number | undefined,
  ): Curve => ({
    name,
    colour,
    points: epochs.flatMap((entry) => {
      const y = value(entry);
      return y === undefined ? [] : [[entry.epoch, y] as const];
    }),
  });
  const charts = [
    chart(
      [
        curve('training', 'one', ({ train }) => train.loss),
        curve('validation', 'two', ({ validation }) => validation?.loss),
      ],
      { title: 'Loss', xTitle: 'epoch', format: (value) => String(Number(value.toPrecision(3))) },
    ),
    chart(
      [
        curve('training', 'one', ({ train }) => train.top1),
        curve('validation', 'two', ({ validation }) => validation?.top1),
        ...(classes > 5 ? [curve('top-5', 'three', ({ validation }) => validation?.top5)] : []),
      ],
      {
        title: 'Top-1',
        xTitle: 'epoch',
        format: (value) => `${Math.round(100 * value)} %`,
        range: [0, 1],
      },
    ),
    chart([curve('', 'one', ({ learningRate }) => learningRate)], {
      title: 'Learning rate',
      xTitle: 'epoch',
      format: (value) => String(Number(value.toPrecision(2))),
    }),
  ];
  return (
    '<h2>How it learned</h2>\n<p class="soft">Training figures are of pictures as they were ' +
    'seen: augmented, with dropout and label smoothing, so they can lie below those of ' +
    `validation.</p>\n<div class="charts">${charts.join('\n')}</div>`
  );
}

function confusion(evaluation: Evaluation, labels: readonly string[], on: string): string {
  const pairs = mostConfused(evaluation, 10).map(
    ({ label, answer, count }) =>
      `<tr><td>${escape(labels[label]!)}</td><td>${escape(labels[answer]!)}</td><td ` +
      `class="number">${count}</td></tr>`,
  );
  const table =
    pairs.length === 0
      ? '<p>Nothing was taken for something else.</p>'
      : '<table><tr><th>is</th><th>was taken for</th><th class="number">pictures</th></tr>' +
        `${pairs.join('')}</table>`;
  return (
    '<h2>What is taken for what</h2>\n<p class="soft">One row per class, one column per answer, ' +
    `over the ${evaluation.images.toLocaleString('en-US')} ${escape(on)} pictures; green is ` +
    `right. Point at a cell to read it.</p>\n${confusionMatrix(evaluation, labels)}\n` +
    table
  );
}

function perClass(evaluation: Evaluation, labels: readonly string[]): string {
  const rows = evaluation.perClass
    .map((row, i) => ({ ...row, label: labels[i]! }))
    .filter(({ images }) => images > 0)
    .toSorted((a, b) => a.top1! - b.top1!)
    .map(
      ({ label, images, top1 }) =>
        `<tr><td>${escape(label)}</td><td class="number">${images}</td><td class="number">` +
        `${percent(top1!)}</td><td style="width:40%"><span class="bar" ` +
        `style="width:${(100 * top1!).toFixed(0)}%"></span></td></tr>`,
    );
  return (
    '<h2>Class by class</h2>\n<div class="scroll"><table><tr><th>class</th><th ' +
    'class="number">pictures</th><th class="number">top-1</th><th></th></tr>' +
    `${rows.join('')}</table></div>`
  );
}

async function mistakes({ verdicts }: Evaluation, dataset: Dataset): Promise<string> {
  const worst = verdicts
    .filter(({ label, answer }) => label !== answer)
    .toSorted((a, b) => b.confidence - a.confidence)
    .slice(0, mistakesShown);
  if (worst.length === 0) return '';
  const figures = await Promise.all(worst.map((verdict) => figure(verdict, dataset)));
  return `<h2>The most confident mistakes</h2>\n<div class="mistakes">${figures.join('\n')}</div>`;
}

async function figure(
  { sample: index, label, answer, confidence, right }: Verdict,
  { samples, classes }: Dataset,
): Promise<string> {
  const sample = samples[index]!;
  const picture = await thumbnail(sample.source);
  const image = picture === undefined ? '' : `<img alt="" src="${picture}">`;
  return (
    `<figure title="${escape(sample.name)}">${image}<figcaption>said <b>` +
    `${escape(classes[answer]!)}</b> ${percent(confidence)}<br>is <b>` +
    `${escape(classes[label]!)}</b> <span class="soft">${percent(right)}</span></figcaption>` +
    '</figure>'
  );
}

async function kernels({ network, weights, preprocessing }: Model): Promise<string> {
  const first = parametersOf(network).find(
    ({ layer, kind }) => layer.type === 'convolution' && kind === 'weight',
  );
  const values = first && valuesOf(weights, first.name);
  if (first === undefined || values === undefined) return '';
  const sheet = await kernelSheet(first, values, preprocessing.channels);
  return (
    `<h2>The first layer's kernels</h2>\n<p class="soft">${first.shape[0]} of ` +
    `${first.shape.slice(2).join('×')}×${first.shape[1]}, each stretched to its own range; ` +
    'smooth stripes and colours are learned, snow is not yet.</p>\n<img class="kernels" ' +
    `alt="kernels of the first layer" src="${sheet}">`
  );
}

function remarks({ entries, dataset }: ReportContent): string {
  const texts = [
    ...dataset.remarks,
    ...entries.flatMap((entry) => (entry.kind === 'remark' ? [entry.text] : [])),
  ];
  return texts.length === 0
    ? ''
    : `<h2>Remarks</h2>\n<ul>${texts.map((text) => `<li>${escape(text)}</li>`).join('')}</ul>`;
}

function unreadable(leftOut: readonly LeftOut[]): string {
  if (leftOut.length === 0) return '';
  const rows = leftOut.map(
    ({ split, file, why }) =>
      `<tr><td>${escape(file)}</td><td>${split}</td><td>${escape(why)}</td></tr>`,
  );
  return (
    '<h2>Pictures left out</h2>\n<p class="soft">They could not be read, and no figure counts ' +
    'them.</p>\n<div class="scroll"><table><tr><th>picture</th><th>of</th><th>why</th></tr>' +
    `${rows.join('')}</table></div>`
  );
}

function settings(record: RunRecord): string {
  return `<h2>Settings</h2>\n<pre>${escape(JSON.stringify(record, undefined, 2))}</pre>`;
}

function timeOf(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  return seconds < 120
    ? `${Math.round(seconds)} s`
    : minutes < 120
      ? `${minutes} min`
      : `${(minutes / 60).toFixed(1)} h`;
}
