import type { Command } from 'commander';
import { withModel } from '../../../insight/node/open.ts';
import { unitReport } from '../../../insight/node/unit.ts';
import { number, wholeNumber } from '../../options.ts';
import type { Network } from '../../../network/layer.ts';
import type { Terminal } from '../../terminal.ts';
import { finish, openOptions, outOption, randomizeOption, working } from './shared.ts';
import type { InspectFlags } from './shared.ts';

interface UnitFlags extends InspectFlags {
  readonly layer: string;
  readonly channel: number;
  readonly images?: string;
  readonly steps: number;
  readonly jitter?: number;
  readonly scale: number;
  readonly rotation: number;
  readonly blur?: number;
  readonly decay: number;
}

export function registerUnit(inspect: Command, terminal: Terminal): void {
  randomizeOption(
    outOption(
      inspect
        .command('unit')
        .description(
          'what one channel wants to see: a picture made for it, and the photographs that ' +
            'excite it',
        ),
    ),
  )
    .argument('<model>')
    .requiredOption(
      '--layer <name>',
      'conv1 to conv5, fc6 to fc8; a ReLU gives no gradient while it is closed',
    )
    .requiredOption('--channel <k>', 'which of its channels, from 0', wholeNumber(0))
    .option('--images <dir>', 'a folder to look for the nine strongest photographs')
    .option('--steps <n>', 'of gradient ascent', wholeNumber(1), 256)
    .option(
      '--jitter <pixels>',
      'shift by chance before each step (default: 4, less where the unit sees little)',
      number(0),
    )
    .option('--scale <share>', 'change of size by chance', number(0), 0.05)
    .option('--rotation <degrees>', 'turn by chance', number(0), 5)
    .option(
      '--blur <pixels>',
      'after every fourth step, less and less (default: 1, less where the unit sees little)',
      number(0),
    )
    .option('--decay <share>', 'back to the mean colour each step', number(0), 0.01)
    .addHelpText(
      'after',
      '\nExample:\n  alexnet inspect unit model.safetensors --layer conv5 --channel 12 ' +
        '--images photos --out unit.png',
    )
    .action((model: string, flags: UnitFlags) => run(model, flags, terminal));
}

function run(model: string, flags: UnitFlags, terminal: Terminal): Promise<void> {
  const { steps, jitter, scale, rotation, blur, decay, seed, layer, channel, images } = flags;
  const options = {
    ...openOptions(flags, terminal),
    batch: images === undefined ? 1 : 32,
    keep: (network: Network) => [network[0]!.name, layer],
  };
  return withModel(model, options, async (opened) => {
    const looking = `channel ${channel} of ${layer}`;
    const { report, answer, unread } = await working(terminal, looking, (work) =>
      unitReport(opened, layer, channel, {
        ...work,
        steps,
        scale,
        rotation,
        decay,
        seed,
        ...(jitter !== undefined && { jitter }),
        ...(blur !== undefined && { blur }),
        ...(images !== undefined && { images }),
      }),
    );
    unread.forEach((line) => terminal.note(line));
    await finish('unit', flags, terminal, report, answer, [
      `${layer} ${channel}: ${answer.value.toPrecision(3)} on the picture made for it`,
      ...answer.strongest.map(({ file, value }) => `${value.toPrecision(3)}  ${file}`),
    ]);
  });
}
