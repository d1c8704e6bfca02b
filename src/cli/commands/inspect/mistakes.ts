import { Option } from 'commander';
import type { Command } from 'commander';
import type { Split } from '../../../data/dataset.ts';
import { mistakesReport } from '../../../insight/node/mistakes.ts';
import { withModel } from '../../../insight/node/open.ts';
import { keepForExplaining } from '../../../insight/target.ts';
import { wholeNumber } from '../../options.ts';
import type { Terminal } from '../../terminal.ts';
import { percent } from '../../../text.ts';
import { finish, openOptions, outOption, randomizeOption, working } from './shared.ts';
import type { InspectFlags } from './shared.ts';

interface MistakesFlags extends InspectFlags {
  readonly split?: Split;
  readonly top: number;
  readonly batch: number;
}

export function registerMistakes(inspect: Command, terminal: Terminal): void {
  randomizeOption(
    outOption(
      inspect
        .command('mistakes')
        .description(
          'the worst errors on labelled photographs, with heat maps, and the classes mixed up most',
        ),
    ),
  )
    .argument('<model>')
    .argument('<dir>', 'one folder of photographs per class')
    .addOption(
      new Option(
        '--split <part>',
        'of a folder with train/, val/, test/ (default: test, else val)',
      ).choices(['train', 'val', 'test']),
    )
    .option('--top <n>', 'how many of the worst are drawn', wholeNumber(0), 24)
    .option('--batch <n>', 'photographs at once', wholeNumber(1), 32)
    .addHelpText(
      'after',
      '\nExample:\n  alexnet inspect mistakes model.safetensors photos/test --out mistakes.html',
    )
    .action((model: string, folder: string, flags: MistakesFlags) =>
      withModel(
        model,
        {
          ...openOptions(flags, terminal),
          batch: flags.batch,
          keep: (network) => keepForExplaining(network),
        },
        async (opened) => {
          const { report, answer, remarks } = await working(terminal, 'looking', (work) =>
            mistakesReport(opened, folder, {
              ...work,
              top: flags.top,
              ...(flags.split && { split: flags.split }),
            }),
          );
          remarks.forEach((line) => terminal.note(line));
          const confused = answer.confused
            .slice(0, 5)
            .map(({ label, predicted, images }) => `${images} × ${label} called ${predicted}`);
          await finish('mistakes', flags, terminal, report, answer, [
            `top-1 ${percent(answer.top1, 1)} of ${answer.images}` +
              `${answer.split === undefined ? '' : ` (${answer.split})`}, ` +
              `${answer.mistakes.length} wrong`,
            ...confused,
          ]);
        },
      ),
    );
}
