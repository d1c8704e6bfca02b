import type { Command } from 'commander';
import { AlexNetError } from '../../../errors.ts';
import { checkIndex, lastHidden } from '../../../insight/node/features.ts';
import { checkOut, writeReport } from '../../../insight/node/write.ts';
import type { Report } from '../../../insight/pages/report.ts';
import type { Work } from '../../../insight/work.ts';
import { openPhotograph } from '../../../insight/node/open.ts';
import type { OpenOptions, Opened, Photograph } from '../../../insight/node/open.ts';
import { duration } from '../../duration.ts';
import { tellGuesses } from '../../guesses.ts';
import { untilInterrupted } from '../../interrupt.ts';
import { addForceOption, maxPixelsOption } from '../../options.ts';
import type { CommonOptions } from '../../options.ts';
import { checkOutput } from '../../output.ts';
import type { Terminal } from '../../terminal.ts';

/** The flags that every way of looking inside has. */
export interface InspectFlags extends CommonOptions {
  readonly out?: string;
  readonly randomize?: string;
  readonly allowNan?: true;
  readonly force?: true;
  readonly maxPixels?: number;
}

/**
 * `--out` with what goes along with it. What the command writes is looked at before its work.
 * @param endings what the page can be written as.
 */
export function outOption(
  command: Command,
  what = 'a .png or a one-file .html',
  endings: readonly string[] = ['.png', '.html'],
): Command {
  const name = command.name();
  command.option('--out <file>', `write ${what} (default: inspect-${name}.html, none with --json)`);
  return addForceOption(command)
    .addOption(maxPixelsOption())
    .option('--allow-nan', 'also a model whose weights are NaN or infinite')
    .hook('preAction', async (_, action) => {
      const flags = action.opts<InspectFlags>();
      const out = outOf(name, flags);
      if (out === undefined) return;
      checkOut(out, endings);
      await checkInspected(action, out, '--out');
    });
}

/** Where the features of a folder are kept. */
export function indexOption(command: Command): Command {
  return command
    .option(
      '--index <file>',
      'where the features are kept for the next time (default: beside the model)',
    )
    .hook('preAction', async (_, action) => {
      const { index } = action.opts<{ readonly index?: string }>();
      if (index === undefined) return;
      await checkInspected(action, index, '--index');
      await checkIndex(index);
    });
}

/** That a file may be written by a command that reads what its arguments name. */
export async function checkInspected(command: Command, path: string, flag: string): Promise<void> {
  const { force } = command.opts<InspectFlags>();
  await checkOutput(path, { flag, inputs: command.args, force: force === true });
}

export function randomizeOption(command: Command): Command {
  return command.option(
    '--randomize <layer>',
    'the honest check: the same with the weights shuffled from this layer upwards',
  );
}

/** What {@link OpenOptions} the common flags stand for. */
export function openOptions(
  { engine, threads, seed, randomize, allowNan, maxPixels }: InspectFlags,
  terminal: Terminal,
): OpenOptions {
  return {
    engine,
    seed,
    allowNaN: allowNan === true,
    onGuesses: (guesses, path) => tellGuesses(path, guesses, terminal),
    ...(maxPixels !== undefined && { maximumPixels: maxPixels }),
    ...(threads !== undefined && { threads }),
    ...(randomize !== undefined && { randomize }),
  };
}

/** For what compares photographs by one layer's numbers. */
export function openForFeatures(
  flags: InspectFlags & { readonly layer?: string; readonly batch: number },
  terminal: Terminal,
): OpenOptions {
  return {
    ...openOptions(flags, terminal),
    batch: flags.batch,
    mode: 'inference',
    keep: (network) => [flags.layer ?? lastHidden({ network })],
  };
}

/** The photograph as the network sees it; what one should know about it is said. */
export async function photographOf(
  file: string,
  opened: Opened,
  terminal: Terminal,
): Promise<Photograph> {
  const photograph = await openPhotograph(file, opened);
  if (photograph.remark !== undefined) terminal.note(photograph.remark);
  return photograph;
}

/** Where the page goes; undefined with --json and no --out: then only numbers are wanted. */
export function outOf(verb: string, { out, json }: InspectFlags): string | undefined {
  return out ?? (json ? undefined : `inspect-${verb}.html`);
}

/** Writes the page where one is wanted, and answers. */
export async function finish(
  verb: string,
  flags: InspectFlags,
  terminal: Terminal,
  report: Report,
  answer: object,
  lines: readonly string[],
): Promise<void> {
  const out = outOf(verb, flags);
  if (out !== undefined) await writeReport(out, report);
  tell(terminal, answer, out, lines);
}

export function tell(
  terminal: Terminal,
  answer: object,
  out: string | undefined,
  lines: readonly string[],
): void {
  terminal.answer({ ...answer, ...(out !== undefined && { out }) }, () =>
    [...lines, ...(out === undefined ? [] : [`written to ${out}`])].join('\n'),
  );
}

/** Seconds between two lines of progress where nothing is redrawn. */
const plainSeconds = 15;
/** From so many seconds on it is said beforehand how long something will take. */
const longSeconds = 10;
/** Milliseconds after Ctrl-C until the process ends, whatever an engine still computes. */
const patience = 700;

/**
 * Runs long work with a progress line, and says what it will take as soon as that can be told;
 * Ctrl-C stops it, and no page is written. A second one ends the process as usual.
 */
export async function working<T>(
  terminal: Terminal,
  what: string,
  use: (work: Work) => Promise<T>,
): Promise<T> {
  const stopped = new AlexNetError('Stopped: no page was written.');
  return untilInterrupted(
    terminal,
    async (signal) => {
      signal.addEventListener('abort', () => terminal.leaveWithin(patience, stopped.message));
      try {
        return await use({ progress: progressOf(terminal, what), signal });
      } catch (error) {
        if (signal.aborted && error instanceof Error) terminal.leaveWithin(patience, error.message);
        throw error;
      }
    },
    stopped,
  );
}

/** Redraws a line on a terminal, and elsewhere writes one now and then. */
function progressOf(terminal: Terminal, what: string): (done: number, total: number) => void {
  let told = performance.now();
  let first: { readonly at: number; readonly done: number; readonly total: number } | undefined;
  let forecast = false;
  return (done, total) => {
    const now = performance.now();
    // The first part also warms up: what the second takes is what the others take.
    if (first === undefined || total !== first.total || done <= first.done) {
      forecast &&= total === first?.total;
      first = { at: now, done, total };
    } else if (!forecast) {
      forecast = true;
      const seconds = ((now - first.at) / 1000 / (done - first.done)) * (total - done);
      if (seconds >= longSeconds) {
        terminal.progress('');
        terminal.note(`${what}: ${total} to do, in about ${duration(seconds)}; Ctrl-C stops.`);
      }
    }
    const line = `${what}: ${done} of ${total}`;
    if (terminal.animated) terminal.progress(line);
    else if (now - told > 1000 * plainSeconds) {
      terminal.note(line);
      told = now;
    }
  };
}
