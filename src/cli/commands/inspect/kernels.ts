import { Option } from 'commander';
import type { Command } from 'commander';
import { kernelOrders, kernelsReport } from '../../../insight/node/kernels.ts';
import type { KernelOrder } from '../../../insight/node/kernels.ts';
import { withModel } from '../../../insight/node/open.ts';
import type { Terminal } from '../../terminal.ts';
import { finish, openOptions, outOption, randomizeOption } from './shared.ts';
import type { InspectFlags } from './shared.ts';

interface KernelsFlags extends InspectFlags {
  readonly layer?: string;
  readonly order?: KernelOrder;
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
    .addOption(
      new Option(
        '--order <by>',
        'of the pages: kind, strength, or tower, as they stand in the layer, tower by tower ' +
          '(default: kind in the first layer, strength in others)',
      ).choices(kernelOrders),
    )
    .addHelpText(
      'after',
      '\nExample:\n  alexnet inspect kernels model.safetensors --out kernels.png',
    )
    .action((model: string, flags: KernelsFlags) =>
      withModel(
        model,
        { ...openOptions(flags, terminal), mode: 'inference', keep: () => [] },
        async (opened) => {
          const { report, answer } = await kernelsReport(opened, {
            ...(flags.layer !== undefined && { layer: flags.layer }),
            ...(flags.order !== undefined && { order: flags.order }),
          });
          const kinds = Object.entries(answer.kinds ?? {}).map(
            ([kind, count]) => `${count} ${kind}`,
          );
          const told = kinds.length === 0 ? '' : `: ${kinds.join(', ')}`;
          const line = `${answer.layer}: ${answer.kernels.length} kernels${told}`;
          await finish('kernels', flags, terminal, report, answer, [line]);
        },
      ),
    );
}
