import { Option } from 'commander';
import type { Command } from 'commander';
import { evaluate } from '../../inference/node/evaluate.ts';
import type { FolderEvaluation, ModelScore } from '../../inference/node/evaluate.ts';
import type { Score } from '../../inference/evaluation.ts';
import type { Split } from '../../data/dataset.ts';
import { skipBadOption, tellFailed } from '../failed.ts';
import { tellGuesses } from '../guesses.ts';
import { depthOption, maxPixelsOption, wholeNumber } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { table } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { grouped, percent, printable } from '../../text.ts';

interface EvaluateFlags extends CommonOptions {
  readonly crops: '1' | '10';
  readonly split?: Split;
  readonly batch: number;
  readonly skipBad?: true;
  readonly maxPixels?: number;
  readonly depth?: number;
}

export function register(command: Command, terminal: Terminal): void {
  command
    .usage('[options] <model...> <dir>')
    .argument('<model>', 'a model file; of several the average of their probabilities is evaluated')
    .argument('<dir...>', 'one folder of photographs per class, named as the model names them')
    .addOption(
      new Option('--crops <n>', "the centre, or the mean of the paper's ten")
        .choices(['1', '10'])
        .default('1'),
    )
    .addOption(
      new Option(
        '--split <part>',
        'of a folder with train/, val/, test/ (default: test, else val)',
      ).choices(['train', 'val', 'test']),
    )
    .option('--batch <n>', 'pictures at once', wholeNumber(1), 32)
    .addOption(depthOption())
    .addOption(maxPixelsOption())
    .addOption(skipBadOption())
    .addHelpText(
      'after',
      '\nExample:\n  alexnet evaluate runs/photos/model.safetensors photos/test --crops 10\n' +
        '  alexnet evaluate one.safetensors two.safetensors three.safetensors photos/test',
    )
    .action((model: string, more: readonly string[], flags: EvaluateFlags) => {
      const models = [model, ...more.slice(0, -1)];
      return run(models, more.at(-1)!, flags, terminal);
    });
}

async function run(
  models: readonly string[],
  directory: string,
  flags: EvaluateFlags,
  terminal: Terminal,
): Promise<void> {
  const { crops, split, engine, threads, batch, maxPixels, depth } = flags;
  const result = await evaluate(models, directory, {
    crops: crops === '10' ? 10 : 1,
    engine,
    batch,
    onGuesses: (guesses, file) => tellGuesses(file, guesses, terminal),
    onBatch: (done, all) => terminal.progress(`batch ${done} of ${all}`),
    ...(split && { split }),
    ...(threads !== undefined && { threads }),
    ...(maxPixels !== undefined && { maximumPixels: maxPixels }),
    ...(depth !== undefined && { depth }),
  });
  terminal.progress('');
  for (const { name, detail } of result.skipped)
    terminal.note(`skipped ${printable(name)}: ${detail}`);
  terminal.answer(answer(result), () => summary(result, terminal));
  const failed = result.skipped.length;
  tellFailed(failed, result.images + failed, flags, terminal);
}

function answer({
  images,
  top1,
  top5,
  loss,
  perClass,
  labels,
  confusion,
  skipped,
  models,
}: FolderEvaluation): unknown {
  return {
    images,
    top1,
    top5,
    loss,
    perClass: perClass.map((row, i) => ({ label: labels[i]!.name, ...row })),
    confusion,
    skipped: skipped.map(({ name, kind, detail }) => ({ file: name, kind, detail })),
    ...(models && { models }),
  };
}

function summary(result: FolderEvaluation, terminal: Terminal): string {
  const { images, perClass, labels, split, skipped, confusion, models } = result;
  const rows = perClass
    .map((row, i) => ({
      ...row,
      label: labels[i]!.name,
      taken: mostTaken(
        confusion[i]!,
        i,
        labels.map(({ name }) => name),
      ),
    }))
    .filter(({ images: count }) => count > 0)
    .toSorted((a, b) => a.top1! - b.top1!);
  const lines = table(
    [
      { title: 'class' },
      { title: 'pictures', align: 'right' },
      { title: 'top-1', align: 'right' },
      { title: 'most taken for' },
    ],
    rows.map(({ label, images: count, top1: hits, taken }) => ({
      cells: [label, String(count), percent(hits!, 1), taken],
    })),
  );
  const pictures = `${grouped(images)} ${images === 1 ? 'picture' : 'pictures'}`;
  const part = split === 'train' ? '' : ` (${split})`;
  const score = `${scoreText(result, labels.length)} on ${pictures}${part}`;
  return [
    lines,
    '',
    ...(models === undefined ? [] : [singleScores(models, labels.length), '']),
    terminal.bold(models === undefined ? score : `average of ${models.length} models: ${score}`),
    ...(skipped.length > 0 ? ['what could not be read counts for nothing'] : []),
  ].join('\n');
}

function scoreText({ top1, top5, loss }: Score, classes: number): string {
  // Among five classes the right one is always of the first five.
  const second = classes > 5 ? `, top-5 ${percent(top5, 1)}` : '';
  return `top-1 ${percent(top1, 1)}${second}, loss ${loss.toFixed(3)}`;
}

/** Each model alone, to see what averaging gains. */
function singleScores(models: readonly ModelScore[], classes: number): string {
  return table(
    [{ title: 'model' }, { title: 'alone' }],
    models.map(({ model, ...score }) => ({
      cells: [printable(model), scoreText(score, classes)],
    })),
  );
}

function mostTaken(row: readonly number[], own: number, labels: readonly string[]): string {
  const wrong = row.map((count, i) => (i === own ? 0 : count));
  const most = Math.max(...wrong);
  return most === 0 ? '' : `${labels[wrong.indexOf(most)]} (${most})`;
}
