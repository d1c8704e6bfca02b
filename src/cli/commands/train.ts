import { Option } from 'commander';
import type { Command } from 'commander';
import { AlexNetError, UsageError } from '../../errors.ts';
import { variants } from '../../network/variants.ts';
import { findLearningRate } from '../../training/node/find-rate.ts';
import type { FoundRate } from '../../training/node/find-rate.ts';
import { recipes } from '../../training/core/recipes.ts';
import { Interrupted } from '../../training/core/interrupted.ts';
import { train } from '../../training/node/train.ts';
import type { TrainOptions, TrainResult } from '../../training/node/train.ts';
import { duration, parseDuration } from '../duration.ts';
import { parseSize } from '../size.ts';
import { untilInterrupted } from '../interrupt.ts';
import { readNetwork } from '../network-file.ts';
import { assign, settingsFile } from '../settings-words.ts';
import { depthOption, maxPixelsOption, number, wholeNumber } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import type { Terminal } from '../terminal.ts';
import { counted, percent, perSecond } from '../../text.ts';
import { watcher } from '../watch.ts';

interface TrainFlags extends CommonOptions {
  readonly out?: string;
  readonly recipe: string;
  readonly variant?: string;
  readonly network?: string;
  readonly epochs?: number;
  readonly batch?: number;
  readonly microBatch?: number;
  readonly lr?: number;
  readonly precision?: string;
  readonly from?: string;
  readonly freeze?: readonly string[];
  readonly oldRate?: number;
  readonly settings?: string;
  readonly set: readonly string[];
  readonly resume?: true;
  readonly time?: number;
  readonly val?: string;
  readonly findLr?: true;
  readonly cache?: number;
  readonly maxPixels?: number;
  readonly depth?: number;
}

export function register(command: Command, terminal: Terminal): void {
  command
    .argument(
      '<dir>',
      'one folder of photographs per class, or train/ and val/ or test/ with such folders',
    )
    .option('--out <run>', 'the run folder (default: a fresh one under runs/)');
  addLearning(command);
  addPhotographs(command);
  command
    .option('--find-lr', 'train nothing: try growing learning rates for 100 steps and suggest one')
    .option('--resume', 'go on with the run in --out where it stopped')
    .addHelpText(
      'after',
      '\nExample:\n  alexnet train photos --out runs/photos --time 40m\n  alexnet train ' +
        'photos --out runs/photos --resume\n  alexnet train photos --find-lr',
    )
    .action((directory: string, flags: TrainFlags) => run(directory, flags, command, terminal));
}

/** Which network, and how it is trained. */
function addLearning(command: Command): void {
  command
    .option('--recipe <name>', `how: ${Object.keys(recipes).join(', ')}`, 'photos')
    .option(
      '--variant <name>',
      `which AlexNet: ${Object.keys(variants).join(', ')} (default: the recipe's)`,
    )
    .option(
      '--network <file>',
      'instead of a variant, any network as JSON; its last layer is made for the classes',
    )
    .option('--epochs <n>', 'how often each picture is looked at', wholeNumber(1))
    .option('--batch <n>', 'pictures in a step', wholeNumber(1))
    .option(
      '--micro-batch <n>',
      'pictures at once, where a whole batch needs too much memory',
      wholeNumber(1),
    )
    .option('--lr <rate>', 'learning rate', number(0))
    .addOption(
      new Option('--precision <p>', 'of weights and activations inside the engine').choices([
        'f32',
        'bf16',
      ]),
    )
    .option('--time <duration>', 'end within this time: 40m, 1h30m', parseDuration)
    .option(
      '--from <model>',
      'start from the layers of a trained model, of any kind that predict reads',
    )
    .option('--freeze <layers>', 'leave layers as they are: conv1,conv2', (text: string) =>
      text.split(','),
    )
    .option('--old-rate <factor>', 'on the learning rate of layers taken from --from', number(0))
    .option('--settings <file>', 'a JSON file of settings that differ from the recipe')
    .option(
      '--set <key=value>',
      'any setting: --set weightDecay=0.001 --set augmentation.mirror=0',
      (text: string, all: readonly string[]) => [...all, text],
      [],
    );
}

/** What is read, and how much of it is kept. */
function addPhotographs(command: Command): void {
  command
    .option(
      '--val <dir>',
      'other photographs for validation (default: val/ in <dir>, or a tenth of the training ones)',
    )
    .option(
      '--cache <size>',
      "memory for decoded pictures: 500M, 4G (default: a quarter of the machine's at most; the " +
        'rest on the disk)',
      parseSize,
    )
    .addOption(depthOption())
    .addOption(maxPixelsOption());
}

async function run(
  directory: string,
  flags: TrainFlags,
  command: Command,
  terminal: Terminal,
): Promise<void> {
  if (flags.findLr) return findRate(directory, flags, command, terminal);
  const { resume = false, time } = flags;
  const settings = await overrides(flags, command);
  try {
    const result = await untilInterrupted(terminal, (signal) =>
      train({
        ...options(directory, flags, command, terminal),
        settings,
        resume,
        signal,
        ...(time !== undefined && { seconds: time }),
      }),
    );
    const { test, ...answer } = result;
    const tested = test && {
      images: test.images,
      top1: test.top1,
      top5: test.top5,
      loss: test.loss,
    };
    terminal.answer({ ...answer, test: tested }, () => lastBlock(result, directory, terminal));
  } catch (error) {
    if (error instanceof Interrupted)
      throw new AlexNetError(
        `${error.message}\nGo on with: npx alexnet train ${quoted(directory)} --out ` +
          `${quoted(error.folder)} --resume`,
      );
    throw error;
  }
}

