import type { Command } from 'commander';
import { kernelsReport } from '../../../insight/node/kernels.ts';
import { withModel } from '../../../insight/node/open.ts';
import type { Terminal } from '../../terminal.ts';
import { finish, openOptions, outOption, randomizeOption } from './shared.ts';
import type { InspectFlags } from './shared.ts';

interface KernelsFlags extends InspectFlags {
  readonly layer?: string;
}

export function registerKernels(inspect: Command, terminal: Terminal): void {
  randomizeOption(
    outOption(
      inspect
        .command('kernels')
        .description('what the kernels look like, and what each of the first layer answers to'),
    ),
  )
    .argument('<model>')
    .option('--layer <name>', 'a convolution (default: the first)')
    .addHelpText(
      'after',
      '\nExample:\n  alexnet inspect kernels model.safetensors --out kernels.png',
    )
    .action((model: string, flags: KernelsFlags) =>
      withModel(
        model,
        { ...openOptions(flags), mode: 'inference', keep: () => [] },
        async (opened) => {
          const { report, answer } = await kernelsReport(opened, flags.layer);
          const kinds = Object.entries(answer.kinds ?? {}).map(
            ([kind, count]) => `${count} ${kind}`,
          );
          await finish('kernels', flags, terminal, report, answer, [
            `${answer.layer}: ${answer.kernels.length} kernels${kinds.length === 0 ? '' : `: ${kinds.join(', ')}`}`,
          ]);
        },
      ),
    );
}
