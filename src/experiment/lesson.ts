import type { Block, Lesson, Section, Table } from '../lesson/lesson.ts';
import { counted, percent } from '../text.ts';
import type { Comparison, Outcome } from './comparison.ts';
import type { Experiment, Measure, PerClass, Run, Trial } from './experiment.ts';
import { curvesDrawing, curveTitle } from './figures/curves.ts';
import { differencesDrawing } from './figures/differences.ts';
import { amount, bare, intervalText, percentOf, statisticsWords, trialWords } from './words.ts';

/** What a page is made from. */
export interface Findings extends Comparison {
  readonly experiment: string;
  readonly sentence: string;
  readonly rates?: readonly { readonly arm: string; readonly learningRate: number }[];
  readonly trials?: readonly Trial[];
  readonly data: string;
  readonly seeds: { readonly done: number; readonly wanted: number };
  readonly seconds: number;
  readonly runs: readonly Run[];
  readonly perClass: PerClass;
}

/** An experiment and what came out, as text with figures: for a page or a guide. */
export function experimentLesson(experiment: Experiment, findings: Findings): Lesson {
  return {
    title: `${experiment.title}: an experiment`,
    lead: [
      `The claim: ${experiment.claim}`,
      `**${findings.sentence}**`,
      `In the paper (${experiment.paper.where}): ${experiment.paper.says}`,
    ],
    sections: [
      outcome(experiment, findings),
      published(experiment),
      method(experiment, findings),
      again(findings),
    ],
  };
}

function outcome(experiment: Experiment, findings: Findings): Section {
  const { measure, arms, curves } = experiment;
  const { seeds, runs, difference } = findings;
  const missing =
    seeds.done < seeds.wanted
      ? [text(`${seeds.done} of ${seeds.wanted} seeds are done; the same command goes on.`)]
      : [];
  return {
    id: 'outcome',
    title: 'What came out here',
    blocks: [
      ...missing,
      ...curves.map((kind): Block => ({
        kind: 'figure',
        id: `curves-${kind}`,
        caption:
          `${curveTitle(kind)} by epoch. Thin: single seeds; thick: their mean` +
          (measure.kind === 'epochs' ? ', as far as all of them go.' : '.'),
        alt: `${curveTitle(kind)} of ${arms.map(({ name }) => name).join(' and ')} by epoch.`,
        drawing: curvesDrawing(experiment, runs, kind),
        size: 'narrow',
      })),
      {
        kind: 'figure',
        id: 'differences',
        caption:
          `Each seed’s ${measure.kind === 'top1' ? 'difference' : 'factor'} (circles), the mean ` +
          `with its ${percentOf(0.95)} interval (bar). To the right of the line is as claimed.`,
        alt: `Mean ${amount(difference.mean, measure)}, ${intervalText(difference, measure)}.`,
        drawing: differencesDrawing(experiment, findings),
        size: 'narrow',
      },
      ...eachTable(findings, measure),
      ...gapText(experiment, findings),
      runsTable(experiment, findings),
      ...troubles(findings),
    ],
  };
}

function eachTable({ each }: Findings, measure: Measure): Table[] {
  if (each.length === 0) return [];
  return [
    {
      kind: 'table',
      caption: 'The first arm against each of the others',
      columns: [
        { title: 'against' },
        { title: 'difference', numbers: true },
        { title: 'from', numbers: true },
        { title: 'to', numbers: true },
      ],
      rows: each.map(({ arm, difference: { mean, low, high } }) => [
        arm,
        amount(mean, measure),
        low === null ? '–' : bare(low, measure),
        high === null ? '–' : bare(high, measure),
      ]),
    },
  ];
}

function gapText({ arms }: Experiment, { gap, arms: outcomes }: Findings): Block[] {
  if (gap === undefined) return [];
  const mean = (of: number): string => {
    const gaps = outcomes[of]!.runs.map((run) => run.gap!);
    return bare(gaps.reduce((sum, value) => sum + value, 0) / gaps.length, { kind: 'top1' });
  };
  const top1: Measure = { kind: 'top1' };
  return [
    text(
      `The gap between the network’s own training pictures and others: ${mean(0)} points ` +
        `${arms[0].name}, ${mean(1)} points ${arms[1].name}; that is ${amount(gap.mean, top1)} ` +
        `(${intervalText(gap, top1)}). This is overfitting measured directly.`,
    ),
  ];
}

function runsTable({ measure, arms }: Experiment, { arms: outcomes }: Findings): Table {
  const seeds = outcomes[0]!.runs.map(({ seed }) => seed);
  const cell = (run: Outcome): string =>
    measure.kind === 'top1'
      ? percent(run.top1)
      : `${run.atLeast ? 'over ' : ''}${run.epochs.toFixed(1)}`;
  return {
    kind: 'table',
    caption:
      measure.kind === 'top1'
        ? 'Top-1 on pictures that were not trained on, after the last epoch'
        : `Epochs until ${percentOf(measure.error)} training error`,
    columns: [{ title: 'seed' }, ...arms.map(({ name }) => ({ title: name, numbers: true }))],
    rows: seeds.map((seed, i) => [String(seed), ...outcomes.map(({ runs }) => cell(runs[i]!))]),
  };
}

