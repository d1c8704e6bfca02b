import { readFile } from 'node:fs/promises';
import { Option } from 'commander';
import type { Command } from 'commander';
import { AlexNetError, UsageError } from '../../errors.ts';
import { costs } from '../../network/costs.ts';
import { parseVariant, variants } from '../../network/variants.ts';
import { checkWritten, exportModel } from '../../model/node/export.ts';
import { importWeights } from '../../model/import.ts';
import { torchvisionMisfit } from '../../model/export-tensors.ts';
import type { Guess } from '../../model/guesses.ts';
import type { Imported } from '../../model/import.ts';
import type { Label, Model } from '../../model/model.ts';
import type { LrnWish } from '../../model/wishes.ts';
import type { Preprocessing } from '../../images/preprocessing.ts';
import { reason } from '#platform';
import { addForceOption, wholeNumber } from '../options.ts';
import { checkOutput } from '../output.ts';
import { addPreprocessingOptions, parseLrn, readPreprocessing } from '../weights-options.ts';
import type { Triple } from '../weights-options.ts';
import type { CommonOptions } from '../options.ts';
import type { Terminal } from '../terminal.ts';
import { grouped } from '../../text.ts';

interface ConvertFlags extends CommonOptions {
  readonly variant?: string;
  readonly input?: number;
  readonly labels?: string;
  readonly prototxt?: string;
  readonly prefix?: string;
  readonly mean?: string;
  readonly preprocess?: string;
  readonly resize?: Preprocessing['resize']['how'];
  readonly size?: number;
  readonly channels?: Preprocessing['channels'];
  readonly scale?: number;
  readonly deviation?: Triple;
  readonly lrn?: LrnWish;
  readonly precision: 'f32' | 'f16';
  readonly names: 'ours' | 'torchvision';
  readonly portable?: true;
  readonly withPreprocessing?: true;
  readonly force?: true;
}

export function register(command: Command, terminal: Terminal): void {
  command
    .argument(
      '<in>',
      'weights: PyTorch .pth or .pt, safetensors, ONNX, .caffemodel, .npz, .npy; told by content',
    )
    .argument(
      '<out>',
      'what to write, told by its ending: .safetensors (a model of ours), .onnx or .npz',
    )
    .option(
      '--variant <name>',
      `whose weights they are, where the file does not tell: ${Object.keys(variants).join(', ')}`,
    )
    .option(
      '--input <n>',
      "side of the input in pixels, where it is not the variant's own",
      wholeNumber(1),
    )
    .option('--labels <file>', 'names of the classes, one a line')
    .option('--prototxt <file>', "Caffe: the network's description")
    .option(
      '--prefix <text>',
      'PyTorch, safetensors, NumPy: which of several networks, by the beginning of its names',
    )
    .option(
      '--lrn <settings>',
      "of LRN, where the file does not tell: PyTorch's is k=2,alpha=1e-4,divided",
      parseLrn,
    )
    .addOption(
      new Option('--precision <p>', 'of the weights that are written')
        .choices(['f32', 'f16'])
        .default('f32'),
    )
    .addOption(
      new Option('--names <n>', 'of the tensors in .safetensors')
        .choices(['ours', 'torchvision'])
        .default('ours'),
    )
    .option('--portable', 'ONNX: LRN by simple operators, for runtimes that lack it')
    .option('--with-preprocessing', 'ONNX: scale, mean and deviation inside the graph');
  addPreprocessingOptions(command);
  addForceOption(command)
    .addHelpText(
      'after',
      '\nExample:\n  alexnet convert bvlc_alexnet.caffemodel caffe.safetensors\n  alexnet ' +
        'convert model.safetensors model.onnx --with-preprocessing',
    )
    .action((from: string, to: string, flags: ConvertFlags) => convert(from, to, flags, terminal));
}

