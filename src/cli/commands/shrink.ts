import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { AlexNetError, UsageError, nearest } from '../../errors.ts';
import { writeReport } from '../../insight/node/write.ts';
import {
  budgetText,
  changedText,
  figuresTable,
  layersTable,
  shrinkReport,
} from '../../shrink/pages/table.ts';
import { methods, targets } from '../../shrink/result.ts';
import type { Method, ShrinkResult, Target } from '../../shrink/result.ts';
import { shrink } from '../../shrink/node/shrink.ts';
import { depthOption, wholeNumber } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { checkOutput } from '../output.ts';
import { table } from '../table.ts';
import type { Terminal } from '../terminal.ts';

interface ShrinkFlags extends CommonOptions {
  readonly out?: string;
  readonly page?: string;
  readonly maxDrop: number;
  readonly target?: Target;
  readonly methods?: readonly Method[];
  readonly depth?: number;
  readonly finetune?: number;
  readonly force?: true;
}

export function register(command: Command, terminal: Terminal): void {
  command
    .usage('[options] <model> <dir>')
    .argument('<model>', 'a trained model, or published weights')
    .argument('<dir>', 'what it was trained on: one folder per class, or train/ and test/')
    .option('--out <file>', 'where the smaller model goes; without it there is the table alone')
    .option('--page <file>', 'the table as a page too (.html) or a picture (.png)')
    .option('--max-drop <share>', 'top-1 that may be lost: 1%, 0.5%, 0', share, 0.01)
    .addOption(
      new Option('--target <what>', 'what matters most (default: balanced, int8 alone)').choices([
        ...targets,
      ]),
    )
    .option('--methods <list>', `by name, with commas: ${methods.join(', ')}`, methodList)
    .option(
      '--finetune <epochs>',
      'train on for so many epochs after what changes the network',
      wholeNumber(0),
    )
    .addOption(depthOption())
    .option('--force', 'write over a file even where alexnet did not make it')
    .addHelpText(
      'after',
      '\nExample:\n  alexnet shrink runs/photos/model.safetensors photos --methods int8 ' +
        '--out small.safetensors',
    )
    .action((model: string, data: string, flags: ShrinkFlags) => run(model, data, flags, terminal));
}

async function run(
  model: string,
  data: string,
  flags: ShrinkFlags,
  terminal: Terminal,
): Promise<void> {
  const { out, page, maxDrop, target, methods: wanted, engine, threads, depth, finetune } = flags;
  if (target !== undefined && wanted !== undefined)
    throw new UsageError(
      '--target chooses the methods, and --methods names them: give one of the two.',
    );
  const force = flags.force === true;
  if (out !== undefined) await checkOutput(out, { flag: '--out', inputs: [model], force });
  if (page !== undefined) await checkOutput(page, { flag: '--page', inputs: [model], force });
  const { model: _, ...result } = await shrink({
    model,
    data,
    maxDrop,
    engine,
    onStep: (text) => terminal.progress(text),
    ...(out !== undefined && { out }),
    ...(target !== undefined && { target }),
    ...(wanted !== undefined && { methods: wanted }),
    ...(threads !== undefined && { threads }),
    ...(depth !== undefined && { depth }),
    ...(finetune !== undefined && { finetune }),
  });
  terminal.progress('');
  if (page !== undefined) await writeReport(page, shrinkReport(result, `${model}, smaller`));
  terminal.answer(result, () => summary(result, terminal));
  if (!result.budget.met)
    throw new AlexNetError(
      `No model within the budget. ${result.notes.at(-1)} Allow more with --max-drop.`,
    );
}

function summary(result: ShrinkResult, terminal: Terminal): string {
  return [
    textTable(figuresTable(result)),
    '',
    textTable(layersTable(result)),
    '',
    changedText(result),
    terminal.bold(budgetText(result)),
    ...result.notes,
    ...(result.to === null ? [] : [`Written: ${result.to}`]),
  ].join('\n');
}

function textTable({ columns, rows }: ReturnType<typeof figuresTable>): string {
  return table(
    columns.map((title, i) => (i === 0 ? { title } : { title, align: 'right' as const })),
    rows.map((cells) => ({ cells })),
  );
}

/** `1%`, or `0.01`. */
function share(text: string): number {
  const value = text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text);
  if (/^[\d.]+%?$/.test(text) && value >= 0 && value < 1) return value;
  throw new InvalidArgumentError(
    `Expected a share of the pictures, like 1% or 0.01, but found "${text}".`,
  );
}

function methodList(text: string): Method[] {
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) {
    if (methods.some((method) => method === name)) continue;
    const near = nearest(name, methods);
    throw new InvalidArgumentError(
      `There is no method "${name}". The methods are: ${methods.join(', ')}.` +
        (near === undefined ? '' : ` Did you mean "${near}"?`),
    );
  }
  return methods.filter((method) => names.includes(method));
}
