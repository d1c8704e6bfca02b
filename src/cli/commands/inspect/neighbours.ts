import { Option } from 'commander';
import type { Command } from 'commander';
import { indexPath, lastHidden } from '../../../insight/node/features.ts';
import { neighboursReport } from '../../../insight/node/neighbours.ts';
import { withModel } from '../../../insight/node/open.ts';
import type { Photograph } from '../../../insight/node/open.ts';
import { wholeNumber } from '../../options.ts';
import type { Terminal } from '../../terminal.ts';
import {
  finish,
  indexOption,
  openForFeatures,
  outOption,
  photographOf,
  randomizeOption,
  working,
} from './shared.ts';
import type { InspectFlags } from './shared.ts';

interface NeighboursFlags extends InspectFlags {
  readonly layer?: string;
  readonly metric: 'euclidean' | 'cosine';
  readonly top?: number;
  readonly index?: string;
  readonly batch: number;
}

export function registerNeighbours(inspect: Command, terminal: Terminal): void {
  const command = randomizeOption(
    outOption(
      inspect
        .command('neighbours')
        .description(
          "the photographs that the network takes for most alike (the paper's Figure 4)",
        ),
    ),
  );
  indexOption(command)
    .usage('[options] <model> <photo...> <dir>')
    .argument('<model>')
    .argument('<photo>', 'of several photographs a grid, each with its nearest beside it')
    .argument('<dir...>', 'where to look, in folders of classes or not')
    .option('--layer <name>', 'whose numbers are compared (default: the last hidden layer)')
    .addOption(
      new Option('--metric <m>', 'how').choices(['euclidean', 'cosine']).default('euclidean'),
    )
    .option('--top <n>', 'how many (default: 12, in a grid 6)', wholeNumber(1))
    .option('--batch <n>', 'photographs at once', wholeNumber(1), 32)
    .addHelpText(
      'after',
      '\nExample:\n  alexnet inspect neighbours model.safetensors photo.jpg photos --out ' +
        'neighbours.html\n  alexnet inspect neighbours model.safetensors a.jpg b.jpg c.jpg ' +
        'photos --out figure4.png',
    )
    .action((model: string, photo: string, more: readonly string[], flags: NeighboursFlags) => {
      const files = [photo, ...more.slice(0, -1)];
      return runNeighbours({ model, files, folder: more.at(-1)!, flags, terminal });
    });
}

interface NeighboursRun {
  readonly model: string;
  readonly files: readonly string[];
  readonly folder: string;
  readonly flags: NeighboursFlags;
  readonly terminal: Terminal;
}

function runNeighbours({ model, files, folder, flags, terminal }: NeighboursRun): Promise<void> {
  return withModel(model, openForFeatures(flags, terminal), async (opened) => {
    const layer = flags.layer ?? lastHidden(opened.model);
    const photographs: Photograph[] = [];
    for (const file of files) photographs.push(await photographOf(file, opened, terminal));
    const { report, answer, queries, remarks } = await working(terminal, 'features', (work) =>
      neighboursReport(opened, photographs, folder, {
        ...work,
        layer,
        metric: flags.metric,
        top: flags.top ?? (files.length === 1 ? 12 : 6),
        index: flags.index ?? indexPath(model, layer, folder),
      }),
    );
    remarks.forEach((line) => terminal.note(line));
    const lines = queries.flatMap(({ file, neighbours }) => [
      ...(files.length === 1 ? [] : [`${file}:`]),
      ...neighbours.map(
        ({ distance, name, label }) => `${distance.toPrecision(4)}  ${label}  ${name}`,
      ),
    ]);
    await finish('neighbours', flags, terminal, report, answer, lines);
  });
}
