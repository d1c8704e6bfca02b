import type { Command } from 'commander';
import { checkDataset } from '../../data/node/check.ts';
import type { CheckResult, Problem } from '../../data/node/check.ts';
import { openDataset } from '../../data/node/open.ts';
import { packDataset } from '../../data/node/pack.ts';
import type { PackResult } from '../../data/node/pack.ts';
import { depthOption, maxPixelsOption, wholeNumber } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import type { Terminal } from '../terminal.ts';
import { grouped } from '../../text.ts';

interface DataFlags extends CommonOptions {
  readonly maxPixels?: number;
  readonly depth?: number;
}

interface PackFlags extends DataFlags {
  readonly size: number;
}

const kindsOfData =
  'class folders, a .csv list, tar shards, ILSVRC2012 as distributed, or CIFAR binary';

export function register(command: Command, terminal: Terminal): void {
  command
    .command('check')
    .description(
      'what is in a dataset: classes, counts, and pictures that are unreadable, tiny, grey, ' +
        'or there twice',
    )
    .argument('<dir>', kindsOfData)
    .addOption(depthOption())
    .addOption(maxPixelsOption())
    .addHelpText('after', '\nExample:\n  alexnet data check photos')
    .action((directory: string, options: DataFlags) => check(directory, options, terminal));
  command
    .command('pack')
    .description('decodes and resizes every picture once, into tar shards that train faster')
    .argument('<dir>', kindsOfData)
    .argument('<out>', 'a new or empty folder for the shards')
    .option('--size <pixels>', 'the shorter side of larger pictures', wholeNumber(4), 256)
    .addOption(depthOption())
    .addOption(maxPixelsOption())
    .addHelpText(
      'after',
      '\nExample:\n  alexnet data pack photos photos-256\n  alexnet train photos-256',
    )
    .action((directory: string, out: string, options: PackFlags) =>
      pack(directory, out, options, terminal),
    );
  command.addHelpText(
    'after',
    '\nExample:\n  alexnet data check photos\n  alexnet data pack photos photos-256',
  );
}

async function check(
  directory: string,
  { threads, maxPixels, depth }: DataFlags,
  terminal: Terminal,
): Promise<void> {
  const dataset = await openDataset(directory, depth === undefined ? {} : { depth });
  dataset.remarks.forEach((remark) => terminal.note(remark));
  const result = await checkDataset(dataset, {
    onProgress: progress('checking', terminal),
    ...(threads !== undefined && { threads }),
    ...(maxPixels !== undefined && { maximumPixels: maxPixels }),
  });
  terminal.progress('');
  const { images, problems } = result;
  const perClass = result.classes.map(({ label, train, val, test }) => ({
    label,
    images: train + val + test,
    train,
    val,
    test,
  }));
  terminal.answer({ classes: perClass.length, images, problems, perClass }, () =>
    checkText(result, terminal),
  );
}

async function pack(
  directory: string,
  out: string,
  { size, seed, threads, maxPixels, depth }: PackFlags,
  terminal: Terminal,
): Promise<void> {
  const dataset = await openDataset(directory, depth === undefined ? {} : { depth });
  dataset.remarks.forEach((remark) => terminal.note(remark));
  const result = await packDataset(dataset, out, {
    size,
    seed,
    onProgress: progress('packing', terminal),
    ...(threads !== undefined && { threads }),
    ...(maxPixels !== undefined && { maximumPixels: maxPixels }),
  });
  terminal.progress('');
  terminal.answer(
    {
      shards: result.shards,
      images: result.images,
      skipped: result.skipped.length,
      problems: result.skipped.map(({ name: file, kind, detail }) => ({ file, kind, detail })),
    },
    () => packText(result, out),
  );
}

function progress(doing: string, terminal: Terminal): (done: number, of: number) => void {
  const start = performance.now();
  return (done, of) =>
    terminal.progress(
      `${doing}: ${grouped(done)} of ${grouped(of)} pictures, ` +
        `${Math.round((1000 * done) / (performance.now() - start))} a second`,
    );
}

