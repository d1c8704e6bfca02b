import type { Command } from 'commander';
import { withModel } from '../../../insight/node/open.ts';
import { towersReport } from '../../../insight/node/towers.ts';
import { wholeNumber } from '../../options.ts';
import type { Terminal } from '../../terminal.ts';
import { finish, openOptions, outOption, randomizeOption } from './shared.ts';
import type { InspectFlags } from './shared.ts';

interface TowersFlags extends InspectFlags {
  readonly halves?: true;
  readonly permutations: number;
}

export function registerTowers(inspect: Command, terminal: Terminal): void {
  randomizeOption(
    outOption(
      inspect
        .command('towers')
        .description(
          "the first layer's kernels tower by tower, grey against colour (the paper's Figure 3)",
        ),
    ),
  )
    .argument('<model>')
    .option('--halves', 'of a network of one tower: its first half against its second')
    .option('--permutations <n>', 'dealings of the test', wholeNumber(1, 1_000_000), 9999)
    .addHelpText('after', '\nExample:\n  alexnet inspect towers model.safetensors --out towers.png')
    .action((model: string, flags: TowersFlags) =>
      withModel(
        model,
        { ...openOptions(flags, terminal), mode: 'inference', keep: () => [] },
        async (opened) => {
          const { report, answer } = await towersReport(opened, {
            halves: flags.halves === true,
            permutations: flags.permutations,
            seed: flags.seed,
          });
          await finish('towers', flags, terminal, report, answer, [answer.verdict]);
        },
      ),
    );
}
