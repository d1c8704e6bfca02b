import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { AlexNetError } from '../../errors.ts';
import { demo } from '../../training/node/demo.ts';
import type { DemoResult } from '../../training/node/demo.ts';
import { Interrupted } from '../../training/core/interrupted.ts';
import type { CommonOptions } from '../options.ts';
import { duration } from '../duration.ts';
import { untilInterrupted } from '../interrupt.ts';
import type { Terminal } from '../terminal.ts';
import { percent } from '../../text.ts';
import { watcher } from '../watch.ts';

interface DemoFlags extends CommonOptions {
  readonly out?: string;
}

/** Draws pictures, trains on them, evaluates, predicts: every part once, in a few minutes. */
export function register(command: Command, terminal: Terminal): void {
  command
    .option('--out <dir>', 'where pictures and run go (default: a fresh folder demo, demo-2, …)')
    .addHelpText('after', '\nExample:\n  alexnet demo')
    .action((flags: DemoFlags) => run(flags, terminal));
}

async function run({ out, engine, threads, seed }: DemoFlags, terminal: Terminal): Promise<void> {
  const folder = out ?? (await freshDemo());
  terminal.note(
    `Drawing pictures of six kinds of thing in ${folder}/pictures, then training a small ` +
      'AlexNet on them.',
  );
  try {
    const result = await untilInterrupted(terminal, (signal) =>
      demo({
        folder,
        seed,
        engine,
        signal,
        onEvent: watcher(terminal),
        ...(threads !== undefined && { threads }),
      }),
    );
    const { test, ...answer } = result;
    terminal.answer(
      {
        ...answer,
        test: test && { images: test.images, top1: test.top1, top5: test.top5, loss: test.loss },
      },
      () => summary(result, terminal),
    );
  } catch (error) {
    if (error instanceof Interrupted)
      throw new AlexNetError(
        `${error.message}\nGo on with: npx alexnet train ${folder}/pictures --out ` +
          `${error.folder} --resume`,
      );
    throw error;
  }
}

async function freshDemo(): Promise<string> {
  for (let n = 1; ; n++) {
    const folder = n === 1 ? 'demo' : `demo-${n}`;
    if ((await stat(folder).catch(() => undefined)) === undefined) return folder;
  }
}

function summary(
  { data, model, report, test, seconds, predictions }: DemoResult,
  terminal: Terminal,
): string {
  const rows = predictions.map((one) => {
    if ('error' in one) return `  ${one.file}: ${one.error}`;
    const names = one.predictions.map(
      ({ name, probability }) => `${name} ${percent(probability, 1)}`,
    );
    return `  a ${one.label.padEnd(6)} is called ${names.join(', ')}`;
  });
  return [
    '',
    terminal.bold(
      `${percent(test?.top1 ?? 0, 1)} of ${test?.images ?? 0} pictures that it had never ` +
        `seen are named rightly, after ${duration(seconds)} of training.`,
    ),
    'One of each kind:',
    ...rows,
    '',
    `the pictures ${data}`,
    `the report   ${report}`,
    `the model    ${model}`,
    '',
    `Next: npx alexnet predict ${model} ${data}/test/star`,
    '      npx alexnet train YOUR-PHOTOS',
  ].join('\n');
}
