import { Option } from 'commander';
import type { Command } from 'commander';
import { AlexNetError } from '../../errors.ts';
import { AlexNet } from '../../inference/alexnet.ts';
import { picturesFrom, picturesIn } from '../../inference/node/pictures.ts';
import { predictFiles } from '../../inference/predict.ts';
import type { FilePrediction, NamedPicture } from '../../inference/predict.ts';
import { skipBadOption, tellFailed } from '../failed.ts';
import { tellGuesses } from '../guesses.ts';
import { maxPixelsOption, wholeNumber } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import type { Terminal } from '../terminal.ts';
import { percent, printable } from '../../text.ts';

interface PredictFlags extends CommonOptions {
  readonly top: number;
  readonly crops: '1' | '10';
  readonly batch?: number;
  readonly skipBad?: true;
  readonly maxPixels?: number;
}

export function register(command: Command, terminal: Terminal): void {
  command
    .argument('<model>', 'a model file')
    .argument(
      '<file...>',
      'photographs, folders of them, or - for standard input: a picture, or names of files ' +
        'line by line',
    )
    .option('--top <n>', 'how many answers for each', wholeNumber(1), 5)
    .addOption(
      new Option('--crops <n>', "the centre, or the mean of the paper's ten")
        .choices(['1', '10'])
        .default('1'),
    )
    .option('--batch <n>', 'pictures at once (default: 1 for one file, else 16)', wholeNumber(1))
    .addOption(maxPixelsOption())
    .addOption(skipBadOption())
    .addHelpText(
      'after',
      '\nExample:\n  alexnet predict runs/photos/model.safetensors holiday/ cat.jpg --top ' +
        '3\n  curl -s https://example.org/cat.jpg | alexnet predict model.safetensors -',
    )
    .action((model: string, files: readonly string[], flags: PredictFlags) =>
      run(model, files, flags, terminal),
    );
}

async function run(
  model: string,
  files: readonly string[],
  flags: PredictFlags,
  terminal: Terminal,
): Promise<void> {
  const { top, engine, threads, maxPixels, batch = files.length === 1 ? undefined : 16 } = flags;
  const alexnet = await AlexNet.load(model, {
    engine,
    batch: batch ?? 4,
    ...(threads !== undefined && { threads }),
  });
  tellGuesses(model, alexnet.guesses, terminal);
  let counts = { all: 0, failed: 0 };
  try {
    const options = {
      top,
      crops: flags.crops === '10' ? 10 : 1,
      ...(maxPixels !== undefined && { maximumPixels: maxPixels }),
    } as const;
    counts = await tell(predictFiles(alexnet, pictures(files), options), flags, terminal);
  } finally {
    await alexnet.dispose();
  }
  const { all, failed } = counts;
  if (all === 0) throw new AlexNetError(`No pictures were found in ${files.join(', ')}.`);
  if (failed < all) tellFailed(failed, all, flags, terminal);
  else if (all === 1) throw new AlexNetError('The picture could not be read.');
  else throw new AlexNetError(`None of the ${all} pictures could be read.`);
}

/** Each answer as soon as it is there. */
async function tell(
  answers: AsyncIterable<FilePrediction>,
  { json }: PredictFlags,
  terminal: Terminal,
): Promise<{ all: number; failed: number }> {
  let [all, failed] = [0, 0];
  for await (const one of answers) {
    all++;
    if ('error' in one) failed++;
    if (json) terminal.write(`${all === 1 ? '[' : ',\n '}${JSON.stringify(answer(one))}`);
    else terminal.write(`${lines(one, terminal)}\n`);
  }
  if (json) terminal.write(all === 0 ? '[]\n' : ']\n');
  return { all, failed };
}

async function* pictures(files: readonly string[]): AsyncGenerator<NamedPicture> {
  for (const file of files) yield* file === '-' ? picturesFrom(process.stdin) : picturesIn([file]);
}

function answer(one: FilePrediction): unknown {
  return 'error' in one
    ? one
    : {
        file: one.file,
        predictions: one.predictions.map(({ name, wnid, probability }) => ({
          label: name,
          ...(wnid && { wnid }),
          probability,
        })),
      };
}

function lines(one: FilePrediction, terminal: Terminal): string {
  const file = printable(one.file);
  if ('error' in one) return `${file}\n  ${terminal.red(one.error)}`;
  return [
    file,
    ...one.predictions.map(
      ({ name, probability }, i) =>
        `  ${percent(probability, 1).padStart(7)}  ${i === 0 ? terminal.bold(name) : name}`,
    ),
  ].join('\n');
}
