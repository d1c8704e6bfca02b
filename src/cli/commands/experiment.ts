import type { Command } from 'commander';
import { AlexNetError, UsageError } from '../../errors.ts';
import { experiments, parseExperiment } from '../../experiment/catalogue/index.ts';
import type { Run } from '../../experiment/experiment.ts';
import type { ExperimentEvent } from '../../experiment/node/options.ts';
import { runExperiment } from '../../experiment/node/run.ts';
import type { ExperimentResult } from '../../experiment/node/run.ts';
import { epochsUntil } from '../../experiment/comparison.ts';
import { percentOf, trialWords } from '../../experiment/words.ts';
import { percent } from '../../text.ts';
import { Interrupted } from '../../training/core/interrupted.ts';
import { duration, parseDuration } from '../duration.ts';
import { untilInterrupted } from '../interrupt.ts';
import { depthOption, wholeNumber } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { table } from '../table.ts';
import type { Terminal } from '../terminal.ts';

interface ExperimentFlags extends CommonOptions {
  readonly list?: true;
  readonly data?: string;
  readonly depth?: number;
  readonly perClass?: number;
  readonly seeds?: number;
  readonly time?: number;
  readonly out?: string;
}

/** One of the paper's claims, on this machine. */
export function register(command: Command, terminal: Terminal): void {
  command
    .argument('[name]', `which claim: ${Object.keys(experiments).join(', ')}`)
    .option('--list', 'what there is, with what the paper claims')
    .option(
      '--data <dir>',
      'labelled photographs, or CIFAR (default: scenes that are drawn, ten kinds of thing)',
    )
    .option(
      '--per-class <n>',
      "training pictures of each class for each seed (default: the experiment's)",
      wholeNumber(1),
    )
    .addOption(depthOption())
    .option('--seeds <n>', 'how many pairs; from --seed on (default: the experiment’s)', seeds)
    .option(
      '--time <duration>',
      'end within this time: 40m; what is complete counts',
      parseDuration,
    )
    .option('--out <dir>', 'where everything goes, and goes on (default: experiments/NAME)')
    .addHelpText(
      'after',
      '\nExamples:\n  alexnet experiment --list\n  alexnet experiment relu\n' +
        '  alexnet experiment dropout --data photos --time 40m --out experiments/photos\n' +
        '\nStopped by Ctrl-C, the same command goes on where it was.',
    )
    .action((name: string | undefined, flags: ExperimentFlags) => run(name, flags, terminal));
}

const seeds = wholeNumber(1, 1000);

async function run(
  name: string | undefined,
  flags: ExperimentFlags,
  terminal: Terminal,
): Promise<void> {
  if (flags.list) return list(terminal);
  if (name === undefined)
    throw new UsageError(
      `Which experiment? There are: ${Object.keys(experiments).join(', ')}. --list says what ` +
        'each is about.',
    );
  const experiment = experiments[parseExperiment(name)];
  terminal.note(`The claim: ${experiment.claim}`);
  try {
    const result = await untilInterrupted(terminal, (signal) =>
      runExperiment({ ...options(name, flags), signal, onEvent: watcher(name, terminal) }),
    );
    terminal.answer(result, () => summary(result, terminal));
  } catch (error) {
    if (error instanceof Interrupted || isAbort(error))
      throw new AlexNetError('Interrupted; everything is saved. The same command goes on.');
    throw error;
  }
}

/** A signal's own reason: the work stopped between two runs. */
function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

function options(
  name: string,
  { data, depth, perClass, seeds: count, seed, time, out, engine, threads }: ExperimentFlags,
): Parameters<typeof runExperiment>[0] {
  return {
    name,
    seed,
    engine,
    ...(data !== undefined && { data }),
    ...(depth !== undefined && { depth }),
    ...(perClass !== undefined && { perClass: { train: perClass } }),
    ...(count !== undefined && { seeds: count }),
    ...(time !== undefined && { seconds: time }),
    ...(out !== undefined && { out }),
    ...(threads !== undefined && { threads }),
  };
}

function list(terminal: Terminal): void {
  const all = Object.entries(experiments).map(
    ([name, { title, claim, paper, seeds: count, minutes }]) => ({
      name,
      title,
      claim,
      paper: `${paper.where}: ${paper.says}`,
      seeds: count,
      minutes,
    }),
  );
  terminal.answer(all, () =>
    table(
      [
        { title: 'experiment' },
        { title: 'the claim' },
        { title: 'seeds', align: 'right' },
        { title: 'minutes', align: 'right' },
      ],
      all.map(({ name, claim, seeds: count, minutes }) => ({
        cells: [name, claim, String(count), `about ${minutes}`],
      })),
    ),
  );
}

/** A line for every run; on a terminal the epochs between them too. */
function watcher(name: string, terminal: Terminal): (event: ExperimentEvent) => void {
  const { measure } = experiments[parseExperiment(name)];
  const tell = (line: string): void => {
    terminal.progress('');
    terminal.note(line);
  };
  const said = ({ arm, seed, epochs }: Run): string => {
    const last = epochs.at(-1)!;
    const start = `${arm}, seed ${seed}: `;
    if (measure.kind === 'top1')
      return `${start}${percent(last.validation.top1)} right after ${last.epoch} epochs`;
    const reached = epochsUntil(epochs, measure.error);
    const error = `${percentOf(measure.error)} training error`;
    return reached === null
      ? `${start}${error} not reached in ${last.epoch} epochs`
      : `${start}${error} after ${reached.toFixed(1)} epochs`;
  };
  return (event) => {
    switch (event.kind) {
      case 'remark':
        return tell(event.text);
      case 'drawing':
        return terminal.progress(`drawing pictures for seed ${event.seed}`);
      case 'trying':
        return terminal.progress(`${event.trial.arm}: trying rate ${event.trial.learningRate}`);
      case 'tried': {
        const { arm, learningRate } = event.trial;
        return tell(`search  ${arm} at rate ${learningRate}: ${trialWords(event.trial)}`);
      }
      case 'rate':
        return tell(`search  ${event.arm}: rate ${event.learningRate}`);
      case 'epoch': {
        const { arm, seed, entry, epochs } = event;
        return terminal.progress(
          `${arm}, seed ${seed}: epoch ${entry.epoch}/${epochs}, training error ` +
            percent(1 - entry.train.top1),
        );
      }
      case 'run': {
        const { run: one, number, of, kept, secondsLeft } = event;
        const left = secondsLeft === undefined ? '' : `, about ${duration(secondsLeft)} left`;
        return tell(
          `${String(number).padStart(String(of).length)}/${of}  ${said(one)}` +
            (kept ? ' (done before)' : left),
        );
      }
    }
  };
}

function summary(result: ExperimentResult, terminal: Terminal): string {
  const { sentence, seeds: count, seconds, page, out } = result;
  return [
    '',
    terminal.bold(sentence),
    `${count.done} of ${count.wanted} seeds, ${duration(seconds)} of training`,
    '',
    `the page  ${page}`,
    `the runs  ${out}/runs`,
  ].join('\n');
}
