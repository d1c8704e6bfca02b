import { availableParallelism } from 'node:os';
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { parsePixels } from './size.ts';
import { maximumDepth } from '../data/depth.ts';
import { maximumThreads } from '../platform/thread-limit.ts';
import { variants } from '../network/variants.ts';

/** The flags that every verb has. */
export interface CommonOptions {
  readonly engine: string;
  readonly threads?: number;
  readonly seed: number;
  readonly quiet?: true;
  readonly json?: true;
}

export function addCommonOptions(command: Command): Command {
  command.optionsGroup('Common options:');
  return command
    .addOption(
      new Option('--engine <name>', 'auto, or one that `alexnet doctor` lists').default('auto'),
    )
    .addOption(
      new Option(
        '--threads <n>',
        `threads to compute with (default: the machine's, ${availableParallelism()})`,
      ).argParser(threads),
    )
    .addOption(
      new Option('--seed <n>', 'where all chance starts from').argParser(wholeNumber(0)).default(1),
    )
    .option('--quiet', 'no progress and no remarks')
    .option('--json', 'the answer as one JSON value on standard output');
}

/** What `checkOutput` asks for. */
export function addForceOption(command: Command): Command {
  return command.option('--force', 'write over a file even where alexnet did not make it');
}

/** Of verbs that read class folders. */
export function depthOption(): Option {
  return new Option(
    '--depth <n>',
    'of folders that hold folders: how far down the classes are (default: 1)',
  ).argParser(wholeNumber(1, maximumDepth));
}

/** Of verbs that decode photographs. */
export function maxPixelsOption(): Option {
  return new Option(
    '--max-pixels <n>',
    'refuse photographs with more pixels: 250M (default: 100M)',
  ).argParser(parsePixels);
}

/** Checked by `parseVariant`, which knows the nearest name. */
export function addVariantOption(command: Command): Command {
  return command.option(
    '--variant <name>',
    `which AlexNet: ${Object.keys(variants).join(', ')}`,
    'paper',
  );
}

/**
 * Reads a whole number of at least `least`, for commander's `argParser`; and of at most `most`,
 * where more would only use up memory or time.
 */
export function wholeNumber(
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  const range =
    most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number ${range} but found "${text}".`);
  };
}

/** More only wait for each other, and thousands of them for memory. */
function threads(text: string): number {
  const most = maximumThreads();
  try {
    return wholeNumber(1, most)(text);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new InvalidArgumentError(`${error.message} More than 4 per core help nobody.`);
  }
}

/** Reads a finite number of at least `least`. */
export function number(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isFinite(value) && value >= least) return value;
    throw new InvalidArgumentError(`Expected a number of at least ${least} but found "${text}".`);
  };
}
