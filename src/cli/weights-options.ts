import { readFile } from 'node:fs/promises';
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { reason } from '#platform';
import { AlexNetError } from '../errors.ts';
import type { Preprocessing } from '../images/preprocessing.ts';
import { parsePreprocessing } from '../model/model.ts';
import type { LrnWish, PreprocessingWish } from '../model/wishes.ts';
import { number, wholeNumber } from './options.ts';

export type Triple = readonly [number, number, number];

export interface PreprocessingFlags {
  readonly preprocess?: string;
  readonly resize?: Preprocessing['resize']['how'];
  readonly size?: number;
  readonly channels?: Preprocessing['channels'];
  readonly scale?: number;
  readonly mean?: string;
  readonly deviation?: Triple;
}

/** How pictures are made ready, where weights do not say it. */
export function addPreprocessingOptions(command: Command): Command {
  return command
    .optionsGroup('How pictures are made ready, where the file does not say:')
    .option(
      '--preprocess <how>',
      'torchvision, caffe, or a JSON file as under "preprocessing" in `explain MODEL --json`',
    )
    .addOption(
      new Option('--resize <how>', 'scale the shorter side, or squeeze to a square').choices([
        'shorterSide',
        'warp',
      ]),
    )
    .option('--size <n>', 'that side in pixels, before the crop', wholeNumber(1))
    .addOption(new Option('--channels <order>', 'of the input').choices(['RGB', 'BGR']))
    .option('--scale <x>', 'of each byte: 1, or 1/255', parseScale)
    .option(
      '--mean <a,b,c|file>',
      'taken off behind the scale, in the order of the channels; or a mean image, .binaryproto',
    )
    .option('--deviation <a,b,c>', 'that divides behind the mean', parseTriple)
    .optionsGroup('Options:');
}

export interface ReadPreprocessing {
  readonly preprocessing: PreprocessingWish | undefined;
  readonly meanFile: string | undefined;
  /** All files that were named. */
  readonly files: readonly string[];
}

/** What the flags of {@link addPreprocessingOptions} say, their JSON file read. */
export async function readPreprocessing({
  preprocess,
  resize: how,
  size,
  channels,
  scale,
  mean,
  deviation,
}: PreprocessingFlags): Promise<ReadPreprocessing> {
  const meanColour = mean === undefined ? undefined : tripleOf(mean);
  const meanFile = meanColour === undefined ? mean : undefined;
  const named = preprocess === 'torchvision' || preprocess === 'caffe';
  const file = named ? undefined : preprocess;
  const wish: PreprocessingWish = {
    ...(named && { like: preprocess }),
    ...(file !== undefined && (await preprocessingFile(file))),
    ...(channels !== undefined && { channels }),
    ...(scale !== undefined && { scale }),
    ...(meanColour !== undefined && { mean: meanColour }),
    ...(deviation !== undefined && { deviation }),
    ...((how !== undefined || size !== undefined) && {
      resized: { ...(how !== undefined && { how }), ...(size !== undefined && { size }) },
    }),
  };
  return {
    preprocessing: Object.keys(wish).length > 0 ? wish : undefined,
    meanFile,
    files: [file, meanFile].filter((name) => name !== undefined),
  };
}

async function preprocessingFile(path: string): Promise<Preprocessing> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new AlexNetError(
      `--preprocess ${path} could not be opened: ${reason(error)}. Expected torchvision, caffe ` +
        'or a JSON file.',
      { cause: error },
    );
  });
  try {
    return parsePreprocessing(text);
  } catch (error) {
    if (!(error instanceof AlexNetError)) throw error;
    throw new AlexNetError(`--preprocess ${path}: ${error.message}`, { cause: error });
  }
}

/** Three numbers with commas; undefined where it is something else. */
function tripleOf(text: string): Triple | undefined {
  const values = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  const [a, b, c] = values;
  return values.length === 3 && values.every(Number.isFinite) ? [a!, b!, c!] : undefined;
}

function parseTriple(text: string): Triple {
  const triple = tripleOf(text);
  if (triple !== undefined && triple.every((value) => value > 0)) return triple;
  throw new InvalidArgumentError(
    `Expected three numbers above zero with commas between them but found "${text}".`,
  );
}

function parseScale(text: string): number {
  const [above = NaN, below = 1, more] = text.split('/').map((part) => number(0)(part));
  if (more === undefined && above > 0 && below > 0) return above / below;
  throw new InvalidArgumentError(
    `Expected a number above zero, or two with a slash, but found "${text}".`,
  );
}

/** `k=2,alpha=1e-4,divided` */
export function parseLrn(text: string): LrnWish {
  const expected = 'Expected size=…, alpha=…, beta=…, k=… and divided, with commas between them,';
  const wish: { -readonly [K in keyof LrnWish]: LrnWish[K] } = {};
  for (const part of text.split(',')) {
    const [key, value, more] = part.trim().split('=');
    if (key === 'divided' && value === undefined) wish.divided = true;
    else if (isNumeric(key) && more === undefined && Number(value) > 0) wish[key] = Number(value);
    else throw new InvalidArgumentError(`${expected} but found "${part.trim()}".`);
  }
  if (wish.divided === true && wish.alpha === undefined)
    throw new InvalidArgumentError(`${expected} but found "divided" without alpha.`);
  return wish;
}

function isNumeric(key: string | undefined): key is 'size' | 'alpha' | 'beta' | 'k' {
  return key !== undefined && ['size', 'alpha', 'beta', 'k'].includes(key);
}