async function convert(
  from: string,
  to: string,
  flags: ConvertFlags,
  terminal: Terminal,
): Promise<void> {
  const { variant, input, prefix, lrn, labels, prototxt, force, ...written } = flags;
  checkApplies(to, written);
  const { preprocessing, meanFile: mean, files } = await readPreprocessing(flags);
  const inputs = [from, labels, prototxt, ...files].filter((file) => file !== undefined);
  await checkOutput(to, { inputs, force: force === true });
  const imported = await importWeights(from, {
    ...(variant !== undefined && { variant: parseVariant(variant) }),
    ...(input !== undefined && { input }),
    ...(prefix !== undefined && { prefix }),
    ...(lrn !== undefined && { lrn }),
    ...(preprocessing !== undefined && { preprocessing }),
    ...(labels !== undefined && { labels: await readLabels(labels) }),
    ...(prototxt !== undefined && { prototxt }),
    ...(mean !== undefined && { mean }),
  });
  if (prototxt !== undefined && imported.kind !== 'caffe')
    throw new UsageError(
      `--prototxt goes with a .caffemodel, but ${from} is of the kind ${imported.kind}.`,
    );
  remark(imported, terminal);
  for (const text of losses(imported.model, to, written.names)) terminal.note(text);
  const { precision, names, portable = false, withPreprocessing = false } = written;
  const kind = await exportModel(to, imported.model, {
    precision,
    names,
    portable,
    withPreprocessing,
  });
  const { parameters } = costs(imported.model.network);
  terminal.answer(
    { from: imported.kind, to: kind, parameters },
    () => `${grouped(parameters)} parameters from ${imported.kind} to ${kind}: ${to}`,
  );
}

/** A wish that would be passed over in silence is refused. */
function checkApplies(
  to: string,
  {
    names,
    portable,
    withPreprocessing,
  }: Pick<ConvertFlags, 'names' | 'portable' | 'withPreprocessing'>,
): void {
  const kind = checkWritten(to);
  const wishes = [
    ['--portable', portable === true, 'onnx', '.onnx'],
    ['--with-preprocessing', withPreprocessing === true, 'onnx', '.onnx'],
    ['--names torchvision', names === 'torchvision', 'safetensors', '.safetensors'],
  ] as const;
  for (const [flag, given, wanted, ending] of wishes) {
    if (given && kind !== wanted)
      throw new UsageError(`${flag} is for files ending in ${ending}, but ${to} is to be written.`);
  }
}

/** How to say otherwise. */
const flagsFor: Readonly<Record<Guess['about'], string>> = {
  preprocessing:
    '--preprocess torchvision, caffe or FILE.json, or single values (--channels, --scale, ' +
    '--mean, --deviation, --resize, --size)',
  labels: '--labels FILE',
  lrn: '--lrn (PyTorch: --lrn k=2,alpha=1e-4,divided)',
};

function remark({ variant, alternatives, guesses, warnings }: Imported, terminal: Terminal): void {
  if (variant !== undefined) terminal.note(`Taken as the variant ${variant}.`);
  if (alternatives.length > 0)
    terminal.note(
      `Weights of these shapes could also be ${alternatives.join(', ')}, which answer ` +
        'differently: if so, say --variant.',
    );
  for (const { about, text } of guesses) terminal.note(`${text} If not so: ${flagsFor[about]}.`);
  for (const warning of warnings) terminal.note(`Warning: ${warning}`);
}

/** What of the model the file that is written cannot hold. */
function losses({ network, meanImage }: Model, to: string, names: ConvertFlags['names']): string[] {
  const texts: string[] = [];
  const misfit = names === 'torchvision' ? torchvisionMisfit(network) : undefined;
  if (misfit !== undefined)
    texts.push(`Warning: torchvision's alexnet cannot be this network: ${misfit}.`);
  if (meanImage !== undefined && (names === 'torchvision' || to.toLowerCase().endsWith('.onnx')))
    texts.push(`${to} holds the mean image's mean colour in its place.`);
  return texts;
}

async function readLabels(path: string): Promise<Label[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new AlexNetError(`${path} could not be opened: ${reason(error)}.`, { cause: error });
  });
  return text
    .replace(/\n$/, '')
    .split(/\r?\n/)
    .map((name) => ({ name }));
}