/** How each kind of problem is called in a summary: of one, and of several. */
const kindTexts: Readonly<Record<string, readonly [string, string]>> = {
  missing: ['is missing', 'are missing'],
  forbidden: ['may not be read', 'may not be read'],
  notAFile: ['is no file', 'are no files'],
  unreadable: ['could not be read', 'could not be read'],
  empty: ['is empty', 'are empty'],
  truncated: ['is cut off', 'are cut off'],
  damaged: ['is damaged', 'are damaged'],
  notAPicture: ['is no picture', 'are no pictures'],
  unsupported: ['is of a kind that is not read', 'are of a kind that is not read'],
  tooManyPixels: ['has too many pixels', 'have too many pixels'],
  tooManyBytes: ['has too many bytes', 'have too many bytes'],
  tiny: ['is tiny', 'are tiny'],
  extremeAspect: ['is a strip', 'are strips'],
  grey: ['is grey', 'are grey'],
  duplicate: ['is there twice, byte for byte', 'are there twice, byte for byte'],
  samePicture: ['shows what another shows', 'show what another shows'],
  inTwoClasses: ['is in two classes', 'are in two classes'],
  inTwoSplits: ['is in two splits', 'are in two splits'],
  smallClass: ['class is small', 'classes are small'],
};

function kindText(kind: string, count: number): string {
  const [one, several] = kindTexts[kind] ?? [`has the problem ${kind}`, `have the problem ${kind}`];
  return count === 1 ? one : several;
}

const shownPerKind = 5;

function checkText({ images, classes, problems }: CheckResult, terminal: Terminal): string {
  const sum = (split: 'train' | 'val' | 'test'): number =>
    classes.reduce((total, counts) => total + counts[split], 0);
  const splits = (['train', 'val', 'test'] as const)
    .filter((split) => sum(split) > 0)
    .map((split) => `${grouped(sum(split))} ${split}`);
  const sizes = classes.map(({ train, val, test }) => train + val + test);
  const pictures = `${terminal.bold(grouped(images))} ${images === 1 ? 'picture' : 'pictures'}`;
  const kinds = classes.length === 1 ? 'class' : 'classes';
  const [least, most] = [Math.min, Math.max].map((of) => sizes.reduce((a, b) => of(a, b)));
  const head =
    `${pictures} (${splits.join(', ')}) of ${terminal.bold(grouped(classes.length))} ${kinds}, ` +
    `from ${grouped(least!)} to ${grouped(most!)} in one.`;
  if (problems.length === 0) return `${head}\nNothing is wrong with them.`;
  return [head, ...problemLines(problems, terminal)].join('\n');
}

function problemLines(problems: readonly Problem[], terminal: Terminal): string[] {
  const kinds = [...new Set(problems.map(({ kind }) => kind))];
  return kinds.flatMap((kind) => {
    const found = problems.filter((problem) => problem.kind === kind);
    const shown = found.slice(0, shownPerKind).map(({ file, detail }) => `  ${file}: ${detail}`);
    const more =
      found.length > shownPerKind
        ? [terminal.dim(`  and ${grouped(found.length - shownPerKind)} more (all with --json)`)]
        : [];
    return [
      terminal.bold(`${grouped(found.length)} ${kindText(kind, found.length)}:`),
      ...shown,
      ...more,
    ];
  });
}

function packText({ shards, images, skipped }: PackResult, out: string): string {
  const left =
    skipped.length === 0
      ? ''
      : `\n${grouped(skipped.length)} could not be read and were left out:\n${skipped
          .slice(0, shownPerKind)
          .map(({ name, detail }) => `  ${name}: ${detail}`)
          .join('\n')}`;
  const pictures = `${grouped(images)} ${images === 1 ? 'picture' : 'pictures'}`;
  const files = `${grouped(shards)} ${shards === 1 ? 'shard' : 'shards'}`;
  return `${pictures} in ${files} in ${out}.${left}\nTrain on them: alexnet train ${out}`;
}