function troubles({ runs, arms }: Findings): Block[] {
  const rolled = runs.filter(({ rollbacks }) => rollbacks > 0);
  const late = arms.flatMap(({ name, runs: own }) => {
    const count = own.filter(({ atLeast }) => atLeast).length;
    return count > 0 ? [`${name}: ${count} of ${own.length}`] : [];
  });
  return [
    ...(late.length > 0
      ? [
          text(
            `Not every run reached the error (${late.join('; ')}). They count with the epochs ` +
              'they had, so that the factor is nearer to 1 than it would be.',
          ),
        ]
      : []),
    ...(rolled.length > 0
      ? [
          text(
            `In ${counted(rolled.length, 'run')} the loss exploded and training went on with half ` +
              `the rate: ${rolled.map(({ arm, seed }) => `${arm}, seed ${seed}`).join('; ')}.`,
          ),
        ]
      : []),
  ];
}

function published({ paper }: Experiment): Section {
  return {
    id: 'paper',
    title: 'What the paper measured',
    blocks: [
      text(`${paper.where}: ${paper.says}`),
      text(`Measured on: ${paper.on}`),
      text(
        'Here pictures, network and time are far smaller. What comes out here neither proves nor ' +
          'disproves what came out there.',
      ),
    ],
  };
}

function method(experiment: Experiment, findings: Findings): Section {
  const { here, arms } = experiment;
  const { rates, seeds, perClass, data } = findings;
  const drawn = data === 'drawn scenes';
  const counts = `${perClass.train} to train on and ${perClass.val} others of each kind`;
  return {
    id: 'method',
    title: 'How it was done here',
    blocks: [
      {
        kind: 'table',
        caption: 'The arms: they differ in this alone',
        columns: [{ title: 'arm' }, { title: 'what it is' }],
        rows: arms.map(({ name, about }) => [name, about]),
      },
      {
        kind: 'list',
        items: [
          ...here,
          drawn
            ? `Pictures: ten kinds of drawn things among clutter, ${counts}, drawn anew for each ` +
              'seed.'
            : `Pictures: of \`${data}\`, at most ${counts}, chosen anew for each seed.`,
          'Within a seed all arms see the same pictures in the same order, with the same crops, ' +
            'and start from the same weights where their layers are the same.',
          ...(rates === undefined
            ? ['One learning rate for all arms: none was searched for.']
            : [
                `Learning rates found: ${rates
                  .map(({ arm, learningRate }) => `${arm} ${learningRate}`)
                  .join(', ')}.`,
              ]),
        ],
      },
      ...trialsTable(findings),
      { kind: 'heading', text: 'The statistics in plain words' },
      { kind: 'list', items: statisticsWords(experiment, findings) },
      text(
        drawn
          ? `What differs between seeds is everything: pictures, first weights, order. So the ` +
              `interval speaks of such pictures in general, for this network and ${counted(
                seeds.done,
                'seed',
              )}.`
          : 'What differs between seeds is which of the pictures are taken, the first weights and ' +
              'the order. Where nearly all pictures are taken, the interval says nothing about ' +
              'others.',
      ),
    ],
  };
}

function trialsTable({ trials = [] }: Findings): Table[] {
  if (trials.length === 0) return [];
  return [
    {
      kind: 'table',
      caption: 'The search for the rates, on a seed of its own',
      columns: [
        { title: 'arm' },
        { title: 'rate', numbers: true },
        { title: 'it took', numbers: true },
      ],
      rows: trials.map((trial) => [trial.arm, String(trial.learningRate), trialWords(trial)]),
    },
  ];
}

function again({ experiment, seeds, seconds, data }: Findings): Section {
  const minutes = Math.max(1, Math.round(seconds / 60));
  const photographs = data === 'drawn scenes' ? '' : ` --data ${data}`;
  return {
    id: 'again',
    title: 'Do it yourself',
    blocks: [
      {
        kind: 'try',
        tries: [
          {
            kind: 'command',
            command: `experiment ${experiment}${photographs} --seeds ${2 * seeds.wanted}`,
            shows: 'what is done counts: only the seeds that are new are trained',
            slow: `the ${seeds.done} seeds of this page took ${minutes} minutes.`,
          },
          ...(photographs === ''
            ? [
                {
                  kind: 'command' as const,
                  command: `experiment ${experiment} --data PHOTOS --out experiments/photos`,
                  shows: 'the same on your own photographs, or on CIFAR',
                },
              ]
            : []),
        ],
      },
    ],
  };
}

function text(words: string): Block {
  return { kind: 'text', text: words };
}