function options(
  data: string,
  { recipe, engine, out, threads, val, cache, maxPixels, depth, resume }: TrainFlags,
  command: Command,
  terminal: Terminal,
): TrainOptions {
  // A run that goes on has its own: only what was said is compared with it.
  const recipeGiven = command.getOptionValueSource('recipe') === 'cli';
  return {
    data,
    engine,
    ...((recipeGiven || !resume) && { recipe }),
    onEvent: watcher(terminal),
    ...(out !== undefined && { out }),
    ...(threads !== undefined && { threads }),
    ...(val !== undefined && { validation: val }),
    ...(cache !== undefined && { cacheBytes: cache }),
    ...(maxPixels !== undefined && { maximumPixels: maxPixels }),
    ...(depth !== undefined && { depth }),
  };
}

async function findRate(
  directory: string,
  flags: TrainFlags,
  command: Command,
  terminal: Terminal,
): Promise<void> {
  if (flags.resume || flags.time !== undefined)
    throw new UsageError(
      '--find-lr trains nothing that could be resumed or timed: leave --resume and --time out.',
    );
  const settings = await overrides(flags, command);
  const found = await untilInterrupted(terminal, (signal) =>
    findLearningRate({ ...options(directory, flags, command, terminal), settings, signal }),
  );
  terminal.answer(found, () => rateText(found, directory, terminal));
}

function rateText(
  { run: folder, learningRate, lowestLossAt, diverged, table, page, steps }: FoundRate,
  directory: string,
  terminal: Terminal,
): string {
  const end = `${steps.at(-1)!.rate.toPrecision(2)}${diverged ? ', where training diverged' : ''}`;
  return [
    '',
    terminal.bold(`The loss fell fastest at a learning rate of ${learningRate}`),
    `and was lowest at ${lowestLossAt}: a good rate lies between the two, and the first is ` +
      'the safe one',
    `${steps.length} steps with rates from ${steps[0]!.rate} to ${end}; the weights were ` +
      'thrown away',
    '',
    `the curve  ${page}`,
    `           ${table}`,
    '',
    `Next: npx alexnet train ${quoted(directory)} --out ${quoted(folder)} --lr ` +
      `${learningRate}, with the same other options`,
  ].join('\n');
}

/** A file's settings, then single ones, then the flags that have a name of their own. */
async function overrides(flags: TrainFlags, command: Command): Promise<Record<string, unknown>> {
  const {
    variant,
    epochs,
    batch,
    microBatch,
    lr: learningRate,
    precision,
    from,
    freeze,
    oldRate,
  } = flags;
  const named = {
    variant,
    epochs,
    batch,
    microBatch,
    learningRate,
    precision,
    from,
    freeze,
    oldRate,
  };
  const settings: Record<string, unknown> =
    flags.settings === undefined ? {} : await settingsFile(flags.settings);
  for (const assignment of flags.set) assign(settings, assignment);
  for (const [key, value] of Object.entries(named)) if (value !== undefined) settings[key] = value;
  if (flags.network !== undefined) settings['network'] = await readNetwork(flags.network);
  const seedGiven = command.getOptionValueSource('seed') === 'cli';
  if (seedGiven || (!('seed' in settings) && !flags.resume)) settings['seed'] = flags.seed;
  return settings;
}

function lastBlock(result: TrainResult, directory: string, terminal: Terminal): string {
  const { run: folder, model, report, best, seconds, imagesPerSecond, finished } = result;
  const { test, pictures, leftOut, classes } = result;
  // Among five classes or fewer, the right one is always among the first five.
  const scores = ({ top1, top5 }: { readonly top1: number; readonly top5: number }): string =>
    `top-1 ${percent(top1, 1)}${classes > 5 ? `, top-5 ${percent(top5, 1)}` : ''}`;
  return [
    '',
    finished,
    terminal.bold(
      pictures.validation === 0
        ? `${scores(best)} on the training pictures as they were seen, after epoch ` +
            `${best.epoch}; nothing was held out, so nothing says how it does on others`
        : `${scores(best)} on the ${counted(pictures.validation, 'validation picture')}, after ` +
            `epoch ${best.epoch}`,
    ),
    ...(leftOut.length === 0
      ? []
      : [
          `${counted(leftOut.length, 'picture')} could not be read; log.jsonl and the report ` +
            'name them',
        ]),
    ...(test === null
      ? []
      : [
          terminal.bold(
            `${scores(test)} on ${counted(test.images, 'test picture')} that had no say in ` +
              'training',
          ),
        ]),
    `${duration(seconds)}, ${perSecond(imagesPerSecond)} images/s with everything`,
    '',
    `the model  ${model}`,
    `the report ${report}`,
    `the run    ${folder}`,
    '',
    `Next: npx alexnet predict ${quoted(model)} PHOTO…`,
    `      npx alexnet evaluate ${quoted(model)} ${quoted(directory)}`,
  ].join('\n');
}

function quoted(word: string): string {
  return /^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
